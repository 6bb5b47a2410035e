// Cluster ports of a server with several shards and workers, spoken to byte by byte.
import { describe, expect, it } from 'vitest';
import { clusterServerForTest, portOf, shardOf, slotOf, startClusterServer } from '../support/cluster.js';
import { directoryForTest } from '../support/directories.js';
import { latchkeyServerForTest, startLatchkeyServer } from '../support/latchkey-server.js';
import { serverForSuite } from '../support/redis-server.js';
import { type Arg, RespClient } from '../support/resp-client.js';

const SHARDS = 3;
const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
const here = (shard: number): string[] => keys.filter((key) => shardOf(key, SHARDS) === shard);

async function talk(port: number, ...commands: (readonly Arg[])[]): Promise<string[]> {
  const client = await RespClient.connect(port);
  const replies = await client.pipeline(commands);
  await client.close();
  return replies.map(String);
}

describe('a cluster port', () => {
  const server = serverForSuite(() => startClusterServer({ shards: SHARDS, threads: 2 }));
  const port = (shard: number): number => portOf(server(), shard);
  const moved = (key: string): string => `-MOVED ${slotOf(key)} 127.0.0.1:${port(shardOf(key, SHARDS))}\r\n`;

  it('executes what is its own and names the port of what is not, in the order of a pipeline', async () => {
    await talk(server().port, ['FLUSHALL']);
    for (let shard = 0; shard < SHARDS; shard++) {
      const replies = await talk(port(shard), ...keys.map((key) => ['SET', key, `${key}!`]));
      const isOwn = (key: string): boolean => shardOf(key, SHARDS) === shard;
      expect(replies).toEqual(keys.map((key) => (isOwn(key) ? '+OK\r\n' : moved(key))));
      expect(replies.filter((reply) => reply === '+OK\r\n').length).toBe(here(shard).length);
    }
    const values = await talk(server().port, ...keys.map((key) => ['GET', key]));
    expect(values).toEqual(keys.map((key) => `$${key.length + 1}\r\n${key}!\r\n`));
  });

  it('is about its own keys with what is about all keys, and can be swept by SCAN', async () => {
    await talk(server().port, ['FLUSHALL'], ['MSET', ...keys.flatMap((key) => [key, '1'])]);
    const client = await RespClient.connect(server().port);
    for (let shard = 0; shard < SHARDS; shard++) {
      const node = await RespClient.connect(port(shard));
      expect(await node.ask('DBSIZE')).toBe(here(shard).length);
      expect(((await node.ask('KEYS', '*')) as string[]).sort()).toEqual(here(shard).sort());
      expect(here(shard)).toContain(await node.ask('RANDOMKEY'));
      const seen: string[] = [];
      let cursor = '0';
      do {
        const [next, found] = (await node.ask('SCAN', cursor, 'COUNT', 7)) as [string, string[]];
        cursor = next;
        seen.push(...found);
      } while (cursor !== '0');
      expect(seen.sort()).toEqual(here(shard).sort());
      expect(await node.ask('FLUSHDB')).toBe('OK');
      expect(await node.ask('DBSIZE')).toBe(0);
      await node.close();
      const left = keys.filter((key) => shardOf(key, SHARDS) > shard).length;
      expect(await client.ask('DBSIZE')).toBe(left);
    }
    await client.close();
  });

  it('says CROSSSLOT before MOVED, and for keys of one shard that lie in different slots', async () => {
    const [a, b] = here(1);
    expect(slotOf(a)).not.toBe(slotOf(b));
    const [own, foreign, mixed] = await Promise.all([
      talk(port(1), ['MGET', a, b], ['MGET', a, a]),
      talk(port(0), ['MGET', a, b], ['MGET', a, a]),
      talk(port(1), ['MGET', a, here(0)[0]]),
    ]);
    const crossed = "-CROSSSLOT Keys in request don't hash to the same slot\r\n";
    expect(own).toEqual([crossed, '*2\r\n$-1\r\n$-1\r\n']);
    expect(foreign).toEqual([crossed, moved(a)]);
    expect(mixed).toEqual([crossed]);
    expect((await talk(server().port, ['MGET', a, here(0)[0]]))[0]).toBe('*2\r\n$-1\r\n$-1\r\n');
  });

  it('looks at every key of commands that have more than fit a look in passing', async () => {
    const tag = here(2)[0];
    const many = Array.from({ length: 400 }, (_, i) => [`{${tag}}${i}`, 'x']).flat();
    expect(await talk(port(2), ['MSET', ...many], ['MSET', ...many, here(2)[1], 'x'])).toEqual([
      '+OK\r\n',
      "-CROSSSLOT Keys in request don't hash to the same slot\r\n",
    ]);
    expect(await talk(port(0), ['DEL', ...many.filter((_, i) => i % 2 === 0)])).toEqual([moved(tag)]);
    expect(await talk(port(2), ['DEL', ...many.filter((_, i) => i % 2 === 0)])).toEqual([':400\r\n']);
  });

  it('redirects frames that outgrow its window, and executes them where they belong', async () => {
    const [key] = here(1);
    const value = Buffer.alloc(3 << 20, 120);
    expect(await talk(port(0), ['SET', key, value], ['PING'])).toEqual([moved(key), '+PONG\r\n']);
    expect(await talk(port(1), ['SET', key, value], ['STRLEN', key])).toEqual(['+OK\r\n', `:${value.length}\r\n`]);
  });

  it('executes transactions on keys of its own, and redirects the rest while it is queued', async () => {
    const [[own], [foreign]] = [here(0), here(1)];
    expect(await talk(port(0), ['MULTI'], ['SET', own, 1], ['INCR', own], ['DBSIZE'], ['EXEC'])).toEqual([
      ...['+OK\r\n', '+QUEUED\r\n', '+QUEUED\r\n', '+QUEUED\r\n'],
      expect.stringMatching(/^\*3\r\n\+OK\r\n:2\r\n:\d+\r\n$/),
    ]);
    expect(await talk(port(0), ['MULTI'], ['GET', foreign], ['EXEC'], ['GET', own])).toEqual([
      ...['+OK\r\n', moved(foreign), '-EXECABORT Transaction discarded because of previous errors.\r\n', '$1\r\n2\r\n'],
    ]);
    expect(await talk(port(0), ['SSUBSCRIBE', foreign], ['SPUBLISH', foreign, 'x'], ['PUBLISH', foreign, 'x'])).toEqual(
      [...[moved(foreign), moved(foreign), ':0\r\n']],
    );
  });

  it('is not made to serve a foreign key by ASKING, and never says ASK', async () => {
    const [key] = here(1);
    expect(await talk(port(0), ['ASKING'], ['GET', key], ['READONLY'], ['GET', key], ['READWRITE'])).toEqual([
      ...['+OK\r\n', moved(key), '+OK\r\n', moved(key), '+OK\r\n'],
    ]);
  });

  it('says of itself that it is a cluster, where the main port does not', async () => {
    const hello = async (where: number): Promise<string> => (await talk(where, ['HELLO']))[0];
    expect(await hello(port(0))).toContain('$4\r\nmode\r\n$7\r\ncluster\r\n');
    expect(await hello(server().port)).toContain('$4\r\nmode\r\n$10\r\nstandalone\r\n');
    for (const where of [port(0), server().port]) {
      expect((await talk(where, ['INFO', 'cluster']))[0]).toContain('cluster_enabled:1\r\n');
    }
  });

  it('has the same node ids on every port, and its own as MYID', async () => {
    const views = await Promise.all(
      [server().port, port(0), port(1), port(2)].map(async (where) => (await talk(where, ['CLUSTER', 'SLOTS']))[0]),
    );
    const ids = views.map((view) => view.match(/[0-9a-f]{40}/g)!);
    expect(new Set(ids[0]).size).toBe(SHARDS);
    for (const each of ids) expect(each).toEqual(ids[0]);
    for (let shard = 0; shard < SHARDS; shard++) {
      expect((await talk(port(shard), ['CLUSTER', 'MYID']))[0]).toContain(ids[0][shard]);
    }
    expect(
      await talk(port(0), ['CLUSTER', 'REPLICAS', ids[0][2]], ['CLUSTER', 'COUNT-FAILURE-REPORTS', ids[0][1]]),
    ).toEqual(['*0\r\n', ':0\r\n']);
  });

  it('counts and lists the keys of a slot, however many others there are', async () => {
    await talk(server().port, ['FLUSHALL']);
    const [tag] = here(1);
    const others = Array.from({ length: 20_000 }, (_, i) => [`other:${i}`, 'x']).flat();
    const members = Array.from({ length: 50 }, (_, i) => `{${tag}}${i}`);
    await talk(server().port, ['MSET', ...others], ['MSET', ...members.flatMap((key) => [key, 'y'])]);
    const besides = others.filter((key) => slotOf(key) === slotOf(tag) && key !== 'x');
    const expected = [...members, ...besides].sort();
    for (const where of [port(1), server().port]) {
      const client = await RespClient.connect(where);
      expect(await client.ask('CLUSTER', 'COUNTKEYSINSLOT', slotOf(tag))).toBe(expected.length);
      expect(((await client.ask('CLUSTER', 'GETKEYSINSLOT', slotOf(tag), 1000)) as string[]).sort()).toEqual(expected);
      const some = (await client.ask('CLUSTER', 'GETKEYSINSLOT', slotOf(tag), 7)) as string[];
      expect(new Set(some).size).toBe(7);
      for (const key of some) expect(expected).toContain(key);
      await client.close();
    }
    expect(
      await talk(port(0), ['CLUSTER', 'COUNTKEYSINSLOT', slotOf(tag)], ['CLUSTER', 'GETKEYSINSLOT', slotOf(tag), 9]),
    ).toEqual([':0\r\n', '*0\r\n']);
  });

  it('counts redirections as errors of their kinds', async () => {
    await talk(server().port, ['CONFIG', 'RESETSTAT']);
    await talk(port(0), ['GET', here(1)[0]], ['GET', here(2)[0]], ['MGET', ...here(0).slice(0, 2)]);
    const [info] = await talk(server().port, ['INFO', 'errorstats']);
    expect(info).toContain('errorstat_MOVED:count=2\r\n');
    expect(info).toContain('errorstat_CROSSSLOT:count=1\r\n');
  });
});

describe('cluster-enabled', () => {
  it('asks for the password on cluster ports too', async () => {
    const server = await clusterServerForTest({ shards: 2, args: ['--requirepass', 'secret'] });
    const key = 'a';
    expect(await talk(portOf(server, 0), ['GET', key], ['AUTH', 'secret'], ['GET', key])).toEqual([
      '-NOAUTH Authentication required.\r\n',
      '+OK\r\n',
      `-MOVED 15495 127.0.0.1:${portOf(server, 1)}\r\n`,
    ]);
  });

  it('says no, and CLUSTER says that there is none', async () => {
    const server = await latchkeyServerForTest({ shards: 2 });
    const none = '-ERR This instance has cluster support disabled\r\n';
    expect(await talk(server.port, ['CLUSTER', 'INFO'], ['READONLY'], ['CLUSTER', 'HELP'], ['ASKING'])).toEqual(
      Array(4).fill(none),
    );
    expect((await talk(server.port, ['INFO', 'cluster']))[0]).toContain('cluster_enabled:0\r\n');
  });

  it('names what was announced in CLUSTER SLOTS and in MOVED', async () => {
    const server = await clusterServerForTest({ shards: 2, args: ['--cluster-announce-ip', '10.9.8.7'] });
    expect(await talk(portOf(server, 0), ['GET', 'a'])).toEqual([`-MOVED 15495 10.9.8.7:${portOf(server, 1)}\r\n`]);
    expect((await talk(server.port, ['CLUSTER', 'SLOTS']))[0]).toContain('$8\r\n10.9.8.7\r\n');
  });

  const refusal = (args: string[]): Promise<string> =>
    startLatchkeyServer({ shards: 2, args: ['--cluster-enabled', 'yes', ...args] }).then(
      () => 'started',
      (error: Error) => error.message,
    );

  it('stops the start where its ports or its routing cannot be', async () => {
    expect(await refusal(['--routing', 'kevyhash'])).toContain('latchkey: cluster-enabled needs --routing slots');
    expect(await refusal(['--cluster-port-base', '65535'])).toContain('ports end at 65535');
    expect(await refusal(['--port', '7001', '--cluster-port-base', '7000'])).toContain('port 7001 is one of them');
    expect(await refusal(['--port', '0', '--unixsocket', 's.sock'])).toContain('say --cluster-port-base');
  });

  it('stops the start over data laid out by kevyhash, until routing is said, and then has it all', async () => {
    const dir = directoryForTest();
    const plain = await startLatchkeyServer({ shards: 2, args: ['--dir', dir] });
    await talk(plain.port, ['MSET', ...keys.flatMap((key) => [key, key])]);
    await plain.stop();
    expect(await refusal(['--dir', dir])).toContain('say --routing slots to lay it out anew');
    const server = await clusterServerForTest({ shards: 2, args: ['--dir', dir, '--routing', 'slots'] });
    const owned = keys.filter((key) => shardOf(key, 2) === 0);
    expect(await talk(portOf(server, 0), ['DBSIZE'])).toEqual([`:${owned.length}\r\n`]);
    expect(await talk(server.port, ['DBSIZE'])).toEqual([`:${keys.length}\r\n`]);
  });

  it('lays a new directory out by slots, and finds it so again', async () => {
    const dir = directoryForTest();
    for (let round = 0; round < 2; round++) {
      const server = await clusterServerForTest({ shards: 2, args: ['--dir', dir] });
      expect((await talk(server.port, ['INFO', 'latchkey']))[0]).toContain('routing:slots\r\n');
      if (round === 0) await talk(portOf(server, 1), ['SET', 'a', '1']);
      else expect(await talk(portOf(server, 1), ['GET', 'a'])).toEqual(['$1\r\n1\r\n']);
      await server.stop();
    }
  });
});

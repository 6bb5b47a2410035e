// maxmemory on a live server: set and changed by CONFIG, the same refusals as redis-server for the same commands, and the
// limit kept over all shards while several workers write at once.
import { describe, expect, it } from 'vitest';
import { latchkeyServerForSuite } from '../support/latchkey-server.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

async function infoOf(client: RespClient, section: string, ...names: string[]): Promise<number[]> {
  const text = (await client.call('INFO', section)).toString('latin1');
  return names.map((name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1]));
}

/** Every command of strings, bits and keys once, at the limit: most of them valid. */
const AT_THE_LIMIT = [
  'SET k v|SET k|SETNX k v|SETEX k 10 v|PSETEX k 10000 v|GETSET k v|MSET k v|MSETNX n v|APPEND k v|SETRANGE k 1 v|INCR n',
  'DECR n|INCRBY n 2|DECRBY n 2|INCRBYFLOAT n 1.5|SETBIT k 1 1|BITFIELD k SET u8 0 1|BITOP NOT d k|COPY k c',
  'GET k|MGET k n|STRLEN k|GETRANGE k 0 1|GETBIT k 1|BITCOUNT k|EXISTS k|TTL k|EXPIRE k 100|PERSIST k|TYPE k|TOUCH k',
  'GETEX k EX 100|RENAME k r|RENAMENX r k|GETDEL r|DEL k|UNLINK k|DBSIZE|KEYS none*|PING|ECHO e|SWAPDB 0 1|SWAPDB 0 1',
  'OBJECT ENCODING k|SET k v NX|SELECT 3|SET x y|SELECT 0|FLUSHDB',
].flatMap((line) => line.split('|').map((command) => command.split(' ')));

describeWith('redis-server', 'at the limit under noeviction', () => {
  const redis = redisServerForSuite();

  describe.each([1, 3])('with %i shard(s)', (shards) => {
    const latchkey = latchkeyServerForSuite({ shards });

    it('every command is refused or executed as by redis-server', async () => {
      const sides = await Promise.all([redis(), latchkey()].map(({ port }) => RespClient.connect(port)));
      for (const side of sides) {
        await side.call('FLUSHALL');
        await side.call('SET', 'k', 'value');
        await side.call('CONFIG', 'SET', 'maxmemory', '1');
      }
      let refused = 0;
      for (const command of AT_THE_LIMIT) {
        const [theirs, ours] = await Promise.all(sides.map((side) => side.call(...command)));
        expect(ours.toString('latin1'), command.join(' ')).toBe(theirs.toString('latin1'));
        if (ours.toString('latin1') === OOM) refused++;
      }
      expect(refused).toBeGreaterThan(15);
      for (const side of sides) {
        await side.call('CONFIG', 'SET', 'maxmemory', '0');
        await side.call('SET', 'k', 'value');
        await side.close();
      }
    });
  });
});

describe.each([
  [1, 1],
  [2, 3],
])('with %i worker(s) and %i shard(s)', (threads, shards) => {
  const server = latchkeyServerForSuite({ threads, shards });
  const limit = 8 << 20;

  it('several clients that write for a while stay below the limit together', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => RespClient.connect(server().port)));
    const [first] = clients;
    await first.call('CONFIG', 'SET', 'maxmemory', String(limit), 'maxmemory-policy', 'allkeys-lru');
    const value = 'v'.repeat(500);
    let most = 0;
    for (let round = 0; round < 30; round++) {
      await Promise.all(
        clients.map((client, c) =>
          Promise.all(Array.from({ length: 200 }, (_, i) => client.call('SET', `key:${c}:${round}:${i}`, value))),
        ),
      );
      const [used] = await infoOf(first, 'memory', 'used_memory');
      most = Math.max(most, used);
    }
    expect(most).toBeGreaterThan(limit * 0.95);
    // One read's commands for each worker.
    expect(most).toBeLessThan(limit + threads * 128 * 700);
    const [evicted, expired] = await infoOf(first, 'stats', 'evicted_keys', 'expired_keys');
    expect(evicted).toBeGreaterThan(5000);
    expect(expired).toBe(0);
    const size = Number((await first.call('DBSIZE')).toString('latin1').slice(1));
    expect(size + evicted).toBe(24_000);
    await first.call('CONFIG', 'RESETSTAT');
    expect(await infoOf(first, 'stats', 'evicted_keys')).toEqual([0]);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('a lowered limit is kept though nobody writes', async () => {
    const client = await RespClient.connect(server().port);
    await client.call('CONFIG', 'SET', 'maxmemory', String(limit / 4), 'maxmemory-policy', 'allkeys-random');
    let used = limit;
    for (let i = 0; i < 200 && used > limit / 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      [used] = await infoOf(client, 'memory', 'used_memory');
    }
    expect(used).toBeLessThanOrEqual(limit / 4);
    const fields = await infoOf(client, 'stats', 'evicted_keys', 'current_eviction_exceeded_time');
    expect(fields[0]).toBeGreaterThan(5000);
    expect(fields[1]).toBe(0);
    await client.call('CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
    await client.call('FLUSHALL');
    await client.close();
  });

  it('a command in the slow lane is refused like any other', async () => {
    const client = await RespClient.connect(server().port);
    await client.call('SET', 'big', 'v'.repeat(3 << 20));
    await client.call('CONFIG', 'SET', 'maxmemory', '1mb', 'maxmemory-policy', 'noeviction');
    expect((await client.call('COPY', 'big', 'copied')).toString()).toBe(OOM);
    expect((await client.call('BITCOUNT', 'big')).toString()).toMatch(/^:\d+\r\n$/);
    const many = Array.from({ length: 10_000 }, (_, i) => [`n${i}`, 'v']).flat();
    expect((await client.call('MSET', ...many)).toString()).toBe(OOM);
    expect((await client.call('DEL', 'big')).toString()).toBe(':1\r\n');
    expect((await client.call('MSET', ...many)).toString()).toBe('+OK\r\n');
    await client.call('CONFIG', 'SET', 'maxmemory', '0');
    await client.close();
  });
});

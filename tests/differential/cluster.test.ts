// A cluster port beside a node of Redis Cluster that serves every slot: the same bytes for commands whose keys lie in one
// slot, in several, or beyond database 0, and for CLUSTER's own questions.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../host/commands/index.js';
import { formatReply, parseCommandLine } from '../support/generator/escape.js';
import { startLatchkeyServer } from '../support/latchkey-server.js';
import { freePort } from '../support/ports.js';
import { describeWith } from '../support/programs.js';
import { startRedisServer, type TestServer } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

/** Commands of several keys, their keys written K1, K2, … Each is sent with keys of one slot, and of different ones. */
const SEVERAL_KEYS = `
  MGET K1 K2
  MGET K1 K1 K2 K1
  MSET K1 a K2 b
  MSETNX K1 a K2 b
  LCS K1 K2
  BITOP AND K1 K2
  BITOP AND K1 K1 K2 K3
  LMOVE K1 K2 LEFT LEFT
  RPOPLPUSH K1 K2
  LMPOP 2 K1 K2 LEFT
  LMPOP 3 K1 K2 LEFT
  SMOVE K1 K2 m
  SINTER K1 K2
  SINTERCARD 2 K1 K2
  SINTERCARD 2 K1 K2 LIMIT x
  SINTERCARD x K1 K2
  SINTERCARD 9 K1 K2
  SINTERSTORE K1 K2
  SUNION K1 K2
  SUNIONSTORE K1 K2
  SDIFF K1 K2
  SDIFFSTORE K1 K2
  ZRANGESTORE K1 K2 0 -1
  ZMPOP 2 K1 K2 MIN
  ZUNION 2 K1 K2
  ZUNIONSTORE K1 1 K2
  ZUNIONSTORE K1 2 K1 K2 WEIGHTS 1 2
  ZINTER 2 K1 K2
  ZINTERSTORE K1 1 K2
  ZDIFF 2 K1 K2
  ZDIFFSTORE K1 1 K2
  ZINTERCARD 2 K1 K2
  XREAD STREAMS K1 K2 0 0
  XREAD COUNT 1 STREAMS K1 K2 0
  XREADGROUP GROUP g c STREAMS K1 K2 > >
  GEOSEARCHSTORE K1 K2 FROMLONLAT 1 1 BYRADIUS 1 m
  GEORADIUS K1 1 1 1 m STORE K2
  GEORADIUS K1 1 1 1 m
  GEORADIUSBYMEMBER K1 m 1 m STOREDIST K2
  PFCOUNT K1 K2
  PFMERGE K1 K2
  DEL K1 K2
  UNLINK K1 K2
  EXISTS K1 K2
  TOUCH K1 K2
  RENAME K1 K2
  RENAMENX K1 K2
  COPY K1 K2
  COPY K1 K2 REPLACE
  SORT K1 STORE K2
  SORT K1 LIMIT 0 1 STORE K2 DESC
  SORT_RO K1
`;

/** Database 0 is the only one; patterns of SORT may name keys of any slot; and arguments are looked at in Redis's order. */
const REFUSED = String.raw`
  SELECT 1
  SELECT 99
  SELECT -1
  SELECT abc
  SELECT 99999999999
  SELECT 0
  SWAPDB 0 1
  SWAPDB a b
  SWAPDB
  MOVE k 1
  MOVE k abc
  COPY k {k}2 DB 1
  COPY k {k}2 DB 99
  COPY k {k}2 DB abc
  COPY k {k}2 DB 1 REPLACE garbage
  COPY k {k}2 DB 1 DB 0
  COPY k {k}2 DB 0
  COPY k
  RPUSH list 3 1 2
  SORT list BY w_*
  SORT list BY nosort
  SORT list BY
  SORT list GET #
  SORT list GET g_* BY w_*
  SORT list LIMIT 0 x BY w_*
  SORT list LIMIT 0 1 BY w_*
  SORT list garbage BY w_*
  SORT list ALPHA DESC BY w_*
  SORT_RO list BY w_*
  SORT_RO list GET g_*
  SORT_RO list STORE x
  SORT list STORE {list}2
  OBJECT ENCODING list
  OBJECT garbage list
  XGROUP garbage a b
  XGROUP CREATE stream g $ MKSTREAM
  XINFO STREAM nostream
  MEMORY USAGE nokey
  PING
  ECHO x
  FLUSHDB
  DBSIZE
  SET k v
  KEYS *
  DBSIZE
  SCAN 0
  RANDOMKEY
  FLUSHALL
  ASKING
  ASKING x
  GET k
  READONLY
  READONLY x
  READWRITE
  CLUSTER
  CLUSTER garbage
  CLUSTER KEYSLOT
  CLUSTER KEYSLOT abc
  CLUSTER KEYSLOT ""
  CLUSTER KEYSLOT {}
  CLUSTER KEYSLOT {a}
  CLUSTER KEYSLOT x{a}y{b}
  CLUSTER KEYSLOT "{}{a}"
  CLUSTER KEYSLOT "x{a"
  CLUSTER KEYSLOT "\x00\xff{"
  CLUSTER COUNTKEYSINSLOT abc
  CLUSTER COUNTKEYSINSLOT -1
  CLUSTER COUNTKEYSINSLOT 16384
  CLUSTER COUNTKEYSINSLOT 99999999999999999999
  CLUSTER COUNTKEYSINSLOT 0
  CLUSTER GETKEYSINSLOT abc 1
  CLUSTER GETKEYSINSLOT 1 abc
  CLUSTER GETKEYSINSLOT 1 -1
  CLUSTER GETKEYSINSLOT 16384 1
  CLUSTER GETKEYSINSLOT 1 0
  CLUSTER GETKEYSINSLOT 1 5
  CLUSTER GETKEYSINSLOT 1
  MSET {a}1 x {a}2 y b z
  MSET {a}1 x {a}2 y
  CLUSTER COUNTKEYSINSLOT 15495
  DEL {a}1
  CLUSTER COUNTKEYSINSLOT 15495
  CLUSTER GETKEYSINSLOT 15495 1000000
  CLUSTER REPLICAS nosuchnode
  CLUSTER SLAVES nosuchnode
  CLUSTER COUNT-FAILURE-REPORTS nosuchnode
  CLUSTER LINKS
  CLUSTER LINKS x
  CLUSTER MYID x
  CLUSTER SLOTS x
  INFO cluster
  CONFIG SET cluster-announce-hostname "a b"
  CONFIG SET cluster-preferred-endpoint-type garbage
  CONFIG SET cluster-enabled no
`;

/** Transactions and channels: where a slot is looked at, and when. */
const QUEUED = `
  MULTI
  SET a 1
  SET b 2
  EXEC
  MULTI
  SET {t}1 1
  GET {t}2
  EXEC
  MULTI
  MGET a b
  EXEC
  MULTI
  SELECT 1
  COPY k {k}2 DB 1
  MOVE k 1
  SWAPDB 0 1
  EXEC
  EXEC
  MULTI
  SET k
  SET a 1
  SET b 1
  EXEC
  WATCH a b
  WATCH a
  UNWATCH
  SPUBLISH a x
  PUBLISH a x
  BLPOP a b 0.01
  BLMOVE a b LEFT LEFT 0.01
  BZMPOP 0.01 2 a b MIN
  BLPOP {x}1 {x}2 0.01
`;

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Own ids and ports, and the age of a node's news. */
function masked(reply: Buffer): string {
  return reply
    .toString('latin1')
    .replace(/[0-9a-f]{40}/g, '<id>')
    .replace(/:\d{4,5}(@\d+)?(?=[ ,\r])/g, ':<port>')
    .replace(/^= ?\d+|^\$\d+/gm, '<length>')
    .replace(/(_epoch:|messages_(?:sent|received):)\d+/g, '$1<n>')
    .replace(/ - \d+ \d+ \d+ connected/g, ' - <n> <n> <n> connected');
}

describeWith('redis-server', 'a cluster port beside a node of Redis Cluster', () => {
  let theirs: TestServer;
  let ours: TestServer;

  beforeAll(async () => {
    const busPort = String(await freePort());
    [theirs, ours] = await Promise.all([
      startRedisServer({ args: ['--cluster-enabled', 'yes', '--cluster-port', busPort] }),
      startLatchkeyServer({ args: ['--cluster-enabled', 'yes'], shards: 1, threads: 1 }),
    ]);
    const client = await RespClient.connect(theirs.port);
    await client.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16383);
    // A node that has just begun lets two seconds pass before it calls the cluster sound.
    while (!String(await client.ask('CLUSTER', 'INFO')).includes('cluster_state:ok')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await client.close();
  });
  afterAll(async () => {
    await Promise.all([theirs.stop(), ours.stop()]);
  });

  const both = async (protocol: 2 | 3): Promise<[RespClient, RespClient]> => {
    const pair = await Promise.all([RespClient.connect(ours.port + 1), RespClient.connect(theirs.port)]);
    if (protocol === 3) for (const client of pair) await client.call('HELLO', 3);
    return pair;
  };

  /** Sends each line to both; what differs. */
  const compare = async (lines: readonly string[], protocol: 2 | 3): Promise<string[]> => {
    const [mine, other] = await both(protocol);
    await Promise.all([mine.call('FLUSHALL'), other.call('FLUSHALL')]);
    const problems: string[] = [];
    for (const line of lines) {
      const command = parseCommandLine(line);
      const [a, b] = await Promise.all([mine.call(...command), other.call(...command)]);
      if (!a.equals(b)) problems.push(`${line}: ours ${formatReply(a)}, theirs ${formatReply(b)}`);
    }
    await Promise.all([mine.close(), other.close()]);
    return problems;
  };

  const several = linesOf(SEVERAL_KEYS);

  it('is compared over every command of several keys', () => {
    const named = new Set(several.map((line) => line.split(' ')[0].toLowerCase()));
    const wanted = COMMANDS.filter(({ where }) => where !== 'host').filter(
      ({ keys, flags, firstKey, lastKey }) =>
        keys.length > 1 || flags.includes('movablekeys') || (firstKey > 0 && lastKey !== firstKey),
    );
    expect(wanted.length).toBeGreaterThan(35);
    expect(wanted.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  describe.each([2, 3] as const)('over RESP%i', (protocol) => {
    it('refuses keys of several slots where Redis does, with CROSSSLOT', async () => {
      const apart = several.map((line) => line.replace(/K(\d)/g, 'k:$1'));
      expect(await compare(apart, protocol)).toEqual([]);
      const client = await RespClient.connect(ours.port + 1);
      const replies = await client.pipeline(apart.map(parseCommandLine));
      const crossed = replies.filter((reply) => reply.toString().startsWith('-CROSSSLOT ')).length;
      expect(crossed).toBeGreaterThan(40);
      await client.close();
    });

    it('executes the same commands on keys of one slot', async () => {
      const together = several.map((line) => line.replace(/K(\d)/g, '{k}:$1'));
      expect(await compare(together, protocol)).toEqual([]);
    });

    it('refuses what reaches beyond database 0, and answers questions about slots alike', async () => {
      expect(await compare(linesOf(REFUSED), protocol)).toEqual([]);
    });

    it('queues, watches and waits for keys of one slot alone', async () => {
      expect(await compare(linesOf(QUEUED), protocol)).toEqual([]);
    });

    it('describes the cluster in the same shapes', async () => {
      const [mine, other] = await both(protocol);
      for (const line of ['CLUSTER SLOTS', 'CLUSTER SHARDS', 'CLUSTER NODES', 'CLUSTER INFO', 'CLUSTER MYID']) {
        const command = parseCommandLine(line);
        // A single node of Redis does not know its address; ours says how it was reached, unless told otherwise.
        const [a, b] = await Promise.all([mine.call(...command), other.call(...command)]);
        expect(masked(a).replaceAll('127.0.0.1', '').replaceAll('$9\r\n', '$0\r\n'), line).toBe(
          masked(b).replaceAll('127.0.0.1', '').replaceAll('$9\r\n', '$0\r\n'),
        );
      }
      await Promise.all([mine.close(), other.close()]);
    });

    it('tells names and addresses as cluster-preferred-endpoint-type says', async () => {
      const [mine, other] = await both(protocol);
      for (const type of ['hostname', 'unknown-endpoint', 'ip']) {
        for (const name of ['host.example', '']) {
          for (const client of [mine, other]) {
            await client.call('CONFIG', 'SET', 'cluster-announce-ip', '10.1.2.3');
            await client.call('CONFIG', 'SET', 'cluster-announce-hostname', name);
            await client.call('CONFIG', 'SET', 'cluster-preferred-endpoint-type', type);
          }
          // Redis takes a changed address over at its next tick.
          await expect
            .poll(async () => masked(await other.call('CLUSTER', 'NODES')), { timeout: 5000 })
            .toContain('10.1.2.3');
          for (const line of ['CLUSTER SLOTS', 'CLUSTER SHARDS', 'CLUSTER NODES']) {
            const command = parseCommandLine(line);
            const [a, b] = await Promise.all([mine.call(...command), other.call(...command)]);
            expect(masked(a), `${line} ${type} '${name}'`).toBe(masked(b));
          }
        }
      }
      for (const client of [mine, other]) await client.call('CONFIG', 'SET', 'cluster-announce-ip', '');
      await Promise.all([mine.close(), other.close()]);
    });
  });

  it('keeps its main port a server of its own, where everything is served', async () => {
    const client = await RespClient.connect(ours.port);
    const replies = await client.pipeline(
      ['SELECT 3', 'MSET a 1 b 2', 'MGET a b', 'SWAPDB 3 4', 'SELECT 0'].map(parseCommandLine),
    );
    expect(replies.map(String)).toEqual(['+OK\r\n', '+OK\r\n', '*2\r\n$1\r\n1\r\n$1\r\n2\r\n', '+OK\r\n', '+OK\r\n']);
    await client.close();
  });
});

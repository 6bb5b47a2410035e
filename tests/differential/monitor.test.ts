// MONITOR, SLOWLOG and CONFIG REWRITE beside redis-server: the same lines, entries and files for the same commands.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { directoryForTest } from '../support/directories.js';
import { parseCommandLine } from '../support/generator/escape.js';
import { latchkeyServerForTest } from '../support/latchkey-server.js';
import { describeWith } from '../support/programs.js';
import {
  endWithTest,
  redisServerForTest,
  type ServerKind,
  startServer,
  type TestServer,
} from '../support/redis-server.js';
import { type Decoded, RespClient } from '../support/resp-client.js';

const CLI = fileURLToPath(new URL('../../dist/bundle/server/cli.js', import.meta.url));

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const COMMANDS = lines(String.raw`
  SET k v
  set "a b" "x\r\n\t\a\b\x00\x7f\xff\"\\'é"
  GET
  NOSUCH
  MGET k k2 k3
  LPUSH k x
  SELECT 3
  get k
  SELECT 0
  PING
  ECHO ""
  AUTH secret
  AUTH default secret
  HELLO 2 AUTH default x SETNAME me
  CONFIG GET maxmemory
  CONFIG SET requirepass ""
  CLIENT SETNAME abc
  CLIENT GETNAME
  CLIENT LIST
  OBJECT ENCODING k
  DBSIZE
  TIME
  COMMAND COUNT
  SLOWLOG LEN
  LATENCY LATEST
  INFO server
  MULTI
  SET k 1
  INCR k
  AUTH again
  EXEC
  MULTI
  SET k
  EXEC
  MULTI
  DISCARD
  WATCH k
  UNWATCH
  BLPOP nolist 0.01
  RPUSH list a
  BLPOP list 1
  XADD s * f v
  FLUSHALL
  RESET
`);

/** Lines without the time and the port of who sent the command. */
const masked = (line: Buffer): string =>
  line.toString('latin1').replace(/^\+\d+\.\d{6} \[(\d+) 127\.0\.0\.1:\d+\]/, '+<time> [$1 <client>]');

async function watched(server: TestServer, protocol: 2 | 3): Promise<string[]> {
  const monitor = await RespClient.connect(server.port);
  const client = await RespClient.connect(server.port);
  if (protocol === 3) await monitor.call('HELLO', 3);
  expect((await monitor.call('MONITOR')).toString()).toBe('+OK\r\n');
  const chunks: Promise<{ bytes: Buffer }> = monitor.raw('', { quietMs: 700, withinMs: 8000 });
  for (const line of COMMANDS) await client.call(...parseCommandLine(line));
  const { bytes } = await chunks;
  await Promise.all([monitor.close(), client.close()]);
  return bytes
    .toString('latin1')
    .split('\r\n')
    .slice(0, -1)
    .map((line) => masked(Buffer.from(line, 'latin1')));
}

describeWith('redis-server', 'what watches the server, beside redis-server', () => {
  describe.each([1, 3])('with %i shard(s)', (shards) => {
    it.each([2, 3] as const)('MONITOR writes the same lines over RESP%i', async (protocol) => {
      const [theirs, ours] = await Promise.all([
        redisServerForTest(),
        latchkeyServerForTest({ shards, threads: shards === 1 ? 1 : 2 }),
      ]);
      const expected = await watched(theirs, protocol);
      expect(expected.length).toBeGreaterThan(30);
      expect(await watched(ours, protocol)).toEqual(expected);
    });
  });

  it('SLOWLOG keeps the same entries when everything is slow', async () => {
    const [theirs, ours] = await Promise.all([redisServerForTest(), latchkeyServerForTest({ shards: 3, threads: 2 })]);
    const entries = async (server: TestServer): Promise<unknown[]> => {
      const client = await RespClient.connect(server.port);
      await client.call('CLIENT', 'SETNAME', 'slow');
      await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', 0, 'slowlog-max-len', 12);
      await client.call('SLOWLOG', 'RESET');
      await client.call('MSET', ...Array.from({ length: 40 }, (_, i) => `k${i}`));
      await client.call('SET', 'k', 'x'.repeat(300));
      for (const line of COMMANDS.slice(0, 12)) await client.call(...parseCommandLine(line));
      await client.pipeline([
        ['SET', 'a', 1],
        ['GET', 'a'],
        ['HELLO', 2, 'AUTH', 'default', 'x'],
      ]);
      const [log, length] = [await client.ask('SLOWLOG', 'GET', -1), await client.ask('SLOWLOG', 'LEN')];
      const ids = (log as Decoded[][]).map(([id]) => Number(id));
      expect(ids).toEqual([...ids].sort((a, b) => b - a));
      expect(new Set(ids).size).toBe(ids.length);
      const usual = (await client.ask('SLOWLOG', 'GET')) as Decoded[][];
      await client.close();
      return [
        usual.length,
        length,
        (log as Decoded[][]).map(([, , , argv, address, name]) => [argv, String(address).replace(/\d+$/, ''), name]),
      ];
    };
    const expected = await entries(theirs);
    expect(await entries(ours)).toEqual(expected);
  });

  const FILE = `# the first comment

port 1
   bind 127.0.0.1
maxmemory 100mb
   # indented
save ""
timeout 5
timeout 6
hash-max-ziplist-entries 256
client-output-buffer-limit normal 1mb 2mb 30

include EMPTY
MAXCLIENTS 400
maxmemory-policy   allkeys-lru
requirepass "old"
tcp-keepalive 300
appendonly no
# the last comment
`;
  const CHANGES = [
    ['timeout', '9'],
    ['maxmemory', '3gb'],
    ['maxmemory-policy', 'noeviction'],
    ['requirepass', 'a"b\\c\nd'],
    ['hash-max-listpack-entries', '300'],
    ['lfu-decay-time', '7'],
    ['slowlog-log-slower-than', '-1'],
    ['latency-tracking-info-percentiles', '50 99.5'],
    ['latency-monitor-threshold', '20'],
    ['client-query-buffer-limit', '104857600'],
    ['lazyfree-lazy-expire', 'yes'],
  ];
  /** What each server appends about itself. */
  const OWN = /^(dir|user|daemonize|pidfile|port|bind|shards|threads|appendonly|save|unixsocket) /;

  const kinds: ServerKind[] = [
    {
      name: 'redis-server',
      command: ({ port, directory }) => [
        'redis-server',
        join(directory, 'conf'),
        '--port',
        String(port),
        '--dir',
        directory,
      ],
    },
    {
      name: 'latchkey',
      command: ({ port, directory }) => [process.execPath, CLI, join(directory, 'conf'), '--port', String(port)],
    },
  ];

  it('CONFIG REWRITE makes the same of the same file, and the next start reads it back', async () => {
    const results = await Promise.all(
      kinds.map(async ({ name, command }) => {
        const directory = directoryForTest();
        const file = join(directory, 'conf');
        writeFileSync(join(directory, 'empty'), '');
        const begin = () => startServer({ name, command: (place) => command({ ...place, directory }) });
        writeFileSync(file, FILE.replace('EMPTY', join(directory, 'empty')), { mode: 0o640 });
        const server = endWithTest(await begin());
        const client = await RespClient.connect(server.port);
        await client.call('AUTH', 'old');
        for (const [parameter, value] of CHANGES) {
          expect(String(await client.call('CONFIG', 'SET', parameter, value)), parameter).toBe('+OK\r\n');
        }
        await client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 1mb 1000 5');
        expect(String(await client.call('CONFIG', 'REWRITE'))).toBe('+OK\r\n');
        const first = readFileSync(file, 'utf8');
        expect(String(await client.call('CONFIG', 'REWRITE'))).toBe('+OK\r\n');
        // A real server changes things around each time.
        if (name === 'latchkey') {
          expect(readFileSync(file, 'utf8'), 'a second rewrite changes nothing').toBe(first);
          expect(statSync(file).mode & 0o777).toBe(0o640);
        }
        expect(readdirSync(directory).filter((entry) => entry.includes('tmp'))).toEqual([]);
        await client.close();
        await server.stop();
        const again = endWithTest(await begin());
        const reader = await RespClient.connect(again.port);
        await reader.call('AUTH', 'a"b\\c\nd');
        for (const [parameter, value] of CHANGES) {
          const wanted = parameter === 'maxmemory' ? String(3n << 30n) : value;
          expect(await reader.ask('CONFIG', 'GET', parameter), parameter).toEqual([parameter, wanted]);
        }
        await reader.close();
        const text = first.replaceAll(directory, 'DIRECTORY').replace(/^port \d+$/m, 'port N');
        const [head, tail] = text.split('# Generated by CONFIG REWRITE\n');
        return {
          head,
          tail: lines(tail)
            .filter((line) => !OWN.test(line))
            .sort(),
        };
      }),
    );
    const [theirs, ours] = results;
    expect(ours).toEqual(theirs);
    expect(ours.tail.length).toBeGreaterThan(4);
  });

  it('CONFIG REWRITE without a file is refused in the same words, and with one that cannot be written as well', async () => {
    const servers = await Promise.all([redisServerForTest(), latchkeyServerForTest()]);
    const [theirs, ours] = await Promise.all(
      servers.map(async ({ port }) => {
        const client = await RespClient.connect(port);
        const reply = await client.call('CONFIG', 'REWRITE');
        await client.close();
        return String(reply);
      }),
    );
    expect(ours).toBe(theirs);
    expect(ours).toBe('-ERR The server is running without a config file\r\n');
    const failures = await Promise.all(
      kinds.map(async ({ name, command }) => {
        const directory = directoryForTest();
        writeFileSync(join(directory, 'conf'), 'save ""\nbind 127.0.0.1\n');
        const server = endWithTest(await startServer({ name, command: (place) => command({ ...place, directory }) }));
        // The file has become a directory, so nothing can take its place.
        rmSync(join(directory, 'conf'));
        mkdirSync(join(directory, 'conf'));
        const client = await RespClient.connect(server.port);
        const reply = String(await client.call('CONFIG', 'REWRITE'));
        await client.close();
        return reply;
      }),
    );
    for (const failure of failures) expect(failure).toMatch(/^-ERR Rewriting config file: Is a directory\r\n$/);
  });
});

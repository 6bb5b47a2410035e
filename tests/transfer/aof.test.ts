// Append-only files: what a real redis-server wrote is executed and becomes what the server holds; transactions come
// wholly or not at all; a file that ends early, or is damaged, is cut or refused as Redis does it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectTo, parseAddress } from '../../host/cli/redis-connection.js';
import { LatchkeyError } from '../../host/errors.js';
import { parseManifest } from '../../host/transfer/aof-dir.js';
import { type Imported, type Input, importIntoStore, pour } from '../../host/transfer/import.js';
import type { KernelStore } from '../../host/transfer/kernel-store.js';
import { RdbWriter } from '../../host/transfer/rdb-write.js';
import { ServerSink } from '../../host/transfer/server-sink.js';
import { frame } from '../support/kernel.js';
import { rdbString } from '../support/old-encodings.js';
import { describeWith } from '../support/programs.js';
import { redisServerForTest, type TestServer } from '../support/redis-server.js';
import type { RespClient } from '../support/resp-client.js';
import { Random, runSeed } from '../support/seed.js';
import {
  connected,
  deadlines,
  digest,
  fill,
  kernelStore,
  MemoryTarget,
  memoryFile,
  OTHER_ENCODINGS,
  WITH_DEBUG,
} from '../support/transfer.js';
import { BUILDS } from '../support/wasm.js';

const RULES = { mayBeTruncated: true, skipModules: false };
const STRICT = { ...RULES, mayBeTruncated: false };

function load(store: KernelStore, input: Input, rules = RULES): Promise<Imported> {
  return importIntoStore(input, store, rules, () => {});
}
const single = (...parts: Uint8Array[]): Input => ({ kind: 'file', file: memoryFile(Buffer.concat(parts), 'log') });
function several(files: Record<string, Buffer>): Input {
  const names = Object.keys(files);
  const manifest = { base: names[0], increments: names.slice(1) };
  return { kind: 'directory', manifest, open: (name) => memoryFile(files[name], name) };
}
const asked = (store: KernelStore, ...argv: string[]): string =>
  store
    .ask(
      0,
      argv.map((text) => Buffer.from(text)),
    )
    .toString('latin1');

describe('a manifest', () => {
  it('names the base file and the increments in their order', () => {
    const text = [
      'file appendonly.aof.2.base.rdb seq 2 type b',
      'file appendonly.aof.1.incr.aof seq 1 type h',
      '# a comment',
      'file "two words\\x21.aof" seq 7 type i',
      'file b.aof seq 8 type i more told',
      '',
    ].join('\n');
    expect(parseManifest('m', text)).toEqual({
      base: 'appendonly.aof.2.base.rdb',
      increments: ['two words!.aof', 'b.aof'],
    });
  });

  it.each([
    ['', /no file/],
    ['# nothing\n', /no file/],
    ['file a seq 1 type i', /not whole/],
    ['file a seq 1 type i\nfile b seq 1 type i\n', /byte 20: the files are out of order/],
    ['file a seq 1 type b\nfile b seq 2 type b\n', /two base files/],
    ['file a seq 1 type x\n', /"x" is none of b, i and h/],
    ['file a seq 1\n', /"" is none of/],
    ['file a seq x type i\n', /has no number/],
    ['file ../a seq 1 type i\n', /names no file of this directory/],
    ['seq 1 type i\n', /names no file/],
    ['file "a seq 1 type i\n', /quotes/],
    ['file a seq 1 type\n', /no list of names and values/],
  ])('%j is refused', (text, reason) => {
    expect(() => parseManifest('m', text)).toThrow(reason);
  });
});

describe.each(BUILDS)('append-only files, $memory $mode', (build) => {
  const counting = [
    frame('SELECT', '0'),
    frame('INCR', 'a'),
    Buffer.from('#TS:1700000000\r\n'),
    frame('MULTI'),
    frame('INCR', 'm1'),
    frame('SET', 'between', 'x'),
    frame('INCR', 'm2'),
    frame('EXEC'),
    frame('INCR', 'a'),
  ];

  it('that end early are cut behind the last whole command or transaction, at every length', async () => {
    const bytes = Buffer.concat(counting);
    const ends = counting.map((_, i) => Buffer.concat(counting.slice(0, i + 1)).length);
    for (let length = 0; length <= bytes.length; length++) {
      const whole = ends.filter((end) => end <= length).length;
      const store = kernelStore(build, 2);
      const result = await load(store, single(bytes.subarray(0, length)));
      const a = whole < 2 ? null : whole < 9 ? '1' : '2';
      const m = whole < 8 ? null : '1';
      const wanted = [a, m, m].map((value) => (value === null ? '$-1\r\n' : `$1\r\n${value}\r\n`)).join('');
      expect(asked(store, 'MGET', 'a', 'm1', 'm2'), `${length} bytes`).toBe(`*3\r\n${wanted}`);
      // Where a transaction is open the file is cut in front of it.
      const kept = whole >= 4 && whole < 8 ? ends[2] : whole === 0 ? 0 : ends[whole - 1];
      expect(result.truncated).toEqual(length === kept ? undefined : { file: 'log', bytes: length - kept });
      const strict = load(kernelStore(build), single(bytes.subarray(0, length)), STRICT);
      if (length === kept) await strict;
      else await expect(strict).rejects.toThrow(/^log: byte \d+: the file ends inside/);
    }
  });

  it('may end early only in the last file', async () => {
    const [first, last] = [Buffer.concat(counting), frame('SET', 'last', '1')];
    const store = kernelStore(build);
    expect(await load(store, several({ base: first, one: last, two: last.subarray(0, -1) }))).toMatchObject({
      keys: 5,
      commands: 6,
      truncated: { file: 'two', bytes: last.length - 1 },
    });
    await expect(
      load(kernelStore(build), several({ base: first, one: last.subarray(0, -1), two: last })),
    ).rejects.toThrow(/^one: byte 0: the file ends inside the command/);
  });

  it('may begin with a dump, whose keys do not expire before what follows has been executed', async () => {
    const target = new MemoryTarget();
    const writer = new RdbWriter(target, [['aof-base', '1']]);
    for (const [i, key] of ['kept', 'over', 'moved'].entries())
      writer.put({ db: 0, key: Buffer.from(key), type: 0, body: rdbString(Buffer.from(String(i))), expiresMs: 1000n });
    await writer.finish();
    const log = [frame('PERSIST', 'kept'), frame('PEXPIREAT', 'moved', '4000000000000'), frame('INCR', 'moved')];
    const store = kernelStore(build);
    expect(await load(store, single(target.bytes, ...log))).toMatchObject({ keys: 2, expired: 1, commands: 3 });
    expect(asked(store, 'MGET', 'kept', 'over', 'moved')).toBe('*3\r\n$1\r\n0\r\n$-1\r\n$1\r\n3\r\n');
    expect(asked(store, 'PEXPIRETIME', 'moved')).toBe(':4000000000000\r\n');
  });

  it('touch several shards, whole databases and keys longer than a window, in the order in which they stand', async () => {
    const long = 'k'.repeat(20_000);
    const log = [
      frame('MSET', 'a', '1', 'b', '2', 'c', '3', long, 'x'),
      frame('RENAME', 'a', 'd'),
      frame('SELECT', '3'),
      frame('SET', 'e', '5'),
      frame('MOVE', 'e', '0'),
      frame('SADD', 's', ...Array.from({ length: 5000 }, (_, i) => `member ${i}`)),
      frame('SWAPDB', '3', '4'),
      frame('SELECT', '0'),
      frame('APPEND', long, 'y'),
      frame('SETRANGE', 'large', '100000', 'end'),
      frame('DEL', 'b', 'c'),
    ];
    for (const shards of [1, 3]) {
      const store = kernelStore(build, shards);
      expect(await load(store, single(...log))).toMatchObject({ keys: 5, commands: log.length - 2 });
      expect(asked(store, 'MGET', 'a', 'b', 'd', 'e', long)).toBe(
        '*5\r\n$-1\r\n$-1\r\n$1\r\n1\r\n$1\r\n5\r\n$2\r\nxy\r\n',
      );
      expect(asked(store, 'STRLEN', 'large')).toBe(':100003\r\n');
      expect(
        store
          .ask(
            4,
            ['SCARD', 's'].map((text) => Buffer.from(text)),
          )
          .toString(),
      ).toBe(':5000\r\n');
      await load(store, single(frame('FLUSHALL'), frame('SET', 'after', '1')));
      expect([...store.items()].map(({ key }) => String(key))).toEqual(['after']);
    }
  });

  it('leave functions and scripts behind, counted', async () => {
    const store = kernelStore(build);
    const result = await load(store, single(frame('FUNCTION', 'LOAD', '#!lua'), frame('SCRIPT', 'FLUSH')));
    expect(result).toMatchObject({ keys: 0, left: { functions: 2 } });
  });

  it.each([
    ['an unknown command', [frame('JSON.SET', 'k', '.', '1')], /byte 0: "json.set" is no write command/],
    ['a script', [frame('EVAL', 'return 1', '0')], /"eval" is no write command/],
    ['a command that reads', [frame('GET', 'k')], /"get" is no write command/],
    ['too few arguments', [frame('SET', 'k')], /"set" is no write command/],
    [
      'a command that fails',
      [frame('SET', 'k', 'x'), frame('INCR', 'k')],
      /byte 27: INCR cannot be taken over: ERR value/,
    ],
    [
      'a command that fails over shards',
      [frame('SET', 'k', 'x'), frame('SINTERSTORE', 'd', 'k', 'l')],
      /SINTERSTORE cannot .*WRONGTYPE/,
    ],
    ['a database that is not there', [frame('SELECT', '16')], /database 16, and 16 databases; see --databases/],
    ['a SELECT of nothing', [frame('SELECT', 'x')], /a SELECT without a database/],
    ['EXEC alone', [frame('EXEC')], /byte 0: EXEC without MULTI/],
    ['MULTI twice', [frame('MULTI'), frame('MULTI')], /byte 15: a transaction inside a transaction/],
    [
      'an inline command',
      [frame('SET', 'k', 'v'), Buffer.from('SET k v\r\n')],
      /byte 27: "SET k v" where \* and a length/,
    ],
    ['an internal command', [frame('\0PUT', 'k', 'v')], /is no write command/],
    ['a length that is none', [Buffer.from('*1\r\n$x\r\n')], /"\$x" where \$ and a length/],
    ['no arguments', [Buffer.from('*0\r\n')], /a command of 0 arguments/],
    ['an argument without its end', [Buffer.from('*1\r\n$3\r\nabcde')], /does not end in CR LF/],
    ['a line without its end', [Buffer.from(`*${'1'.repeat(9000)}`)], /a line is too long/],
    ['a file of ours', [Buffer.from('KEVYAOF2\n')], /data directory/],
    ['anything else', [Buffer.from('GIF89a')], /neither a dump nor an append-only file/],
  ])('with %s are refused, with the place', async (_, parts, reason) => {
    const refused = load(kernelStore(build, 2), single(...parts));
    await expect(refused).rejects.toThrow(reason);
    await expect(refused).rejects.toBeInstanceOf(LatchkeyError);
  });

  it('with turned bits are refused or read, and nothing else happens', async () => {
    const random = new Random(runSeed('tests/transfer/aof.test.ts'));
    const bytes = Buffer.concat(counting);
    let refused = 0;
    const store = kernelStore(build, 2);
    for (let i = 0; i < 600; i++) {
      const bent = Buffer.from(bytes);
      bent[random.below(bytes.length)] ^= 1 << random.below(8);
      try {
        await load(store, single(bent));
      } catch (error) {
        if (!(error instanceof LatchkeyError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
    for (const { calls } of store.shards) expect(calls.check()).toBe(0);
  });
});

describeWith('redis-server', 'the append-only directory of a real redis-server', () => {
  /** The directory's files, and what the server holds: after this, nothing writes to it. */
  function inputOf(server: TestServer): Input {
    const directory = join(server.directory, 'appendonlydir');
    const name = readdirSync(directory).find((file) => file.endsWith('.manifest'))!;
    const manifest = parseManifest(name, readFileSync(join(directory, name), 'latin1'));
    return { kind: 'directory', manifest, open: (file) => memoryFile(readFileSync(join(directory, file)), file) };
  }

  async function rewritten(client: RespClient): Promise<void> {
    expect(String(await client.ask('BGREWRITEAOF'))).toMatch(/started|scheduled/);
    for (;;) {
      const info = String(await client.ask('INFO', 'persistence'));
      if (/aof_rewrite_in_progress:0/.test(info) && /aof_rewrite_scheduled:0/.test(info)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function changed(client: RespClient): Promise<void> {
    await client.pipeline([
      ['SELECT', 0],
      ['MULTI'],
      ['SET', 'in transaction', 1],
      ['SELECT', 7],
      ['LPUSH', 'in transaction', 'a', 'b'],
      ['EXEC'],
      ['SET', 'short', 'v', 'PX', 3_000_000],
      ['SET', 'volatile', 'v', 'EX', 5000],
      ['SPOP', 'nothing'],
      ['SADD', 's', ...Array.from({ length: 50 }, (_, i) => i)],
      ['SPOP', 's', 20],
      ['INCRBYFLOAT', 'f', '0.1'],
      ['HINCRBYFLOAT', 'h', 'f', '2.5'],
      ['XADD', 'x', '*', 'f', 'v'],
      ['XGROUP', 'CREATE', 'x', 'g', '0'],
      ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'x', '>'],
      ['XADD', 'x', 'MAXLEN', '~', 10, '*', 'f', 'w'],
      ['GEOADD', 'geo', 1, 2, 'm'],
      ['PFADD', 'hll', 'a', 'b', 'c'],
      ['PFMERGE', 'hll2', 'hll'],
      ['ZADD', 'z', 1.5, 'a', 2, 'b'],
      ['ZPOPMIN', 'z'],
      ['BITFIELD', 'bits', 'SET', 'u8', 3, 200],
      ['GETEX', 'short', 'PERSIST'],
      ['COPY', 'z', 'zcopy', 'DB', 2],
      ['SWAPDB', 2, 5],
      ['MOVE', 'f', 11],
      ['SORT', 's', 'STORE', 'sorted'],
      ['FUNCTION', 'LOAD', '#!lua name=lib\nredis.register_function("f", function() return 1 end)'],
      ['EVAL', "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('INCR', KEYS[2])", 2, 'by script', 'n', 'v', 1],
      ['SELECT', 0],
    ]);
  }

  it.each([
    ['an RDB base', 'yes', []],
    ['a base of commands', 'no', OTHER_ENCODINGS],
  ])('with %s becomes what the server holds', async (_, preamble, more) => {
    const server = await redisServerForTest({
      args: [
        ...[...WITH_DEBUG, ...more, '--appendonly', 'yes', '--appendfsync', 'always'],
        ...['--aof-use-rdb-preamble', preamble, '--aof-timestamp-enabled', 'yes'],
      ],
    });
    const client = await connected(server.port);
    await fill(client);
    await changed(client);
    await rewritten(client);
    await client.pipeline([
      ['SELECT', 7],
      ['DEL', 'z', 'hll'],
      ['SELECT', 0],
    ]);
    await changed(client);
    const wanted = await digest(client);
    expect(wanted.keys).toBeGreaterThan(100);
    for (const build of BUILDS) {
      const store = kernelStore(build, 3);
      const result = await load(store, inputOf(server), STRICT);
      expect(result).toMatchObject({ keys: wanted.keys, truncated: undefined, expired: 0 });
      expect(result.left.functions).toBeGreaterThan(0);
      expect(result.commands).toBeGreaterThan(20);
      const target = await redisServerForTest({ args: WITH_DEBUG });
      const peer = await connectTo(parseAddress(`redis://127.0.0.1:${target.port}`), 'BAD_TARGET');
      await pour(store.items(), await ServerSink.open(peer, false));
      const copy = await connected(target.port);
      expect(await digest(copy)).toEqual(wanted);
      for (const db of [0, 5, 7, 9, 11]) expect(await deadlines(copy, db)).toEqual(await deadlines(client, db));
      peer.close();
      await copy.close();
    }
    await client.close();
  });
});

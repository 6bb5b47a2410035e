// Reading log files: what is sound is found and executed, what is damaged is found and not. In all four builds.
import { describe, expect, it } from 'vitest';
import {
  encodeLogStart,
  encodeRecord,
  encodeRound,
  MAGIC_V1,
  TXN_BEGIN,
  TXN_COMMIT,
} from '../../host/persistence/log-format.js';
import { type LogScan, scanLog } from '../../host/persistence/log-scan.js';
import { type Replayed, replayLog } from '../../host/persistence/replay.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import type { StorageFile } from '../../host/storage/port.js';
import { frame, openKernel, type TestKernel } from '../support/kernel.js';
import { differencesOf, expectedOf, FIXTURES, fixtureFiles, fixtureNames } from '../support/kevy-expected.js';
import { allDigests } from '../support/log-replay.js';
import { decode } from '../support/resp-client.js';
import { Random } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const BIRTH = '0123456789abcdef0123456789abcdef';
/** 161 commands in each of three rounds; in the third, ZADD changes nothing and so is not logged. */
const RECORDS = 3 * 161 - 40;
const START = { birthId: BIRTH, firstLsn: 1000, firstRound: 7 };

async function fileOf(bytes: Uint8Array): Promise<StorageFile> {
  return new MemoryStorage([['aof-0.aof', bytes]]).open('aof-0.aof', 'read');
}

/** The kernel's own records of what it has done, as they lie in its ring. */
function takeRecords(kernel: TestKernel): Buffer {
  const { calls } = kernel.shard;
  const [from, to] = [Number(kernel.shard.words[(0x10000 + 392) >> 2] >>> 0), calls.published()];
  const parts: Buffer[] = [];
  for (let at = from; at < to; ) {
    const ptr = calls.logPiece(at, to) >>> 0;
    const bytes = calls.logPieceBytes() >>> 0;
    parts.push(Buffer.from(kernel.shard.view(ptr, bytes)));
    at += bytes;
  }
  calls.begin(1, 0);
  calls.logConsumeTo(to);
  calls.end(1);
  return Buffer.concat(parts);
}

async function replayWhole(bytes: Uint8Array, scan: LogScan, kernel: TestKernel, ours = true): Promise<Replayed> {
  const file = await fileOf(bytes);
  const from = scan.version === 1 && bytes[0] === 0x2a ? 0 : 9;
  const range = { version: scan.version, from, to: scan.goodBytes, gaps: scan.gaps };
  return replayLog(file, kernel.shard, range, { ours, nowMs: Date.now() });
}

describe.each(BUILDS)('reading a log, %o', (build) => {
  /** A log of a few hundred commands on two databases, in three rounds, and the kernel that wrote it. */
  function written(): { log: Buffer; source: TestKernel; ends: number[] } {
    const source = openKernel(build).logOn();
    const parts = [encodeLogStart(START)];
    const ends: number[] = [];
    let lsn = START.firstLsn;
    for (let round = 0; round < 3; round++) {
      source.db = round === 1 ? 5 : 0;
      for (let i = 0; i < 40; i++) {
        source.call('SET', `key:${round}:${i}`, `value ${i}`);
        source.call('RPUSH', `list:${round}`, i, 'x'.repeat(i));
        source.call('HSET', 'hash', `field ${i}`, round);
        source.call('ZADD', 'zset', i * 0.5, `member ${i}`);
      }
      source.call('EXPIREAT', `key:${round}:1`, 4102444800);
      const records = takeRecords(source);
      lsn += records.length;
      parts.push(
        records,
        encodeRound({
          number: 7 + round,
          synced: 5 + round,
          participants: [
            { shard: 0, endLsn: lsn },
            { shard: 2, endLsn: 9 },
          ],
        }),
      );
      ends.push(parts.reduce((sum, part) => sum + part.length, 0));
    }
    source.db = 0;
    return { log: Buffer.concat(parts), source, ends };
  }

  it('finds every round, and executes what was logged', async () => {
    const { log, source, ends } = written();
    const target = openKernel(build);
    const scan = scanLog(await fileOf(log), target.shard);
    expect(scan.damage).toBeUndefined();
    expect(scan.start).toEqual(START);
    expect(scan.goodBytes).toBe(log.length);
    expect(scan.records).toBe(RECORDS);
    expect(
      scan.rounds.map(({ number, synced, shards, endOffset }) => [number, synced, [...shards], endOffset]),
    ).toEqual(ends.map((end, i) => [7 + i, 5 + i, [0, 2], end]));
    const replayed = await replayWhole(log, scan, target);
    expect(replayed).toMatchObject({ commands: RECORDS, errors: 0 });
    expect(allDigests(target)).toEqual(allDigests(source));
    expect(target.check()).toBe(0);
    // Nothing of it is logged again.
    expect(target.shard.calls.logBacklog()).toBe(0);
  });

  it('executes a part: from one round to another', async () => {
    const { log, ends } = written();
    const target = openKernel(build);
    const file = await fileOf(log);
    const replayed = replayLog(
      file,
      target.shard,
      { version: 2, from: ends[0], to: ends[1] },
      { ours: true, nowMs: 0 },
    );
    expect(replayed.commands).toBe(161);
    expect(target.text('DBSIZE')).toBe(':0\r\n');
    target.db = 5;
    expect(target.text('DBSIZE')).toBe(':43\r\n');
  });

  it('finds a torn record at every length', async () => {
    const whole = Buffer.concat([
      encodeLogStart(START),
      encodeRecord(['SET', 'a', '1']),
      encodeRecord(['SET', 'b', '2']),
    ]);
    const first = encodeLogStart(START).length;
    const second = first + encodeRecord(['SET', 'a', '1']).length;
    const { shard } = openKernel(build);
    for (let length = 0; length < whole.length; length++) {
      const scan = scanLog(await fileOf(whole.subarray(0, length)), shard);
      const good = length < 9 ? 0 : length < first ? 9 : length < second ? first : second;
      expect([length, scan.goodBytes]).toEqual([length, good]);
      expect([length, scan.damage?.torn ?? true]).toEqual([length, true]);
      expect([length, scan.damage === undefined]).toEqual([length, length === 0 || length === good]);
    }
  });

  it('finds a flipped bit at every byte, and executes nothing behind it', async () => {
    const parts = [encodeLogStart(START), ...['a', 'b', 'c'].map((key) => encodeRecord(['SET', key, '1']))];
    const whole = Buffer.concat(parts);
    const { shard } = openKernel(build);
    let detected = 0;
    for (let at = 0; at < whole.length; at++) {
      const bent = Buffer.from(whole);
      bent[at] ^= 1 << (at % 8);
      const scan = scanLog(await fileOf(bent), shard);
      expect([at, scan.damage !== undefined]).toEqual([at, true]);
      expect([at, scan.goodBytes <= at]).toEqual([at, true]);
      detected++;
    }
    expect(detected).toBe(whole.length);
  });

  it('survives any bytes', async () => {
    const { shard } = openKernel(build);
    const random = new Random(99);
    for (let n = 0; n < 300; n++) {
      const bytes = Buffer.alloc(n % 97).map(() => random.below(256));
      const head = n % 3 === 0 ? MAGIC_V1 : n % 3 === 1 ? encodeLogStart(START) : Buffer.alloc(0);
      const scan = scanLog(await fileOf(Buffer.concat([head, bytes])), shard);
      expect(scan.goodBytes).toBeLessThanOrEqual(scan.bytes);
    }
  });

  it('takes a group of kevy whole or not at all', async () => {
    const record = (...words: string[]) => encodeRecord(words);
    const start = [
      Buffer.from('KEVYAOF2\n'),
      record('SET', 'before', '1'),
      record(TXN_BEGIN),
      record('SET', 'in', '1'),
    ];
    for (const isCommitted of [true, false]) {
      const log = Buffer.concat(isCommitted ? [...start, record(TXN_COMMIT), record('SET', 'after', '1')] : start);
      const target = openKernel(build);
      const scan = scanLog(await fileOf(log), target.shard);
      await replayWhole(log, scan, target, false);
      expect(target.text('EXISTS', 'before', 'in', 'after')).toBe(isCommitted ? ':3\r\n' : ':1\r\n');
      expect(scan.records).toBe(isCommitted ? 3 : 1);
    }
  });

  it('stops by name at an internal record that it does not know', async () => {
    const log = Buffer.concat([
      encodeLogStart(START),
      encodeRecord(['SET', 'a', '1']),
      encodeRecord(['\0SOMETHING', '1']),
    ]);
    const scan = scanLog(await fileOf(log), openKernel(build).shard);
    expect(scan.unknown).toBe('SOMETHING');
    expect(scan.records).toBe(1);
  });

  it('hops to the next record that verifies, if told to', async () => {
    const parts = ['a', 'b', 'c', 'd'].map((key) => encodeRecord(['SET', key, '1']));
    const log = Buffer.concat([encodeLogStart(START), ...parts]);
    const start = encodeLogStart(START).length + parts[0].length;
    log[start + 12] ^= 255;
    const target = openKernel(build);
    const scan = scanLog(await fileOf(log), target.shard, { resync: true });
    expect(scan.gaps).toEqual([{ from: start, to: start + parts[1].length }]);
    await replayWhole(log, scan, target);
    expect(target.text('MGET', 'a', 'b', 'c', 'd').match(/\$1/g)).toHaveLength(3);
    expect(target.text('EXISTS', 'b')).toBe(':0\r\n');
  });

  it('reads bare frames, with and without kevy’s magic, and more arguments than a window has room for', async () => {
    const wide = ['RPUSH', 'wide', ...Array.from({ length: 40_000 }, (_, i) => String(i))];
    const long = ['SET', 'long', 'x'.repeat(3 << 20)];
    const frames = Buffer.concat([frame('SET', 'a', '1'), frame(...wide), frame(...long), frame('SET', 'z', '1')]);
    for (const head of [Buffer.alloc(0), MAGIC_V1]) {
      const log = Buffer.concat([head, frames]);
      const target = openKernel(build);
      const scan = scanLog(await fileOf(log), target.shard);
      expect([scan.version, scan.records, scan.damage]).toEqual([1, 4, undefined]);
      expect(await replayWhole(log, scan, target, false)).toMatchObject({ commands: 4, errors: 0 });
      expect(target.text('LLEN', 'wide')).toBe(':40000\r\n');
      expect(target.text('STRLEN', 'long')).toBe(`:${3 << 20}\r\n`);
      expect(target.text('EXISTS', 'a', 'z')).toBe(':2\r\n');
    }
  });

  it('counts commands that answer with an error, and keeps the first', async () => {
    const log = Buffer.concat([
      Buffer.from('KEVYAOF2\n'),
      encodeRecord(['SET', 'a', 'text']),
      encodeRecord(['INCR', 'a']),
      encodeRecord(['NOSUCH', 'a']),
      encodeRecord(['SET', 'b', '1']),
    ]);
    const target = openKernel(build);
    const scan = scanLog(await fileOf(log), target.shard);
    const replayed = await replayWhole(log, scan, target, false);
    expect(replayed).toMatchObject({
      errors: 2,
      firstError: { reply: '-ERR value is not an integer or out of range' },
    });
    expect(target.text('EXISTS', 'a', 'b')).toBe(':2\r\n');
  });
});

/** Logs alone hold what these expect. */
const LOGS_ALONE = fixtureNames().filter((name) => /^(kevyhash-[14]-aof|no-meta-4|meta-v1-4|aof-)/.test(name));

describe.skipIf(!FIXTURES || fixtureNames().length === 0)('the logs that a real kevy wrote', () => {
  it.each(LOGS_ALONE)('%s holds what kevy says it does', async (name) => {
    const [build] = BUILDS;
    const target = openKernel(build);
    let commands = 0;
    for (const [file, bytes] of fixtureFiles(name)) {
      if (!/^aof-\d+\.aof$/.test(file)) continue;
      const scan = scanLog(await fileOf(bytes), target.shard);
      if (/torn|garbage/.test(name)) expect([file, scan.unknown]).toEqual([file, undefined]);
      else expect([file, scan.damage]).toEqual([file, undefined]);
      const replayed = await replayWhole(bytes, scan, target, false);
      expect(replayed.errors).toBe(0);
      commands += replayed.commands;
    }
    expect(commands).toBeGreaterThan(100);
    const expected = expectedOf(name);
    expect(differencesOf(expected, (...args) => decode(target.call(...args), { binary: true }))).toEqual([]);
    expect(target.text('DBSIZE')).toBe(`:${expected.length}\r\n`);
  });
});

// Executing logs: what is in them is done, once, whatever its size and wherever it lies in the windows that are read; and
// what cannot be done stops a log of ours at its place, and is counted in one of kevy's.
import { describe, expect, it } from 'vitest';
import { HEADER_DROPPED_HEAD, HEADER_FLAGS, HEADER_GARBAGE_HEAD } from '../../host/kernel/kernel.js';
import { encodeLogStart, encodeRecord, MAGIC_V1, MAGIC_V2 } from '../../host/persistence/log-format.js';
import { type Replayed, ReplayStopped, replayLog } from '../../host/persistence/replay.js';
import { frame, openKernel, type TestKernel } from '../support/kernel.js';
import { allDigests } from '../support/log-replay.js';
import { Random } from '../support/seed.js';
import { fileOf, replayOf, SmallLog, START, scanOf } from '../support/small-log.js';
import { BUILDS } from '../support/wasm.js';

const KEVYS = { ours: false, nowMs: 1_700_000_000_000 };
const OURS = { ours: true, nowMs: 1_700_000_000_000 };
const LARGEST = process.env.LATCHKEY_TEST_LONG ? 512 << 20 : 24 << 20;

/** What stopped the replay. */
async function stopOf(work: Promise<Replayed>): Promise<ReplayStopped> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ReplayStopped)) throw new Error(`not stopped: ${error}`);
  return error;
}

describe.each(BUILDS)('replay, $memory $mode', (build) => {
  /** Scans and executes records behind kevy's magic. */
  async function kevys(target: TestKernel, ...records: (string | Uint8Array)[][]): Promise<Replayed> {
    const bytes = Buffer.concat([MAGIC_V2, ...records.map(encodeRecord)]);
    return replayOf(bytes, await scanOf(bytes, target), target, KEVYS);
  }

  it('executes records of all sizes, between any two rounds, over many windows', async () => {
    const random = new Random(5);
    const log = new SmallLog(0);
    const source = openKernel(build);
    const digests: bigint[][] = [];
    const ends: number[] = [];
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 300; i++) {
        const size = random.oneIn(60) ? random.below(600_000) : random.below(300);
        const args = ['SET', `key:${random.below(200)}`, Buffer.alloc(size, random.below(256))];
        source.db = random.oneIn(3) ? 7 : 0;
        log.command(...(source.db === 0 ? args : ['\0DB7', ...args]));
        source.call(...args);
      }
      log.round();
      digests.push(allDigests(source));
      ends.push(log.places[log.places.length - 1]);
    }
    const { bytes } = log;
    expect(bytes.length).toBeGreaterThan(4 << 20);
    const target = openKernel(build);
    const scan = await scanOf(bytes, target, { shard: 0 });
    expect(scan).toMatchObject({ damage: undefined, goodBytes: bytes.length, records: 3600 });
    expect(scan.rounds.map(({ endOffset }) => endOffset)).toEqual(ends);
    const file = await fileOf(bytes);
    for (const [i, to] of ends.entries()) {
      const from = i === 0 ? scan.firstOffset : ends[i - 1];
      expect(replayLog(file, target.shard, { version: 2, from, to }, OURS).commands).toBe(300);
      expect([i, allDigests(target)]).toEqual([i, digests[i]]);
    }
    expect(target.check()).toBe(0);
  });

  it('executes bare frames over many windows, and those of many small arguments', async () => {
    const frames: Buffer[] = [MAGIC_V1];
    const source = openKernel(build);
    const args = Array.from({ length: 50_000 }, (_, i) => `element ${i} of rather many`);
    for (const command of [
      ['SET', 'a', '1'],
      ['RPUSH', 'list', ...args],
      ['SADD', 'set', ...args],
      ['SET', 'z', '1'],
    ]) {
      frames.push(frame(...command));
      source.call(...command);
    }
    const bytes = Buffer.concat(frames);
    const target = openKernel(build);
    const scan = await scanOf(bytes, target);
    expect(scan).toMatchObject({ version: 1, records: 4, goodBytes: bytes.length });
    expect(await replayOf(bytes, scan, target, KEVYS)).toMatchObject({ commands: 4, errors: 0 });
    expect(allDigests(target)).toEqual(allDigests(source));
    // Cut inside of the large ones: what is whole is executed.
    const cut = bytes.subarray(0, Math.floor(bytes.length * 0.75));
    const torn = await scanOf(cut, target);
    expect(torn).toMatchObject({ records: 2, damage: { kind: 'torn record', torn: true } });
  });

  it('executes the largest values', async () => {
    const value = Buffer.alloc(LARGEST, 'v');
    const bytes = Buffer.concat([
      encodeLogStart(START),
      encodeRecord(['SET', 'big', value]),
      encodeRecord(['SET', 'b', '1']),
    ]);
    const target = openKernel(build);
    const scan = await scanOf(bytes, target);
    expect(scan).toMatchObject({ records: 2, damage: undefined });
    await replayOf(bytes, scan, target);
    expect(target.text('STRLEN', 'big')).toBe(`:${LARGEST}\r\n`);
    expect(target.text('EXISTS', 'b')).toBe(':1\r\n');
  });

  it('stops a log of ours at a command that answers with an error, or that there is none of', async () => {
    const bad: [args: (string | Uint8Array)[], reason: RegExp][] = [
      [['INCR', 'text'], /answers -ERR value is not an integer/],
      [['LPUSH', 'text', 'x'], /answers -WRONGTYPE/],
      [['NOSUCH', 'text'], /unknown command 'NOSUCH'/],
      [['GET'], /wrong number of arguments/],
      [['\0DB99', 'SET', 'text', '1'], /unknown internal command/],
      [['\0DB1', '\0GUEST', 'text', '1'], /no sound record/],
      [['\0DB1'], /unknown internal command/],
    ];
    for (const [args, reason] of bad) {
      const log = new SmallLog()
        .command('SET', 'text', 'one')
        .command(...args)
        .command('SET', 'behind', '1');
      const target = openKernel(build);
      const stopped = await stopOf(scanOf(log.bytes, target).then((scan) => replayOf(log.bytes, scan, target, OURS)));
      expect([stopped.offset, stopped.file]).toEqual([log.places[2], 'aof-0.aof']);
      expect(stopped.message).toMatch(reason);
      expect(target.text('GET', 'text')).toBe('$3\r\none\r\n');
      expect(target.text('EXISTS', 'behind')).toBe(':0\r\n');
      expect(target.check()).toBe(0);
    }
  });

  it('counts the errors of a log of kevy’s, and says which was the first', async () => {
    const target = openKernel(build);
    const set = encodeRecord(['SET', 'text', 'one']);
    const replayed = await kevys(target, ['SET', 'text', 'one'], ['NO SUCH', 'x'], ['INCR', 'text'], ['SET', 'b', '1']);
    expect(replayed).toMatchObject({
      commands: 3,
      errors: 2,
      firstError: { offset: 9 + set.length, command: 'NO SUCH', reply: "-ERR unknown command 'NO SUCH'" },
    });
    const other = await kevys(openKernel(build), ['SET', 'text', 'one'], ['INCR', 'text']);
    expect(other.firstError).toEqual({
      offset: 9 + set.length,
      command: 'INCR',
      reply: '-ERR value is not an integer or out of range',
    });
  });

  it('obeys SELECT in bare frames', async () => {
    const bytes = Buffer.concat(
      [
        ['SELECT', '3'],
        ['SET', 'a', '1'],
        ['select', '0'],
        ['SET', 'b', '1'],
        ['SELECT', '16'],
      ].map((args) => frame(...args)),
    );
    const target = openKernel(build);
    const replayed = await replayOf(bytes, await scanOf(bytes, target), target, KEVYS);
    expect(replayed).toMatchObject({ commands: 2, errors: 1, firstError: { command: 'SELECT' } });
    expect([0, 3].map((db) => target.shard.calls.databaseKeys(db))).toEqual([1, 1]);
  });

  it('executes a log of ours with the clock stopped, and one of kevy’s at the present time', async () => {
    const records = [
      ['SET', 'gone', '1', 'PXAT', '1000'],
      ['SET', 'there', '1', 'PXAT', '4000000000000'],
    ];
    const log = new SmallLog();
    for (const args of records) log.command(...args);
    const ours = openKernel(build);
    ours.shard.setHeader(HEADER_FLAGS, 1);
    await replayOf(log.bytes, await scanOf(log.bytes, ours), ours, OURS);
    expect(ours.shard.calls.databaseKeys(0)).toBe(2);
    // The flags are what they were, and nothing was logged.
    expect(ours.shard.header(HEADER_FLAGS)).toBe(1);
    expect(ours.shard.calls.logBacklog()).toBe(0);
    const theirs = openKernel(build);
    await kevys(theirs, ...records);
    expect(theirs.text('EXISTS', 'gone', 'there')).toBe(':1\r\n');
  });

  it('keeps nothing of what commands answer, of what is flushed and of what is deleted', async () => {
    const elements = Array.from({ length: 20_000 }, (_, i) => `element ${i}`);
    const large = 'x'.repeat(1 << 20);
    const records: string[][] = [];
    for (let i = 0; i < 6; i++) {
      records.push(
        ['SET', 'large', large],
        ['GETDEL', 'large'],
        ['SET', 'other', large],
        ['SET', 'other', large, 'GET'],
      );
      records.push(
        ['RPUSH', 'list', ...elements],
        ['LPOP', 'list', '19999'],
        ['SADD', 'set', ...elements],
        ['DEL', 'set'],
      );
      records.push(['SADD', 'set', ...elements], ['FLUSHALL']);
    }
    const target = openKernel(build);
    await kevys(target, ['SET', 'a', '1'], ...records);
    const once = target.shard.calls.usedBytes();
    await kevys(target, ...records);
    expect(target.shard.calls.usedBytes()).toBe(once);
    expect(target.shard.header(HEADER_GARBAGE_HEAD)).toBe(0);
    expect(target.shard.header(HEADER_DROPPED_HEAD)).toBe(0);
    expect(target.check()).toBe(0);
  });

  it('stops when the data does not fit, also a log of kevy’s', async () => {
    const target = openKernel(build, { pagesMax: 200 });
    const log = new SmallLog();
    for (let i = 0; i < 40; i++) log.command('SET', `key ${i}`, 'x'.repeat(400_000));
    for (const options of [OURS, KEVYS]) {
      const calculator = openKernel(build);
      const scan = await scanOf(log.bytes, calculator);
      const stopped = await stopOf(replayOf(log.bytes, scan, target, options));
      expect(stopped.message).toMatch(/does not fit|no memory/);
      expect(target.check()).toBe(0);
    }
  });

  it('executes nothing of a file that has changed since it was looked over', async () => {
    const log = new SmallLog().command('SET', 'a', '1').command('SET', 'b', '1');
    const target = openKernel(build);
    const scan = await scanOf(log.bytes, target);
    const bent = log.bytes;
    bent[log.places[2] + 30] ^= 1;
    const stopped = await stopOf(replayOf(bent, scan, target));
    expect([stopped.offset, /no sound record/.test(stopped.message)]).toEqual([log.places[2], true]);
    expect(target.text('EXISTS', 'a', 'b')).toBe(':1\r\n');
    const shorter = await stopOf(replayOf(log.bytes.subarray(0, log.places[2]), scan, openKernel(build)));
    expect(shorter.offset).toBe(log.places[2]);
  });

  it('leaves out a group that another one interrupts', async () => {
    const [begin, commit] = [['\0KEVYTXNBEGIN'], ['\0KEVYTXNCOMMIT']];
    const target = openKernel(build);
    const replayed = await kevys(target, begin, ['RPUSH', 'l', 'lost'], begin, ['RPUSH', 'l', 'kept'], commit, [
      'RPUSH',
      'l',
      'after',
    ]);
    expect(replayed.commands).toBe(2);
    expect(target.text('LRANGE', 'l', '0', '-1')).toBe('*2\r\n$4\r\nkept\r\n$5\r\nafter\r\n');
  });
});

// Logs with random damage. Whatever is done to a log's bytes, reading it neither traps nor hangs, and never executes a
// damaged record: what is found good is, record by record, what was written. With `resync`, the rest that was written is
// executed in order, with nothing between.
import { describe, expect, it } from 'vitest';
import { MAGIC_BYTES } from '../../host/persistence/log-format.js';
import { ReplayStopped, replayLog } from '../../host/persistence/replay.js';
import { openKernel } from '../support/kernel.js';
import { Random, runSeed } from '../support/seed.js';
import { fileOf, replayOf, SmallLog, scanOf } from '../support/small-log.js';
import { BUILDS } from '../support/wasm.js';

const ROUNDS = process.env.LATCHKEY_TEST_LONG ? 20_000 : 400;

/** A log of RPUSHes that each carry their number. */
function drawLog(random: Random): SmallLog {
  const log = new SmallLog(1);
  const count = random.between(1, 30);
  for (let i = 0; i < count; i++) {
    log.command('RPUSH', 'done', String(i), 'x'.repeat(random.oneIn(10) ? random.below(3000) : random.below(20)));
    if (random.oneIn(4)) log.round();
  }
  return log;
}

/** Damages a copy. */
function bend(bytes: Buffer, random: Random): Buffer {
  const bent = Buffer.from(bytes);
  const at = random.below(bent.length);
  switch (random.below(6)) {
    case 0:
      return bent.subarray(0, at);
    case 1:
      bent[at] ^= 1 << random.below(8);
      return bent;
    case 2:
      return Buffer.concat([bent.subarray(0, at), bent.subarray(Math.min(bent.length, at + random.below(60)))]);
    case 3:
      bent.fill(random.pick([0, 255, 0x2a]), at, Math.min(bent.length, at + random.below(40)));
      return bent;
    case 4: {
      const noise = Buffer.alloc(random.below(200)).map(() => random.below(256));
      return Buffer.concat([bent.subarray(0, at), noise, bent.subarray(at)]);
    }
    default: {
      // A piece of the log comes once more, or in another's place.
      const from = random.below(bent.length);
      const piece = bent.subarray(from, from + random.below(200));
      return Buffer.concat([
        bent.subarray(0, at),
        piece,
        bent.subarray(random.oneIn(2) ? at : Math.min(bent.length, at + piece.length)),
      ]);
    }
  }
}

/** The numbers that have been executed, in order. */
function doneBy(reply: Buffer): number[] {
  const words = reply.toString('latin1').split('\r\n').slice(1);
  return words.filter((_, i) => i % 4 === 1).map(Number);
}

describe.each(BUILDS)('logs with random damage, $memory $mode', (build) => {
  const seed = runSeed('fuzz/log');

  it('are executed up to the damage', async () => {
    const kernel = openKernel(build);
    let damaged = 0;
    for (let n = 0; n < ROUNDS; n++) {
      const random = new Random(seed + n);
      const log = drawLog(random);
      const bent = bend(log.bytes, random);
      const scan = await scanOf(bent, kernel, { shard: 1 });
      const same = commonPrefix(bent, log.bytes);
      expect([n, scan.goodBytes <= bent.length]).toEqual([n, true]);
      // All whole records in front of the first changed byte are good.
      const place = log.places.findLast((at) => at <= same) ?? 0;
      expect([n, scan.goodBytes >= (same < MAGIC_BYTES ? 0 : place)]).toEqual([n, true]);
      const replayed = await replayOf(bent, scan, kernel);
      expect([n, replayed.commands]).toEqual([n, scan.records]);
      const done = doneBy(kernel.call('LRANGE', 'done', '0', '-1'));
      // What was doubled, left out or exchanged at a record's boundary has checksums that hold: the rounds bound it.
      if (scan.goodBytes <= same) expect([n, done]).toEqual([n, done.map((_, i) => i)]);
      kernel.call('DEL', 'done');
      if (scan.damage) damaged++;
    }
    expect(kernel.check()).toBe(0);
    expect(damaged).toBeGreaterThan(ROUNDS / 4);
  });

  it('are executed around the damage', async () => {
    const kernel = openKernel(build);
    let hops = 0;
    for (let n = 0; n < ROUNDS; n++) {
      const random = new Random(seed + n);
      const log = drawLog(random);
      const bent = bend(bend(log.bytes, random), random);
      const scan = await scanOf(bent, kernel, { resync: true });
      for (const [i, gap] of scan.gaps.entries()) {
        expect([n, i, gap.from < gap.to, gap.to <= bent.length]).toEqual([n, i, true, true]);
        expect([n, i, gap.from > (scan.gaps[i - 1]?.to ?? 0)]).toEqual([n, i, true]);
      }
      const replayed = await replayOf(bent, scan, kernel);
      expect([n, replayed.commands]).toEqual([n, scan.records]);
      const written = new Set(log.parts.map((part) => part.toString('latin1')));
      for (const record of wholeRecords(bent, scan)) expect([n, written.has(record)]).toEqual([n, true]);
      hops += scan.gaps.length;
    }
    expect(hops).toBeGreaterThan(ROUNDS / 4);
  });

  it('may be any bytes, for the scan and for a replay without one', async () => {
    const kernel = openKernel(build);
    let stopped = 0;
    for (let n = 0; n < ROUNDS; n++) {
      const random = new Random(seed + n);
      const letters = random.pick(['*$0123456789\r\n', '*$19\r\n\0DB', '']);
      const draw = () => (letters === '' ? random.below(256) : letters.charCodeAt(random.below(letters.length)));
      const noise = Buffer.alloc(random.below(400)).map(draw);
      const head = random.pick([Buffer.alloc(0), Buffer.from('KEVYAOF1\n'), Buffer.from('KEVYAOF2\n')]);
      const bytes = Buffer.concat([head, noise]);
      const scan = await scanOf(bytes, kernel, { resync: random.oneIn(2) });
      expect(scan.goodBytes).toBeLessThanOrEqual(bytes.length);
      const range = { version: random.oneIn(2) ? 1 : 2, from: head.length, to: bytes.length } as const;
      try {
        replayLog(await fileOf(bytes), kernel.shard, range, { ours: random.oneIn(2), nowMs: 0 });
      } catch (error) {
        if (!(error instanceof ReplayStopped)) throw error;
        stopped++;
      }
    }
    expect(stopped).toBeGreaterThan(ROUNDS / 2);
    expect(kernel.check()).toBe(0);
  });
});

function commonPrefix(a: Buffer, b: Buffer): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

/** The records that a scan took for good, each as Latin-1; the first one with the magic in front. */
function wholeRecords(
  bytes: Buffer,
  scan: { goodBytes: number; gaps: readonly { from: number; to: number }[] },
): string[] {
  const found: string[] = [];
  for (let at = MAGIC_BYTES; at < scan.goodBytes; ) {
    const gap = scan.gaps.find(({ from }) => from === at);
    if (gap) {
      at = gap.to;
      continue;
    }
    const end = at + 8 + bytes.readUInt32LE(at);
    found.push(bytes.toString('latin1', at === MAGIC_BYTES && isStart(bytes) ? 0 : at, end));
    at = end;
  }
  return found;
}
const isStart = (bytes: Buffer): boolean =>
  bytes.includes('\0LOG', 0, 'latin1') && bytes.indexOf('\0LOG', 0, 'latin1') < 40;

// Dumps that are not as they were written. The goal: whatever happened to the bytes is noticed before anything is applied,
// and a kernel that is given them all the same neither traps nor ends up unsound. Method: a small dump with every type in
// it, each byte of it flipped in turn, cut at each length, lengthened; then seeded garbage into the kernel's decoder.
import { describe, expect, it } from 'vitest';
import { CONTROL_CONSUMED, CONTROL_ERRORS } from '../../host/kernel/abi.js';
import {
  BIRTH_ID_BYTES,
  OP_DATABASE,
  OP_HASH,
  OP_HASH_DEADLINES,
  OP_LIST,
  OP_SET,
  OP_STREAM,
  OP_STREAM_READ,
  OP_STRING,
  OP_ZSET,
  VERSION_KEVY,
  VERSION_OWN,
} from '../../host/persistence/dump-format.js';
import { DumpDamage, loadDump, readDump, verifyDump } from '../../host/persistence/dump-read.js';
import { BytesFile, dumpOf, entry, f64, fileOf, kevyFile, text, u32, u64 } from '../support/dumps.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';

/** A dump of a few hundred bytes with every op in it. */
function small(build: Build, own: boolean): BytesFile {
  const k = openKernel(build);
  k.call('SET', 'string', 'value', 'PXAT', '1900000000000');
  k.call('RPUSH', 'list', 'a', '1');
  k.call('SADD', 'set', 'a', 'b');
  k.call('ZADD', 'zset', '1.5', 'a');
  k.call('HSET', 'hash', 'f', 'v');
  k.call('XADD', 'stream', '1-1', 'f', 'v');
  k.call('XGROUP', 'CREATE', 'stream', 'g', '1-1', 'ENTRIESREAD', '1');
  if (own) {
    k.call('XGROUP', 'CREATE', 'stream', 'h', '0');
    k.call('XREADGROUP', 'GROUP', 'h', 'c', 'STREAMS', 'stream', '>');
    k.call('HPEXPIREAT', 'hash', '1900000000000', 'FIELDS', '1', 'f');
    k.db = 2;
    k.call('SET', 'other', 'x');
  }
  return dumpOf(k, 0, { birthId: Buffer.alloc(16, 0xb1), round: 2 ** 40 + 5 });
}

describe.each(BUILDS)('damaged dumps, $memory $mode', (build) => {
  const fresh = (): TestKernel => openKernel(build);

  /** Gives the kernel a file that verifyDump would have refused: it may load what looks whole, and must stay sound. */
  const forced = (kernel: TestKernel, bytes: Buffer, version: number) => {
    try {
      loadDump(new BytesFile(bytes), version, kernel.shard, { nowMs: kernel.now, owner: 1 });
    } catch (error) {
      if (!(error instanceof DumpDamage)) throw error;
      expect(error.offset).toBeLessThanOrEqual(Math.max(bytes.length, 9));
    }
    expect(kernel.check()).toBe(0);
  };

  it.each([false, true])('a whole dump says what it is (own version: %s)', (own) => {
    const file = small(build, own);
    expect(verifyDump(file)).toEqual({
      kind: 'ours',
      version: own ? VERSION_OWN : VERSION_KEVY,
      birthId: new Uint8Array(16).fill(0xb1),
      round: 2 ** 40 + 5,
    });
  });

  it.each([false, true])('a bit that flips, any bit, is noticed (own version: %s)', (own) => {
    const whole = small(build, own).bytes;
    const kernel = fresh();
    const missed: string[] = [];
    for (let flip = 0; flip < whole.length * 8; flip++) {
      const bytes = Buffer.from(whole);
      bytes[flip >> 3] ^= 1 << (flip & 7);
      const { kind } = verifyDump(new BytesFile(bytes));
      if (kind !== 'damaged' && kind !== 'newer') missed.push(`bit ${flip & 7} of byte ${flip >> 3}`);
      if (flip % 9 === 0) forced(kernel, bytes, own ? VERSION_OWN : VERSION_KEVY);
    }
    expect(missed).toEqual([]);
    expect(whole.length).toBeGreaterThan(200);
  });

  it('a file that was cut is noticed, at any length', () => {
    const whole = small(build, true).bytes;
    const kernel = fresh();
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      expect(verifyDump(new BytesFile(cut)).kind, `cut at ${length}`).toBe('damaged');
      forced(kernel, cut, VERSION_OWN);
    }
  });

  it('in version 4 the one cut that leaves a whole file leaves one without birth id and round, as kevy writes it', () => {
    const whole = small(build, false).bytes;
    const verdicts = Array.from({ length: whole.length }, (_, length) =>
      verifyDump(new BytesFile(whole.subarray(0, length))),
    );
    expect(
      verdicts.map(({ kind }, length) => (kind === 'damaged' ? -1 : length)).filter((length) => length >= 0),
    ).toEqual([whole.length - 40]);
    expect(verdicts[whole.length - 40]).toEqual({ kind: 'kevy', version: VERSION_KEVY });
  });

  it('bytes behind the end are noticed, be they few, zeros, or a second trailer', () => {
    for (const own of [false, true]) {
      const whole = small(build, own).bytes;
      for (const more of [Buffer.of(0), Buffer.alloc(40), whole.subarray(-40), Buffer.alloc(5000, 1)])
        expect(verifyDump(new BytesFile(Buffer.concat([whole, more]))).kind).toBe('damaged');
    }
  });

  it('the offset of a damaged entry is where it begins, and the reason names what is wrong', () => {
    const good = entry(OP_STRING, 'a', undefined, text('b'));
    const cases: [Buffer, RegExp][] = [
      [Buffer.of(9, 0, 0), /unknown type 9/],
      [Buffer.of(OP_DATABASE, 0, 0, 0, 0), /unknown type 160/],
      [Buffer.of(OP_STRING, 7, 0, 0, 0, 0), /time to live/],
      [Buffer.concat([Buffer.of(OP_LIST, 0), text('k'), u32(1 << 30)]), /ends in the middle/],
    ];
    for (const [bad, reason] of cases) {
      const file = kevyFile(Buffer.concat([good, bad]));
      expect(verifyDump(file)).toEqual({
        kind: 'damaged',
        offset: 9 + good.length,
        reason: expect.stringMatching(reason),
      });
      expect(() => [...readDump(file, VERSION_KEVY)]).toThrow(reason);
    }
  });

  it('another version is named, and nothing is read', () => {
    for (const version of [0, 1, 5, 6, 0x4d, 255])
      expect(verifyDump(kevyFile(Buffer.alloc(0), version))).toEqual({ kind: 'newer', version });
  });

  it('values that make no sense are refused by the kernel, at their offset, and nothing of them stays', () => {
    const nan = Buffer.from('000000000000f87f', 'hex');
    const id = (ms: number, seq: number) => Buffer.concat([u64(ms), u64(seq)]);
    const streamHead = (lastMs: number, entries: number) =>
      Buffer.concat([id(lastMs, 0), id(0, 0), u64(1), u32(entries)]);
    const streamEntry = (ms: number) => Buffer.concat([id(ms, 0), u32(1), text('f'), text('v')]);
    const group = (name: string, consumers: Buffer[], pending: Buffer[]) =>
      Buffer.concat([text(name), id(0, 0), u32(consumers.length), ...consumers, u32(pending.length), ...pending]);
    const pending = Buffer.concat([id(1, 0), text('c'), u64(1), u32(1)]);
    const consumer = Buffer.concat([text('c'), u64(1)]);
    const bad: [number, ...Buffer[]][] = [
      [OP_LIST, u32(0)],
      [OP_SET, u32(0)],
      [OP_HASH, u32(0)],
      [OP_ZSET, u32(0)],
      [OP_SET, u32(2), text('a'), text('a')],
      [OP_SET, u32(2), text('12'), text('12')],
      [OP_SET, u32(600), ...Array.from({ length: 600 }, (_, i) => text(`${i % 599}`))],
      [OP_HASH, u32(2), text('f'), text('1'), text('f'), text('2')],
      [OP_HASH_DEADLINES, u32(1), u64(1n << 63n), text('f'), text('1')],
      [OP_HASH_DEADLINES, u32(2), u64(-1), text('f'), text('1'), u64(5), text('f'), text('1')],
      [OP_ZSET, u32(2), text('m'), f64(1), text('m'), f64(2)],
      [OP_ZSET, u32(1), text('m'), nan],
      [OP_STREAM, streamHead(5, 1), id(1, 0), u32(0), u32(0)],
      [OP_STREAM, streamHead(5, 2), streamEntry(3), streamEntry(3), u32(0)],
      [OP_STREAM, streamHead(5, 1), streamEntry(0), u32(0)],
      [OP_STREAM, streamHead(2, 1), streamEntry(3), u32(0)],
      [OP_STREAM, streamHead(5, 0), u32(2), group('g', [], []), group('g', [], [])],
      [OP_STREAM, streamHead(5, 0), u32(1), group('g', [consumer, consumer], [])],
      [OP_STREAM, streamHead(5, 0), u32(1), group('g', [consumer], [pending, pending])],
      [
        OP_STREAM_READ,
        streamHead(5, 0),
        u32(2),
        ...['g', 'g'].map((n) => Buffer.concat([text(n), id(0, 0), u64(0), u32(0), u32(0)])),
      ],
    ];
    const good = entry(OP_STRING, 'good', undefined, text('v'));
    for (const [op, ...payload] of bad) {
      const kernel = fresh();
      const used = kernel.shard.calls.usedBytes();
      const file = fileOf(Buffer.concat([good, entry(op, 'bad', undefined, ...payload)]), { own: true });
      expect(verifyDump(file).kind).toBe('ours');
      expect(() => loadDump(file, VERSION_OWN, kernel.shard, { nowMs: kernel.now, owner: 1 })).toThrow(
        `a value that makes no sense at offset ${9 + good.length}`,
      );
      expect(kernel.check()).toBe(0);
      expect(kernel.text('GET', 'good')).toBe('$1\r\nv\r\n');
      expect(kernel.call('DEL', 'good').toString()).toBe(':1\r\n');
      while (kernel.shard.calls.reclaim(1000) !== 0);
      kernel.shard.calls.purge();
      // The first segment and the directory stay.
      expect(kernel.shard.calls.usedBytes() - used).toBeLessThanOrEqual(4096 + 64);
    }
  });

  it('a database that the store does not have is refused, as is a time beyond all times', () => {
    const load = (bytes: Buffer) => {
      const kernel = openKernel(build, { databases: 4 });
      loadDump(fileOf(bytes, { own: true }), VERSION_OWN, kernel.shard, { nowMs: kernel.now, owner: 1 });
    };
    load(Buffer.concat([Buffer.of(OP_DATABASE), u32(3)]));
    expect(() => load(Buffer.concat([Buffer.of(OP_DATABASE), u32(4)]))).toThrow(
      'a database that this store does not have',
    );
    expect(() => load(entry(OP_STRING, 'k', 1n << 63n, text('v')))).toThrow('a time to live that makes no sense');
  });

  it('memory that ends while a dump is loaded leaves whole keys and a sound kernel, at whichever request it ends', () => {
    const bytes = small(build, true).bytes.subarray(9, -40);
    let failed = 0;
    for (let n = 1; ; n++) {
      const kernel = fresh();
      const { shard } = kernel;
      kernel.stamp(1);
      shard.bytes.set(bytes, shard.input);
      kernel.failIn(n);
      const status = shard.calls.snapshotLoad(shard.window, shard.input, bytes.length, VERSION_OWN);
      const untouched = kernel.failLeft() !== 0;
      kernel.failIn(0);
      expect(kernel.check()).toBe(0);
      if (untouched) {
        expect(status).toBe(2);
        break;
      }
      expect(status).toBe(-2);
      expect(shard.control(CONTROL_ERRORS)).toBe(0);
      // What was not loaded can be loaded from there.
      const at = shard.control(CONTROL_CONSUMED);
      expect(shard.calls.snapshotLoad(shard.window, shard.input + at, bytes.length - at, VERSION_OWN)).toBe(2);
      failed++;
    }
    expect(failed).toBeGreaterThan(20);
  });

  it('garbage neither traps nor unsettles the decoder', () => {
    const random = new Random(runSeed('dump garbage'));
    const whole = small(build, true).bytes.subarray(9, -40);
    const kernel = fresh();
    const { shard } = kernel;
    const rounds = process.env.LATCHKEY_TEST_LONG ? 200_000 : 4000;
    for (let i = 0; i < rounds; i++) {
      const bytes = Buffer.from(whole);
      for (let flips = 1 + random.below(6); flips > 0; flips--) bytes[random.below(bytes.length)] = random.below(256);
      if (random.below(4) === 0) bytes.writeUInt32LE(random.below(2 ** 32), random.below(bytes.length - 4));
      const from = random.below(4) === 0 ? random.below(bytes.length) : 0;
      kernel.stamp(1);
      shard.bytes.set(bytes, shard.input);
      const version = [2, 3, 4, VERSION_OWN, VERSION_OWN][random.below(5)];
      const status = shard.calls.snapshotLoad(shard.window, shard.input + from, bytes.length - from, version);
      expect(status).toBeGreaterThanOrEqual(-1);
      expect(shard.control(CONTROL_CONSUMED)).toBeLessThanOrEqual(bytes.length - from);
      if (i % 50 === 0) expect(kernel.check()).toBe(0);
    }
    expect(kernel.check()).toBe(0);
  });
});
if (BIRTH_ID_BYTES !== 16) throw new Error('birth ids have 16 bytes');

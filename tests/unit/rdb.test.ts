// The RDB encoding: what is written is read back, bytes are Redis's own, and no bytes make the reader trap, overrun or
// take more memory than they could fill.
import { describe, expect, it } from 'vitest';
import { crc64 } from '../support/crc64.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build, loadTestModule } from '../support/wasm.js';

const WINDOW = 0x40000;
const AT = 0x100000;
const TO = 0x300000;
const BASE = 0x800000;
const OK = 0;
const CORRUPT = 1;
const NO_MEMORY = 2;

function open(build: Build, pages = 8192) {
  const module = loadTestModule('rdb', build);
  const { exports, memory, bytes } = module;
  memory.grow(256);
  exports.arenaInit(BASE, pages);
  exports.useWindow(WINDOW);
  return {
    exports,
    bytes,
    put(data: Uint8Array): void {
      bytes().set(data, AT);
    },
    /** What `write` writes. */
    saved(write: () => void, hint = 0): Buffer | undefined {
      exports.saveBegin(hint);
      write();
      const blob = exports.saveEnd() >>> 0;
      if (blob === 0) return undefined;
      const from = exports.blobBytes(blob) >>> 0;
      const copy = Buffer.from(bytes().slice(from, from + (exports.blobLength(blob) >>> 0)));
      exports.blobDrop(blob);
      return copy;
    },
    /** Starts reading these bytes, which end where the memory behind them is all ones. */
    load(data: Uint8Array): void {
      this.put(data);
      bytes().fill(0xff, AT + data.length, AT + data.length + 64);
      exports.loadBegin(AT, data.length);
    },
    string(): Buffer {
      const from = exports.stringPtr() >>> 0;
      return Buffer.from(bytes().slice(from, from + (exports.stringLen() >>> 0)));
    },
  };
}
type Rdb = ReturnType<typeof open>;

function savedString(rdb: Rdb, data: Buffer, packed = false): Buffer {
  rdb.put(data);
  return rdb.saved(() => {
    if (packed) rdb.exports.savePack();
    rdb.exports.saveString(AT, data.length);
  })!;
}

/** Data of every kind: runs, repetitions near and far, noise, text. */
function draw(random: Random, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let bytes = 0; bytes < length; ) {
    const before = Buffer.concat(parts);
    const size = random.between(1, random.pick([3, 20, 400, 9000]));
    const from = random.below(before.length + 1);
    const part = random.weighted<() => Buffer>([
      [2, () => Buffer.alloc(size, random.below(256))],
      [2, () => random.bytes(Math.min(size, 300))],
      [3, () => before.subarray(from, from + size)],
      [1, () => Buffer.from('{"name":"value","count":12}')],
    ])();
    parts.push(part.subarray(0, length - bytes));
    bytes += parts.at(-1)!.length;
  }
  return Buffer.concat(parts);
}

describe.each(BUILDS)('RDB encoding, $memory $mode', (build) => {
  it('checksums as the published check value and a bit-by-bit model do, whole and cut in two', () => {
    const rdb = open(build);
    const random = new Random(runSeed('CRC-64'));
    const of = (data: Buffer, from = 0n) => {
      rdb.put(data);
      return BigInt.asUintN(64, rdb.exports.crc64Update(from, AT, data.length));
    };
    expect(of(Buffer.from('123456789'))).toBe(0xe9c6d914c4b8d9can);
    for (let length = 0; length < 100; length++) {
      const data = random.bytes(length);
      const cut = random.below(length + 1);
      expect(of(data)).toBe(crc64(data));
      expect(of(data.subarray(cut), of(data.subarray(0, cut)))).toBe(crc64(data));
    }
  });

  it('writes lengths as Redis does, each in its shortest form, and reads them', () => {
    const rdb = open(build);
    const cases: [value: bigint, hex: string][] = [
      [0n, '00'],
      [63n, '3f'],
      [64n, '4040'],
      [16383n, '7fff'],
      [16384n, '8000004000'],
      [0xffffffffn, '80ffffffff'],
      [0x100000000n, '810000000100000000'],
      [0xffffffffffffffffn, '81ffffffffffffffff'],
    ];
    for (const [value, hex] of cases) {
      const data = rdb.saved(() => rdb.exports.saveLength(value))!;
      expect(data.toString('hex')).toBe(hex);
      rdb.load(data);
      expect(BigInt.asUintN(64, rdb.exports.loadLength())).toBe(value);
      expect([rdb.exports.fault(), rdb.exports.loadLeft()]).toEqual([OK, 0]);
      for (let cut = 0; cut < data.length; cut++) {
        rdb.load(data.subarray(0, cut));
        expect(rdb.exports.loadLength()).toBe(0n);
        expect(rdb.exports.fault()).toBe(CORRUPT);
      }
    }
    for (const first of [0x82, 0x90, 0xbf, 0xc0, 0xc3, 0xff]) {
      rdb.load(Buffer.from([first, ...Array(9).fill(0)]));
      expect(rdb.exports.loadLength()).toBe(0n);
      expect(rdb.exports.fault()).toBe(CORRUPT);
    }
  });

  it('writes the texts of small integers as integers and all others as they are', () => {
    const rdb = open(build);
    const cases: [text: string, hex: string][] = [
      ['0', 'c000'],
      ['-1', 'c0ff'],
      ['127', 'c07f'],
      ['-128', 'c080'],
      ['128', 'c18000'],
      ['-32768', 'c10080'],
      ['32768', 'c200800000'],
      ['2147483647', 'c2ffffff7f'],
      ['-2147483648', 'c200000080'],
      ['2147483648', '0a32313437343833363438'],
      ['', '00'],
      ['-0', '022d30'],
      ['01', '023031'],
      ['abc', '03616263'],
    ];
    for (const [text, hex] of cases) {
      const data = savedString(rdb, Buffer.from(text));
      expect(data.toString('hex')).toBe(hex);
      rdb.load(data);
      expect(rdb.exports.loadString()).toBe(1);
      expect(rdb.string().toString()).toBe(text);
      expect(rdb.exports.loadLeft()).toBe(0);
      if (/^(0|-?[1-9]\d*)$/.test(text))
        expect(rdb.saved(() => rdb.exports.saveInteger(BigInt(text)))!.toString('hex')).toBe(hex);
    }
    rdb.exports.loadEnd();
  });

  it('reads back numbers, bytes and strings of any length, packed or not', () => {
    const rdb = open(build);
    const { exports } = rdb;
    const random = new Random(runSeed('RDB strings'));
    const used = exports.arenaUsedBytes();
    let gained = 0;
    for (let round = 0; round < 150; round++) {
      const data = draw(random, random.pick([0, 1, 4, 20, 21, 63, 64, 200, 511, 5000, 20_000, 100_000]));
      const plain = savedString(rdb, data);
      const packed = savedString(rdb, data, true);
      expect(packed.length).toBeLessThanOrEqual(plain.length);
      if (packed.length < plain.length) gained++;
      for (const body of [plain, packed]) {
        rdb.load(body);
        expect(exports.loadString()).toBe(1);
        expect(rdb.string().equals(data)).toBe(true);
        expect([exports.fault(), exports.loadLeft()]).toEqual([OK, 0]);
        exports.loadEnd();
        rdb.load(body.subarray(0, body.length - 1));
        expect(exports.loadString()).toBe(0);
        expect(exports.fault()).toBe(CORRUPT);
        exports.loadEnd();
      }
    }
    expect(gained).toBeGreaterThan(50);
    const mixed = rdb.saved(() => {
      exports.saveByte(200);
      exports.saveU64(0xfedcba9876543210n);
      exports.saveDouble(-0.1);
      exports.saveRaw(AT, 3);
    })!;
    rdb.load(mixed);
    expect(exports.loadByte()).toBe(200);
    expect(BigInt.asUintN(64, exports.loadU64())).toBe(0xfedcba9876543210n);
    expect(exports.loadDouble()).toBe(-0.1);
    expect(exports.loadRaw(3) >>> 0).toBe(AT + 17);
    expect(exports.loadByte()).toBe(-1);
    expect(exports.fault()).toBe(CORRUPT);
    expect(exports.arenaUsedBytes()).toBe(used);
    expect(exports.arenaCheck()).toBe(0);
  });

  it('packs to what Redis unpacks, repetition over the whole reach of a copy', () => {
    const { exports, bytes, put } = open(build);
    const table = TO - exports.LZF_TABLE_BYTES;
    for (const distance of [1, 2, 3, 8191, 8192, 8193])
      for (const length of [3, 8, 9, 10, 263, 264, 265, 2000]) {
        const random = new Random(distance * 10_000 + length);
        const start = random.bytes(distance);
        const data = Buffer.alloc(distance + length);
        for (let i = 0; i < data.length; i++) data[i] = i < distance ? start[i] : data[i - distance];
        put(data);
        const packed = exports.lzfCompress(AT, data.length, TO, data.length * 2, table);
        expect(packed).toBeGreaterThan(0);
        const copied = distance <= 8192 && length > 8;
        if (copied) expect(packed).toBeLessThan(data.length + Math.ceil(distance / 32) + 3);
        expect(exports.lzfDecompress(TO, packed, TO + 65536, data.length)).toBe(1);
        expect(Buffer.from(bytes().slice(TO + 65536, TO + 65536 + data.length)).equals(data)).toBe(true);
        // No byte too many is written, whatever the room.
        for (const room of [0, 1, packed - 1, packed]) {
          bytes().fill(0xa5, TO, TO + packed + 300);
          expect(exports.lzfCompress(AT, data.length, TO, room, table)).toBe(room < packed ? 0 : packed);
          expect(bytes()[TO + room]).toBe(0xa5);
        }
        for (const wrong of [data.length - 1, data.length + 1])
          expect(exports.lzfDecompress(TO, packed, TO + 65536, wrong)).toBe(0);
      }
  });

  it('unpacks nothing that reaches out of its bounds', () => {
    const { exports, bytes, put } = open(build);
    const random = new Random(runSeed('hostile LZF'));
    let accepted = 0;
    for (let round = 0; round < 5000; round++) {
      const data = random.bytes(random.below(12));
      if (data.length > 0 && random.oneIn(2)) data[0] &= 31;
      const wanted = random.below(40);
      put(data);
      bytes().fill(0xa5, TO - 8, TO + wanted + 8);
      if (exports.lzfDecompress(AT, data.length, TO, wanted) === 1) accepted++;
      expect(bytes()[TO - 1]).toBe(0xa5);
      expect(bytes()[TO + wanted]).toBe(0xa5);
    }
    expect(accepted).toBeGreaterThan(0);
  });

  it('takes no memory for lengths that the bytes cannot make', () => {
    const rdb = open(build);
    const { exports } = rdb;
    const used = exports.arenaUsedBytes();
    const committed = rdb.bytes().length;
    const claims = ['8100000000ffffffff', '80ffffffff', '81ffffffffffffffff', '8000010000', '4100'];
    for (const claim of claims) {
      for (const hex of [claim, `c301${claim}00`, `c3${claim}${claim}00`, `c3${claim}0100`]) {
        rdb.load(Buffer.from(`${hex}41`, 'hex'));
        expect(exports.loadString(), hex).toBe(0);
        expect(exports.fault()).toBe(CORRUPT);
        exports.loadEnd();
      }
      for (const bytesMin of [0, 1, 8, 0xffffffff]) {
        rdb.load(Buffer.from(`${claim}0000`, 'hex'));
        expect(exports.loadCount(bytesMin)).toBe(0);
        expect(exports.fault()).toBe(CORRUPT);
      }
    }
    rdb.load(Buffer.from('020000', 'hex'));
    expect(exports.loadCount(1)).toBe(2);
    expect(exports.arenaUsedBytes()).toBe(used);
    expect(rdb.bytes().length).toBe(committed);
  });

  it('survives any bytes', () => {
    const rdb = open(build);
    const { exports } = rdb;
    const random = new Random(runSeed('hostile RDB'));
    const calls = ['loadByte', 'loadU64', 'loadDouble', 'loadLength', 'loadString', 'loadLeft'];
    let strings = 0;
    for (let round = 0; round < 1500; round++) {
      const data = random.bytes(random.below(60));
      for (let i = 0; i < data.length; i++)
        if (random.oneIn(3)) data[i] = random.pick([0, 1, 2, 0xc0, 0xc1, 0xc3, 0x80, 0x81]);
      rdb.load(data);
      for (let i = 0; i < 20; i++) {
        const name = random.pick(calls);
        if (exports[name]() === 1 && name === 'loadString') {
          strings++;
          const end = exports.stringPtr() + exports.stringLen();
          expect(rdb.bytes().length).toBeGreaterThanOrEqual(end);
        }
        expect(exports.loadLeft()).toBeLessThanOrEqual(data.length);
      }
      exports.loadEnd();
    }
    expect(strings).toBeGreaterThan(100);
    expect(exports.arenaCheck()).toBe(0);
  });

  it('says so when memory ends, wherever it ends, and leaks nothing', () => {
    const data = Buffer.alloc(30_000, 'abc');
    let failures = 0;
    let successes = 0;
    for (let pages = 8; successes < 5; pages++) {
      const rdb = open(build, pages);
      const { exports } = rdb;
      const used = exports.arenaUsedBytes();
      rdb.put(data);
      const written = rdb.saved(() => {
        exports.savePack();
        for (let i = 0; i < 5; i++) {
          exports.saveRaw(AT, data.length);
          exports.saveString(AT, data.length);
          exports.saveByte(1);
        }
      });
      if (written) successes++;
      else failures++;
      expect([exports.arenaUsedBytes(), exports.arenaCheck()]).toEqual([used, 0]);
    }
    expect(failures).toBeGreaterThan(20);
    const rdb = open(build);
    const { exports } = rdb;
    const used = exports.arenaUsedBytes();
    rdb.load(savedString(rdb, data, true));
    exports.arenaFailIn(1);
    expect(exports.loadString()).toBe(0);
    expect(exports.fault()).toBe(NO_MEMORY);
    exports.loadEnd();
    expect([exports.arenaUsedBytes(), exports.arenaCheck()]).toEqual([used, 0]);
  });
});

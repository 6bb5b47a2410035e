// Strings as bits, against strings of the characters 0 and 1; and the subsequence table against the full table of Redis.
import { describe, expect, it } from 'vitest';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, loadTestModule } from '../support/wasm.js';

const AT = 0x40000;
const TO = 0x60000;

const bitsOf = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
const bytesOf = (bits: string) => Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));

/** Mostly runs of zeros or ones, for the searches to cross. */
function drawBytes(random: Random, length: number): Buffer {
  if (random.oneIn(3)) return random.bytes(length);
  const bytes = Buffer.alloc(length, random.pick([0, 255]));
  for (let k = random.below(3); k > 0 && length > 0; k--) bytes[random.below(length)] ^= 1 << random.below(8);
  return bytes;
}

describe.each(BUILDS)('the $memory $mode build', (build) => {
  const { exports, bytes } = loadTestModule('bits', build);

  it('counts and finds bits in any range', () => {
    const random = new Random(runSeed('ranges of bits'));
    for (let i = 0; i < 1500; i++) {
      const length = random.between(1, random.oneIn(4) ? 300 : 40);
      const at = AT + random.below(16);
      const data = drawBytes(random, length);
      // Ones all around: a look past either end would show.
      bytes().fill(0xff, AT - 64, at + length + 64);
      bytes().set(data, at);
      const [first, last] = [random.below(length * 8), random.below(length * 8)].sort((a, b) => a - b);
      const range = bitsOf(data).slice(first, last + 1);
      expect(exports.countOnesBetween(at, BigInt(first), BigInt(last))).toBe(BigInt(range.replaceAll('0', '').length));
      for (const bit of [0, 1]) {
        const found = range.indexOf(String(bit));
        expect(exports.findBitBetween(at, BigInt(first), BigInt(last), bit)).toBe(
          BigInt(found < 0 ? -1 : first + found),
        );
      }
    }
  });

  it('reads and writes fields of every width at every shift, and no bit beside them', () => {
    const random = new Random(runSeed('bit fields'));
    for (let width = 1; width <= 64; width++) {
      for (let shift = 0; shift < 8; shift++) {
        const data = random.bytes(20);
        const offset = 8 * random.below(4) + shift;
        const before = bitsOf(data);
        bytes().set(data, AT);
        const field = before.slice(offset, offset + width);
        expect(BigInt.asUintN(64, exports.readField(AT, 20, BigInt(offset), width))).toBe(BigInt(`0b${field}`));
        expect(exports.readSignedField(AT, 20, BigInt(offset), width)).toBe(BigInt.asIntN(width, BigInt(`0b${field}`)));
        const value = random.bytes(8).readBigUInt64LE();
        exports.writeField(AT, BigInt(offset), width, value);
        const written = BigInt.asUintN(width, value).toString(2).padStart(width, '0');
        const after = before.slice(0, offset) + written + before.slice(offset + width);
        expect(Buffer.from(bytes().slice(AT, AT + 20))).toEqual(bytesOf(after));
        // What lies past the string's end reads as zeros, though the memory there holds something.
        const length = random.below(12);
        const cut = before
          .slice(0, length * 8)
          .padEnd(160, '0')
          .slice(offset, offset + width);
        bytes().set(data, AT);
        expect(BigInt.asUintN(64, exports.readField(AT, length, BigInt(offset), width))).toBe(BigInt(`0b${cut}`));
      }
    }
  });

  it('combines bytes of any length and leaves those behind alone', () => {
    const random = new Random(runSeed('combining'));
    const operators = [
      (to: number, from: number) => to & from,
      (to: number, from: number) => to | from,
      (to: number, from: number) => to ^ from,
      (_: number, from: number) => ~from & 255,
    ];
    for (let length = 0; length < 150; length++) {
      for (const [operator, apply] of operators.entries()) {
        const [to, from] = [random.bytes(length + 40), random.bytes(length + 40)];
        bytes().set(to, TO);
        bytes().set(from, AT);
        exports.combine(operator, TO, AT, length);
        const expected = to.map((byte, i) => (i < length ? apply(byte, from[i]) : byte));
        expect(Buffer.from(bytes().slice(TO, TO + length + 40))).toEqual(Buffer.from(expected));
      }
    }
  });

  it('the subsequence table has the lengths and the turns of the full table', () => {
    const random = new Random(runSeed('subsequence tables'));
    let turns = 0;
    for (let round = 0; round < 60; round++) {
      const letters = random.pick([1, 2, 3, 26, 256]);
      const draw = () => random.bytes(random.below(round % 3 === 0 ? 200 : 20)).map((byte) => byte % letters);
      const [a, b] = [draw(), draw()];
      const full = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
      for (let i = 1; i <= a.length; i++) {
        for (let j = 1; j <= b.length; j++) {
          full[i][j] = a[i - 1] === b[j - 1] ? full[i - 1][j - 1] + 1 : Math.max(full[i - 1][j], full[i][j - 1]);
        }
      }
      bytes().set(a, AT);
      bytes().set(b, AT + 512);
      for (const keepRows of [0, 1]) {
        const need = Number(exports.lcsPrepare(AT, a.length, AT + 512, b.length, AT + 1024, keepRows));
        // The bytes past the block must stay what they are.
        bytes().fill(0xa5, TO, TO + need + 16);
        expect(exports.lcsLength(AT, a.length, AT + 512, b.length, TO, need)).toBe(full[a.length][b.length]);
        expect(bytes().slice(TO + need, TO + need + 16)).toEqual(new Uint8Array(16).fill(0xa5));
      }
      for (let i = 1; i <= a.length; i++) {
        for (let j = 1; j <= b.length; j++) {
          if (a[i - 1] === b[j - 1]) continue;
          const above = exports.lcsAboveIsGreater(i, j) !== 0;
          if (above !== full[i - 1][j] > full[i][j - 1]) expect({ a, b, i, j, above }).toBe('the other way');
          turns++;
        }
      }
    }
    expect(turns).toBeGreaterThan(1000);
  });
});

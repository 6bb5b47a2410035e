// HyperLogLog sketches, byte for byte as Redis keeps them inside strings. A sketch has 16384 registers of 0..63: an
// element's hash chooses one with its lowest 14 bits, and how many zeros follow there, and one more, is what the register
// is raised to.
//
//   offset size field
//        0    4 magic        "HYLL"
//        4    1 encoding     0 dense, 1 sparse
//        5    3 not used
//        8    8 cardinality  u64, as last counted; bit 63: out of date
//       16      registers    dense: 6 bits each, from the lowest bit on, 12288 bytes · sparse: types/hll-sparse.ts
//
// These functions work on a sketch at an address that has room for what they may do; none allocates.

export const HLL_HEADER_BYTES: u32 = 16;
export const HLL_REGISTERS: u32 = 16384;
export const HLL_DENSE_BYTES: u32 = HLL_HEADER_BYTES + HLL_REGISTERS * 6 / 8;
export const HLL_DENSE: u32 = 0;
export const HLL_SPARSE: u32 = 1;
/** "HYLL" */
const MAGIC: u32 = 0x4c4c5948;
const INDEX_BITS: u64 = 14;
/** Bits of the hash behind the index. With none of them set, a register is raised to one more. */
export const HLL_VALUE_BITS: u32 = 50;
const SEED: u64 = 0xadc83b19;

@inline export function hllEncoding(sketch: u32): u32 { return load<u8>(sketch, 4); }
@inline export function hllRegisters(sketch: u32): u32 { return sketch + HLL_HEADER_BYTES; }
@inline export function hllCardinality(sketch: u32): u64 { return load<u64>(sketch, 8); }
@inline export function hllSetCardinality(sketch: u32, value: u64): void { store<u64>(sketch, value, 8); }
/** Is the cardinality in the header that of the registers? */
@inline export function hllCounted(sketch: u32): bool { return <i64>load<u64>(sketch, 8) >= 0; }
/** The registers have changed. */
@inline export function hllChanged(sketch: u32): void { store<u8>(sketch, load<u8>(sketch, 15) | 0x80, 15); }

/** Do these bytes look like a sketch? Its registers may still be none. */
export function isHll(ptr: u32, length: u32): bool {
  if (length < HLL_HEADER_BYTES || load<u32>(ptr) != MAGIC) return false;
  const encoding = hllEncoding(ptr);
  return encoding == HLL_SPARSE || (encoding == HLL_DENSE && length == HLL_DENSE_BYTES);
}

export function hllWriteHeader(sketch: u32, encoding: u32): void {
  store<u32>(sketch, MAGIC);
  store<u32>(sketch, encoding, 4);
  store<u64>(sketch, 0, 8);
}

@inline function mixWord(word: u64): u64 {
  word *= 0xc6a4a7935bd1e995;
  word ^= word >> 47;
  return word * 0xc6a4a7935bd1e995;
}

/** Appleby's MurmurHash64A, under the seed that Redis gives it. */
export function hllHash(ptr: u32, length: u32): u64 {
  let h = SEED ^ (<u64>length * 0xc6a4a7935bd1e995);
  const end = ptr + (length & ~7);
  for (; ptr < end; ptr += 8) h = (h ^ mixWord(load<u64>(ptr))) * 0xc6a4a7935bd1e995;
  const rest = length & 7;
  if (rest != 0) {
    let tail: u64 = 0;
    for (let i: u32 = 0; i < rest; i++) tail |= <u64>load<u8>(ptr + i) << (i << 3);
    h = (h ^ tail) * 0xc6a4a7935bd1e995;
  }
  h = (h ^ (h >> 47)) * 0xc6a4a7935bd1e995;
  return h ^ (h >> 47);
}
@inline export function hllIndex(hash: u64): u32 { return <u32>hash & (HLL_REGISTERS - 1); }
/** 1..51 */
@inline export function hllValue(hash: u64): u32 { return <u32>ctz((hash >> INDEX_BITS) | (<u64>1 << HLL_VALUE_BITS)) + 1; }

// Dense registers. A register's six bits lie in one byte or in two neighbours; the last one's in one.

export function hllDenseGet(registers: u32, index: u32): u32 {
  const bit = index * 6;
  const at = registers + (bit >>> 3);
  const shift = bit & 7;
  let bits = <u32>load<u8>(at) >>> shift;
  if (shift > 2) bits |= <u32>load<u8>(at, 1) << (8 - shift);
  return bits & 63;
}

/** Raises a register. False: it was as high already. */
export function hllDenseRaise(registers: u32, index: u32, value: u32): bool {
  if (hllDenseGet(registers, index) >= value) return false;
  const bit = index * 6;
  const at = registers + (bit >>> 3);
  const shift = bit & 7;
  store<u8>(at, (<u32>load<u8>(at) & ~(63 << shift)) | (value << shift));
  if (shift > 2) store<u8>(at, (<u32>load<u8>(at, 1) & ~(63 >>> (8 - shift))) | (value >>> (8 - shift)), 1);
  return true;
}

/** Raises each of 16384 byte-wide registers at `bytes` to the dense one. */
export function hllDenseMerge(registers: u32, bytes: u32): void {
  for (let i: u32 = 0; i < HLL_REGISTERS; i += 4) {
    const four = fourRegisters(registers + (i >>> 2) * 3);
    store<u32>(bytes + i, maxOfBytes(load<u32>(bytes + i), four));
  }
}

/** Writes dense registers from byte-wide ones. */
export function hllDenseWrite(bytes: u32, registers: u32): void {
  for (let i: u32 = 0; i < HLL_REGISTERS; i += 4) {
    const four = load<u32>(bytes + i);
    const bits = (four & 63) | ((four >>> 2) & 0xfc0) | ((four >>> 4) & 0x3f000) | ((four >>> 6) & 0xfc0000);
    const at = registers + (i >>> 2) * 3;
    store<u16>(at, bits);
    store<u8>(at, bits >>> 16, 2);
  }
}

/** Counts how often each value occurs, in 64 counters of u32. */
export function hllDenseHistogram(registers: u32, counts: u32): void {
  for (let i: u32 = 0; i < HLL_REGISTERS; i += 4) {
    const four = fourRegisters(registers + (i >>> 2) * 3);
    count(counts, four & 255, 1);
    count(counts, (four >>> 8) & 255, 1);
    count(counts, (four >>> 16) & 255, 1);
    count(counts, four >>> 24, 1);
  }
}
/** The same of byte-wide registers, each below 64. */
export function hllBytesHistogram(bytes: u32, counts: u32): void {
  for (let i: u32 = 0; i < HLL_REGISTERS; i++) count(counts, load<u8>(bytes + i), 1);
}
@inline function count(counts: u32, value: u32, by: u32): void {
  store<u32>(counts + (value << 2), load<u32>(counts + (value << 2)) + by);
}

/** Four dense registers, in three bytes, as the four bytes of a word. */
@inline function fourRegisters(at: u32): u32 {
  const bits = <u32>load<u16>(at) | (<u32>load<u8>(at, 2) << 16);
  return (bits & 63) | ((bits & 0xfc0) << 2) | ((bits & 0x3f000) << 4) | ((bits & 0xfc0000) << 6);
}

/** The higher of each two bytes. All are below 128, so that the top bits are free to show which is. */
@inline function maxOfBytes(a: u32, b: u32): u32 {
  const aIsHigher = (((a | 0x80808080) - b) & 0x80808080) >>> 7;
  const mask = aIsHigher * 255;
  return (a & mask) | (b & ~mask);
}

// The longest common subsequence of two byte strings, 64 cells of the classic table at a time.
//
// The table holds in cell (i, j) the length for a[0..i) and b[0..j). Along a row it grows by 0 or 1 a column, so a row is
// a string of bits: here bit j-1 is 0 where column j is one more than column j-1. One row follows from the one before by
// a few operations on words (Hyyro 2004): with M the columns whose byte of b is a's byte in hand,
//
//   U = V & M;  V = (V + U) | (V & ~U)
//
// where the sum runs over the whole row as one number. The walk back needs no more than these bits: where the two bytes
// differ, the cell above is greater than the cell to the left exactly if the row grows by one in this column. So the
// alignment is that of the full table, at a 32nd of its memory.
//
// Working memory, one block, 8-byte aligned:
//   row        words * 8           the row in hand, low bit first; bits past b's end stay 1
//   masks      count * words * 8   M of each byte that occurs in both strings
//   rows       a's length * stride the rows, stride = bytes that hold b's length in bits; then 8 bytes of slack,
//                                  for a row is stored in whole words and the next one overwrites what is too much
// beside it 256 u16: number of each byte's mask, counted from 1; 0: it does not occur in both.
import { countOnes } from './bits';

export const LCS_NUMBERS_BYTES: u32 = 512;

let words: u32 = 0;
let stride: u32 = 0;
let row: u32 = 0;
let masks: u32 = 0;
let rows: u32 = 0;
let numbers: u32 = 0;

/**
 * Numbers the bytes that occur in both strings and says how large a working block is needed.
 * @param table LCS_NUMBERS_BYTES bytes of the caller's, used until the walk is done.
 * @param keepRows Will there be a walk back?
 */
export function lcsPrepare(a: u32, aLen: u32, b: u32, bLen: u32, table: u32, keepRows: bool): u64 {
  numbers = table;
  words = (bLen >>> 6) + (bLen & 63 ? 1 : 0);
  stride = keepRows ? (bLen >>> 3) + (bLen & 7 ? 1 : 0) : 0;
  memory.fill(table, 0, LCS_NUMBERS_BYTES);
  for (let j: u32 = 0; j < bLen; j++) store<u16>(table + (<u32>load<u8>(b + j) << 1), 0xffff);
  let count: u32 = 0;
  for (let i: u32 = 0; i < aLen; i++) {
    const at = table + (<u32>load<u8>(a + i) << 1);
    if (load<u16>(at) == 0xffff) store<u16>(at, ++count);
  }
  for (let c: u32 = 0; c < 256; c++) if (load<u16>(table + (c << 1)) == 0xffff) store<u16>(table + (c << 1), 0);
  return (<u64>words << 3) * <u64>(count + 1) + <u64>aLen * <u64>stride + 8;
}

/** Fills the working block and returns the length of the longest common subsequence. The strings are those prepared. */
export function lcsLength(a: u32, aLen: u32, b: u32, bLen: u32, block: u32, blockBytes: u32): u32 {
  const rowBytes = words << 3;
  row = block;
  masks = block + rowBytes;
  rows = block + blockBytes - 8 - aLen * stride;
  memory.fill(masks, 0, rows - masks);
  memory.fill(row, 0xff, rowBytes);
  for (let j: u32 = 0; j < bLen; j++) {
    const number = <u32>load<u16>(numbers + (<u32>load<u8>(b + j) << 1));
    if (number == 0) continue;
    const at = masks + (number - 1) * rowBytes + (j >>> 6 << 3);
    store<u64>(at, load<u64>(at) | ((<u64>1) << <u64>(j & 63)));
  }
  for (let i: u32 = 0; i < aLen; i++) {
    const number = <u32>load<u16>(numbers + (<u32>load<u8>(a + i) << 1));
    // A byte that b does not have leaves the row as it is.
    if (number != 0) nextRow(row, rowBytes, masks + (number - 1) * rowBytes);
    if (stride != 0) keepRow(row, rowBytes, rows + i * stride);
  }
  // Zeros of the last row.
  return <u32>((<u64>words << 6) - countOnes(row, rowBytes));
}

function nextRow(from: u32, bytes: u32, mask: u32): void {
  let carry: u64 = 0;
  for (let at: u32 = 0; at < bytes; at += 8) {
    const v = load<u64>(from + at);
    const u = v & load<u64>(mask + at);
    const half = v + u;
    const sum = half + carry;
    carry = u64(half < v) | u64(sum < half);
    store<u64>(from + at, sum | (v ^ u));
  }
}

function keepRow(from: u32, bytes: u32, to: u32): void {
  for (let at: u32 = 0; at < bytes; at += 8) store<u64>(to + at, load<u64>(from + at));
}

/** Is the cell above (i, j) greater than the one to its left? i and j from 1 on; the bytes a[i-1] and b[j-1] differ. */
@inline export function lcsAboveIsGreater(i: u32, j: u32): bool {
  return ((<u32>load<u8>(rows + (i - 1) * stride + ((j - 1) >>> 3)) >>> ((j - 1) & 7)) & 1) == 0;
}

// Ziplists, which Redis kept its small lists, hashes and sorted sets in up to version 6, and which payloads still bring.
// They are read once, checked to the last byte, and become listpacks.
//
//   offset size field
//        0    4 bytes     of the whole ziplist
//        4    4 tail      offset of the last entry
//        8    2 count     entries; 65535: not known
//       10      entries   size of the entry before, head, data
//               end       0xff
//
// The size of the entry before is one byte below 254, or 0xfe and a u32.
//
//   first byte of a head         what follows
//   00llllll                     l bytes
//   01llllll                     1 byte with the low 8 of the 14 bits of l, then l bytes
//   10......                     l, u32 big-endian, then l bytes
//   c0, d0, e0, f0, fe           a signed integer of 16, 32, 64, 24, 8 bits, little-endian
//   f1..fd                       nothing: an integer 0..12
import { arenaFree } from '../memory/arena';
import { lpAppend, lpAppendInt, lpNew } from '../types/listpack';
import { loadCorrupt, loadNoMemory } from './reader';

const HEADER_BYTES: u32 = 10;
const COUNT_UNKNOWN: u32 = 0xffff;
const END: u32 = 0xff;
const BEFORE_WIDE: u32 = 0xfe;

/** Head of the entry that `readHead` found: bytes of the head, of the data, and whether the data is an integer. */
let headBytes: u32 = 0;
let dataBytes: u32 = 0;
let isInt: bool = false;

/** Reads a head with `left` bytes from it to the end byte. False: it is none, or its data does not fit. */
function readHead(at: u32, left: u32): bool {
  if (left == 0) return false;
  const head = <u32>load<u8>(at);
  isInt = head >= 0xc0;
  headBytes = 1;
  if (head < 0x40) dataBytes = head;
  else if (head < 0x80) {
    headBytes = 2;
    if (left < 2) return false;
    dataBytes = ((head & 63) << 8) | load<u8>(at, 1);
  } else if (head < 0xc0) {
    headBytes = 5;
    if (left < 5) return false;
    dataBytes = bswap<u32>(load<u32>(at, 1));
  } else if (head == 0xc0) dataBytes = 2;
  else if (head == 0xd0) dataBytes = 4;
  else if (head == 0xe0) dataBytes = 8;
  else if (head == 0xf0) dataBytes = 3;
  else if (head == 0xfe) dataBytes = 1;
  else if (head > 0xf0 && head <= 0xfd) dataBytes = 0;
  else return false;
  return dataBytes <= left - headBytes;
}

function integerAt(at: u32): i64 {
  const data = at + headBytes;
  switch (dataBytes) {
    case 0: return <i64>(<u32>load<u8>(at) & 15) - 1;
    case 1: return load<i8>(data);
    case 2: return load<i16>(data);
    case 3: return <i64>(<i32>(<u32>load<u16>(data) | (<u32>load<u8>(data, 2) << 16)) << 8 >> 8);
    case 4: return load<i32>(data);
    default: return load<i64>(data);
  }
}

/**
 * Makes a listpack of the ziplist in [ptr, ptr + bytes).
 * @returns the listpack, the caller's; or 0: loadFault says why.
 */
export function ziplistToListpack(ptr: u32, bytes: u32): u32 {
  if (bytes < HEADER_BYTES + 1 || load<u32>(ptr) != bytes || <u32>load<u8>(ptr + bytes - 1) != END) { loadCorrupt(); return 0; }
  let lp = lpNew(bytes);
  if (lp == 0) { loadNoMemory(); return 0; }
  const end = ptr + bytes - 1;
  let at = ptr + HEADER_BYTES;
  let last = at;
  let before: u32 = 0;
  let count: u32 = 0;
  while (at < end) {
    const start = at;
    const first = <u32>load<u8>(at);
    const wide = first == BEFORE_WIDE;
    const sizeBytes: u32 = wide ? 5 : 1;
    const fits = first != END && end - at > sizeBytes && (wide ? load<u32>(at, 1) : first) == before && readHead(at + sizeBytes, end - at - sizeBytes);
    if (!fits) { arenaFree(lp); loadCorrupt(); return 0; }
    at += sizeBytes;
    const fresh = isInt ? lpAppendInt(lp, integerAt(at)) : lpAppend(lp, at + headBytes, dataBytes);
    if (fresh == 0) { arenaFree(lp); loadNoMemory(); return 0; }
    lp = fresh;
    at += headBytes + dataBytes;
    last = start;
    before = at - start;
    count++;
  }
  const noted = <u32>load<u16>(ptr, 8);
  if (load<u32>(ptr, 4) == last - ptr && (noted == COUNT_UNKNOWN || noted == count)) return lp;
  arenaFree(lp);
  loadCorrupt();
  return 0;
}

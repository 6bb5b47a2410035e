// Zipmaps, which Redis kept its small hashes in before version 2.6. A payload that still brings one becomes a listpack of
// fields and values in turn.
//
//   offset size field
//        0    1 count     pairs; 254 and above: not known
//        1      pairs     length, field; length, unused u8, value, so many unused bytes
//               end       0xff
//
// A length is one byte below 254, or 0xfe and a u32, little-endian.
import { arenaFree } from '../memory/arena';
import { lpAppend, lpNew } from '../types/listpack';
import { loadCorrupt, loadNoMemory } from './reader';

const COUNT_UNKNOWN: u32 = 254;
const LENGTH_WIDE: u32 = 0xfe;
const END: u32 = 0xff;

/** The length that `readLength` found, and its own bytes. */
let length: u32 = 0;
let lengthBytes: u32 = 0;

function readLength(at: u32, end: u32): bool {
  if (at >= end) return false;
  const first = <u32>load<u8>(at);
  lengthBytes = first == LENGTH_WIDE ? 5 : 1;
  if (first == END || end - at < lengthBytes) return false;
  length = first == LENGTH_WIDE ? load<u32>(at, 1) : first;
  return true;
}

/** Where the pair at `at` ends, and where its parts lie; 0: it is none. */
let fieldPtr: u32 = 0;
let fieldLen: u32 = 0;
let valuePtr: u32 = 0;
let valueLen: u32 = 0;
function readPair(at: u32, end: u32): u32 {
  if (!readLength(at, end) || length > end - at - lengthBytes) return 0;
  fieldPtr = at + lengthBytes;
  fieldLen = length;
  at = fieldPtr + fieldLen;
  if (!readLength(at, end) || end - at - lengthBytes < 1) return 0;
  at += lengthBytes;
  const unused = <u32>load<u8>(at++);
  if (length > end - at || unused > end - at - length) return 0;
  valuePtr = at;
  valueLen = length;
  return at + length + unused;
}

/**
 * Makes a listpack of the zipmap in [ptr, ptr + bytes).
 * @returns the listpack, the caller's; or 0: loadFault says why.
 */
export function zipmapToListpack(ptr: u32, bytes: u32): u32 {
  if (bytes < 2 || <u32>load<u8>(ptr + bytes - 1) != END) { loadCorrupt(); return 0; }
  let lp = lpNew(bytes);
  if (lp == 0) { loadNoMemory(); return 0; }
  const end = ptr + bytes - 1;
  let at = ptr + 1;
  let count: u32 = 0;
  while (at < end) {
    at = readPair(at, end);
    if (at == 0) { arenaFree(lp); loadCorrupt(); return 0; }
    const withField = lpAppend(lp, fieldPtr, fieldLen);
    if (withField != 0) lp = withField;
    const withBoth = withField != 0 ? lpAppend(lp, valuePtr, valueLen) : 0;
    if (withBoth == 0) { arenaFree(lp); loadNoMemory(); return 0; }
    lp = withBoth;
    count++;
  }
  const noted = <u32>load<u8>(ptr);
  if (noted >= COUNT_UNKNOWN || noted == count) return lp;
  arenaFree(lp);
  loadCorrupt();
  return 0;
}

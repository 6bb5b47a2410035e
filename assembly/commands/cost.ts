// Which commands would hold the latch for longer than about a millisecond? Asked before anything is touched; the answer
// comes from sizes, never from looking at the data. The rates are deliberately low: a frame sent to the slow lane
// without need costs a thread hop, one kept by mistake stalls a shard.
import { arenaSize } from '../memory/arena';
import { ENC_BLOB, entryEncoding, entryPointer } from '../table/entry';
import { find, root } from '../table/table';
import { blobLength } from '../types/blob';
import { parseI64, parsedI64 } from '../types/integer';
import { valueCount } from '../types/value';
import { argLen, argPtr, argc, db, opcode } from './context';
import { FIRST_FAMILY_OPCODE, familySlow } from './families';
import {
  OP_APPEND, OP_BITCOUNT, OP_BITFIELD, OP_BITFIELD_RO, OP_BITOP, OP_BITPOS, OP_COPY, OP_KEYS, OP_LCS, OP_RENAME, OP_RENAMENX, OP_SCAN, OP_SETBIT, OP_SETRANGE,
} from './table.generated';

/** Bytes copied, or zeroed, in about half a millisecond; and bytes counted by POPCNT. */
const COPY_BYTES: u64 = 1 << 20;
const COUNT_BYTES: u64 = 4 << 20;
/** Keys looked up, or looked at, in about half a millisecond. */
const KEYS_LOOKED_UP: u32 = 2000;
/** Words of a command on one container: fields with their values, scores with their members. Cheaper than keys. */
const MEMBER_WORDS: u32 = 4000;
const KEYS_WALKED: u32 = 10000;
/** Elements that COPY writes out and reads in again in that time. */
const ELEMENTS_COPIED: u32 = 2000;
/** Words and rows of LCS's table, and bytes to prepare it for; element steps of BITFIELD. */
const LCS_STEPS: u64 = 150000;
const BITFIELD_STEPS: u32 = 6000;

/** Bytes of the string at argument i, as far as it is worth knowing: only blobs count. */
function bytesAt(i: u32): u64 {
  if (i >= argc) return 0;
  const e = find(root(db), argPtr(i), argLen(i));
  return e != 0 && entryEncoding(e) == ENC_BLOB ? blobLength(entryPointer(e)) : e != 0 ? 255 : 0;
}

/** Elements of the container at argument i; 1 of a string. */
function elementsAt(i: u32): u32 {
  const e = i < argc ? find(root(db), argPtr(i), argLen(i)) : 0;
  return e == 0 ? 0 : valueCount(e);
}

/** Bytes that growing the string at argument 1 to `length` would copy and zero. */
function growthCost(length: i64): u64 {
  if (length < <i64>COPY_BYTES) return 0;
  const e = find(root(db), argPtr(1), argLen(1));
  const had: u64 = e != 0 && entryEncoding(e) == ENC_BLOB ? blobLength(entryPointer(e)) : 0;
  if (<u64>length <= had) return 0;
  const room: u64 = had != 0 ? <u64>arenaSize(entryPointer(e)) : 0;
  return <u64>length - had + (<u64>length > room ? had : 0);
}

function numberAt(i: u32): i64 { return i < argc && parseI64(argPtr(i), argLen(i)) ? parsedI64 : 0; }

/** Is the frame in hand, of `bytes` bytes, slow? */
export function isSlow(bytes: u32): bool {
  if (bytes > <u32>COPY_BYTES) return true;
  switch (opcode) {
    case OP_KEYS: return root(db).count > KEYS_WALKED;
    case OP_SCAN: return scanIsSlow();
    case OP_BITCOUNT: case OP_BITPOS: return bytesAt(1) > COUNT_BYTES;
    case OP_BITOP: {
      let sum: u64 = 0;
      for (let i: u32 = 3; i < argc; i++) sum += bytesAt(i);
      return sum > COPY_BYTES || argc > KEYS_LOOKED_UP;
    }
    case OP_LCS: return bytesAt(1) * ((bytesAt(2) >> 6) + 4) + bytesAt(2) > LCS_STEPS;
    case OP_COPY: return bytesAt(1) > COPY_BYTES || elementsAt(1) > ELEMENTS_COPIED;
    case OP_RENAME: case OP_RENAMENX: return false;
    case OP_SETRANGE: return growthCost(numberAt(2) + argLen(3)) > COPY_BYTES;
    case OP_APPEND: return growthCost(<i64>bytesAt(1) + argLen(2)) > COPY_BYTES;
    case OP_SETBIT: return growthCost((numberAt(2) >> 3) + 1) > COPY_BYTES;
    case OP_BITFIELD: case OP_BITFIELD_RO: return argc > BITFIELD_STEPS || growthCost(bitfieldReach()) > COPY_BYTES;
    default: return opcode >= FIRST_FAMILY_OPCODE ? argc > MEMBER_WORDS || familySlow(bytes) : argc > KEYS_LOOKED_UP;
  }
}

/** SCAN's COUNT says how much it walks. */
function scanIsSlow(): bool {
  for (let i: u32 = 2; i + 1 < argc; i++) {
    const first = <u32>load<u8>(argPtr(i)) | 32;
    if (argLen(i) == 5 && first == 0x63 && numberAt(i + 1) > <i64>KEYS_WALKED) return true;
  }
  return false;
}

/** The last byte that a BITFIELD could write, from the offsets it names. */
function bitfieldReach(): i64 {
  let reach: i64 = 0;
  for (let i: u32 = 4; i < argc; i++) {
    const p = argPtr(i);
    const multiplied = argLen(i) > 1 && load<u8>(p) == 0x23;
    if (!(multiplied ? parseI64(p + 1, argLen(i) - 1) : parseI64(p, argLen(i)))) continue;
    const bits = multiplied ? parsedI64 * 64 : parsedI64;
    if (bits > 0 && bits < 0x200000000) reach = max(reach, (bits >> 3) + 9);
  }
  return reach;
}

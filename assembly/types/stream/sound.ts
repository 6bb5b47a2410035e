// Whether a listpack is a stream's node from end to end: for payloads from outside, and for the integrity check. Every
// number that node.ts walks by is looked at here.
import { LP_HEADER_BYTES, lpAfter, lpBytes, lpInt, lpIsInt, lpRead } from '../listpack';
import { lpValid } from '../listpack-valid';
import { idBelow } from './id-tree';
import { ITEM_DELETED, ITEM_SAME_FIELDS, NODE_SLACK } from './node';

const END: u32 = 0xff;
/** The longest integer element: a count that changes is written behind the end first (node.ts). */
const INT_BYTES_MAX: u32 = 10;

/** What the last node held: entries that are there, the ID of the last of them, and of the first. */
export let soundLive: u32 = 0;
export let soundFirstMs: u64 = 0;
export let soundFirstSeq: u64 = 0;
export let soundLastMs: u64 = 0;
export let soundLastSeq: u64 = 0;

/** The element that is looked at next, and the last one that was an integer. */
let at: u32 = 0;
let value: i64 = 0;

/** Steps over an element that must be an integer: `value`. */
function takeInt(): bool {
  if (<u32>load<u8>(at) == END) return false;
  lpRead(at);
  value = lpInt;
  at = lpAfter(at);
  return lpIsInt;
}
function takeCount(): bool { return takeInt() && value >= 0 && value <= <i64>i32.MAX_VALUE; }
/** Steps over so many elements. */
function take(count: i64): bool {
  for (; count > 0; count--) {
    if (<u32>load<u8>(at) == END) return false;
    at = lpAfter(at);
  }
  return true;
}

/**
 * Are these bytes, from outside, a node of this master ID? At least one entry, deleted ones included.
 * @param bytes Of the listpack, the sound* variables tell more.
 */
export function nodeSound(lp: u32, bytes: u32, ms: u64, seq: u64): bool {
  return lpValid(lp, bytes, false) && entriesSound(lp, ms, seq);
}

/** The same for a node of ours, in a block of `size` bytes. */
export function nodeCheck(lp: u32, ms: u64, seq: u64, size: u32): bool {
  const bytes = lpBytes(lp);
  return bytes + INT_BYTES_MAX <= size && INT_BYTES_MAX < NODE_SLACK && nodeSound(lp, bytes, ms, seq);
}

function entriesSound(lp: u32, ms: u64, seq: u64): bool {
  at = lp + LP_HEADER_BYTES;
  soundLive = 0;
  let deleted: i64 = 0;
  if (!takeCount()) return false;
  const live = value;
  if (!takeCount()) return false;
  const gone = value;
  if (!takeCount()) return false;
  const fields = value;
  if (!take(fields) || !takeInt() || value != 0) return false;
  while (<u32>load<u8>(at) != END) {
    // Flags are changed in place: they must be the one byte that they always are.
    if (<u32>load<u8>(at) > (ITEM_DELETED | ITEM_SAME_FIELDS)) return false;
    takeInt();
    const flags = <u32>value;
    if (!takeInt()) return false;
    const entryMs = ms + <u64>value;
    if (!takeInt()) return false;
    const entrySeq = seq + <u64>value;
    let elements = fields;
    if ((flags & ITEM_SAME_FIELDS) == 0) {
      if (!takeCount()) return false;
      elements = (value << 1) + 1;
      if (!take(elements - 1)) return false;
    } else if (!take(fields)) return false;
    if (!takeInt() || value != elements + 3) return false;
    if (flags & ITEM_DELETED) { deleted++; continue; }
    if (!noteLive(entryMs, entrySeq, ms, seq)) return false;
  }
  return <i64>soundLive == live && deleted == gone && live + gone != 0;
}

/** Notes an entry that is there; false: it is out of order. */
function noteLive(entryMs: u64, entrySeq: u64, ms: u64, seq: u64): bool {
  if (soundLive == 0) {
    if (idBelow(entryMs, entrySeq, ms, seq)) return false;
    soundFirstMs = entryMs;
    soundFirstSeq = entrySeq;
  } else if (!idBelow(soundLastMs, soundLastSeq, entryMs, entrySeq)) return false;
  soundLastMs = entryMs;
  soundLastSeq = entrySeq;
  soundLive++;
  return true;
}

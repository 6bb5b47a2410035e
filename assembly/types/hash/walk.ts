// Walking over all fields of a hash, in the order in which they lie: that of a listpack, or of a table's slots. The hash
// must not change meanwhile, and there is one walk at a time.
import { entryKey, entryKeyLen, entryPointer } from '../../table/entry';
import { expired } from '../../table/keyspace';
import { BUCKETS, STASH, bucketAt, segmentAt, slotAt, usedSlots } from '../../table/table';
import { dictRoot } from '../dict';
import { lpFirst, lpNext, lpReplyElement } from '../listpack';
import { replyBulk } from '../../resp/encode';
import { hashIsPacked, hashReplyValue } from './hash';

let packed: bool = false;
/** The listpack, or the dict. */
let block: u32 = 0;
/** Packed: the next field's position. */
let next: u32 = 0;
let index: u32 = 0;
let segment: u32 = 0;
let bucket: u32 = 0;
let mask: u32 = 0;

/** Of the field in hand: its position or entry, and where its value is, as `hashFind` would answer. */
export let walkField: u32 = 0;
export let walkValue: u32 = 0;

export function fieldsBegin(e: u32): void {
  packed = hashIsPacked(e);
  block = entryPointer(e);
  if (packed) { next = lpFirst(block); return; }
  index = 0;
  bucket = BUCKETS + STASH;
  mask = 0;
  segment = 0;
}

/** On to the next live field; false: there is none. */
export function fieldsNext(): bool {
  if (!packed) {
    do { if (!slotNext()) return false; } while (expired(walkField));
    return true;
  }
  if (next == 0) return false;
  walkField = next;
  walkValue = lpNext(block, next);
  next = lpNext(block, walkValue);
  return true;
}

/** On to the next field of a table, its time come or not; false: there is none. For tables only. */
export function slotNext(): bool {
  while (mask == 0) {
    if (bucket == BUCKETS + STASH) {
      const r = dictRoot(block);
      if (segment != 0) index += 1 << (r.depth - segmentAt(segment).depth);
      if (r.directory == 0 || index >> r.depth != 0) return false;
      segment = load<u32>(r.directory + (index << 2));
      bucket = 0;
    }
    mask = usedSlots(bucketAt(segment, bucket));
    bucket++;
  }
  walkField = load<u32>(slotAt(bucketAt(segment, bucket - 1), ctz(mask)));
  walkValue = walkField;
  mask &= mask - 1;
  return true;
}

/** The index'th field of a table, its time come or not: by the segments' counts, so at the cost of a look at each of them. */
export function fieldAt(dict: u32, place: u32): u32 {
  const r = dictRoot(dict);
  const size: u32 = 1 << r.depth;
  let left = place;
  let i: u32 = 0;
  while (i < size) {
    const part = load<u32>(r.directory + (i << 2));
    const s = segmentAt(part);
    if (left < <u32>s.count) return inSegment(part, left);
    left -= s.count;
    i += 1 << (r.depth - s.depth);
  }
  return 0;
}

function inSegment(part: u32, place: u32): u32 {
  let left = place;
  for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
    let used = usedSlots(bucketAt(part, b));
    const here = popcnt(used);
    if (left >= here) { left -= here; continue; }
    for (; left != 0; left--) used &= used - 1;
    return load<u32>(slotAt(bucketAt(part, b), ctz(used)));
  }
  return 0;
}

/** Replies with the name of the field in hand. */
export function replyWalkedName(): void { replyFieldName(packed, walkField); }
/** Replies with the value of the field in hand; `e` as for fieldsBegin. */
export function replyWalkedValue(e: u32): void { hashReplyValue(e, walkValue); }

/** Replies with a field's name, from its position or its entry. */
export function replyFieldName(inPack: bool, at: u32): void {
  if (inPack) lpReplyElement(at);
  else replyBulk(entryKey(at), entryKeyLen(at));
}

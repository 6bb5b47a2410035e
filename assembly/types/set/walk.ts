// Walking a set from end to end, and coming back to its members. One walk at a time; the set that is walked may not
// change on the way, others may.
//
// A handle names a member of a set that does not change: an entry's address in a table, a position in a listpack, an
// index in an intset.
import { ENC_INTSET, ENC_TABLE, entryEncoding, entryKey, entryKeyLen, entryPointer } from '../../table/entry';
import { BUCKETS, Root, STASH, bucketAt, segmentAt, slotAt, usedSlots } from '../../table/table';
import { dictRoot } from '../dict';
import { intsetCount, intsetValue } from '../intset';
import { lpFirst, lpInt, lpIsInt, lpLen, lpNext, lpPtr, lpRead } from '../listpack';
import { memberFromInt, memberFromText } from './member';

/** Handle of the member that `setWalkNext` has come to. */
export let setHandle: u32 = 0;

let encoding: u32 = 0;
let pointer: u32 = 0;
/** An intset: the next index. A listpack: the next position. A table: the next directory slot. */
let at: u32 = 0;
// In a table: the segment in hand, its next bucket, and the slots of the bucket in hand that are left.
let segment: u32 = 0;
let bucket: u32 = 0;
let slots: u32 = 0;

export function setWalkBegin(e: u32): void {
  encoding = entryEncoding(e);
  pointer = entryPointer(e);
  at = 0;
  if (encoding == ENC_INTSET) return;
  if (encoding != ENC_TABLE) { at = lpFirst(pointer); return; }
  segment = 0;
  bucket = BUCKETS + STASH;
  slots = 0;
}

/** On to the next member, which is in hand then. False: there is none. */
export function setWalkNext(): bool {
  if (encoding == ENC_TABLE) return nextInTable();
  if (encoding == ENC_INTSET) {
    if (at >= intsetCount(pointer)) return false;
    setHandle = at;
    memberFromInt(intsetValue(pointer, at));
    at++;
    return true;
  }
  if (at == 0) return false;
  setHandle = at;
  at = lpNext(pointer, at);
  packedMember(setHandle);
  return true;
}

function nextInTable(): bool {
  while (slots == 0) {
    if (bucket == BUCKETS + STASH && !nextSegment(dictRoot(pointer))) return false;
    slots = usedSlots(bucketAt(segment, bucket));
    bucket++;
  }
  setHandle = load<u32>(slotAt(bucketAt(segment, bucket - 1), ctz(slots)));
  slots &= slots - 1;
  memberFromText(entryKey(setHandle), entryKeyLen(setHandle));
  return true;
}

function nextSegment(r: Root): bool {
  if (r.directory == 0) return false;
  if (segment != 0) at += 1 << (r.depth - segmentAt(segment).depth);
  if (at >= <u32>(1 << r.depth)) return false;
  segment = load<u32>(r.directory + (at << 2));
  bucket = 0;
  return true;
}

function packedMember(p: u32): void {
  lpRead(p);
  if (lpIsInt) memberFromInt(lpInt);
  else memberFromText(lpPtr, lpLen);
}

/** Takes the member that a handle names in hand. */
export function setMemberAt(e: u32, handle: u32): void {
  const form = entryEncoding(e);
  if (form == ENC_TABLE) memberFromText(entryKey(handle), entryKeyLen(handle));
  else if (form == ENC_INTSET) memberFromInt(intsetValue(entryPointer(e), handle));
  else packedMember(handle);
}

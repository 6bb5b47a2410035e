// What the hash commands have in common: finding the hash, and letting go of it when its last field went.
import { argLen, argPtr, argc } from '../context';
import { WRONG, newContainer, removeKey, typedRead, typedWrite, unmakeKey } from '../typed';
import { keyNew } from '../../events/events';
import { replyOom } from '../../resp/errors';
import { ENC_PACKED, TYPE_HASH } from '../../table/entry';
import { hashDue, hashPurge, purgeRefused } from '../../types/hash/deadlines';
import { largeUnsaved } from '../../snapshot/before-write';
import { hashIsEmpty, hashNew } from '../../types/hash/hash';
import { lpFree } from '../../types/listpack';

/** Fields whose time has come that a read takes out at most, a segment's worth more or less. */
const READ_BUDGET: i32 = 300;

/** The hash at argument 1 for reading: its entry, 0, or WRONG after -WRONGTYPE. Fields may be left whose time has come. */
export function hashRead(): u32 {
  const e = typedRead(1, TYPE_HASH);
  return e > WRONG && hashDue(e) && !largeUnsaved(e) ? hashPurge(e, READ_BUDGET, 0) : e;
}

/** The same for writing: no field is left whose time has come. WRONG also after -OOM. */
export function hashWrite(): u32 {
  const e = typedWrite(1, TYPE_HASH);
  if (e <= WRONG || !hashDue(e)) return e;
  const live = hashPurge(e, i32.MAX_VALUE, frameBytes());
  if (!purgeRefused) return live;
  replyOom();
  return WRONG;
}

/** What `exec` has reserved of the log's room for the frame in hand, or a little more. */
export function frameBytes(): u64 {
  let bytes: u64 = 1024;
  for (let i: u32 = 0; i < argc; i++) bytes += <u64>argLen(i) + 48;
  return bytes;
}

/** A new hash without fields under argument 1, which `hashWrite` has just failed to find. 0: no memory. */
export function hashCreate(): u32 {
  const pointer = hashNew();
  if (pointer == 0) return 0;
  const e = newContainer(1, TYPE_HASH, ENC_PACKED, pointer);
  if (e == 0) lpFree(pointer);
  return e;
}

/** Removes the key if its hash has no field left. Does not log: whatever took the last field says it all. */
export function hashDropIfEmpty(e: u32): void {
  if (hashIsEmpty(e)) removeKey(argPtr(1), argLen(1));
}

/** Removes the key if `made`, the hash of hashCreate, has got no field, for want of memory; else tells that it is new. */
export function hashMade(e: u32, made: bool): void {
  if (!made) return;
  if (hashIsEmpty(e)) unmakeKey(argPtr(1), argLen(1));
  else keyNew(argPtr(1), argLen(1));
}

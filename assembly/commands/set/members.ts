// The commands on one set and members that are named, SMOVE's two sets, and SSCAN. Behaviour and texts: redis-server
// 7.0's t_set.c, pinned by tests/differential.
import { argChanged } from '../../events/arguments';
import { NOTIFY_SET, keyEvent, keyModified, keyNew } from '../../events/events';
import { EVENT_SADD, EVENT_SREM } from '../../events/names';
import { logFrame, logFramePart } from '../../log/ring';
import { arenaCanAlloc, arenaFree } from '../../memory/arena';
import { windowScratch } from '../../memory/window';
import { replyArray, replyBulk, replyFailed, replyInt, replySet } from '../../resp/encode';
import { replyOom, replyWrongType } from '../../resp/errors';
import { ENC_INTSET, ENC_PACKED, ENC_TABLE, TYPE_SET, entryEncoding, entryKey, entryKeyLen, entryPointer, entryType } from '../../table/entry';
import { lookupWrite } from '../../table/keyspace';
import { walkDone, walkNext, walkTable, walkTableCursor } from '../../table/scan';
import { dictRoot } from '../../types/dict';
import { globMatches } from '../../types/glob';
import { memberFromText, memberIsInt, memberLen, memberPtr, memberText, replyMember } from '../../types/set/member';
import {
  SET_ADDED, SET_NO_MEMORY, setAdd, setGrowthBytes, setHas, setNewIntset, setNewPacked, setRemove, setSize,
} from '../../types/set/set';
import { setWalkBegin, setWalkNext } from '../../types/set/walk';
import { argLen, argPtr, argc, changed, win } from '../context';
import { replyScanHead, scanCount, scanCursor, scanCursorArg, scanOptions, scanPattern, scanPatternLen } from '../member-scan';
import { WRONG, newContainer, removeKey, typedRead, typedWrite, unmakeKey } from '../typed';

/** From so many members on memory is asked for before the first is added. */
const LARGE_ADDITION: u32 = 64;
/** Home buckets that one SSCAN call visits at most per member asked for. */
const BUCKETS_PER_COUNT: u64 = 10;

@inline function memberArg(i: u32): void { memberFromText(argPtr(i), argLen(i)); }

/** A key for the set whose first member is in hand. `typedWrite` of it has just found nothing. 0: no memory. */
function newSet(i: u32): u32 {
  const isInt = memberIsInt();
  const pointer = isInt ? setNewIntset() : setNewPacked();
  if (pointer == 0) return 0;
  const e = newContainer(i, TYPE_SET, isInt ? ENC_INTSET : ENC_PACKED, pointer);
  if (e == 0) arenaFree(pointer);
  return e;
}

/** May members from argument `i` on be added, as far as memory goes? */
function canAdd(e: u32, i: u32): bool {
  if (argc - i < LARGE_ADDITION) return true;
  let bytes: u64 = 0;
  for (let k = i; k < argc; k++) bytes += argLen(k);
  return arenaCanAlloc(setGrowthBytes(e, argc - i, bytes));
}

export function sadd(): void {
  let e = typedWrite(1, TYPE_SET);
  if (e == WRONG) return;
  memberArg(2);
  const isNew = e == 0;
  if (!canAdd(e, 2)) { replyOom(); return; }
  if (isNew) e = newSet(1);
  if (e == 0) { replyOom(); return; }
  let added: u32 = 0;
  for (let i: u32 = 2; i < argc; i++) {
    memberArg(i);
    const answer = setAdd(e);
    if (answer == SET_ADDED) added++;
    else if (answer == SET_NO_MEMORY) { addedPart(i, added, isNew); return; }
  }
  changed(added);
  if (added != 0) {
    logFrame();
    tellAdded(isNew);
  }
  replyInt(added);
}

function tellAdded(isNew: bool): void {
  if (isNew) keyNew(argPtr(1), argLen(1));
  argChanged(1, NOTIFY_SET, EVENT_SADD);
}

/** Memory ended at argument `i` of an SADD. What is done is done, so it is logged. */
function addedPart(i: u32, added: u32, isNew: bool): void {
  if (added != 0) {
    changed(added);
    logFramePart(i);
    tellAdded(isNew);
  } else {
    // The arena may have made a key and nothing for it.
    const e = typedWrite(1, TYPE_SET);
    if (setSize(e) == 0) unmakeKey(argPtr(1), argLen(1));
  }
  replyOom();
}

export function srem(): void {
  const e = typedWrite(1, TYPE_SET);
  if (e == WRONG) return;
  if (e == 0) { replyInt(0); return; }
  let removed: u32 = 0;
  for (let i: u32 = 2; i < argc; i++) {
    memberArg(i);
    if (!setRemove(e)) continue;
    removed++;
    if (setSize(e) == 0) break;
  }
  changed(removed);
  if (removed != 0) {
    logFrame();
    argChanged(1, NOTIFY_SET, EVENT_SREM);
    if (setSize(e) == 0) removeKey(argPtr(1), argLen(1));
  }
  replyInt(removed);
}

export function sismember(): void {
  const e = typedRead(1, TYPE_SET);
  if (e == WRONG) return;
  memberArg(2);
  replyInt(e != 0 && setHas(e) ? 1 : 0);
}

export function smismember(): void {
  const e = typedRead(1, TYPE_SET);
  if (e == WRONG) return;
  replyArray(argc - 2);
  for (let i: u32 = 2; i < argc; i++) {
    memberArg(i);
    replyInt(e != 0 && setHas(e) ? 1 : 0);
  }
}

export function scard(): void {
  const e = typedRead(1, TYPE_SET);
  if (e != WRONG) replyInt(e != 0 ? setSize(e) : 0);
}

/** Replies with all members. */
export function replyMembers(e: u32): void {
  replySet(setSize(e));
  setWalkBegin(e);
  while (!replyFailed && setWalkNext()) replyMember();
}

export function smembers(): void {
  const e = typedRead(1, TYPE_SET);
  if (e == WRONG) return;
  if (e == 0) replySet(0);
  else replyMembers(e);
}

/** SMOVE inside one shard; over two, the host takes it apart. */
export function smove(): void {
  const from = lookupWrite(argPtr(1), argLen(1));
  let to = lookupWrite(argPtr(2), argLen(2));
  if (from == 0) { replyInt(0); return; }
  if (entryType(from) != TYPE_SET || (to != 0 && entryType(to) != TYPE_SET)) { replyWrongType(); return; }
  memberArg(3);
  const has = setHas(from);
  if (from == to || !has) { replyInt(has ? 1 : 0); return; }
  // Added first: that may fail, taking it out cannot.
  const isNew = to == 0;
  if (isNew) {
    lookupWrite(argPtr(2), argLen(2));
    to = newSet(2);
  }
  const answer = to == 0 ? SET_NO_MEMORY : setAdd(to);
  if (answer == SET_NO_MEMORY) {
    if (to != 0 && isNew) unmakeKey(argPtr(2), argLen(2));
    replyOom();
    return;
  }
  setRemove(from);
  keyEvent(NOTIFY_SET, EVENT_SREM, argPtr(1), argLen(1));
  if (setSize(from) == 0) removeKey(argPtr(1), argLen(1));
  if (isNew) keyNew(argPtr(2), argLen(2));
  keyModified(argPtr(1), argLen(1));
  if (answer == SET_ADDED) argChanged(2, NOTIFY_SET, EVENT_SADD);
  changed(answer == SET_ADDED ? 2 : 1);
  logFrame();
  replyInt(1);
}

export function sscan(): void {
  if (!scanCursorArg(2)) return;
  const e = typedRead(1, TYPE_SET);
  if (e == WRONG) return;
  if (e == 0) { replyScanHead(0, 0); return; }
  if (!scanOptions(3)) return;
  if (entryEncoding(e) == ENC_TABLE) scanTable(entryPointer(e));
  else scanAll(e);
}

@inline function isWanted(ptr: u32, length: u32): bool {
  return scanPattern == 0 || globMatches(scanPattern, scanPatternLen, ptr, length);
}

/** A set that is no table is given whole, whatever COUNT says, as Redis does with an intset. */
function scanAll(e: u32): void {
  let kept = setSize(e);
  if (scanPattern != 0) {
    kept = 0;
    setWalkBegin(e);
    while (setWalkNext()) {
      memberText();
      if (isWanted(memberPtr, memberLen)) kept++;
    }
  }
  replyScanHead(0, kept);
  setWalkBegin(e);
  while (!replyFailed && setWalkNext()) {
    memberText();
    if (isWanted(memberPtr, memberLen)) replyMember();
  }
}

/** The same walk twice: the first counts, the second replies. */
function scanTable(dict: u32): void {
  const out = windowScratch(win);
  const position = <u32>(scanCursor >> 6);
  const bucket = <u32>scanCursor & 63;
  const bucketsMax = min<u64>(<u64>scanCount, 0xffffffff) * BUCKETS_PER_COUNT;
  let buckets: u64 = 0;
  let walked: u64 = 0;
  let kept: u32 = 0;
  walkTable(dictRoot(dict), position, bucket);
  while (!walkDone && walked < <u64>scanCount && buckets < bucketsMax) {
    const count = walkNext(out);
    walked += count;
    buckets++;
    for (let k: u32 = 0; k < count; k++) {
      const m = load<u32>(out + (k << 2));
      if (isWanted(entryKey(m), entryKeyLen(m))) kept++;
    }
  }
  replyScanHead(walkTableCursor(), kept);
  walkTable(dictRoot(dict), position, bucket);
  for (; buckets != 0 && !replyFailed; buckets--) {
    const count = walkNext(out);
    for (let k: u32 = 0; k < count; k++) {
      const m = load<u32>(out + (k << 2));
      if (isWanted(entryKey(m), entryKeyLen(m))) replyBulk(entryKey(m), entryKeyLen(m));
    }
  }
}

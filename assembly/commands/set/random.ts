// SPOP and SRANDMEMBER. What SPOP took is logged by name: as SREM, or as DEL when nothing is left.
import { NOTIFY_SET, keyEvent, keyModified } from '../../events/events';
import { EVENT_SPOP } from '../../events/names';
import { fxArg, fxBegin, fxEnd, logOn, logReserve } from '../../log/ring';
import { arenaAlloc } from '../../memory/arena';
import { replyArray, replyFailed, replyNull, replySet } from '../../resp/encode';
import { replyError, replyOom, replySyntax } from '../../resp/errors';
import {
  ENC_INTSET, ENC_TABLE, TYPE_SET, entryEncoding, entryFree, entryPointer, entrySetEncoding, entrySetPointer,
} from '../../table/entry';
import { parseI64, parsedI64 } from '../../types/integer';
import { intsetCount, intsetRemoveMarked } from '../../types/intset';
import { lpDelete } from '../../types/listpack';
import { logMember, memberBytes, replyMember } from '../../types/set/member';
import { setPick, setPickRows, setRandom } from '../../types/set/random';
import { SET_NO_MEMORY, setAdd, setHolder, setHolderDrop, setRemove, setSize } from '../../types/set/set';
import { setMemberAt, setWalkBegin, setWalkNext } from '../../types/set/walk';
import { dropForm } from '../../types/value';
import { integer, integerArg } from '../arguments';
import { argLen, argPtr, argc, changed } from '../context';
import { WRONG, removeKey, typedRead, typedWrite } from '../typed';
import { replyMembers } from './members';
import { WALK_SCRATCH_BYTES, memberRows, rowsDrop, walkScratch } from './rows';

/** A record's name, the key, and members: as many as a record has rows for. */
const LOG_MEMBERS_MAX: u32 = 30;
/** What a record takes besides the key and the members' own bytes, and what a member takes besides those. */
const LOG_RECORD_BYTES: u64 = 96;
const LOG_MEMBER_BYTES: u64 = 16;
/** When so few stay behind, compared with those that go, Redis makes a new set of them. */
const REBUILD_FACTOR: u64 = 5;
/** More members than any reply has memory for. */
const REPEATS_MAX: i64 = 0x20000000;

export function spop(): void {
  if (argc > 3) { replySyntax(); return; }
  if (argc == 3) { popSeveral(); return; }
  const e = typedWrite(1, TYPE_SET);
  if (e == WRONG) return;
  if (e == 0) { replyNull(); return; }
  setMemberAt(e, setRandom(e, walkScratch()));
  replyMember();
  if (replyFailed) return;
  if (!logReserve(LOG_RECORD_BYTES + argLen(1) + memberBytes() + LOG_MEMBER_BYTES)) { replyOom(); return; }
  if (logOn()) {
    fxBegin('SREM');
    fxArg(argPtr(1), argLen(1));
    logMember();
    fxEnd();
  }
  setRemove(e);
  keyEvent(NOTIFY_SET, EVENT_SPOP, argPtr(1), argLen(1));
  if (setSize(e) == 0) removeKey(argPtr(1), argLen(1));
  keyModified(argPtr(1), argLen(1));
  changed(1);
}

function popSeveral(): void {
  if (!parseI64(argPtr(2), argLen(2)) || parsedI64 < 0) { replyError('ERR value is out of range, must be positive'); return; }
  const wanted = parsedI64;
  const e = typedWrite(1, TYPE_SET);
  if (e == WRONG) return;
  if (e == 0 || wanted == 0) { replySet(0); return; }
  if (wanted >= <i64>setSize(e)) popAll(e);
  else popSome(e, <u32>wanted);
}

function popAll(e: u32): void {
  const size = setSize(e);
  replyMembers(e);
  if (replyFailed) return;
  keyEvent(NOTIFY_SET, EVENT_SPOP, argPtr(1), argLen(1));
  removeKey(argPtr(1), argLen(1));
  keyModified(argPtr(1), argLen(1));
  changed(size);
  if (!logOn()) return;
  fxBegin('DEL');
  fxArg(argPtr(1), argLen(1));
  fxEnd();
}

function popSome(e: u32, count: u32): void {
  const rows = memberRows(setPickRows(e, count));
  if (rows == 0) { replyOom(); return; }
  setPick(e, count, rows, walkScratch());
  replySet(count);
  let bytes: u64 = (count / LOG_MEMBERS_MAX + 1) * (LOG_RECORD_BYTES + argLen(1));
  for (let i: u32 = 0; i < count && !replyFailed; i++) {
    setMemberAt(e, load<u32>(rows + (i << 2)));
    replyMember();
    bytes += LOG_MEMBER_BYTES + memberBytes();
  }
  if (!replyFailed) takeOut(e, count, rows, bytes);
  rowsDrop(rows);
}

/** Takes the members in the rows out and logs them, in `logBytes` at most; or answers -OOM. */
function takeOut(e: u32, count: u32, rows: u32, logBytes: u64): void {
  if (!logReserve(logBytes)) { replyOom(); return; }
  const isIntset = entryEncoding(e) == ENC_INTSET;
  const rest = setSize(e) - count;
  if (!isIntset && <u64>rest * REBUILD_FACTOR <= <u64>count) {
    // So many were taken that all were laid out: those that stay lie behind them.
    const fresh = setOf(e, rows + (count << 2), rest);
    if (fresh == 0) { replyOom(); return; }
    logRemoval(e, count, rows);
    dropForm(TYPE_SET, entryEncoding(e), entryPointer(e));
    entrySetEncoding(e, TYPE_SET, entryEncoding(fresh));
    entrySetPointer(e, entryPointer(fresh));
    entryFree(fresh);
  } else if (isIntset) {
    if (!takeIntegers(e, count, rows)) { replyOom(); return; }
  } else {
    logRemoval(e, count, rows);
    if (entryEncoding(e) == ENC_TABLE) takeEntries(e, count, rows);
    else takePacked(e, count, rows);
  }
  keyEvent(NOTIFY_SET, EVENT_SPOP, argPtr(1), argLen(1));
  keyModified(argPtr(1), argLen(1));
  changed(count);
}

function logRemoval(e: u32, count: u32, rows: u32): void {
  if (!logOn()) return;
  let i: u32 = 0;
  while (i < count) {
    fxBegin('SREM');
    fxArg(argPtr(1), argLen(1));
    for (const end = min(i + LOG_MEMBERS_MAX, count); i < end; i++) {
      setMemberAt(e, load<u32>(rows + (i << 2)));
      logMember();
    }
    fxEnd();
  }
}

/** A set of these members of `e`, in a holder; 0: no memory. */
function setOf(e: u32, rows: u32, count: u32): u32 {
  const fresh = setHolder();
  if (fresh == 0) return 0;
  for (let i: u32 = 0; i < count; i++) {
    setMemberAt(e, load<u32>(rows + (i << 2)));
    if (setAdd(fresh) != SET_NO_MEMORY) continue;
    setHolderDrop(fresh);
    return 0;
  }
  return fresh;
}

/** Marks the integers in a bit map, and sweeps once. False: no memory. */
function takeIntegers(e: u32, count: u32, rows: u32): bool {
  const set = entryPointer(e);
  const bytes = (intsetCount(set) >>> 3) + 1;
  const bits = bytes <= WALK_SCRATCH_BYTES ? walkScratch() : arenaAlloc(bytes);
  if (bits == 0) return false;
  logRemoval(e, count, rows);
  memory.fill(bits, 0, bytes);
  for (let i: u32 = 0; i < count; i++) {
    const index = load<u32>(rows + (i << 2));
    const at = bits + (index >>> 3);
    store<u8>(at, <u32>load<u8>(at) | (1 << (index & 7)));
  }
  entrySetPointer(e, intsetRemoveMarked(set, bits));
  rowsDrop(bits);
  return true;
}

function takeEntries(e: u32, count: u32, rows: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    setMemberAt(e, load<u32>(rows + (i << 2)));
    setRemove(e);
  }
}

/** Deletes from the last position to the first: the ones in front stay where they are, counted from the block's start. */
function takePacked(e: u32, count: u32, rows: u32): void {
  let lp = entryPointer(e);
  const start = lp;
  for (let left = count; left != 0; left--) {
    let last = rows;
    for (let i: u32 = 1; i < left; i++) if (load<u32>(rows + (i << 2)) > load<u32>(last)) last = rows + (i << 2);
    lp = lpDelete(lp, lp + (load<u32>(last) - start));
    store<u32>(last, load<u32>(rows + ((left - 1) << 2)));
  }
  entrySetPointer(e, lp);
}

export function srandmember(): void {
  if (argc > 3) { replySyntax(); return; }
  if (argc == 3) { pickSeveral(); return; }
  const e = typedRead(1, TYPE_SET);
  if (e == WRONG) return;
  if (e == 0) { replyNull(); return; }
  setMemberAt(e, setRandom(e, walkScratch()));
  replyMember();
}

function pickSeveral(): void {
  if (!integerArg(2)) return;
  const wanted = integer;
  if (wanted == i64.MIN_VALUE) {
    replyError('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807');
    return;
  }
  const e = typedRead(1, TYPE_SET);
  if (e == WRONG) return;
  if (e == 0 || wanted == 0) replyArray(0);
  else if (wanted < 0) pickRepeatedly(e, -wanted);
  else if (wanted >= <i64>setSize(e)) pickAll(e);
  else pickDifferent(e, <u32>wanted);
}

function pickRepeatedly(e: u32, count: i64): void {
  if (count > REPEATS_MAX) { replyOom(); return; }
  replyArray(<u32>count);
  for (let left = count; left != 0 && !replyFailed; left--) {
    setMemberAt(e, setRandom(e, walkScratch()));
    replyMember();
  }
}

function pickAll(e: u32): void {
  replyArray(setSize(e));
  setWalkBegin(e);
  while (!replyFailed && setWalkNext()) replyMember();
}

function pickDifferent(e: u32, count: u32): void {
  const rows = memberRows(setPickRows(e, count));
  if (rows == 0) { replyOom(); return; }
  setPick(e, count, rows, walkScratch());
  replyArray(count);
  for (let i: u32 = 0; i < count && !replyFailed; i++) {
    setMemberAt(e, load<u32>(rows + (i << 2)));
    replyMember();
  }
  rowsDrop(rows);
}

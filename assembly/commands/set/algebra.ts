// Intersection, union and difference: replied, counted, or stored. Behaviour and texts: redis-server 7.0's t_set.c.
//
// A reply of an intersection or a difference names members of the first set, so it is put together from their handles;
// only what has to be a set is built as one, in a holder that no key knows of until it is whole.
import { argChanged } from '../../events/arguments';
import { NOTIFY_SET } from '../../events/events';
import { EVENT_SDIFFSTORE, EVENT_SINTERSTORE, EVENT_SUNIONSTORE } from '../../events/names';
import { fxArg, fxBegin, fxEnd, logFrame, logOn } from '../../log/ring';
import { replyFailed, replyInt, replySet } from '../../resp/encode';
import { replyError, replyOom, replySyntax } from '../../resp/errors';
import { TYPE_SET, entryEncoding, entryFree, entryPointer } from '../../table/entry';
import { anyGuests, remove } from '../../table/keyspace';
import { parseI64, parsedI64 } from '../../types/integer';
import { replyMember } from '../../types/set/member';
import { SET_NO_MEMORY, setAdd, setHas, setHolder, setHolderDrop, setRemove, setSize } from '../../types/set/set';
import { setHandle, setMemberAt, setWalkBegin, setWalkNext } from '../../types/set/walk';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, changed, opcode } from '../context';
import { logValue, logValueForget, logValueReserve } from '../dump/log';
import { OP_SDIFFSTORE, OP_SINTERSTORE } from '../table.generated';
import { storeContainer } from '../typed';
import { replyMembers } from './members';
import { memberRows, rowsDrop } from './rows';
import { sourceAt, sourcesAbsent, sourcesRead, sourcesSort, sourcesTwice } from './sources';

/** Is the member in hand in all sets from row `from` on but those that are the first one again? */
function inAll(rows: u32, count: u32): bool {
  const first = sourceAt(rows, 0);
  for (let i: u32 = 1; i < count; i++) {
    const e = sourceAt(rows, i);
    if (e != first && !setHas(e)) return false;
  }
  return true;
}

/** Is it in none of the sets from row 1 on? */
function inNone(rows: u32, count: u32): bool {
  for (let i: u32 = 1; i < count; i++) {
    const e = sourceAt(rows, i);
    if (e != 0 && setHas(e)) return false;
  }
  return true;
}

@inline function isKept(rows: u32, count: u32, inter: bool): bool { return inter ? inAll(rows, count) : inNone(rows, count); }

/** Replies with the members of the first set that are in all of the others, or in none. */
function replyKept(rows: u32, count: u32, inter: bool): void {
  const first = sourceAt(rows, 0);
  if (count == 1) { replyMembers(first); return; }
  const kept = memberRows(setSize(first));
  if (kept == 0) { replyOom(); return; }
  let size: u32 = 0;
  setWalkBegin(first);
  while (setWalkNext()) {
    if (!isKept(rows, count, inter)) continue;
    store<u32>(kept + (size << 2), setHandle);
    size++;
  }
  replySet(size);
  for (let i: u32 = 0; i < size && !replyFailed; i++) {
    setMemberAt(first, load<u32>(kept + (i << 2)));
    replyMember();
  }
  rowsDrop(kept);
}

/** The same members as a set in a holder; 0: no memory. */
function keptSet(rows: u32, count: u32, inter: bool): u32 {
  const holder = setHolder();
  if (holder == 0) return 0;
  setWalkBegin(sourceAt(rows, 0));
  while (setWalkNext()) {
    if (!isKept(rows, count, inter) || setAdd(holder) != SET_NO_MEMORY) continue;
    setHolderDrop(holder);
    return 0;
  }
  return holder;
}

/** Adds all members of a set. */
function addAll(holder: u32, e: u32): bool {
  setWalkBegin(e);
  while (setWalkNext()) if (setAdd(holder) == SET_NO_MEMORY) return false;
  return true;
}

/** All sets together in a holder; 0: no memory. */
function unionSet(rows: u32, count: u32): u32 {
  const holder = setHolder();
  for (let i: u32 = 0; i < count && holder != 0; i++) {
    const e = sourceAt(rows, i);
    if (e == 0 || addAll(holder, e)) continue;
    setHolderDrop(holder);
    return 0;
  }
  return holder;
}

/** The first set in a holder, and the others' members taken out; 0: no memory. */
function restSet(rows: u32, count: u32): u32 {
  const holder = setHolder();
  if (holder == 0) return 0;
  if (!addAll(holder, sourceAt(rows, 0))) { setHolderDrop(holder); return 0; }
  for (let i: u32 = 1; i < count; i++) {
    const e = sourceAt(rows, i);
    if (e == 0) continue;
    setWalkBegin(e);
    while (setWalkNext()) setRemove(holder);
    if (setSize(holder) == 0) break;
  }
  return holder;
}

/** Replies with a holder's members and drops it. */
function replyHolder(holder: u32): void {
  if (holder == 0) { replyOom(); return; }
  replyMembers(holder);
  setHolderDrop(holder);
}

/** Stores a holder's set under argument 1, or removes that key if the set is empty; replies with its size. */
function storeHolder(holder: u32): void {
  if (holder == 0) { replyOom(); return; }
  const size = setSize(holder);
  if (size == 0) {
    setHolderDrop(holder);
    storeNothing();
    return;
  }
  // What came from another shard is not in this shard's log, so the result is logged by its value then.
  const byValue = anyGuests();
  if (byValue && !logValueReserve(argLen(1), holder)) { setHolderDrop(holder); replyOom(); return; }
  const e = storeContainer(1, TYPE_SET, entryEncoding(holder), entryPointer(holder), 0);
  if (e == 0) { logValueForget(); setHolderDrop(holder); replyOom(); return; }
  entryFree(holder);
  if (byValue) logValue(argPtr(1), argLen(1), e);
  else logFrame();
  changed(1);
  argChanged(1, NOTIFY_SET, opcode == OP_SINTERSTORE ? EVENT_SINTERSTORE : opcode == OP_SDIFFSTORE ? EVENT_SDIFFSTORE : EVENT_SUNIONSTORE);
  replyInt(size);
}

/** An empty result: the key in argument 1 goes. */
function storeNothing(): void {
  if (remove(argPtr(1), argLen(1)) && logOn()) {
    fxBegin('DEL');
    fxArg(argPtr(1), argLen(1));
    fxEnd();
  }
  replyInt(0);
}

/** SINTER, and SINTERSTORE when `storing`. */
export function sinter(storing: bool): void {
  const first: u32 = storing ? 2 : 1;
  const count = argc - first;
  const rows = sourcesRead(first, count);
  if (rows == 0) return;
  if (sourcesAbsent != 0) {
    if (storing) storeNothing();
    else replySet(0);
  } else {
    sourcesSort(rows, count, false);
    if (storing) storeHolder(keptSet(rows, count, true));
    else replyKept(rows, count, true);
  }
  rowsDrop(rows);
}

/** The limit that `limitArg` read; 0: none. */
let limit: i64 = 0;

function limitArg(from: u32): bool {
  limit = 0;
  for (let i = from; i < argc; i += 2) {
    if (!argIsWord(i, 'limit') || i + 1 >= argc) { replySyntax(); return false; }
    if (!parseI64(argPtr(i + 1), argLen(i + 1)) || parsedI64 < 0) { replyError("ERR LIMIT can't be negative"); return false; }
    limit = parsedI64;
  }
  return true;
}

export function sintercard(): void {
  if (!parseI64(argPtr(1), argLen(1)) || parsedI64 < 1) { replyError('ERR numkeys should be greater than 0'); return; }
  if (parsedI64 > <i64>(argc - 2)) { replyError("ERR Number of keys can't be greater than number of args"); return; }
  const count = <u32>parsedI64;
  if (!limitArg(2 + count)) return;
  const rows = sourcesRead(2, count);
  if (rows == 0) return;
  replyInt(sourcesAbsent != 0 ? 0 : countKept(rows, count));
  rowsDrop(rows);
}

function countKept(rows: u32, count: u32): i64 {
  sourcesSort(rows, count, false);
  let size: i64 = 0;
  setWalkBegin(sourceAt(rows, 0));
  while (setWalkNext()) {
    if (!inAll(rows, count)) continue;
    size++;
    if (size == limit) break;
  }
  return size;
}

/** SUNION, and SUNIONSTORE when `storing`. */
export function sunion(storing: bool): void {
  const first: u32 = storing ? 2 : 1;
  const count = argc - first;
  const rows = sourcesRead(first, count);
  if (rows == 0) return;
  if (storing) storeHolder(unionSet(rows, count));
  else if (count == 1 && sourcesAbsent == 0) replyMembers(sourceAt(rows, 0));
  else replyHolder(unionSet(rows, count));
  rowsDrop(rows);
}

/**
 * Looking up the first set's members in the others, or taking the others' members out of a copy of the first: whichever
 * looks at fewer. The first is given some advantage, since it stops at the first hit.
 */
export function diffByLookup(rows: u32, count: u32): bool {
  let lookups: u64 = 0;
  let removals: u64 = 0;
  const size = <u64>setSize(sourceAt(rows, 0));
  for (let i: u32 = 0; i < count; i++) {
    const e = sourceAt(rows, i);
    if (e == 0) continue;
    lookups += size;
    removals += setSize(e);
  }
  return lookups / 2 <= removals;
}

/** SDIFF, and SDIFFSTORE when `storing`. */
export function sdiff(storing: bool): void {
  const first: u32 = storing ? 2 : 1;
  const count = argc - first;
  const rows = sourcesRead(first, count);
  if (rows == 0) return;
  if (sourceAt(rows, 0) == 0 || sourcesTwice) {
    if (storing) storeNothing();
    else replySet(0);
  } else if (diffByLookup(rows, count)) {
    sourcesSort(rows + 4, count - 1, true);
    if (storing) storeHolder(keptSet(rows, count, false));
    else replyKept(rows, count, false);
  } else if (storing) storeHolder(restSet(rows, count));
  else replyHolder(restSet(rows, count));
  rowsDrop(rows);
}

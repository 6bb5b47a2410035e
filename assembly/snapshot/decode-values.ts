// Builds lists, sets, hashes and sorted sets from payloads of the snapshot file whose lengths skip.ts has looked at. As the
// types' own xLoad (rdb/reader.ts): what was made is handed over by `loaded`, or loadFault says why there is nothing.
import { limits } from '../memory/layout';
import { LOAD_OK, loadCorrupt, loadFault, loadNoMemory, loaded } from '../rdb/reader';
import { entryEncoding, entryFree, entryPointer } from '../table/entry';
import { hashBuildAdd, hashBuildBegin, hashBuildEnd, hashBuildTable, takeListpack } from '../types/hash/save';
import { LP_BYTES_MAX, LP_EMPTY_BYTES, lpAppend, lpEncodedBytes, lpNew } from '../types/listpack';
import {
  builtEncoding, builtPointer, listBuilderBegin, listBuilderCount, listBuilderDrop, listBuilderEnd, listBuilderPush,
} from '../types/list/builder';
import { memberFromText } from '../types/set/member';
import { SET_NO_MEMORY, SET_THERE, setAdd, setHolder, setHolderDrop, setLeaveIntset, setSize, setToTable } from '../types/set/set';
import {
  heldEncoding, heldFlags, heldPointer, zsetDropHeld, zsetFind, zsetHoldSigned, zsetInsert, zsetKeepSign, zsetSettle,
} from '../types/zset/zset';
import { NO_DEADLINE } from './ops';

/** The text at `p`, and where it ends. */
@inline function textLen(p: u32): u32 { return load<u32>(p); }
@inline function textEnd(p: u32): u32 { return p + 4 + load<u32>(p); }

export function decodeList(payload: u32): void {
  if (!listBuilderBegin()) { loadNoMemory(); return; }
  const count = load<u32>(payload);
  let p = payload + 4;
  for (let i: u32 = 0; i < count && loadFault == LOAD_OK; i++) {
    if (!listBuilderPush(p + 4, textLen(p))) loadNoMemory();
    p = textEnd(p);
  }
  if (loadFault == LOAD_OK && listBuilderCount() == 0) loadCorrupt();
  if (loadFault != LOAD_OK) { listBuilderDrop(); return; }
  listBuilderEnd();
  loaded(builtEncoding, builtPointer, 0);
}

export function decodeSet(payload: u32): void {
  const e = setHolder();
  if (e == 0) { loadNoMemory(); return; }
  const count = load<u32>(payload);
  // More members than an intset may have: as in Redis, it is none from the start, even if all should be integers.
  if (count > limits().setMaxIntsetEntries && !(count <= limits().packedEntriesMax ? setLeaveIntset(e, 0) : setToTable(e))) loadNoMemory();
  let p = payload + 4;
  for (let i: u32 = 0; i < count && loadFault == LOAD_OK; i++) {
    memberFromText(p + 4, textLen(p));
    const added = setAdd(e);
    if (added == SET_NO_MEMORY) loadNoMemory();
    else if (added == SET_THERE) loadCorrupt();
    p = textEnd(p);
  }
  if (loadFault == LOAD_OK && setSize(e) == 0) loadCorrupt();
  if (loadFault != LOAD_OK) { setHolderDrop(e); return; }
  loaded(entryEncoding(e), entryPointer(e), 0);
  entryFree(e);
}

export function decodeHash(payload: u32, timed: bool): void {
  const count = load<u32>(payload);
  const most = limits().hashMaxListpackEntries;
  if (!timed && count != 0 && count <= most) { decodePacked(payload, count); return; }
  if (!hashBuildBegin()) return;
  if (count > most && count > limits().packedEntriesMax) hashBuildTable();
  let p = payload + 4;
  for (let i: u32 = 0; i < count && loadFault == LOAD_OK; i++) {
    let deadline = NO_DEADLINE;
    if (timed) {
      deadline = load<u64>(p);
      p += 8;
      if (deadline != NO_DEADLINE && deadline > <u64>i64.MAX_VALUE) loadCorrupt();
    }
    const value = textEnd(p);
    hashBuildAdd(p + 4, textLen(p), value + 4, textLen(value), <i64>deadline);
    p = textEnd(value);
  }
  hashBuildEnd();
}

/** A hash that a listpack may hold is put together as one, in a block of the right size, and looked at as a whole. */
function decodePacked(payload: u32, count: u32): void {
  let bytes: u64 = LP_EMPTY_BYTES;
  let p = payload + 4;
  for (let i: u32 = 0; i < count << 1; i++) {
    bytes += lpEncodedBytes(p + 4, textLen(p));
    p = textEnd(p);
  }
  let lp = bytes <= LP_BYTES_MAX ? lpNew(<u32>bytes) : 0;
  p = payload + 4;
  for (let i: u32 = 0; i < count << 1 && lp != 0; i++) {
    // There is room: it neither moves nor fails.
    lp = lpAppend(lp, p + 4, textLen(p));
    p = textEnd(p);
  }
  if (lp != 0) takeListpack(lp, true);
  else loadNoMemory();
}

export function decodeZset(payload: u32): void {
  const count = load<u32>(payload);
  if (count == 0) loadCorrupt();
  else if (!zsetHoldSigned()) loadNoMemory();
  if (loadFault != LOAD_OK) return;
  let p = payload + 4;
  let signed = false;
  for (let i: u32 = 0; i < count && loadFault == LOAD_OK; i++) {
    const end = textEnd(p);
    const score = load<f64>(end);
    if (score != score || zsetFind(p + 4, textLen(p))) loadCorrupt();
    else if (!zsetInsert(score, p + 4, textLen(p))) loadNoMemory();
    if (reinterpret<u64>(score) == 0x8000000000000000) signed = true;
    p = end + 8;
  }
  // Only a set that reports `skiplist` has a score of -0: it was one, and keeps it.
  if (signed) zsetKeepSign();
  if (loadFault == LOAD_OK && !zsetSettle()) loadNoMemory();
  if (loadFault == LOAD_OK) loaded(heldEncoding, heldPointer, heldFlags());
  else zsetDropHeld();
}

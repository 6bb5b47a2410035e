// HEXPIRE and its family, HTTL and its family, HPERSIST: deadlines of fields, from Redis 7.4 on. One reply per field:
//   -2  no such field
//   -1  HTTL, HPERSIST: it has no deadline
//    0  HEXPIRE: the condition does not hold
//    1  done
//    2  HEXPIRE: the time has passed, the field is gone
import { argIs, argLen, argPtr, argc, changed, nowMs } from '../context';
import { WRONG } from '../typed';
import { argChanged } from '../../events/arguments';
import { NOTIFY_HASH } from '../../events/events';
import { EVENT_HDEL, EVENT_HEXPIRE, EVENT_HPERSIST } from '../../events/names';
import { hashDropIfEmpty, hashRead, hashWrite } from './common';
import { deadlineArg, deadlineMs, fieldsArg, firstField, hasPassed, keepNone, keepRows, kept, logKept } from './fields';
import { arenaCanAlloc } from '../../memory/arena';
import { replyArray, replyInt, replyReserve } from '../../resp/encode';
import { replyOom } from '../../resp/errors';
import { entryPointer } from '../../table/entry';
import { fieldSetDeadline } from '../../types/hash/deadlines';
import { hashDeadline, hashDelete, hashFind, hashToTable } from '../../types/hash/hash';
import { dictFind } from '../../types/dict';

const NOT_POSITIVE: string = 'ERR Number of fields must be a positive integer';
/** Bytes of the longest reply to one field. */
const REPLY_BYTES: u32 = 32;
/** Fields of one command that are given a deadline without asking for the memory first. */
const ASK_FIELDS_MIN: u32 = 8;
/** A short field in a block of its own, its name aside. */
const FIELD_BYTES: u64 = 320;

const NX: u32 = 1;
const XX: u32 = 2;
const GT: u32 = 3;
const LT: u32 = 4;

function conditionAt(i: u32): u32 {
  if (argIs(i, 0x786e, 2)) return NX;
  if (argIs(i, 0x7878, 2)) return XX;
  if (argIs(i, 0x7467, 2)) return GT;
  if (argIs(i, 0x746c, 2)) return LT;
  return 0;
}

/** May a field whose deadline is `current` (-1: none, which counts as never) be given this one? */
function allows(condition: u32, current: i64, deadline: i64): bool {
  switch (condition) {
    case NX: return current < 0;
    case XX: return current >= 0;
    case GT: return current >= 0 && deadline > current;
    case LT: return current < 0 || deadline < current;
    default: return true;
  }
}

/** Gives a field that is there a deadline. False: no memory, nothing changed. */
export function giveDeadline(e: u32, name: u32, nameLen: u32, deadline: i64): bool {
  if (!hashToTable(e)) return false;
  return fieldSetDeadline(e, dictFind(entryPointer(e), name, nameLen), deadline);
}

/** Is there memory to give every argument from `first` on a deadline? */
export function canGiveDeadlines(first: u32): bool {
  if (argc - first < ASK_FIELDS_MIN) return true;
  let bytes: u64 = 8192;
  for (let i: u32 = first; i < argc; i++) bytes += <u64>argLen(i) + FIELD_BYTES;
  return arenaCanAlloc(bytes);
}

/** HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT. */
export function hexpire(seconds: bool, absolute: bool): void {
  const e = hashWrite();
  if (e == WRONG) return;
  if (!deadlineArg(2, seconds, absolute)) return;
  const condition = conditionAt(3);
  if (!fieldsArg(condition != 0 ? 4 : 3, 'ERR Parameter `numFields` should be greater than 0')) return;
  const deadline = deadlineMs;
  const past = hasPassed(deadline);
  const fields = argc - firstField;
  if (!replyReserve(fields * REPLY_BYTES)) return;
  if (e != 0 && !past && !canGiveDeadlines(firstField)) { replyOom(); return; }
  replyArray(fields);
  keepNone();
  let failed = false;
  for (let i = firstField; i < argc; i++) {
    const at = e == 0 ? 0 : hashFind(e, argPtr(i), argLen(i));
    if (at == 0) { replyInt(-2); continue; }
    if (!allows(condition, hashDeadline(e, at), deadline)) { replyInt(0); continue; }
    if (past) hashDelete(e, argPtr(i), argLen(i));
    else if (!giveDeadline(e, argPtr(i), argLen(i), deadline)) { failed = true; break; }
    replyInt(past ? 2 : 1);
    keepRows(i, 1);
  }
  changed(kept);
  if (past) logKept('HDEL', '', -1, 0);
  else logKept('HPEXPIREAT', '', deadline, kept);
  if (kept != 0) argChanged(1, NOTIFY_HASH, past ? EVENT_HDEL : EVENT_HEXPIRE);
  if (e != 0 && past && kept != 0) hashDropIfEmpty(e);
  // What was done before memory ended is done, and logged.
  if (failed) replyOom();
}

/** HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME. */
export function httl(milliseconds: bool, absolute: bool): void {
  const e = hashRead();
  if (e == WRONG) return;
  if (!fieldsArg(2, NOT_POSITIVE)) return;
  replyArray(argc - firstField);
  const base = absolute ? 0 : nowMs;
  for (let i = firstField; i < argc; i++) {
    const at = e == 0 ? 0 : hashFind(e, argPtr(i), argLen(i));
    const deadline = at == 0 ? -2 : hashDeadline(e, at);
    if (deadline < 0) replyInt(deadline);
    else replyInt(milliseconds ? deadline - base : (deadline - base + 999) / 1000);
  }
}

export function hpersist(): void {
  const e = hashWrite();
  if (e == WRONG) return;
  if (!fieldsArg(2, NOT_POSITIVE)) return;
  if (!replyReserve((argc - firstField) * REPLY_BYTES)) return;
  replyArray(argc - firstField);
  keepNone();
  for (let i = firstField; i < argc; i++) {
    const at = e == 0 ? 0 : hashFind(e, argPtr(i), argLen(i));
    if (at == 0) { replyInt(-2); continue; }
    if (hashDeadline(e, at) < 0) { replyInt(-1); continue; }
    // Taking a deadline needs no memory.
    fieldSetDeadline(e, at, -1);
    replyInt(1);
    keepRows(i, 1);
  }
  changed(kept);
  logKept('HPERSIST', '', -1, kept);
  if (kept != 0) argChanged(1, NOTIFY_HASH, EVENT_HPERSIST);
}

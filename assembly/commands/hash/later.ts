// HGETDEL, HGETEX and HSETEX, from Redis 8.0 on: fields read or set together with what becomes of them.
import { argIs, argLen, argPtr, argc, changed } from '../context';
import { argIsWord } from '../arguments';
import { WRONG } from '../typed';
import { argChanged } from '../../events/arguments';
import { NOTIFY_HASH, keyEvent } from '../../events/events';
import { EVENT_HDEL, EVENT_HEXPIRE, EVENT_HPERSIST, EVENT_HSET } from '../../events/names';
import { hashCreate, hashDropIfEmpty, hashMade, hashWrite } from './common';
import { canGiveDeadlines, giveDeadline } from './deadlines';
import { deadlineArg, deadlineMs, fieldsArg, firstField, firstFieldIs, hasPassed, keepNone, keepRows, kept, logKept } from './fields';
import { canSetFields } from './write';
import { PIN_BYTES_MIN, replyArray, replyInt, replyNull, replyReserve } from '../../resp/encode';
import { printedLength, replyArity, replyError, replyErrorWith, replyOom } from '../../resp/errors';
import { fieldSetDeadline } from '../../types/hash/deadlines';
import {
  HASH_NO_MEMORY, hashDeadline, hashDelete, hashFind, hashReplyValue, hashSet, hashView, valueLen,
} from '../../types/hash/hash';
import { parseI64, parsedI64 } from '../../types/integer';
import { EXPIRY_KEEP, EXPIRY_NONE } from '../../types/string';

const NOT_POSITIVE: string = 'ERR Number of fields must be a positive integer';

/** Makes room for the values of all fields, so that replying while they go cannot fail. */
function reserveValues(e: u32): bool {
  let bytes: u64 = 64;
  let pinned = false;
  for (let i = firstField; i < argc; i++) {
    const at = e == 0 ? 0 : hashFind(e, argPtr(i), argLen(i));
    bytes += 32;
    if (at == 0) continue;
    hashView(e, at, 0);
    // A long value is pinned, not copied; there is a row for one in any case.
    if (valueLen >= PIN_BYTES_MIN && !pinned) pinned = true;
    else bytes += valueLen;
  }
  if (bytes < 0xf0000000) return replyReserve(<u32>bytes);
  replyOom();
  return false;
}

export function hgetdel(): void {
  const e = hashWrite();
  if (e == WRONG) return;
  if (!fieldsArg(2, NOT_POSITIVE)) return;
  if (!reserveValues(e)) return;
  replyArray(argc - firstField);
  keepNone();
  for (let i = firstField; i < argc; i++) {
    const at = e == 0 ? 0 : hashFind(e, argPtr(i), argLen(i));
    if (at == 0) { replyNull(); continue; }
    hashReplyValue(e, at);
    hashDelete(e, argPtr(i), argLen(i));
    keepRows(i, 1);
  }
  changed(kept);
  logKept('HDEL', '', -1, 0);
  if (kept != 0) argChanged(1, NOTIFY_HASH, EVENT_HDEL);
  if (e != 0 && kept != 0) hashDropIfEmpty(e);
}

// What HGETEX and HSETEX do with deadlines.
const TIME_NONE: u32 = 0;
const TIME_SET: u32 = 1;
const TIME_PERSIST: u32 = 2;
const TIME_KEEP: u32 = 3;

/** Is argument i one of EX, PX, EXAT, PXAT? Their letters: 'x' for seconds, "at" behind for absolute times. */
function isTime(i: u32): bool { return argIs(i, 0x7865, 2) || argIs(i, 0x7870, 2) || argIs(i, 0x74617865, 4) || argIs(i, 0x74617870, 4); }
/** Reads the time behind the option at argument i, or replies with the error. */
function timeArg(i: u32): bool {
  const seconds = (<u32>load<u8>(argPtr(i)) | 32) == 0x65;
  return deadlineArg(i + 1, seconds, argLen(i) == 4);
}

export function hgetex(): void {
  const e = hashWrite();
  if (e == WRONG) return;
  let time = TIME_NONE;
  let at: u32 = 2;
  if (isTime(2)) {
    if (!timeArg(2)) return;
    time = TIME_SET;
    at = 4;
  } else if (argIsWord(2, 'persist')) { time = TIME_PERSIST; at = 3; }
  if (!fieldsArg(at, NOT_POSITIVE)) return;
  const deadline = deadlineMs;
  const past = time == TIME_SET && hasPassed(deadline);
  if (e != 0 && time == TIME_SET && !past && !canGiveDeadlines(firstField)) { replyOom(); return; }
  if (!reserveValues(e)) return;
  replyArray(argc - firstField);
  keepNone();
  let failed = false;
  for (let i = firstField; i < argc; i++) {
    const value = e == 0 ? 0 : hashFind(e, argPtr(i), argLen(i));
    if (value == 0) { replyNull(); continue; }
    hashReplyValue(e, value);
    if (time == TIME_NONE) continue;
    if (past) hashDelete(e, argPtr(i), argLen(i));
    else if (time == TIME_SET) {
      if (!giveDeadline(e, argPtr(i), argLen(i), deadline)) { failed = true; break; }
    } else {
      if (hashDeadline(e, value) < 0) continue;
      hashFind(e, argPtr(i), argLen(i));
      fieldSetDeadline(e, value, -1);
    }
    keepRows(i, 1);
  }
  changed(kept);
  if (past) logKept('HDEL', '', -1, 0);
  else if (time == TIME_SET) logKept('HPEXPIREAT', '', deadline, kept);
  else logKept('HPERSIST', '', -1, kept);
  if (kept != 0) argChanged(1, NOTIFY_HASH, past ? EVENT_HDEL : time == TIME_SET ? EVENT_HEXPIRE : EVENT_HPERSIST);
  if (e != 0 && past && kept != 0) hashDropIfEmpty(e);
  if (failed) replyOom();
}

const FXX: u32 = 1;
const FNX: u32 = 2;

let setTime: u32 = 0;
let setCondition: u32 = 0;

/** Reads the options of HSETEX, and where its pairs begin (firstField), or replies with the error. */
function hsetexArgs(): bool {
  setTime = TIME_NONE;
  setCondition = 0;
  for (let i: u32 = 2; i < argc; i++) {
    if (argIsWord(i, 'fields')) return pairsArg(i);
    const isKeep = argIsWord(i, 'keepttl');
    if (isKeep || isTime(i)) {
      if (setTime != TIME_NONE) {
        replyError('ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified');
        return false;
      }
      setTime = isKeep ? TIME_KEEP : TIME_SET;
      if (isKeep) continue;
      if (i + 1 >= argc) { replyError('ERR missing expire time'); return false; }
      if (!timeArg(i)) return false;
      i++;
    } else if (argIsWord(i, 'fxx') || argIsWord(i, 'fnx')) {
      if (setCondition != 0) { replyError('ERR Only one of FXX or FNX arguments can be specified'); return false; }
      setCondition = argIsWord(i, 'fxx') ? FXX : FNX;
    } else {
      const length = printedLength(argPtr(i), argLen(i));
      replyErrorWith('ERR unknown argument: ', argPtr(i), length, '', false);
      return false;
    }
  }
  replyArity(argPtr(0), argLen(0));
  return false;
}

/** Reads FIELDS numfields field value ... from argument i on, or replies with the error. */
function pairsArg(i: u32): bool {
  if (i + 3 >= argc) { replyArity(argPtr(0), argLen(0)); return false; }
  if (!parseI64(argPtr(i + 1), argLen(i + 1)) || parsedI64 < 1 || parsedI64 > 0x7fffffff) { replyError('ERR invalid number of fields'); return false; }
  const rest = argc - i - 2;
  if ((rest & 1) != 0 || parsedI64 != <i64>(rest >>> 1)) { replyArity(argPtr(0), argLen(0)); return false; }
  firstFieldIs(i + 2);
  return true;
}

/** Does the condition hold for all fields? `e` 0: there is no hash. */
function conditionHolds(e: u32): bool {
  if (setCondition == 0) return true;
  for (let i = firstField; i < argc; i += 2) {
    const there = e != 0 && hashFind(e, argPtr(i), argLen(i)) != 0;
    if (there != (setCondition == FXX)) return false;
  }
  return true;
}

export function hsetex(): void {
  if (!hsetexArgs()) return;
  const deadline = deadlineMs;
  const time = setTime;
  let e = hashWrite();
  if (e == WRONG) return;
  if (!conditionHolds(e)) { replyInt(0); return; }
  if (time == TIME_SET && hasPassed(deadline)) { setPassed(e); return; }
  if (!canSetFields(e, firstField)) { replyOom(); return; }
  const isNew = e == 0;
  if (isNew) e = hashCreate();
  if (e == 0) { replyOom(); return; }
  const expires = time == TIME_SET ? deadline : time == TIME_KEEP ? EXPIRY_KEEP : EXPIRY_NONE;
  let failed = false;
  keepNone();
  for (let i = firstField; i < argc && !failed; i += 2) {
    if (hashSet(e, argPtr(i), argLen(i), argPtr(i + 1), argLen(i + 1), expires) == HASH_NO_MEMORY) failed = true;
    else keepRows(i, 2);
  }
  const pairs = kept >>> 1;
  changed(pairs);
  if (time == TIME_SET) logKept('HSETEX', 'PXAT', deadline, pairs);
  else if (time == TIME_KEEP) logKept('HSETEX', 'KEEPTTL', -1, pairs);
  else logKept('HSET', '', -1, 0);
  hashMade(e, isNew);
  if (pairs != 0) {
    argChanged(1, NOTIFY_HASH, EVENT_HSET);
    if (time == TIME_SET) keyEvent(NOTIFY_HASH, EVENT_HEXPIRE, argPtr(1), argLen(1));
  }
  if (failed) { replyOom(); return; }
  replyInt(1);
}

/** HSETEX with a time that has passed: the fields are set and gone at once, so what is left is that they are gone. */
function setPassed(e: u32): void {
  const fields = (argc - firstField) >>> 1;
  keepNone();
  for (let i = firstField; i < argc; i += 2) {
    if (e != 0 && hashDelete(e, argPtr(i), argLen(i))) keepRows(i, 1);
  }
  changed(fields);
  logKept('HDEL', '', -1, 0);
  if (kept != 0) argChanged(1, NOTIFY_HASH, EVENT_HDEL);
  if (e != 0 && kept != 0) hashDropIfEmpty(e);
  replyInt(1);
}

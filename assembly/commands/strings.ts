// The string commands. Behaviour and texts: redis-server 7.0's t_string.c, pinned by tests/differential.
import { bulkBytesMax, argIs, argLen, argPtr, argc, changed, db, nowMs, win } from './context';
import { EXPIRY_ABSOLUTE, EXPIRY_SECONDS, expiryArg, expiryMs, integer, integerArg } from './arguments';
import { fxArg, fxBegin, fxEnd, fxInt, fxText, logFrame, logFramePart, logOn, logReserve } from '../log/ring';
import { replyArray, replyBulk, replyFailed, replyInt, replyNull, replyOk, replyReserve } from '../resp/encode';
import { replyArity, replyError, replyOom, replySyntax, replyTooLong, replyWrongType } from '../resp/errors';
import { argChanged, argDeleted } from '../events/arguments';
import { NOTIFY_GENERIC, NOTIFY_STRING, keyEvent } from '../events/events';
import { EVENT_APPEND, EVENT_EXPIRE, EVENT_INCRBY, EVENT_INCRBYFLOAT, EVENT_PERSIST, EVENT_SET, EVENT_SETRANGE } from '../events/names';
import { lookupRead, lookupReplace, lookupWrite, setExpiry } from '../table/keyspace';
import { entryHasExpiry } from '../table/entry';
import { keyDrop } from '../snapshot/before-write';
import { root, tableGrowthBytes, unlinkFound } from '../table/table';
import { arenaCanAlloc } from '../memory/arena';
import { parsedI64 } from '../types/integer';
import { LD_BYTES, LD_CHARS_MAX, LD_SCRATCH_BYTES, ldAdd, ldFormat, ldIsFinite, ldParse } from '../types/long-double';
import { SCRATCH_BYTES, windowScratch } from '../memory/window';
import {
  EXPIRY_KEEP, EXPIRY_NONE, STORE_INT, isString, replyString, replyStringPart, setInteger, setString, stringInteger, stringLength,
  stringNewZeroed, stringView, stringWritable, viewLen, viewPtr,
} from '../types/string';

// Options of SET and GETEX, as a set of bits.
const NX: u32 = 1;
const XX: u32 = 2;
const GET: u32 = 4;
const KEEPTTL: u32 = 8;
const PERSIST: u32 = 16;
const EX: u32 = 32;
const PX: u32 = 64;
const EXAT: u32 = 128;
const PXAT: u32 = 256;
const ANY_TIME: u32 = EX | PX | EXAT | PXAT;

/** Index of the argument that holds the time, with one of ANY_TIME. */
let timeIndex: u32 = 0;

function timeUnit(options: u32): u32 {
  return (options & (EX | EXAT) ? EXPIRY_SECONDS : 0) | (options & (EXAT | PXAT) ? EXPIRY_ABSOLUTE : 0);
}

/** Reads the options from argument `i` on; -1 after a syntax error. */
function parseOptions(i: u32, isSet: bool): i32 {
  let options: u32 = 0;
  for (; i < argc; i++) {
    const next = i + 1 < argc;
    const time = ~options & (KEEPTTL | PERSIST) ;
    if (isSet && argIs(i, 0x786e, 2) && !(options & XX)) options |= NX;
    else if (isSet && argIs(i, 0x7878, 2) && !(options & NX)) options |= XX;
    else if (isSet && argIs(i, 0x746567, 3)) options |= GET;
    else if (isSet && argIs(i, 0x6c74747065656b, 7) && !(options & ANY_TIME)) options |= KEEPTTL;
    else if (!isSet && argIs(i, 0x74736973726570, 7) && !(options & ANY_TIME)) options |= PERSIST;
    else if (next && time == (KEEPTTL | PERSIST) && argIs(i, 0x7865, 2) && !(options & (ANY_TIME ^ EX))) { options |= EX; timeIndex = ++i; }
    else if (next && time == (KEEPTTL | PERSIST) && argIs(i, 0x7870, 2) && !(options & (ANY_TIME ^ PX))) { options |= PX; timeIndex = ++i; }
    else if (next && time == (KEEPTTL | PERSIST) && argIs(i, 0x74617865, 4) && !(options & (ANY_TIME ^ EXAT))) { options |= EXAT; timeIndex = ++i; }
    else if (next && time == (KEEPTTL | PERSIST) && argIs(i, 0x74617870, 4) && !(options & (ANY_TIME ^ PXAT))) { options |= PXAT; timeIndex = ++i; }
    else { replySyntax(); return -1; }
  }
  return <i32>options;
}

/** Logs SET key value, with what the key's expiry is now. */
function logSet(key: u32, keyLen: u32, ptr: u32, length: u32, expiresMs: i64): void {
  if (!logOn()) return;
  fxBegin('SET');
  fxArg(key, keyLen);
  fxArg(ptr, length);
  if (expiresMs >= 0) { fxText('PXAT'); fxInt(expiresMs); }
  else if (expiresMs == EXPIRY_KEEP) fxText('KEEPTTL');
  fxEnd();
}

export function set(): void {
  let options: u32 = 0;
  let expires: i64 = EXPIRY_NONE;
  if (argc > 3) {
    const parsed = parseOptions(3, true);
    if (parsed < 0) return;
    options = <u32>parsed;
    if (options & ANY_TIME) {
      if (!expiryArg(timeIndex, timeUnit(options))) return;
      expires = expiryMs;
    } else if (options & KEEPTTL) expires = EXPIRY_KEEP;
  }
  const key = argPtr(1);
  const keyLen = argLen(1);
  const old = options & GET ? lookupRead(key, keyLen) : lookupReplace(key, keyLen);
  if (options & GET) {
    if (old == 0) replyNull();
    else if (!isString(old)) { replyWrongType(); return; }
    else replyString(old);
    if (replyFailed) return;
  }
  if (((options & NX) && old != 0) || ((options & XX) && old == 0)) {
    if (!(options & GET)) replyNull();
    return;
  }
  if (setString(key, keyLen, old, argPtr(2), argLen(2), expires, STORE_INT) == 0) { replyOom(); return; }
  logSet(key, keyLen, argPtr(2), argLen(2), expires);
  argChanged(1, NOTIFY_STRING, EVENT_SET);
  if (expires >= 0) keyEvent(NOTIFY_GENERIC, EVENT_EXPIRE, key, keyLen);
  if (!(options & GET)) replyOk();
}

export function setnx(): void {
  const old = lookupReplace(argPtr(1), argLen(1));
  if (old != 0) { replyInt(0); return; }
  if (setString(argPtr(1), argLen(1), 0, argPtr(2), argLen(2), EXPIRY_NONE, STORE_INT) == 0) { replyOom(); return; }
  logSet(argPtr(1), argLen(1), argPtr(2), argLen(2), EXPIRY_NONE);
  argChanged(1, NOTIFY_STRING, EVENT_SET);
  replyInt(1);
}

/** SETEX and PSETEX. */
export function setWithTime(unit: u32): void {
  if (!expiryArg(2, unit)) return;
  const old = lookupReplace(argPtr(1), argLen(1));
  if (setString(argPtr(1), argLen(1), old, argPtr(3), argLen(3), expiryMs, STORE_INT) == 0) { replyOom(); return; }
  logSet(argPtr(1), argLen(1), argPtr(3), argLen(3), expiryMs);
  argChanged(1, NOTIFY_STRING, EVENT_SET);
  keyEvent(NOTIFY_GENERIC, EVENT_EXPIRE, argPtr(1), argLen(1));
  replyOk();
}

export function get(): void {
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) replyNull();
  else if (!isString(e)) replyWrongType();
  else replyString(e);
}

export function getset(): void {
  const old = lookupRead(argPtr(1), argLen(1));
  if (old == 0) replyNull();
  else if (!isString(old)) { replyWrongType(); return; }
  else replyString(old);
  if (replyFailed) return;
  if (setString(argPtr(1), argLen(1), old, argPtr(2), argLen(2), EXPIRY_NONE, STORE_INT) == 0) { replyOom(); return; }
  logSet(argPtr(1), argLen(1), argPtr(2), argLen(2), EXPIRY_NONE);
  argChanged(1, NOTIFY_STRING, EVENT_SET);
}

/** Logs DEL of the key in argument 1. */
function logDel(): void {
  if (!logOn()) return;
  fxBegin('DEL');
  fxArg(argPtr(1), argLen(1));
  fxEnd();
}

export function getdel(): void {
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) { replyNull(); return; }
  if (!isString(e)) { replyWrongType(); return; }
  replyString(e);
  if (replyFailed) return;
  keyDrop(unlinkFound(root(db)));
  changed(1);
  logDel();
  argDeleted(1);
}

export function getex(): void {
  const parsed = parseOptions(2, false);
  if (parsed < 0) return;
  const options = <u32>parsed;
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) { replyNull(); return; }
  if (!isString(e)) { replyWrongType(); return; }
  if ((options & ANY_TIME) && !expiryArg(timeIndex, timeUnit(options))) return;
  replyString(e);
  if (replyFailed) return;
  if ((options & (EXAT | PXAT)) && expiryMs <= nowMs) {
    keyDrop(unlinkFound(root(db)));
    changed(1);
    logDel();
    argDeleted(1);
  } else if (options & ANY_TIME) {
    if (setExpiry(e, expiryMs) == 0) { replyOom(); return; }
    changed(1);
    if (logOn()) { fxBegin('PEXPIREAT'); fxArg(argPtr(1), argLen(1)); fxInt(expiryMs); fxEnd(); }
    argChanged(1, NOTIFY_GENERIC, EVENT_EXPIRE);
  } else if ((options & PERSIST) && entryHasExpiry(e)) {
    setExpiry(e, EXPIRY_NONE);
    changed(1);
    if (logOn()) { fxBegin('PERSIST'); fxArg(argPtr(1), argLen(1)); fxEnd(); }
    argChanged(1, NOTIFY_GENERIC, EVENT_PERSIST);
  }
}

export function mget(): void {
  replyArray(argc - 1);
  for (let i: u32 = 1; i < argc; i++) {
    const e = lookupRead(argPtr(i), argLen(i));
    if (e == 0 || !isString(e)) replyNull();
    else replyString(e);
  }
}

/** Is there memory for every key and value of an MSET, whatever the table has to do for them? */
function canStoreArgs(): bool {
  const pairs = <u64>argc >> 1;
  let bytes: u64 = pairs * 64 + tableGrowthBytes(root(db), pairs);
  for (let i: u32 = 1; i < argc; i++) bytes += argLen(i);
  return arenaCanAlloc(bytes);
}

/** MSET, and MSETNX when `onlyNew`. */
export function mset(onlyNew: bool): void {
  if ((argc & 1) == 0) { replyArity(argPtr(0), argLen(0)); return; }
  if (onlyNew) {
    for (let i: u32 = 1; i < argc; i += 2) {
      if (lookupReplace(argPtr(i), argLen(i)) != 0) { replyInt(0); return; }
    }
  }
  if (!canStoreArgs()) { replyOom(); return; }
  for (let i: u32 = 1; i < argc; i += 2) {
    const old = lookupReplace(argPtr(i), argLen(i));
    if (setString(argPtr(i), argLen(i), old, argPtr(i + 1), argLen(i + 1), EXPIRY_NONE, STORE_INT) == 0) {
      // The arena had promised more than it had. What is done is done, so it is logged.
      if (i != 1) logFramePart(i);
      replyOom();
      return;
    }
    argChanged(i, NOTIFY_STRING, EVENT_SET);
  }
  logFrame();
  if (onlyNew) replyInt(1);
  else replyOk();
}

/** Would a string of this length be over proto-max-bulk-len? Replies with the error if so. */
function tooLong(offset: i64, length: u32): bool {
  const limit = <i64>bulkBytesMax;
  if (offset <= limit && offset + <i64>length <= limit) return false;
  replyTooLong();
  return true;
}

export function append(): void {
  const key = argPtr(1);
  const added = argLen(2);
  const e = lookupWrite(key, argLen(1));
  let total: u32;
  if (e == 0) {
    if (setString(key, argLen(1), 0, argPtr(2), added, EXPIRY_NONE, STORE_INT) == 0) { replyOom(); return; }
    total = added;
  } else {
    if (!isString(e)) { replyWrongType(); return; }
    const had = stringLength(e);
    if (tooLong(had, added)) return;
    if (stringWritable(e, had + added) == 0) { replyOom(); return; }
    memory.copy(viewPtr + had, argPtr(2), added);
    changed(1);
    total = had + added;
  }
  logFrame();
  argChanged(1, NOTIFY_STRING, EVENT_APPEND);
  replyInt(total);
}

export function strlen(): void {
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) replyInt(0);
  else if (!isString(e)) replyWrongType();
  else replyInt(stringLength(e));
}

export function setrange(): void {
  if (!integerArg(2)) return;
  if (integer < 0) { replyError('ERR offset is out of range'); return; }
  const offset = integer;
  const length = argLen(3);
  const e = lookupWrite(argPtr(1), argLen(1));
  if (e != 0 && !isString(e)) { replyWrongType(); return; }
  if (length == 0) { replyInt(e == 0 ? 0 : stringLength(e)); return; }
  if (tooLong(offset, length)) return;
  const end = <u32>offset + length;
  if ((e == 0 ? stringNewZeroed(argPtr(1), argLen(1), end) : stringWritable(e, end)) == 0) { replyOom(); return; }
  memory.copy(viewPtr + <u32>offset, argPtr(3), length);
  changed(1);
  logFrame();
  const total = viewLen;
  argChanged(1, NOTIFY_STRING, EVENT_SETRANGE);
  replyInt(total);
}

/** GETRANGE and SUBSTR. */
export function getrange(): void {
  if (!integerArg(2)) return;
  let start = integer;
  if (!integerArg(3)) return;
  let end = integer;
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) { replyBulk(0, 0); return; }
  if (!isString(e)) { replyWrongType(); return; }
  const length = <i64>stringLength(e);
  if (start < 0 && end < 0 && start > end) { replyBulk(0, 0); return; }
  if (start < 0) start = max<i64>(start + length, 0);
  if (end < 0) end = max<i64>(end + length, 0);
  if (end >= length) end = length - 1;
  if (start > end || length == 0) { replyBulk(0, 0); return; }
  replyStringPart(e, <u32>start, <u32>(end - start + 1));
}

/** INCR, DECR, INCRBY, DECRBY: adds `by`. */
function incrementBy(by: i64): void {
  const e = lookupWrite(argPtr(1), argLen(1));
  let value: i64 = 0;
  if (e != 0) {
    if (!isString(e)) { replyWrongType(); return; }
    if (!stringInteger(e)) { replyError('ERR value is not an integer or out of range'); return; }
    value = parsedI64;
  }
  if ((by < 0 && value < 0 && by < i64.MIN_VALUE - value) || (by > 0 && value > 0 && by > i64.MAX_VALUE - value)) {
    replyError('ERR increment or decrement would overflow');
    return;
  }
  value += by;
  if (setInteger(argPtr(1), argLen(1), e, value, EXPIRY_KEEP) == 0) { replyOom(); return; }
  logFrame();
  argChanged(1, NOTIFY_STRING, EVENT_INCRBY);
  replyInt(value);
}
export function incr(): void { incrementBy(1); }
export function decr(): void { incrementBy(-1); }
export function incrby(): void { if (integerArg(2)) incrementBy(integer); }
export function decrby(): void {
  if (!integerArg(2)) return;
  if (integer == i64.MIN_VALUE) { replyError('ERR decrement would overflow'); return; }
  incrementBy(-integer);
}

if (LD_BYTES + LD_BYTES + LD_CHARS_MAX + 16 + LD_SCRATCH_BYTES > SCRATCH_BYTES) ERROR('a window has too little scratch for INCRBYFLOAT');
export function incrbyfloat(): void {
  const e = lookupWrite(argPtr(1), argLen(1));
  if (e != 0 && !isString(e)) { replyWrongType(); return; }
  const base = windowScratch(win);
  const value = base;
  const by = base + LD_BYTES;
  const text = by + LD_BYTES;
  const scratch = text + ((LD_CHARS_MAX + 15) & ~15);
  if (e != 0) {
    stringView(e, 0);
    if (!ldParse(viewPtr, viewLen, value, scratch)) { replyError('ERR value is not a valid float'); return; }
  } else memory.fill(value, 0, LD_BYTES);
  if (!ldParse(argPtr(2), argLen(2), by, scratch)) { replyError('ERR value is not a valid float'); return; }
  ldAdd(value, by, value);
  if (!ldIsFinite(value)) { replyError('ERR increment would produce NaN or Infinity'); return; }
  const length = ldFormat(value, text, scratch);
  if (!replyReserve(length + 64)) return;
  if (!logReserve(<u64>argLen(1) + length + 256)) { replyOom(); return; }
  if (setString(argPtr(1), argLen(1), e, text, length, EXPIRY_KEEP, 0) == 0) { replyOom(); return; }
  logSet(argPtr(1), argLen(1), text, length, EXPIRY_KEEP);
  argChanged(1, NOTIFY_STRING, EVENT_INCRBYFLOAT);
  replyBulk(text, length);
}

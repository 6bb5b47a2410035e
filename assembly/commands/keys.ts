// The commands on keys of any type. Behaviour and texts: redis-server 7.0's db.c, expire.c and object.c.
import { argIs, argLen, argPtr, argc, changed, db, lruClock, nowMs, setDb } from './context';
import { integer, integerArg, replyInvalidExpiry } from './arguments';
import { fxArg, fxBegin, fxEnd, fxInt, logFrame, logOn } from '../log/ring';
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAG_LFU, header } from '../memory/layout';
import { advance, outPos, replyInt, replyNull, replyOk, replyText, writeCrlf } from '../resp/encode';
import { printedLength, replyError, replyErrorWith, replyOom, replySyntax, replyUnknownSubcommand, writeText } from '../resp/errors';
import {
  ENC_BLOB, ENC_INT, ENTRY_GUEST, ENTRY_UNSHARED, entryBlockBytes, entryClock, entryEncoding, entryExpiry, entryFlags, entryFree, entryHasExpiry,
  entryNew, entryPointer, entrySetClock, entrySetFlags, entryValue,
} from '../table/entry';
import { argChanged, argDeleted } from '../events/arguments';
import { NOTIFY_GENERIC, keyEvent, keyModified, keyNew } from '../events/events';
import {
  EVENT_COPY_TO, EVENT_EXPIRE, EVENT_MOVE_FROM, EVENT_MOVE_TO, EVENT_PERSIST, EVENT_RENAME_FROM, EVENT_RENAME_TO,
} from '../events/names';
import { LOOKUP_COUNT, LOOKUP_QUIET, LOOKUP_SILENT, entryDrop, freshClock, lfuCounter, link, lookup, lookupRead, lookupReplace, lookupWrite, remove, setExpiry, supplant, valueBytes } from '../table/keyspace';
import { keyDrop } from '../snapshot/before-write';
import { root, unlinkFound } from '../table/table';
import { valueCopy } from '../types/copy';
import { valueBlockBytes, valueEncodingName, valueTypeName } from '../types/value';

/** DEL and UNLINK. */
export function del(): void {
  let count: i64 = 0;
  for (let i: u32 = 1; i < argc; i++) if (remove(argPtr(i), argLen(i))) count++;
  if (count != 0) logFrame();
  replyInt(count);
}

export function exists(): void {
  let count: i64 = 0;
  for (let i: u32 = 1; i < argc; i++) if (lookup(argPtr(i), argLen(i), LOOKUP_COUNT) != 0) count++;
  replyInt(count);
}

export function touch(): void {
  let count: i64 = 0;
  for (let i: u32 = 1; i < argc; i++) if (lookupRead(argPtr(i), argLen(i)) != 0) count++;
  replyInt(count);
}

export function type(): void {
  const e = lookup(argPtr(1), argLen(1), LOOKUP_COUNT);
  replyStatusText(e == 0 ? 'none' : valueTypeName(e));
}
export function replyStatusText(text: string): void {
  const at = outPos;
  store<u8>(at, 0x2b);
  advance(1);
  writeText(text);
  writeCrlf();
}

const NX: u32 = 1;
const XX: u32 = 2;
const GT: u32 = 4;
const LT: u32 = 8;

/** Names an option that nobody knows. Line ends at the end of an error are not printed. */
function replyUnsupported(ptr: u32, length: u32): void {
  let printed = printedLength(ptr, length);
  while (printed != 0 && (load<u8>(ptr + printed - 1) == 13 || load<u8>(ptr + printed - 1) == 10)) printed--;
  replyErrorWith('ERR Unsupported option ', ptr, printed, '', false);
}

/** EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT. */
export function expire(seconds: bool, absolute: bool): void {
  let options: u32 = 0;
  for (let i: u32 = 3; i < argc; i++) {
    if (argIs(i, 0x786e, 2)) options |= NX;
    else if (argIs(i, 0x7878, 2)) options |= XX;
    else if (argIs(i, 0x7467, 2)) options |= GT;
    else if (argIs(i, 0x746c, 2)) options |= LT;
    else { replyUnsupported(argPtr(i), argLen(i)); return; }
  }
  if ((options & NX) && (options & (XX | GT | LT))) {
    replyError('ERR NX and XX, GT or LT options at the same time are not compatible');
    return;
  }
  if ((options & GT) && (options & LT)) {
    replyError('ERR GT and LT options at the same time are not compatible');
    return;
  }
  if (!integerArg(2)) return;
  let when = integer;
  if (seconds) {
    if (when > i64.MAX_VALUE / 1000 || when < i64.MIN_VALUE / 1000) { replyInvalidExpiry(); return; }
    when *= 1000;
  }
  if (!absolute) {
    if (when > i64.MAX_VALUE - nowMs) { replyInvalidExpiry(); return; }
    when += nowMs;
  }
  const e = lookupWrite(argPtr(1), argLen(1));
  if (e == 0) { replyInt(0); return; }
  const current = entryExpiry(e);
  if (
    ((options & NX) && current != -1) || ((options & XX) && current == -1) ||
    ((options & GT) && (when <= current || current == -1)) || ((options & LT) && current != -1 && when >= current)
  ) {
    replyInt(0);
    return;
  }
  // A log of our own is replayed with the clock stopped: a deadline that has passed is then still only a deadline.
  if (when <= nowMs && (when < 0 || (header().flags & HEADER_FLAG_CLOCK_STOPPED) == 0)) {
    keyDrop(unlinkFound(root(db)));
    if (logOn()) { fxBegin('DEL'); fxArg(argPtr(1), argLen(1)); fxEnd(); }
    argDeleted(1);
  } else {
    if (setExpiry(e, when) == 0) { replyOom(); return; }
    if (logOn()) { fxBegin('PEXPIREAT'); fxArg(argPtr(1), argLen(1)); fxInt(when); fxEnd(); }
    argChanged(1, NOTIFY_GENERIC, EVENT_EXPIRE);
  }
  changed(1);
  replyInt(1);
}

/** TTL, PTTL, EXPIRETIME, PEXPIRETIME. */
export function ttl(milliseconds: bool, absolute: bool): void {
  const e = lookup(argPtr(1), argLen(1), LOOKUP_COUNT);
  if (e == 0) { replyInt(-2); return; }
  if (!entryHasExpiry(e)) { replyInt(-1); return; }
  let value = entryExpiry(e);
  if (!absolute) value = max<i64>(value - nowMs, 0);
  // Rounded without a sign, as Redis's compiled code does: the last half second of time does not turn negative.
  replyInt(milliseconds ? value : <i64>((<u64>value + 500) / 1000));
}

export function persist(): void {
  const e = lookupWrite(argPtr(1), argLen(1));
  if (e == 0 || !entryHasExpiry(e)) { replyInt(0); return; }
  setExpiry(e, -1);
  changed(1);
  logFrame();
  argChanged(1, NOTIFY_GENERIC, EVENT_PERSIST);
  replyInt(1);
}

/** A copy of an entry under another key, linked nowhere; its value is copied when `deep`, else it changes owner. 0: no memory. */
function entryUnder(e: u32, key: u32, keyLen: u32, deep: bool): u32 {
  const copy = entryNew(key, keyLen, entryExpiry(e), valueBytes(e));
  if (copy == 0) return 0;
  store<u32>(copy, load<u32>(e));
  entrySetFlags(copy, entryFlags(e));
  store<u8>(copy, load<u8>(e, 5), 5);
  memory.copy(entryValue(copy), entryValue(e), valueBytes(e));
  if (!deep || entryEncoding(e) < ENC_BLOB || valueCopy(e, copy)) return copy;
  entryFree(copy);
  return 0;
}

/** RENAME and RENAMENX. */
export function rename(onlyNew: bool): void {
  const from = argPtr(1);
  const to = argPtr(2);
  const e = lookupWrite(from, argLen(1));
  if (e == 0) { replyError('ERR no such key'); return; }
  if (argLen(1) == argLen(2) && memory.compare(from, to, argLen(1)) == 0) {
    if (onlyNew) replyInt(0);
    else replyOk();
    return;
  }
  const moved = entryUnder(e, to, argLen(2), false);
  if (moved == 0) { replyOom(); return; }
  const old = lookupReplace(to, argLen(2));
  if (old != 0 && onlyNew) { entryFree(moved); replyInt(0); return; }
  if (old != 0) supplant(old, moved);
  else if (!link(moved)) { entryFree(moved); replyOom(); return; }
  // The source's block goes; its value lives on in `moved`.
  lookup(from, argLen(1), LOOKUP_QUIET);
  entryFree(unlinkFound(root(db)));
  changed(1);
  logFrame();
  keyNew(to, argLen(2));
  keyModified(from, argLen(1));
  keyModified(to, argLen(2));
  keyEvent(NOTIFY_GENERIC, EVENT_RENAME_FROM, from, argLen(1));
  keyEvent(NOTIFY_GENERIC, EVENT_RENAME_TO, to, argLen(2));
  if (onlyNew) replyInt(1);
  else replyOk();
}

/** Reads argument i as a database index into `integer`, or replies with the error. */
export function databaseArg(i: u32): bool {
  if (!integerArg(i)) return false;
  if (integer < -2147483648 || integer > 2147483647) {
    replyError('ERR value is out of range, value must between -2147483648 and 2147483647');
    return false;
  }
  if (integer < 0 || integer >= <i64>header().databaseCount) { replyError('ERR DB index is out of range'); return false; }
  return true;
}

const SAME_OBJECT: string = 'ERR source and destination objects are the same';

export function copy(): void {
  let replace = false;
  let target = db;
  for (let i: u32 = 3; i < argc; i++) {
    if (argIs(i, 0x6563616c706572, 7)) replace = true;
    else if (argIs(i, 0x6264, 2) && i + 1 < argc) {
      if (!databaseArg(i + 1)) return;
      target = <u32>integer;
      i++;
    } else { replySyntax(); return; }
  }
  const source = db;
  if (source == target && argLen(1) == argLen(2) && memory.compare(argPtr(1), argPtr(2), argLen(1)) == 0) {
    replyError(SAME_OBJECT);
    return;
  }
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) { replyInt(0); return; }
  const made = entryUnder(e, argPtr(2), argLen(2), true);
  if (made == 0) { replyOom(); return; }
  entrySetClock(made, freshClock());
  entrySetFlags(made, (entryFlags(made) & ~ENTRY_GUEST) | (entryEncoding(made) == ENC_INT ? ENTRY_UNSHARED : 0));
  setDb(target);
  const old = lookup(argPtr(2), argLen(2), LOOKUP_QUIET);
  if (old != 0 && !replace) {
    setDb(source);
    entryDrop(made);
    replyInt(0);
    return;
  }
  let linked = true;
  if (old != 0) supplant(old, made);
  else linked = link(made);
  if (linked) {
    keyNew(argPtr(2), argLen(2));
    argChanged(2, NOTIFY_GENERIC, EVENT_COPY_TO);
  }
  setDb(source);
  if (!linked) { entryDrop(made); replyOom(); return; }
  changed(1);
  logFrame();
  replyInt(1);
}

export function move(): void {
  if (!databaseArg(2)) return;
  const target = <u32>integer;
  const source = db;
  if (source == target) { replyError(SAME_OBJECT); return; }
  const e = lookupWrite(argPtr(1), argLen(1));
  if (e == 0) { replyInt(0); return; }
  setDb(target);
  const old = lookupReplace(argPtr(1), argLen(1));
  const linked = old == 0 && link(e);
  setDb(source);
  if (old != 0) { replyInt(0); return; }
  if (!linked) { replyOom(); return; }
  // Both databases name the same block for a moment; taking it out of the source finishes the move.
  lookup(argPtr(1), argLen(1), LOOKUP_QUIET);
  unlinkFound(root(source));
  changed(1);
  logFrame();
  tellMoved(source, target);
  replyInt(1);
}

/** The key in argument 1 has gone from one database to another. */
function tellMoved(source: u32, target: u32): void {
  const key = argPtr(1);
  const keyLen = argLen(1);
  setDb(target);
  keyNew(key, keyLen);
  setDb(source);
  keyModified(key, keyLen);
  setDb(target);
  keyModified(key, keyLen);
  setDb(source);
  keyEvent(NOTIFY_GENERIC, EVENT_MOVE_FROM, key, keyLen);
  setDb(target);
  keyEvent(NOTIFY_GENERIC, EVENT_MOVE_TO, key, keyLen);
  setDb(source);
}

/** OBJECT ENCODING, FREQ, IDLETIME, REFCOUNT; the host has the rest. */
export function object(): void {
  // Subcommands are compared as packed lower-case words.
  const isEncoding = argIs(1, 0x676e69646f636e65, 8);
  const isFreq = argIs(1, 0x71657266, 4);
  const isIdle = argIs(1, 0x656d6974656c6469, 8);
  const isRefcount = argIs(1, 0x746e756f63666572, 8);
  if (!isEncoding && !isFreq && !isIdle && !isRefcount && !argIs(1, 0x706c6568, 4)) { replyUnknownSubcommand('OBJECT'); return; }
  if (argc != 3 || argIs(1, 0x706c6568, 4)) {
    replyErrorWith("ERR wrong number of arguments for 'object|", argPtr(1), argLen(1), "' command", true);
    return;
  }
  const e = lookup(argPtr(2), argLen(2), LOOKUP_COUNT | LOOKUP_SILENT);
  if (e == 0) { replyNull(); return; }
  const lfu = (header().flags & HEADER_FLAG_LFU) != 0;
  if (isEncoding) replyText(valueEncodingName(e));
  else if (isRefcount) replyInt(sharedInteger(e) ? 2147483647 : 1);
  else if (isFreq) {
    if (lfu) replyInt(lfuCounter(e));
    else replyError('ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.');
  } else if (lfu) {
    replyError('ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.');
  } else replyInt((lruClock - entryClock(e)) & 0xffffff);
}

function sharedInteger(e: u32): bool {
  if (entryEncoding(e) != ENC_INT || (entryFlags(e) & ENTRY_UNSHARED)) return false;
  return <u64>load<i64>(entryValue(e)) < 10000;
}


/** MEMORY USAGE: the blocks that belong to the key alone, and its slot's share of the table. */
export function memoryUsage(): void {
  for (let i: u32 = 3; i < argc; i++) {
    if (argIs(i, 0x73656c706d6173, 7) && i + 1 < argc) {
      if (!integerArg(i + 1)) return;
      if (integer < 0) { replySyntax(); return; }
      i++;
    } else { replySyntax(); return; }
  }
  const e = lookup(argPtr(2), argLen(2), LOOKUP_COUNT | LOOKUP_SILENT);
  if (e == 0) { replyNull(); return; }
  let bytes = <i64>entryBlockBytes(e) + <i64>valueBlockBytes(e);
  const r = root(db);
  if (r.count != 0) bytes += (<i64>r.segments * 4096 + (<i64>4 << r.depth)) / <i64>r.count;
  replyInt(bytes);
}

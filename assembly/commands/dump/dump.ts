// DUMP and RESTORE. Behaviour and texts: redis-server 7.0's cluster.c.
import { argChanged } from '../../events/arguments';
import { NOTIFY_GENERIC, keyNew } from '../../events/events';
import { EVENT_RESTORE } from '../../events/names';
import { argIs, argLen, argPtr, argc, changed, lruClock, nowMs } from '../context';
import { integer, integerArg } from '../arguments';
import { fxArg, fxBegin, fxEnd, fxInt, fxText, logOn, logReserve } from '../../log/ring';
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAG_LFU, header } from '../../memory/layout';
import { replyBlob, replyNull, replyOk } from '../../resp/encode';
import { replyError, replyOom, replySyntax } from '../../resp/errors';
import { entrySetClock } from '../../table/entry';
import { LOOKUP_QUIET, entryDrop, lookup, lookupRead, lookupReplace, remove } from '../../table/keyspace';
import { LOAD_NO_MEMORY, loadBegin, loadByte, loadEnd, loadFault, loadLen, loadPtr, loadString } from '../../rdb/reader';
import { blobDrop, blobLength } from '../../types/blob';
import { RDB_STRING, containerLoad } from '../../types/save';
import { EXPIRY_NONE, STORE_INT, setString } from '../../types/string';
import { logValue } from './log';
import { PAYLOAD_FOOTER_BYTES, payloadOf, payloadValid } from './payload';
import { entryOfLoaded, placeEntry } from './place';

export function dump(): void {
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) { replyNull(); return; }
  const payload = payloadOf(e, true);
  if (payload == 0) { replyOom(); return; }
  replyBlob(payload, 0, blobLength(payload));
  blobDrop(payload);
}

// Options of RESTORE.
let replace: bool = false;
let absolute: bool = false;
/** Seconds since the last access, and the LFU counter; -1: not said. */
let idleSeconds: i64 = -1;
let frequency: i64 = -1;

function parseOptions(): bool {
  replace = false;
  absolute = false;
  idleSeconds = -1;
  frequency = -1;
  for (let i: u32 = 4; i < argc; i++) {
    const next = i + 1 < argc;
    if (argIs(i, 0x6563616c706572, 7)) replace = true;
    else if (argIs(i, 0x6c7474736261, 6)) absolute = true;
    else if (argIs(i, 0x656d6974656c6469, 8) && next && frequency == -1) {
      if (!integerArg(++i)) return false;
      if (integer < 0) { replyError('ERR Invalid IDLETIME value, must be >= 0'); return false; }
      idleSeconds = integer;
    } else if (argIs(i, 0x71657266, 4) && next && idleSeconds == -1) {
      if (!integerArg(++i)) return false;
      if (integer < 0 || integer > 255) { replyError('ERR Invalid FREQ value, must be >= 0 and <= 255'); return false; }
      frequency = integer;
    } else { replySyntax(); return false; }
  }
  return true;
}

export function restore(): void {
  if (!parseOptions()) return;
  if (!replace && lookupReplace(argPtr(1), argLen(1)) != 0) { replyError('BUSYKEY Target key name already exists.'); return; }
  if (!integerArg(2)) return;
  if (integer < 0) { replyError('ERR Invalid TTL value, must be >= 0'); return; }
  let expires = integer == 0 ? EXPIRY_NONE : integer;
  if (!payloadValid(argPtr(3), argLen(3))) { replyError('ERR DUMP payload version or checksum are wrong'); return; }
  // What would be beyond the end of time counts as before its beginning, as in Redis, whose sum wraps.
  const passed = expires > 0 && (absolute ? expires <= nowMs : expires > i64.MAX_VALUE - nowMs) && !clockStopped();
  if (expires > 0 && !absolute && !passed) expires += nowMs;
  const bytes = argLen(3) - PAYLOAD_FOOTER_BYTES;
  loadBegin(argPtr(3), bytes);
  const rdbType = loadByte();
  if (rdbType < 0) replyLoadFault();
  else if (rdbType == RDB_STRING) restoreString(expires, passed);
  else restoreContainer(<u32>rdbType, expires, passed);
  loadEnd();
}

@inline function clockStopped(): bool { return (header().flags & HEADER_FLAG_CLOCK_STOPPED) != 0; }

function replyLoadFault(): void {
  if (loadFault == LOAD_NO_MEMORY) replyOom();
  else replyError('ERR Bad data format');
}

function restoreString(expires: i64, passed: bool): void {
  if (!loadString()) { replyLoadFault(); return; }
  if (passed) { deletePassed(); return; }
  const key = argPtr(1);
  const keyLen = argLen(1);
  // What is packed in the payload is logged at its full length.
  if (!logReserve(<u64>loadLen + <u64>keyLen * 2 + 512)) { replyOom(); return; }
  const replaced = lookup(key, keyLen, LOOKUP_QUIET);
  const e = setString(key, keyLen, replaced, loadPtr, loadLen, expires, STORE_INT);
  if (e == 0) { replyOom(); return; }
  stampClock(e);
  logValue(key, keyLen, e);
  tellRestored(replaced);
  replyOk();
}

function restoreContainer(rdbType: u32, expires: i64, passed: bool): void {
  if (!containerLoad(rdbType)) { replyLoadFault(); return; }
  const e = entryOfLoaded(argPtr(1), argLen(1), rdbType, expires);
  if (e == 0) { replyOom(); return; }
  if (passed) {
    entryDrop(e);
    deletePassed();
    return;
  }
  stampClock(e);
  if (!placeEntry(argPtr(1), argLen(1), e)) { replyOom(); return; }
  changed(1);
  logRestore(expires);
  tellRestored(1);
  replyOk();
}

/** @param quiet Not 0: nobody has been told yet that the key is new. It is, whatever it has replaced. */
function tellRestored(quiet: u32): void {
  if (quiet != 0) keyNew(argPtr(1), argLen(1));
  argChanged(1, NOTIFY_GENERIC, EVENT_RESTORE);
}

/** The payload itself, under the deadline that it has got. The frame's own room is enough. */
function logRestore(expires: i64): void {
  if (!logOn()) return;
  fxBegin('RESTORE');
  fxArg(argPtr(1), argLen(1));
  fxInt(max<i64>(expires, 0));
  fxArg(argPtr(3), argLen(3));
  fxText('REPLACE');
  fxText('ABSTTL');
  fxEnd();
}

/** The deadline has passed: what is there goes, and nothing comes. */
function deletePassed(): void {
  if (remove(argPtr(1), argLen(1)) && logOn()) { fxBegin('DEL'); fxArg(argPtr(1), argLen(1)); fxEnd(); }
  replyOk();
}

/** IDLETIME counts under an LRU policy, FREQ under an LFU one. */
function stampClock(e: u32): void {
  const lfu = (header().flags & HEADER_FLAG_LFU) != 0;
  if (lfu && frequency >= 0) entrySetClock(e, (lruClock & 0xffff00) | <u32>frequency);
  else if (!lfu && idleSeconds >= 0) entrySetClock(e, (lruClock - <u32>idleSeconds) & 0xffffff);
}

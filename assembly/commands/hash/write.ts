// The hash commands that write. Behaviour and texts: redis-server 7.0's t_hash.c, pinned by tests/differential; what
// becomes of a field's deadline: Redis 8.
import { argLen, argPtr, argc, changed, win } from '../context';
import { WRONG } from '../typed';
import { argChanged } from '../../events/arguments';
import { NOTIFY_HASH } from '../../events/events';
import { EVENT_HDEL, EVENT_HINCRBY, EVENT_HINCRBYFLOAT, EVENT_HSET } from '../../events/names';
import { integer, integerArg } from '../arguments';
import { fxArg, fxBegin, fxEnd, fxInt, fxText, logFrame, logFramePart, logOn, logReserve } from '../../log/ring';
import { arenaCanAlloc, arenaSize } from '../../memory/arena';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import { replyBulk, replyInt, replyOk, replyReserve } from '../../resp/encode';
import { replyArity, replyError, replyOom } from '../../resp/errors';
import { entryPointer } from '../../table/entry';
import {
  HASH_CREATED, HASH_NO_MEMORY, hashDeadline, hashDelete, hashFind, hashIsEmpty, hashIsPacked, hashSet, hashView, valueLen, valuePtr,
} from '../../types/hash/hash';
import { dictGrowthBytes } from '../../types/dict';
import { formatI64, parseI64, parsedI64 } from '../../types/integer';
import { LD_BYTES, LD_CHARS_MAX, LD_SCRATCH_BYTES, ldAdd, ldFormat, ldIsFinite, ldParse } from '../../types/long-double';
import { EXPIRY_KEEP, EXPIRY_NONE } from '../../types/string';
import { hashCreate, hashDropIfEmpty, hashMade, hashWrite } from './common';

/** A command of up to so many fields takes its memory as it goes; a longer one asks for all of it first. */
const ASK_FIELDS_MIN: u32 = 8;
/** A field's entry and what its size class wastes, name and value aside. */
const FIELD_BYTES: u64 = 48;

/** Is there memory for the pairs from argument `first` on, whatever the hash (0: a new one) has to become for them? */
export function canSetFields(e: u32, first: u32): bool {
  const pairs = <u64>(argc - first) >> 1;
  if (pairs < ASK_FIELDS_MIN) return true;
  let bytes: u64 = 8192 + pairs * FIELD_BYTES;
  if (e != 0) {
    const pointer = entryPointer(e);
    // A listpack may have to grow, and then become a table besides.
    bytes += hashIsPacked(e) ? <u64>arenaSize(pointer) * 4 + (pairs / 128) * 4096 : dictGrowthBytes(pointer, pairs);
  } else bytes += (pairs / 128) * 4096;
  for (let i: u32 = first; i < argc; i++) bytes += <u64>argLen(i) << 1;
  return arenaCanAlloc(bytes);
}

/**
 * HSET and HMSET.
 * @param counted HSET replies with the number of new fields, HMSET with OK.
 */
export function hset(counted: bool): void {
  if ((argc & 1) != 0) { replyArity(argPtr(0), argLen(0)); return; }
  let e = hashWrite();
  if (e == WRONG) return;
  if (!canSetFields(e, 2)) { replyOom(); return; }
  const isNew = e == 0;
  if (isNew) e = hashCreate();
  if (e == 0) { replyOom(); return; }
  let created: i64 = 0;
  for (let i: u32 = 2; i < argc; i += 2) {
    const outcome = hashSet(e, argPtr(i), argLen(i), argPtr(i + 1), argLen(i + 1), EXPIRY_NONE);
    if (outcome == HASH_NO_MEMORY) {
      // The arena had promised more than it had. What is done is done, so it is logged.
      if (i != 2) { changed((i - 2) >>> 1); logFramePart(i); }
      hashMade(e, isNew);
      if (i != 2) argChanged(1, NOTIFY_HASH, EVENT_HSET);
      replyOom();
      return;
    }
    if (outcome == HASH_CREATED) created++;
  }
  changed((argc - 2) >>> 1);
  logFrame();
  hashMade(e, isNew);
  argChanged(1, NOTIFY_HASH, EVENT_HSET);
  if (counted) replyInt(created);
  else replyOk();
}

export function hsetnx(): void {
  let e = hashWrite();
  if (e == WRONG) return;
  if (e != 0 && hashFind(e, argPtr(2), argLen(2)) != 0) { replyInt(0); return; }
  const isNew = e == 0;
  if (isNew) e = hashCreate();
  if (e == 0) { replyOom(); return; }
  if (hashSet(e, argPtr(2), argLen(2), argPtr(3), argLen(3), EXPIRY_NONE) == HASH_NO_MEMORY) {
    hashMade(e, isNew);
    replyOom();
    return;
  }
  changed(1);
  if (logOn()) { fxBegin('HSET'); fxArg(argPtr(1), argLen(1)); fxArg(argPtr(2), argLen(2)); fxArg(argPtr(3), argLen(3)); fxEnd(); }
  hashMade(e, isNew);
  argChanged(1, NOTIFY_HASH, EVENT_HSET);
  replyInt(1);
}

export function hdel(): void {
  const e = hashWrite();
  if (e == WRONG) return;
  if (e == 0) { replyInt(0); return; }
  let deleted: u32 = 0;
  for (let i: u32 = 2; i < argc && !hashIsEmpty(e); i++) if (hashDelete(e, argPtr(i), argLen(i))) deleted++;
  if (deleted != 0) {
    changed(deleted);
    logFrame();
    argChanged(1, NOTIFY_HASH, EVENT_HDEL);
    hashDropIfEmpty(e);
  }
  replyInt(deleted);
}

export function hincrby(): void {
  if (!integerArg(3)) return;
  const by = integer;
  let e = hashWrite();
  if (e == WRONG) return;
  let value: i64 = 0;
  const at = e == 0 ? 0 : hashFind(e, argPtr(2), argLen(2));
  if (at != 0) {
    hashView(e, at, 0);
    if (!parseI64(valuePtr, valueLen)) { replyError('ERR hash value is not an integer'); return; }
    value = parsedI64;
  }
  if ((by < 0 && value < 0 && by < i64.MIN_VALUE - value) || (by > 0 && value > 0 && by > i64.MAX_VALUE - value)) {
    replyError('ERR increment or decrement would overflow');
    return;
  }
  value += by;
  const text = windowScratch(win);
  if (!storeNumber(e, text, formatI64(value, text))) return;
  logFrame();
  argChanged(1, NOTIFY_HASH, EVENT_HINCRBY);
  replyInt(value);
}

/** Sets the field at argument 2, its deadline kept, of the hash or of a new one. False: -OOM has been replied. */
function storeNumber(e: u32, text: u32, length: u32): bool {
  const isNew = e == 0;
  if (isNew) e = hashCreate();
  const done = e != 0 && hashSet(e, argPtr(2), argLen(2), text, length, EXPIRY_KEEP) != HASH_NO_MEMORY;
  if (e != 0) hashMade(e, isNew);
  if (done) {
    changed(1);
    return true;
  }
  replyOom();
  return false;
}

if (LD_BYTES + LD_BYTES + LD_CHARS_MAX + 16 + LD_SCRATCH_BYTES + 512 > SCRATCH_BYTES) ERROR('a window has too little scratch for HINCRBYFLOAT');
export function hincrbyfloat(): void {
  const base = windowScratch(win);
  const value = base;
  const by = base + LD_BYTES;
  const text = by + LD_BYTES;
  const scratch = text + ((LD_CHARS_MAX + 15) & ~15);
  if (!ldParse(argPtr(3), argLen(3), by, scratch)) { replyError('ERR value is not a valid float'); return; }
  if (!ldIsFinite(by)) { replyError('ERR value is NaN or Infinity'); return; }
  const e = hashWrite();
  if (e == WRONG) return;
  const at = e == 0 ? 0 : hashFind(e, argPtr(2), argLen(2));
  const timed = at != 0 && hashDeadline(e, at) >= 0;
  if (at != 0) {
    hashView(e, at, 0);
    if (!ldParse(valuePtr, valueLen, value, scratch)) { replyError('ERR hash value is not a float'); return; }
  } else memory.fill(value, 0, LD_BYTES);
  ldAdd(value, by, value);
  if (!ldIsFinite(value)) { replyError('ERR increment would produce NaN or Infinity'); return; }
  const length = ldFormat(value, text, scratch);
  if (!replyReserve(length + 64)) return;
  if (!logReserve(<u64>argLen(1) + argLen(2) + length + 256)) { replyOom(); return; }
  if (!storeNumber(e, text, length)) return;
  logNumber(timed, text, length);
  argChanged(1, NOTIFY_HASH, EVENT_HINCRBYFLOAT);
  replyBulk(text, length);
}

/** Logs what the field has become: sums of floats are not to be made twice. */
function logNumber(timed: bool, text: u32, length: u32): void {
  if (!logOn()) return;
  fxBegin(timed ? 'HSETEX' : 'HSET');
  fxArg(argPtr(1), argLen(1));
  if (timed) { fxText('KEEPTTL'); fxText('FIELDS'); fxInt(1); }
  fxArg(argPtr(2), argLen(2));
  fxArg(text, length);
  fxEnd();
}

// LLEN, LRANGE, LINDEX, LSET, LINSERT, LREM, LTRIM, LPOS: what lies between the ends of a list. Texts and order of checks:
// redis-server 7.0's t_list.c.
import { argLen, argPtr, argc, changed } from '../context';
import { argIsWord, integer, integerArg } from '../arguments';
import { removeKey, typedRead, typedWrite } from '../typed';
import { argChanged } from '../../events/arguments';
import { NOTIFY_LIST, keyEvent, keyModified } from '../../events/events';
import { EVENT_LINSERT, EVENT_LREM, EVENT_LSET, EVENT_LTRIM } from '../../events/names';
import { logFrame } from '../../log/ring';
import { replyArray, replyInt, replyNull, replyOk } from '../../resp/encode';
import { replyError, replyOom, replySyntax } from '../../resp/errors';
import { TYPE_LIST } from '../../table/entry';
import { cursorFirst, cursorLast, cursorMatches, cursorNext, cursorPrev, cursorReply, cursorSeek, cursorSought, listCount } from '../../types/list/cursor';
import { listCut, listDeleteEqual, listInsert, listReplace } from '../../types/list/edit';
import { bounded, boundedArg, isEntry } from './common';

export function llen(): void {
  const e = typedRead(1, TYPE_LIST);
  if (e == 0) replyInt(0);
  else if (isEntry(e)) replyInt(listCount(e));
}

/** What `rangeIn` made of two indexes: the first element, and how many there are from it on. */
let rangeStart: u32 = 0;
let rangeCount: u32 = 0;
function rangeIn(count: u32, start: i64, stop: i64): void {
  if (start < 0) start = max(start + count, 0);
  if (stop < 0) stop += count;
  stop = min(stop, <i64>count - 1);
  const any = start <= stop;
  rangeStart = any ? <u32>start : 0;
  rangeCount = any ? <u32>(stop - start) + 1 : 0;
}

/** Reads the indexes in arguments 2 and 3. False: the error has been replied. */
let startArg: i64 = 0;
let stopArg: i64 = 0;
function rangeArgs(): bool {
  if (!integerArg(2)) return false;
  startArg = integer;
  if (!integerArg(3)) return false;
  stopArg = integer;
  return true;
}

export function lrange(): void {
  if (!rangeArgs()) return;
  const e = typedRead(1, TYPE_LIST);
  if (e == 0) { replyArray(0); return; }
  if (!isEntry(e)) return;
  rangeIn(listCount(e), startArg, stopArg);
  replyArray(rangeCount);
  if (rangeCount == 0) return;
  cursorSeek(e, rangeStart);
  for (let left = rangeCount; ; cursorNext()) {
    cursorReply();
    if (--left == 0) return;
  }
}

/** Goes to the element at an index as commands count: below zero from the end. False: there is none. */
function seek(e: u32, index: i64): bool {
  const count = <i64>listCount(e);
  if (index < 0) index += count;
  return index >= 0 && index < count && cursorSeek(e, <u32>index);
}

export function lindex(): void {
  const e = typedRead(1, TYPE_LIST);
  if (e == 0) { replyNull(); return; }
  if (!isEntry(e) || !integerArg(2)) return;
  if (seek(e, integer)) cursorReply();
  else replyNull();
}

export function lset(): void {
  const e = typedWrite(1, TYPE_LIST);
  if (e == 0) { replyError('ERR no such key'); return; }
  if (!isEntry(e) || !integerArg(2)) return;
  if (!seek(e, integer)) { replyError('ERR index out of range'); return; }
  if (!listReplace(e, argPtr(3), argLen(3))) { replyOom(); return; }
  changed(1);
  logFrame();
  argChanged(1, NOTIFY_LIST, EVENT_LSET);
  replyOk();
}

export function linsert(): void {
  const after = argIsWord(2, 'after');
  if (!after && !argIsWord(2, 'before')) { replySyntax(); return; }
  const e = typedWrite(1, TYPE_LIST);
  if (e == 0) { replyInt(0); return; }
  if (!isEntry(e)) return;
  cursorSought(argPtr(3), argLen(3));
  let more = cursorFirst(e);
  while (more && !cursorMatches()) more = cursorNext();
  if (!more) { replyInt(-1); return; }
  if (!listInsert(e, after, argPtr(4), argLen(4))) { replyOom(); return; }
  const count = listCount(e);
  changed(1);
  logFrame();
  argChanged(1, NOTIFY_LIST, EVENT_LINSERT);
  replyInt(count);
}

export function lrem(): void {
  if (!integerArg(2)) return;
  const wanted = integer;
  const e = typedWrite(1, TYPE_LIST);
  if (e == 0) { replyInt(0); return; }
  if (!isEntry(e)) return;
  const count = listCount(e);
  // The smallest integer has no negative of its own, and means all, as in Redis.
  const limit = wanted == 0 || wanted == i64.MIN_VALUE ? count : <u32>min(abs(wanted), <i64>count);
  const gone = listDeleteEqual(e, argPtr(3), argLen(3), limit, wanted < 0);
  replyInt(gone);
  if (gone == 0) return;
  argChanged(1, NOTIFY_LIST, EVENT_LREM);
  if (gone == count) removeKey(argPtr(1), argLen(1));
  changed(gone);
  logFrame();
}

export function ltrim(): void {
  if (!rangeArgs()) return;
  const e = typedWrite(1, TYPE_LIST);
  if (e == 0) { replyOk(); return; }
  if (!isEntry(e)) return;
  const count = listCount(e);
  rangeIn(count, startArg, stopArg);
  replyOk();
  // Said of a list of which nothing goes, too, as Redis does.
  keyEvent(NOTIFY_LIST, EVENT_LTRIM, argPtr(1), argLen(1));
  if (rangeCount == count) { keyModified(argPtr(1), argLen(1)); return; }
  if (rangeCount == 0) removeKey(argPtr(1), argLen(1));
  else {
    listCut(e, false, count - rangeStart - rangeCount);
    listCut(e, true, rangeStart);
  }
  changed(count - rangeCount);
  logFrame();
  keyModified(argPtr(1), argLen(1));
}

/** Which match LPOS begins with, 1 the first (below zero: from the tail on), how many it wants (-1: one, as a number), of how many elements. */
let posRank: i64 = 0;
let posCount: i64 = 0;
let posMax: i64 = 0;

function posOptions(): bool {
  posRank = 1;
  posCount = -1;
  posMax = 0;
  for (let i: u32 = 3; i < argc; i += 2) {
    if (i + 1 >= argc) { replySyntax(); return false; }
    if (argIsWord(i, 'rank')) {
      if (!integerArg(i + 1)) return false;
      posRank = integer;
      if (posRank == 0) { replyError(RANK_ZERO); return false; }
    } else if (argIsWord(i, 'count')) {
      if (!boundedArg(i + 1, 0, "ERR COUNT can't be negative")) return false;
      posCount = bounded;
    } else if (argIsWord(i, 'maxlen')) {
      if (!boundedArg(i + 1, 0, "ERR MAXLEN can't be negative")) return false;
      posMax = bounded;
    } else { replySyntax(); return false; }
  }
  // The smallest integer has no negative of its own. Redis, which counts on with it, takes every match from the tail on.
  if (posRank == i64.MIN_VALUE) { posRank = -1; posCount = min(posCount, 0); }
  return true;
}
const RANK_ZERO: string =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";

export function lpos(): void {
  if (!posOptions()) return;
  const e = typedRead(1, TYPE_LIST);
  if (e == 0) {
    if (posCount != -1) replyArray(0);
    else replyNull();
    return;
  }
  if (!isEntry(e)) return;
  if (posCount == -1) {
    if (positions(e, 1, true) == 0) replyNull();
    return;
  }
  // Twice the same walk: the first counts, the second replies.
  const limit = posCount == 0 ? u32.MAX_VALUE : <u32>min(posCount, <i64>u32.MAX_VALUE);
  const found = positions(e, limit, false);
  replyArray(found);
  if (found != 0) positions(e, found, true);
}

/** Walks up to the `limit`'th match from posRank on; replies with their indexes, if `reply`. Answers how many there were. */
function positions(e: u32, limit: u32, reply: bool): u32 {
  const backwards = posRank < 0;
  const count = listCount(e);
  const walked = posMax == 0 ? count : <u32>min(posMax, <i64>count);
  let passOver = abs(posRank) - 1;
  let found: u32 = 0;
  cursorSought(argPtr(2), argLen(2));
  if (backwards) cursorLast(e);
  else cursorFirst(e);
  for (let i: u32 = 0; i < walked; i++) {
    if (cursorMatches()) {
      if (passOver != 0) passOver--;
      else {
        if (reply) replyInt(backwards ? count - 1 - i : i);
        if (++found == limit) return found;
      }
    }
    if (backwards) cursorPrev();
    else cursorNext();
  }
  return found;
}

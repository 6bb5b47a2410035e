// ZADD and ZINCRBY. Behaviour and texts: redis-server 7.0's t_zset.c, pinned by tests/differential.
import { argChanged } from '../../events/arguments';
import { NOTIFY_ZSET, keyNew } from '../../events/events';
import { EVENT_ZADD, EVENT_ZINCR } from '../../events/names';
import { logFrame, logFramePart } from '../../log/ring';
import { arenaCanAlloc } from '../../memory/arena';
import { windowScratch } from '../../memory/window';
import { replyDouble, replyInt, replyNull } from '../../resp/encode';
import { replyError, replyOom, replySyntax } from '../../resp/errors';
import { TYPE_ZSET } from '../../table/entry';
import { LOOKUP_QUIET, lookup } from '../../table/keyspace';
import { parseDouble, parsedDouble } from '../../types/double';
import {
  foundScore, heldEncoding, heldPointer, zsetDropHeld, zsetFind, zsetGrowthBytes, zsetHoldKey, zsetHoldNew, zsetInsert, zsetKeepIn, zsetRescore,
} from '../../types/zset/zset';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, changed, win } from '../context';
import { WRONG, newContainer, typedWrite } from '../typed';

const NX: u32 = 1;
const XX: u32 = 2;
const GT: u32 = 4;
const LT: u32 = 8;
const CH: u32 = 16;
const INCR: u32 = 32;

/** What became of one member. */
const NO_MEMORY: u32 = 0;
const SKIPPED: u32 = 1;
const ADDED: u32 = 2;
const UPDATED: u32 = 3;
const SAME: u32 = 4;
const NOT_A_NUMBER: u32 = 5;

/** Scores that are kept from the first look at the arguments to the second; of longer commands they are read twice. */
const SCORES_KEPT: u32 = 4096;

/** The member's score after `put`. */
let result: f64 = 0;

/** Does to the held set what the options say with one member and score. */
function put(score: f64, ptr: u32, length: u32, options: u32): u32 {
  result = score;
  if (!zsetFind(ptr, length)) {
    if (options & XX) return SKIPPED;
    return zsetInsert(score, ptr, length) ? ADDED : NO_MEMORY;
  }
  if (options & NX) return SKIPPED;
  if (options & INCR) {
    score += foundScore;
    if (score != score) return NOT_A_NUMBER;
    result = score;
  }
  if (((options & LT) && score >= foundScore) || ((options & GT) && score <= foundScore)) return SKIPPED;
  if (score == foundScore) return SAME;
  return zsetRescore(score, ptr, length) ? UPDATED : NO_MEMORY;
}

/** The score of pair k; the arguments have been looked at before. */
@inline function scoreAt(first: u32, k: u32): f64 {
  if (k < SCORES_KEPT) return load<f64>(windowScratch(win) + (k << 3));
  parseDouble(argPtr(first + (k << 1)), argLen(first + (k << 1)));
  return parsedDouble;
}

/** Reads all scores, or replies with the error and answers false. */
function scoresOk(first: u32, pairs: u32): bool {
  const kept = windowScratch(win);
  for (let k: u32 = 0; k < pairs; k++) {
    const i = first + (k << 1);
    if (!parseDouble(argPtr(i), argLen(i))) { replyError('ERR value is not a valid float'); return false; }
    if (k < SCORES_KEPT) store<f64>(kept + (k << 3), parsedDouble);
  }
  return true;
}

/** Is there memory for all pairs, whatever becomes of the set? */
function roomFor(first: u32, pairs: u32): bool {
  let bytes: u64 = 0;
  for (let k: u32 = 0; k < pairs; k++) bytes += argLen(first + (k << 1) + 1) + 16;
  return arenaCanAlloc(zsetGrowthBytes(heldEncoding, heldPointer, pairs, bytes) + argLen(1) + 128);
}

/** ZADD, and ZINCRBY when `options` is INCR. */
function add(options: u32): void {
  let i: u32 = 2;
  for (; i < argc; i++) {
    if (argIsWord(i, 'nx')) options |= NX;
    else if (argIsWord(i, 'xx')) options |= XX;
    else if (argIsWord(i, 'ch')) options |= CH;
    else if (argIsWord(i, 'incr')) options |= INCR;
    else if (argIsWord(i, 'gt')) options |= GT;
    else if (argIsWord(i, 'lt')) options |= LT;
    else break;
  }
  const pairs = (argc - i) >>> 1;
  if (((argc - i) & 1) != 0 || pairs == 0) { replySyntax(); return; }
  if ((options & (NX | XX)) == (NX | XX)) { replyError('ERR XX and NX options at the same time are not compatible'); return; }
  if (((options & NX) && (options & (GT | LT))) || (options & (GT | LT)) == (GT | LT)) {
    replyError('ERR GT, LT, and/or NX options at the same time are not compatible');
    return;
  }
  if ((options & INCR) && pairs > 1) { replyError('ERR INCR option supports a single increment-element pair'); return; }
  if (!scoresOk(i, pairs)) return;
  const e = typedWrite(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0 && (options & XX)) {
    if (options & INCR) replyNull();
    else replyInt(0);
    return;
  }
  if (e != 0) zsetHoldKey(e);
  else if (!zsetHoldNew()) { replyOom(); return; }
  putAll(i, pairs, options, e);
}

/** Puts the pairs into the held set, which is the key's (`e`) or a new one (0), and replies. */
function putAll(first: u32, pairs: u32, options: u32, e: u32): void {
  if (pairs > 1 && !roomFor(first, pairs)) { refuse(e, 0, 0, options); return; }
  let added: u32 = 0;
  let updated: u32 = 0;
  let last: u32 = SKIPPED;
  for (let k: u32 = 0; k < pairs; k++) {
    const m = first + (k << 1) + 1;
    last = put(scoreAt(first, k), argPtr(m), argLen(m), options);
    if (last == NO_MEMORY) { refuse(e, m - 1, added + updated, options); return; }
    if (last == NOT_A_NUMBER) { replyError('ERR resulting score is not a number (NaN)'); return; }
    if (last == ADDED) added++;
    else if (last == UPDATED) updated++;
  }
  if (e != 0) zsetKeepIn(e);
  else if (!keepNew()) { zsetDropHeld(); replyOom(); return; }
  if (e == 0) keyNew(argPtr(1), argLen(1));
  if (added + updated != 0) {
    changed(added + updated);
    logFrame();
    tell(options);
  }
  if (options & INCR) {
    if (last == SKIPPED) replyNull();
    else replyDouble(result);
  } else replyInt(options & CH ? added + updated : added);
}

function tell(options: u32): void { argChanged(1, NOTIFY_ZSET, options & INCR ? EVENT_ZINCR : EVENT_ZADD); }

/** Makes the key of a new set. False: no memory. */
function keepNew(): bool {
  lookup(argPtr(1), argLen(1), LOOKUP_QUIET);
  const e = newContainer(1, TYPE_ZSET, heldEncoding, heldPointer);
  if (e == 0) return false;
  zsetKeepIn(e);
  return true;
}

/**
 * Memory has ended. A new set is given up whole. Of a set that was there the changes made so far stay: the arena had
 * promised more than it had; they are logged, as the frame's beginning up to argument `end`.
 */
function refuse(e: u32, end: u32, changes: u32, options: u32): void {
  if (e == 0) zsetDropHeld();
  else {
    zsetKeepIn(e);
    if (changes != 0) {
      changed(changes);
      logFramePart(end);
      tell(options);
    }
  }
  replyOom();
}

export function zadd(): void { add(0); }
export function zincrby(): void { add(INCR); }

// A small sorted set: a listpack of member, score, member, score, in the order of (score, member bytes).
//
// A member is an element as any listpack has it. A score is
//   an integer element                if it is an integer below 2^53 in size and not -0
//   a string of 4 bytes               its f32 bits, if it is a float exactly (infinities and -0 among them)
//   a string of 8 bytes               its f64 bits
//   a string of 9 bytes, 0 and 8      its f64 bits, where the 8 alone would read as a decimal integer
// and likewise 8 bytes where the 4 would. So a score never takes more than 11 bytes, and two equal ones take the same.
import { win } from '../../commands/context';
import { arenaAlloc, arenaFree } from '../../memory/arena';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import { parseI64 } from '../integer';
import {
  lpAfter, lpAt, lpBytes, lpDeleteSpan, lpFind, lpFirst, lpInsertSpan, lpInt, lpIsInt, lpLast, lpLen, lpNext, lpPrev, lpPtr, lpRead, lpReplaceInt, lpView, lpWrite,
  lpWriteInt,
} from '../listpack';
import { SEEK_MEMBER, SEEK_SCORE_AFTER, seekBelow, seekFor, seekMode, seekScore } from './seek';

/** At the end of the command's scratch: the bits of a score, and a pair being put together. */
export const PAIR_SCRATCH_BYTES: u32 = 2048;
const PAIR_OFFSET: u32 = SCRATCH_BYTES - PAIR_SCRATCH_BYTES;
const BITS_BYTES: u32 = 16;
/** Longer members do not fit there as a pair. */
const SHORT_MAX: u32 = 1920;
/** Head and back-length of the longest member, and a score. */
const PAIR_ROOM: u32 = 32;
/** A score as an element. */
export const SCORE_BYTES_MAX: u32 = 11;
/** From here on not every integer is a double. */
const INTEGERS_MAX: f64 = 9007199254740992;

/** The score in the element at `p`. */
export function packedScore(p: u32): f64 {
  lpRead(p);
  if (lpIsInt) return <f64>lpInt;
  if (lpLen == 4) return <f64>load<f32>(lpPtr);
  return load<f64>(lpPtr + (lpLen == 9 ? 1 : 0));
}

/** Writes a score as an element; answers where it ends. */
function writeScore(p: u32, score: f64): u32 {
  if (abs(score) < INTEGERS_MAX && trunc(score) == score && reinterpret<u64>(score) != 0x8000000000000000) return lpWriteInt(p, <i64>score);
  const bits = windowScratch(win) + PAIR_OFFSET;
  if (<f64><f32>score == score) {
    store<f32>(bits, <f32>score);
    if (!parseI64(bits, 4)) return lpWrite(p, bits, 4);
  }
  store<u8>(bits, 0);
  store<f64>(bits + 1, score);
  return parseI64(bits + 1, 8) ? lpWrite(p, bits, 9) : lpWrite(p, bits + 1, 8);
}

/** The member's position, or 0. */
@inline export function packedFind(lp: u32, ptr: u32, length: u32): u32 { return lpFind(lp, lpFirst(lp), ptr, length, 1); }

/** Does the pair whose member lies at `p` come before the place that `seekFor` named? */
function pairBelow(p: u32): bool {
  const score = packedScore(lpAfter(p));
  if (seekMode <= SEEK_SCORE_AFTER && score != seekScore) return score < seekScore;
  lpView(p, 1);
  return seekBelow(score, lpPtr, lpLen);
}

/** The first pair that does not come before the place that `seekFor` named; 0: they all do. Sets packedRank. */
export function packedSeek(lp: u32): u32 {
  packedRank = 0;
  for (let p = lpFirst(lp); p != 0; p = lpNext(lp, lpAfter(p))) {
    if (!pairBelow(p)) return p;
    packedRank++;
  }
  return 0;
}
/** Pairs in front of what the last packedSeek answered. */
export let packedRank: u32 = 0;

/** Where a new pair goes: in front of the answer, 0 at the end. Members that come in order need no walk. */
function placeFor(lp: u32, score: f64, ptr: u32, length: u32): u32 {
  seekFor(SEEK_MEMBER, score, ptr, length);
  const last = lpLast(lp);
  if (last == 0 || pairBelow(lpPrev(lp, last))) return 0;
  return packedSeek(lp);
}

/**
 * Puts a member in that is not there; its bytes lie outside of the listpack.
 * @returns the listpack to use from now on, or 0: no memory, nothing changed. lpAt is the member's position.
 */
export function packedInsert(lp: u32, score: f64, ptr: u32, length: u32): u32 {
  const place = placeFor(lp, score, ptr, length);
  const pair = windowScratch(win) + PAIR_OFFSET + BITS_BYTES;
  if (length <= SHORT_MAX) {
    const end = writeScore(lpWrite(pair, ptr, length), score);
    return lpInsertSpan(lp, place, pair, end - pair, 2);
  }
  // Put together elsewhere first, so that both go in or neither.
  const block = arenaAlloc(length + PAIR_ROOM);
  if (block == 0) return 0;
  const end = writeScore(lpWrite(block, ptr, length), score);
  const fresh = lpInsertSpan(lp, place, block, end - block, 2);
  arenaFree(block);
  return fresh;
}

/** Takes out the pair whose member lies at `p`. Never fails. */
@inline export function packedRemove(lp: u32, p: u32): u32 { return lpDeleteSpan(lp, p, lpAfter(lpAfter(p)), 2); }

/**
 * Gives the pair whose member lies at `p` another score, and the place that belongs to it.
 * @returns the listpack to use from now on, or 0: no memory, nothing changed.
 */
export function packedRescore(lp: u32, p: u32, score: f64, ptr: u32, length: u32): u32 {
  // The new pair goes in first, since that may fail; the old one is then further on if the new one came before it.
  const bytes = lpBytes(lp);
  const old = p - lp;
  const fresh = packedInsert(lp, score, ptr, length);
  if (fresh == 0) return 0;
  const added = lpBytes(fresh) - bytes;
  const place = lpAt - fresh;
  return packedRemove(fresh, fresh + old + (place <= old ? added : 0));
}

/** Gives the pair whose member lies at `p` another score that means the same place. 0: no memory, nothing changed. */
export function packedSetScore(lp: u32, p: u32, score: i64): u32 { return lpReplaceInt(lp, lpAfter(p), score); }

// HRANDFIELD. Without a count one field; with a count at most so many different ones; with a negative count exactly so
// many, repeats allowed. Behaviour and texts: redis-server 7.0's t_hash.c.
import { argc, proto, win } from '../context';
import { WRONG } from '../typed';
import { argIsWord, integer, integerArg } from '../arguments';
import { hashRead } from './common';
import { windowScratch } from '../../memory/window';
import { replyArray, replyFailed, replyNull } from '../../resp/encode';
import { replyError, replyOom, replySyntax } from '../../resp/errors';
import { entryPointer } from '../../table/entry';
import { expired, random } from '../../table/keyspace';
import { COLLECT_MAX } from '../../table/scan';
import { dictRandom, dictRoot } from '../../types/dict';
import { hashFields, hashIsPacked, hashReplyValue } from '../../types/hash/hash';
import { fieldAt, fieldsBegin, fieldsNext, replyFieldName, replyWalkedName, replyWalkedValue, walkField } from '../../types/hash/walk';
import { lpNext, lpSeek } from '../../types/listpack';

/** More replies than memory could ever hold: each takes six bytes at least. */
const REPLIES_MAX: i64 = 0x28000000;
/** Fields of a table drawn one by one, while no more than a third of it is wanted; beyond, the table is walked. */
const DRAWN_MAX: i64 = 1024;
/** Slots of the set of fields drawn so far, a power of two. */
const DRAWN_SLOTS: u32 = 4096;

/** A table of fewer fields per segment is sparse; tries at it, which fail only for fields whose time has come. */
const SPARSE_FIELDS: u32 = 32;
const SPARSE_TRIES: u32 = 16;

/** A random number below `bound`, which is not 0. */
@inline function below(bound: u32): u32 { return <u32>(((random() >> 32) * <u64>bound) >> 32); }

/** A random field of a hash of `count` live ones: its position or entry; 0: none was found. */
function draw(e: u32, count: u32): u32 {
  const pointer = entryPointer(e);
  if (hashIsPacked(e)) return lpSeek(pointer, <i32>(below(count) << 1));
  const r = dictRoot(pointer);
  // In a table that lost most of its fields, guessing a slot would take long.
  for (let i: u32 = 0; r.count < r.segments * SPARSE_FIELDS && i < SPARSE_TRIES; i++) {
    const f = fieldAt(pointer, below(r.count));
    if (!expired(f)) return f;
  }
  return dictRandom(pointer, drawScratch());
}
/** `dictRandom` gathers up to COLLECT_MAX addresses here; the set of drawn ones lies behind them. */
@inline function drawScratch(): u32 { return windowScratch(win); }
@inline function drawnSet(): u32 { return windowScratch(win) + COLLECT_MAX * 4; }

function replyPair(e: u32, at: u32, withValues: bool): void {
  if (withValues && proto == 3) replyArray(2);
  replyFieldName(hashIsPacked(e), at);
  if (withValues) hashReplyValue(e, hashIsPacked(e) ? lpNext(entryPointer(e), at) : at);
}

@inline function replyCount(count: u32, withValues: bool): void { replyArray(withValues && proto == 2 ? count * 2 : count); }

export function hrandfield(): void {
  if (argc > 2) { several(); return; }
  const e = hashRead();
  if (e == WRONG) return;
  const count = e == 0 ? 0 : hashFields(e);
  const at = count == 0 ? 0 : draw(e, count);
  if (at == 0) replyNull();
  else replyPair(e, at, false);
}

function several(): void {
  if (!integerArg(2)) return;
  const wanted = integer;
  if (wanted == i64.MIN_VALUE) {
    replyError('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807');
    return;
  }
  if (argc > 4 || (argc == 4 && !argIsWord(3, 'withvalues'))) { replySyntax(); return; }
  const withValues = argc == 4;
  if (withValues && (wanted < -(i64.MAX_VALUE / 2) || wanted > i64.MAX_VALUE / 2)) { replyError('ERR value is out of range'); return; }
  const e = hashRead();
  if (e == WRONG) return;
  const count = e == 0 ? 0 : hashFields(e);
  if (count == 0 || wanted == 0) { replyArray(0); return; }
  if (wanted < 0) repeated(e, count, -wanted, withValues);
  else if (wanted >= <i64>count) all(e, count, withValues);
  else if (!hashIsPacked(e) && wanted <= DRAWN_MAX && wanted * 3 <= <i64>count) drawn(e, count, <u32>wanted, withValues);
  else chosen(e, count, <u32>wanted, withValues);
}

/** With repeats. */
function repeated(e: u32, count: u32, wanted: i64, withValues: bool): void {
  if (wanted > REPLIES_MAX) { replyOom(); return; }
  replyCount(<u32>wanted, withValues);
  for (let i: u32 = 0; i < <u32>wanted && !replyFailed; i++) {
    const at = draw(e, count);
    if (at != 0) replyPair(e, at, withValues);
    else firstPair(e, withValues);
  }
}

/** The first live field there is: for a table so sparse that drawing found none. */
function firstPair(e: u32, withValues: bool): void {
  fieldsBegin(e);
  if (fieldsNext()) replyWalked(e, withValues);
}

/** Every field, in the order in which they lie. */
function all(e: u32, count: u32, withValues: bool): void {
  replyCount(count, withValues);
  fieldsBegin(e);
  while (!replyFailed && fieldsNext()) replyWalked(e, withValues);
}

function replyWalked(e: u32, withValues: bool): void {
  if (withValues && proto == 3) replyArray(2);
  replyWalkedName();
  if (withValues) replyWalkedValue(e);
}

/** One walk over all fields: each is taken with the chance that makes every choice of `wanted` equally likely. */
function chosen(e: u32, count: u32, wanted: u32, withValues: bool): void {
  replyCount(wanted, withValues);
  let left = count;
  let need = wanted;
  fieldsBegin(e);
  while (need != 0 && !replyFailed && fieldsNext()) {
    if (below(left) < need) { replyWalked(e, withValues); need--; }
    left--;
  }
}

/** A few of many: drawn one by one, those drawn before drawn again. */
function drawn(e: u32, count: u32, wanted: u32, withValues: bool): void {
  replyCount(wanted, withValues);
  const set = drawnSet();
  memory.fill(set, 0, DRAWN_SLOTS * 4);
  let got: u32 = 0;
  // At least two draws in three are new ones: so many tries fail for no hash.
  for (let tries: u32 = 0; got < wanted && tries < wanted * 64 + 64 && !replyFailed; tries++) {
    const at = draw(e, count);
    if (at == 0 || !remember(set, at)) continue;
    replyPair(e, at, withValues);
    got++;
  }
  if (got == wanted) return;
  fieldsBegin(e);
  while (got < wanted && !replyFailed && fieldsNext()) {
    if (!remember(set, walkField)) continue;
    replyWalked(e, withValues);
    got++;
  }
}

/** Puts an address into the set of those drawn; false: it was there. */
function remember(set: u32, at: u32): bool {
  let slot = (at >>> 3) * 0x9e3779b1 >>> 20;
  for (let i: u32 = 0; i < DRAWN_SLOTS; i++) {
    const place = set + (slot << 2);
    const had = load<u32>(place);
    if (had == at) return false;
    if (had == 0) { store<u32>(place, at); return true; }
    slot = (slot + 1) & (DRAWN_SLOTS - 1);
  }
  return false;
}

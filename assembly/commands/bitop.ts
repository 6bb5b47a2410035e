// BITOP. Behaviour and texts: redis-server 7.0's bitops.c.
//
// The sources are listed once, then the result is made in pieces that stay in the processor's cache while every source
// is folded into them. Nothing is stored before the whole result is there: the destination may be a source.
import { argIsWord } from './arguments';
import { argLen, argPtr, argc, win } from './context';
import { fxArg, fxBegin, fxEnd, logFrame, logOn, logReserve } from '../log/ring';
import { arenaAlloc, arenaFree } from '../memory/arena';
import { SCRATCH_BYTES, windowScratch } from '../memory/window';
import { replyInt } from '../resp/encode';
import { replyError, replyOom, replySyntax, replyWrongType } from '../resp/errors';
import { ENC_INT, INLINE_VALUE_MAX, entryEncoding } from '../table/entry';
import { argChanged } from '../events/arguments';
import { NOTIFY_STRING } from '../events/events';
import { EVENT_SET } from '../events/names';
import { anyGuests, lookupRead, lookupReplace, remove } from '../table/keyspace';
import { BITS_AND, BITS_NOT, BITS_OR, BITS_XOR, combine } from '../types/bits';
import { blobBytes, blobDrop, blobNew } from '../types/blob';
import { I64_CHARS_MAX } from '../types/integer';
import { EXPIRY_NONE, STORE_RAW, isString, setBlob, setString, stringView, viewLen, viewPtr } from '../types/string';

// A source's row: ptr u32, bytes u32, room for the digits of an int.
const ROW_BYTES: u32 = 32;
if (I64_CHARS_MAX + 8 > ROW_BYTES) ERROR('a row of BITOP has no room for an integer');
/** A short result lies at the end of the scratch, behind up to ROWS_MAX rows. */
const ROWS_MAX: u32 = (SCRATCH_BYTES - 256) / ROW_BYTES;
if (INLINE_VALUE_MAX > 256) ERROR('a short result does not fit behind the rows');
const PIECE_BYTES: u32 = 8192;

/** Operator of argument 1, or -1. */
function operatorArg(): i32 {
  if (argIsWord(1, 'and')) return BITS_AND;
  if (argIsWord(1, 'or')) return BITS_OR;
  if (argIsWord(1, 'xor')) return BITS_XOR;
  if (argIsWord(1, 'not')) return BITS_NOT;
  return -1;
}

export function bitop(): void {
  const operator = operatorArg();
  if (operator < 0) { replySyntax(); return; }
  if (operator == BITS_NOT && argc != 4) { replyError('ERR BITOP NOT must be called with a single source key.'); return; }
  const count = argc - 3;
  let rows = windowScratch(win);
  if (count > ROWS_MAX) {
    rows = arenaAlloc(count * ROW_BYTES);
    if (rows == 0) { replyOom(); return; }
  }
  if (listSources(rows, count)) storeResult(operator, rows, count);
  if (count > ROWS_MAX) arenaFree(rows);
}

/** Bytes of the longest source that `listSources` met. */
let longest: u32 = 0;

/** Fills the rows; false after an error reply. */
function listSources(rows: u32, count: u32): bool {
  longest = 0;
  for (let i: u32 = 0; i < count; i++) {
    const row = rows + i * ROW_BYTES;
    const e = lookupRead(argPtr(i + 3), argLen(i + 3));
    if (e == 0) { store<u64>(row, 0); continue; }
    if (!isString(e)) { replyWrongType(); return false; }
    stringView(e, 0);
    store<u32>(row, viewPtr);
    store<u32>(row, viewLen, 4);
    if (entryEncoding(e) == ENC_INT) {
      memory.copy(row + 8, viewPtr, viewLen);
      store<u32>(row, row + 8);
    }
    longest = max(longest, viewLen);
  }
  return true;
}

/** Computes, stores under argument 2 or deletes it, logs and replies. */
function storeResult(operator: u32, rows: u32, count: u32): void {
  const key = argPtr(2);
  const keyLen = argLen(2);
  const length = longest;
  if (length == 0) {
    if (remove(key, keyLen)) logDelete(key, keyLen);
    replyInt(0);
    return;
  }
  // Guests are in no log of this shard: with them the result is logged by value.
  const byValue = anyGuests();
  if (byValue && !logReserve(<u64>length + <u64>keyLen * 2 + 512)) { replyOom(); return; }
  if (length <= INLINE_VALUE_MAX) {
    const result = windowScratch(win) + SCRATCH_BYTES - 256;
    compute(operator, rows, count, result, length);
    if (setString(key, keyLen, lookupReplace(key, keyLen), result, length, EXPIRY_NONE, STORE_RAW) == 0) { replyOom(); return; }
    if (byValue) logSet(key, keyLen, result, length);
  } else {
    const blob = blobNew(length, length);
    if (blob == 0) { replyOom(); return; }
    compute(operator, rows, count, blobBytes(blob), length);
    if (setBlob(key, keyLen, lookupReplace(key, keyLen), blob, EXPIRY_NONE) == 0) { blobDrop(blob); replyOom(); return; }
    if (byValue) logSet(key, keyLen, blobBytes(blob), length);
  }
  if (!byValue) logFrame();
  argChanged(2, NOTIFY_STRING, EVENT_SET);
  replyInt(length);
}

function logDelete(key: u32, keyLen: u32): void {
  if (!logOn()) return;
  fxBegin('DEL');
  fxArg(key, keyLen);
  fxEnd();
}
function logSet(key: u32, keyLen: u32, ptr: u32, length: u32): void {
  if (!logOn()) return;
  fxBegin('SET');
  fxArg(key, keyLen);
  fxArg(ptr, length);
  fxEnd();
}

/** The result's `length` bytes at `to`: every source counts as if zeros followed it. */
function compute(operator: u32, rows: u32, count: u32, to: u32, length: u32): void {
  for (let from: u32 = 0; from < length; from += PIECE_BYTES) {
    const bytes = min(PIECE_BYTES, length - from);
    const piece = to + from;
    for (let i: u32 = 0; i < count; i++) {
      const row = rows + i * ROW_BYTES;
      const all = load<u32>(row, 4);
      const have = all > from ? min(bytes, all - from) : 0;
      const source = load<u32>(row) + from;
      if (operator == BITS_NOT) combine(BITS_NOT, piece, source, bytes);
      else if (i == 0) {
        memory.copy(piece, source, have);
        memory.fill(piece + have, 0, bytes - have);
      } else {
        combine(operator, piece, source, have);
        if (operator == BITS_AND) memory.fill(piece + have, 0, bytes - have);
      }
    }
  }
}

// Whole sorted sets as results: replied, or stored.
import { argChanged } from '../../events/arguments';
import { NOTIFY_ZSET } from '../../events/events';
import { fxArg, fxBegin, fxDouble, fxEnd, logFrame, logOn, logReserve } from '../../log/ring';
import { replyArray, replyBulk, replyDouble, replyFailed, replyInt } from '../../resp/encode';
import { replyOom } from '../../resp/errors';
import { TYPE_ZSET, entryEncoding, entryPointer } from '../../table/entry';
import { anyGuests, remove } from '../../table/keyspace';
import { DOUBLE_CHARS_MAX } from '../../types/double';
import {
  heldEncoding, heldFlags, heldPointer, heldSize, readLen, readPtr, readScore, zsetDropHeld, zsetLogMember, zsetNext, zsetRead, zsetSize, zsetStep, zsetWalk,
} from '../../types/zset/zset';
import { argLen, argPtr, changed, proto } from '../context';
import { storeContainer } from '../typed';

/** Pairs that a record has rows for, besides its name and the key. */
const LOG_PAIRS_MAX: u32 = 15;
/** What a record takes besides the key and its pairs, and what a pair takes besides the member's bytes. */
const LOG_RECORD_BYTES: u64 = 96;
const LOG_PAIR_BYTES: u64 = 32 + DOUBLE_CHARS_MAX;

/**
 * Replies with `count` members from a rank on, upwards or downwards. Scores follow their members under RESP2; under RESP3
 * each member and its score are an array of their own.
 */
export function replyRange(encoding: u32, pointer: u32, rank: u32, count: u32, reverse: bool, withScores: bool): void {
  const nested = withScores && proto == 3;
  replyArray(withScores && !nested ? count * 2 : count);
  if (count == 0) return;
  zsetWalk(encoding, pointer, rank);
  for (let k: u32 = 0; k < count && !replyFailed; k++) {
    if (nested) replyArray(2);
    zsetRead();
    replyBulk(readPtr, readLen);
    if (withScores) replyDouble(readScore);
    zsetStep(reverse);
  }
}

/**
 * Stores the held set under the key in argument i, in the place of whatever is there, or deletes that key if the set is
 * empty. Logs, counts one change, tells of it, and replies with the number of members. The held set is gone afterwards, or
 * the key's. False: no memory, nothing changed.
 * @param event EVENT_* that storing is.
 */
export function storeHeld(i: u32, event: u32): bool {
  const size = heldSize();
  if (size == 0) {
    zsetDropHeld();
    storeNothing(i);
    return true;
  }
  // What came from another shard is not in this shard's log, so the result is logged by its value then.
  const byValue = logOn() && anyGuests();
  const room = byValue ? logReserve(valueLogBytes(i, size)) : true;
  const e = room ? storeContainer(i, TYPE_ZSET, heldEncoding, heldPointer, heldFlags()) : 0;
  if (e == 0) { zsetDropHeld(); replyOom(); return false; }
  if (byValue) logByValue(i, e);
  else logFrame();
  changed(1);
  argChanged(i, NOTIFY_ZSET, event);
  replyInt(size);
  return true;
}

/** An empty result: the key in argument i goes. */
export function storeNothing(i: u32): void {
  if (remove(argPtr(i), argLen(i)) && logOn()) {
    fxBegin('DEL');
    fxArg(argPtr(i), argLen(i));
    fxEnd();
  }
  replyInt(0);
}

/** What `logByValue` writes, at most. */
function valueLogBytes(i: u32, size: u32): u64 {
  let bytes: u64 = (size / LOG_PAIRS_MAX + 2) * (LOG_RECORD_BYTES + argLen(i));
  zsetWalk(heldEncoding, heldPointer, 0);
  for (let k: u32 = 0; k < size; k++) {
    zsetRead();
    bytes += LOG_PAIR_BYTES + readLen;
    zsetNext();
  }
  return bytes;
}

function logByValue(i: u32, e: u32): void {
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  fxBegin('DEL');
  fxArg(argPtr(i), argLen(i));
  fxEnd();
  const size = zsetSize(encoding, pointer);
  zsetWalk(encoding, pointer, 0);
  for (let k: u32 = 0; k < size; ) {
    fxBegin('ZADD');
    fxArg(argPtr(i), argLen(i));
    for (const end = min(k + LOG_PAIRS_MAX, size); k < end; k++) {
      zsetRead();
      fxDouble(readScore);
      zsetLogMember();
      zsetNext();
    }
    fxEnd();
  }
}

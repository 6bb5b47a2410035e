// What the commands on lists share: words, ranges of numbers, making and removing the key, popping.
import { argLen, argPtr } from '../context';
import { argIsWord } from '../arguments';
import { WRONG, removeKey } from '../typed';
import { NOTIFY_LIST, keyEvent, keyModified } from '../../events/events';
import { EVENT_LPOP, EVENT_RPOP } from '../../events/names';
import { replyArray } from '../../resp/encode';
import { replyError, replySyntax } from '../../resp/errors';
import { parseI64, parsedI64 } from '../../types/integer';
import { cursorFirst, cursorLast, cursorNext, cursorPrev, cursorReply, listCount } from '../../types/list/cursor';
import { listCut } from '../../types/list/edit';

/** Was there an entry, and of the right type? */
@inline export function isEntry(e: u32): bool { return e > WRONG; }

/** Reads LEFT or RIGHT: 1 left, 0 right; -1: the error has been replied. */
export function sideArg(i: u32): i32 {
  if (argIsWord(i, 'left')) return 1;
  if (argIsWord(i, 'right')) return 0;
  replySyntax();
  return -1;
}

/** The integer that `boundedArg` read. */
export let bounded: i64 = 0;

/** Reads argument i as an integer from `least` on; with `text` for an error, whatever is wrong. */
export function boundedArg(i: u32, least: i64, text: string): bool {
  bounded = parseI64(argPtr(i), argLen(i)) ? parsedI64 : i64.MIN_VALUE;
  if (bounded >= least && bounded != i64.MIN_VALUE) return true;
  replyError(text);
  return false;
}

/** Replies with `count` elements from an end on, as an array. */
export function replyFromEnd(e: u32, atHead: bool, count: u32): void {
  replyArray(count);
  if (count == 0) return;
  if (atHead) cursorFirst(e);
  else cursorLast(e);
  while (true) {
    cursorReply();
    if (--count == 0) return;
    if (atHead) cursorNext();
    else cursorPrev();
  }
}

/** Takes `count` elements from an end of the list at the key of argument `key`, which goes with the last of them; tells of it. */
export function takeFromEnd(key: u32, e: u32, atHead: bool, count: u32): void {
  keyEvent(NOTIFY_LIST, atHead ? EVENT_LPOP : EVENT_RPOP, argPtr(key), argLen(key));
  if (count == listCount(e)) removeKey(argPtr(key), argLen(key));
  else listCut(e, atHead, count);
  keyModified(argPtr(key), argLen(key));
}

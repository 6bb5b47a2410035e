// XRANGE, XREVRANGE, and how entries are replied everywhere.
import { argIsWord, integer, integerArg } from '../arguments';
import { argc } from '../context';
import { replyArray, replyClose, replyNullArray, replyOpen } from '../../resp/encode';
import { replySyntax } from '../../resp/errors';
import { TYPE_STREAM, entryPointer } from '../../table/entry';
import { idMs, idSeq, replyId } from '../../types/stream/id';
import { entryMs, entrySeq, replyEntryFields } from '../../types/stream/node';
import { scanBegin, scanNext } from '../../types/stream/scan';
import { streamAt } from '../../types/stream/stream';
import { WRONG, typedRead } from '../typed';
import { endArg, startArg } from './ids';

export const ARRAY: u32 = 0x2a;
export const MAP: u32 = 0x25;

/** An entry in hand: its ID and its fields. */
export function replyEntry(): void {
  replyArray(2);
  replyId(entryMs, entrySeq);
  replyEntryFields();
}

/** How many elements a reply of at most `count` (0: all) of `length` entries may have. */
@inline export function mostOf(count: u64, length: u64): u32 { return <u32>(count != 0 ? min(count, length) : length); }

/** Replies with up to `count` (0: all) entries between two IDs, both included; answers how many. */
export function replyRange(pointer: u32, fromMs: u64, fromSeq: u64, toMs: u64, toSeq: u64, count: u64, down: bool): u32 {
  const most = mostOf(count, streamAt(pointer).length);
  const open = replyOpen(most);
  scanBegin(pointer, fromMs, fromSeq, toMs, toSeq, down);
  let found: u32 = 0;
  while (found < most && scanNext()) {
    replyEntry();
    found++;
  }
  replyClose(open, most, ARRAY, found);
  return found;
}

/** XRANGE and XREVRANGE. */
export function xrange(down: bool): void {
  if (!startArg(down ? 3 : 2)) return;
  const fromMs = idMs;
  const fromSeq = idSeq;
  if (!endArg(down ? 2 : 3)) return;
  const toMs = idMs;
  const toSeq = idSeq;
  let count: i64 = -1;
  for (let i: u32 = 4; i < argc; i += 2) {
    if (i + 1 >= argc || !argIsWord(i, 'count')) { replySyntax(); return; }
    if (!integerArg(i + 1)) return;
    count = max<i64>(integer, 0);
  }
  const e = typedRead(1, TYPE_STREAM);
  if (e == WRONG) return;
  if (e == 0) { replyArray(0); return; }
  if (count == 0) { replyNullArray(); return; }
  replyRange(entryPointer(e), fromMs, fromSeq, toMs, toSeq, count == -1 ? 0 : count, down);
}

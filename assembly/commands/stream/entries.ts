// XADD, XDEL, XTRIM, XLEN, XSETID: the entries themselves. Behaviour and texts: redis-server 7.0's t_stream.c.
import { argIsWord, integer, integerArg } from '../arguments';
import { argLen, argPtr, argc, argvBase, changed, nowMs, setArgs, win } from '../context';
import { argChanged } from '../../events/arguments';
import { NOTIFY_STREAM, keyEvent, keyNew } from '../../events/events';
import { EVENT_XADD, EVENT_XDEL, EVENT_XSETID, EVENT_XTRIM } from '../../events/names';
import { fxArg, fxBegin, fxEnd, fxId, fxInt, fxText, logFrame, logOn } from '../../log/ring';
import { windowScratch } from '../../memory/window';
import { replyInt, replyNull, replyOk } from '../../resp/encode';
import { replyArity, replyError, replyOom, replySyntax } from '../../resp/errors';
import { ENC_STREAM, TYPE_STREAM, entryPointer } from '../../table/entry';
import { formatI64 } from '../../types/integer';
import { ID_CHARS_MAX, idFormat, idIncrement, idMs, idSeq, idSet, replyId } from '../../types/stream/id';
import { idBelow, treeLast } from '../../types/stream/id-tree';
import { ITEM_DELETED, entryFlags, entryMs, entrySeq } from '../../types/stream/node';
import { scanBegin, scanNext } from '../../types/stream/scan';
import { TRIM_MAXLEN, TRIM_NONE, streamAdd, streamAt, streamDelete, streamFindFirst, streamNew, streamNodes, streamTrim } from '../../types/stream/stream';
import { streamDrop } from '../../types/stream/value';
import { LP_BYTES_MAX } from '../../types/listpack';
import { WRONG, newContainer, typedRead, typedWrite } from '../typed';
import { idArg } from './ids';
import {
  addIdArg, addIdGiven, addMs, addOnly, addSeq, addSeqGiven, trimApproximate, trimArg, trimHow, trimLength, trimLimit, trimMs, trimSeq, trimmingArgs,
} from './trimming';

const TOO_LARGE: string = 'ERR Elements are too large to be stored';

/** Finds the ID that the new entry gets (idMs, idSeq), or replies why there is none and answers false. */
function chooseId(lastMs: u64, lastSeq: u64): bool {
  if (lastMs == u64.MAX_VALUE && lastSeq == u64.MAX_VALUE) {
    replyError('ERR The stream has exhausted the last possible ID, unable to add more items');
    return false;
  }
  if (!addIdGiven && <u64>nowMs > lastMs) idSet(<u64>nowMs, 0);
  else if (!addIdGiven) {
    idSet(lastMs, lastSeq);
    idIncrement();
  } else {
    idSet(addMs, addSeq);
    if (!addSeqGiven && addMs == lastMs) {
      // Redis's own word for a sequence that has come to its end.
      if (lastSeq == u64.MAX_VALUE) { replyError(TOO_LARGE); return false; }
      idSet(addMs, lastSeq + 1);
    }
  }
  if (idBelow(lastMs, lastSeq, idMs, idSeq)) return true;
  replyError('ERR The ID specified in XADD is equal or smaller than the target stream top item');
  return false;
}

function fieldBytes(first: u32): u64 {
  let sum: u64 = 0;
  for (let i = first; i < argc; i++) sum += argLen(i);
  return sum;
}

export function xadd(): void {
  if (!trimmingArgs(true)) return;
  const first = addIdArg + 1;
  if (argc < first + 2 || ((argc - first) & 1) != 0) { replyArity(argPtr(0), argLen(0)); return; }
  if (addIdGiven && addSeqGiven && addMs == 0 && addSeq == 0) {
    replyError('ERR The ID specified in XADD must be greater than 0-0');
    return;
  }
  const e = typedWrite(1, TYPE_STREAM);
  if (e == WRONG) return;
  if (e == 0 && addOnly) { replyNull(); return; }
  let pointer = e != 0 ? entryPointer(e) : 0;
  if (!chooseId(e != 0 ? streamAt(pointer).lastMs : 0, e != 0 ? streamAt(pointer).lastSeq : 0)) return;
  if (fieldBytes(first) > LP_BYTES_MAX) { replyError(TOO_LARGE); return; }
  const ms = idMs;
  const seq = idSeq;
  if (e == 0) {
    pointer = streamNew();
    if (pointer == 0) { replyOom(); return; }
  }
  if (!streamAdd(pointer, ms, seq, argvBase + (first << 3), (argc - first) >>> 1)) {
    if (e == 0) streamDrop(ENC_STREAM, pointer);
    replyOom();
    return;
  }
  if (e == 0 && newContainer(1, TYPE_STREAM, ENC_STREAM, pointer) == 0) {
    streamDrop(ENC_STREAM, pointer);
    replyOom();
    return;
  }
  const trimmed = trimHow != TRIM_NONE && streamTrim(pointer, trimHow, trimLength, trimMs, trimSeq, trimApproximate, trimLimit) != 0;
  changed(1);
  logAdd(pointer, ms, seq, first);
  if (e == 0) keyNew(argPtr(1), argLen(1));
  argChanged(1, NOTIFY_STREAM, EVENT_XADD);
  if (trimmed) keyEvent(NOTIFY_STREAM, EVENT_XTRIM, argPtr(1), argLen(1));
  replyId(ms, seq);
}

function setRow(i: u32, ptr: u32, length: u32): void {
  store<u32>(argvBase + (i << 3), ptr);
  store<u32>(argvBase + (i << 3), length, 4);
}

/**
 * Logs an XADD with the ID that was chosen and the trimming as it came out. The rows of the frame are rewritten in place:
 * options take no more of them than before, so fields and values move to the front.
 */
function logAdd(pointer: u32, ms: u64, seq: u64, first: u32): void {
  if (!logOn()) return;
  if (addIdGiven && addSeqGiven && first == 3) { logFrame(); return; }
  const text = windowScratch(win);
  let row: u32 = 2;
  if (trimHow != TRIM_NONE) {
    const option = trimApproximate ? trimArg - 2 : trimArg - 1;
    setRow(row++, text, trimHow == TRIM_MAXLEN ? writeWord(text, 'MAXLEN') : writeWord(text, 'MINID'));
    const from = trimApproximate ? text + 64 : argPtr(trimArg);
    setRow(row++, from, trimApproximate ? formatThreshold(pointer, from) : argLen(trimArg));
    assert(row <= option + (trimApproximate ? 3 : 2));
  }
  const id = text + 128;
  setRow(row++, id, idFormat(ms, seq, id));
  memory.copy(argvBase + (row << 3), argvBase + (first << 3), (argc - first) << 3);
  setArgs(argvBase, row + argc - first);
  logFrame();
}

function writeWord(at: u32, text: string): u32 {
  const length = <u32>text.length;
  for (let i: u32 = 0; i < length; i++) store<u8>(at + i, load<u8>(changetype<usize>(text) + (i << 1)));
  return length;
}

/** The exact threshold that comes to the same as an approximate trim of this stream has. */
function formatThreshold(pointer: u32, at: u32): u32 {
  const s = streamAt(pointer);
  if (trimHow == TRIM_MAXLEN) return formatI64(<i64>s.length, at);
  return s.length != 0 ? idFormat(s.firstMs, s.firstSeq, at) : idFormat(trimMs, trimSeq, at);
}
if (ID_CHARS_MAX > 64) ERROR('thresholds of XADD must fit their place');

export function xtrim(): void {
  if (!trimmingArgs(false)) return;
  const e = typedWrite(1, TYPE_STREAM);
  if (e == WRONG) return;
  if (e == 0) { replyInt(0); return; }
  const pointer = entryPointer(e);
  const gone = streamTrim(pointer, trimHow, trimLength, trimMs, trimSeq, trimApproximate, trimLimit);
  if (gone != 0) {
    changed(<u32>gone);
    if (!trimApproximate) logFrame();
    else if (logOn()) {
      const text = windowScratch(win);
      fxBegin('XTRIM');
      fxArg(argPtr(1), argLen(1));
      fxText(trimHow == TRIM_MAXLEN ? 'MAXLEN' : 'MINID');
      fxArg(text, formatThreshold(pointer, text));
      fxEnd();
    }
    argChanged(1, NOTIFY_STREAM, EVENT_XTRIM);
  }
  replyInt(gone);
}

export function xlen(): void {
  const e = typedRead(1, TYPE_STREAM);
  if (e == WRONG) return;
  replyInt(e != 0 ? <i64>streamAt(entryPointer(e)).length : 0);
}

export function xdel(): void {
  const e = typedWrite(1, TYPE_STREAM);
  if (e == WRONG) return;
  if (e == 0) { replyInt(0); return; }
  for (let i: u32 = 2; i < argc; i++) if (!idArg(i)) return;
  const pointer = entryPointer(e);
  const s = streamAt(pointer);
  let deleted: u32 = 0;
  let firstWent = false;
  for (let i: u32 = 2; i < argc; i++) {
    idArg(i);
    if (!streamDelete(pointer, idMs, idSeq)) continue;
    if (idMs == s.firstMs && idSeq == s.firstSeq) firstWent = true;
    if (idBelow(s.maxDeletedMs, s.maxDeletedSeq, idMs, idSeq)) { s.maxDeletedMs = idMs; s.maxDeletedSeq = idSeq; }
    deleted++;
  }
  if (deleted != 0) {
    if (firstWent || s.length == 0) streamFindFirst(pointer);
    changed(deleted);
    logFrame();
    argChanged(1, NOTIFY_STREAM, EVENT_XDEL);
  }
  replyInt(deleted);
}

/** The last entry that is there, into entryMs/entrySeq; false: there is none. */
export function lastEntry(pointer: u32): bool {
  scanBegin(pointer, 0, 0, u64.MAX_VALUE, u64.MAX_VALUE, true);
  return scanNext();
}

export function xsetid(): void {
  if (!idArg(2)) return;
  const ms = idMs;
  const seq = idSeq;
  let added: i64 = -1;
  let deletedMs: u64 = 0;
  let deletedSeq: u64 = 0;
  for (let i: u32 = 3; i < argc; i += 2) {
    const more = i + 1 < argc;
    if (more && argIsWord(i, 'entriesadded')) {
      if (!integerArg(i + 1)) return;
      if (integer < 0) { replyError('ERR entries_added must be positive'); return; }
      added = integer;
    } else if (more && argIsWord(i, 'maxdeletedid')) {
      if (!idArg(i + 1)) return;
      if (idBelow(ms, seq, idMs, idSeq)) {
        replyError('ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id');
        return;
      }
      deletedMs = idMs;
      deletedSeq = idSeq;
    } else { replySyntax(); return; }
  }
  const e = typedWrite(1, TYPE_STREAM);
  if (e == WRONG) return;
  if (e == 0) { replyError('ERR no such key'); return; }
  const pointer = entryPointer(e);
  const s = streamAt(pointer);
  if (s.length != 0) {
    if (lastEntry(pointer) && idBelow(ms, seq, entryMs, entrySeq)) {
      replyError('ERR The ID specified in XSETID is smaller than the target stream top item');
      return;
    }
    if (added != -1 && s.length > <u64>added) {
      replyError('ERR The entries_added specified in XSETID is smaller than the target stream length');
      return;
    }
  }
  s.lastMs = ms;
  s.lastSeq = seq;
  if (added != -1) s.entriesAdded = added;
  if (deletedMs != 0 || deletedSeq != 0) { s.maxDeletedMs = deletedMs; s.maxDeletedSeq = deletedSeq; }
  changed(1);
  logFrame();
  // No change of the key in Redis's eyes, and neither is what happens to a group.
  keyEvent(NOTIFY_STREAM, EVENT_XSETID, argPtr(1), argLen(1));
  replyOk();
}

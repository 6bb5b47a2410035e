// PFADD, PFCOUNT and PFMERGE. Behaviour and texts: redis-server 7.0's hyperloglog.c.
import { argLen, argPtr, argc, callFlags, changed } from '../context';
import { CALL_NO_WRITES } from '../../abi';
import { logValue } from '../internal';
import { argChanged } from '../../events/arguments';
import { NOTIFY_STRING, keyModified } from '../../events/events';
import { EVENT_PFADD } from '../../events/names';
import { fxArg, fxBegin, fxEnd, fxInt, logFrame, logOn, logReserve } from '../../log/ring';
import { replyInt, replyOk } from '../../resp/encode';
import { replyOom } from '../../resp/errors';
import { ENTRY_GUEST, entryFlags } from '../../table/entry';
import { anyGuests, lookupRead, lookupWrite } from '../../table/keyspace';
import {
  HLL_DENSE, HLL_DENSE_BYTES, HLL_REGISTERS, hllCardinality, hllChanged, hllCounted, hllDenseRaise, hllDenseWrite, hllEncoding, hllHash, hllIndex,
  hllRegisters, hllSetCardinality, hllValue,
} from '../../types/hll';
import { RAISE_CORRUPT, RAISE_DONE, hllSparseRewind } from '../../types/hll-sparse';
import { stringView, stringWritable, viewLen, viewPtr } from '../../types/string';
import {
  cardinality, copyEmpty, copyPtr, copyRaise, copyStore, copyToDense, copyView, countMerged, countView, markRaw, mergeArea, mergeView,
  replyCorrupt, sketchView,
} from './sketch';

export function pfadd(): void {
  const e = lookupWrite(argPtr(1), argLen(1));
  if (e == 0) { addToCopy(0); return; }
  if (!sketchView(e)) return;
  markRaw(e);
  if (hllEncoding(viewPtr) == HLL_DENSE) addInPlace(e);
  else addToCopy(e);
}

function addInPlace(e: u32): void {
  if (stringWritable(e, viewLen) == 0) { replyOom(); return; }
  const registers = hllRegisters(viewPtr);
  let raised: u32 = 0;
  for (let i: u32 = 2; i < argc; i++) {
    const hash = hllHash(argPtr(i), argLen(i));
    if (hllDenseRaise(registers, hllIndex(hash), hllValue(hash))) raised++;
  }
  if (raised != 0) {
    hllChanged(viewPtr);
    changed(raised);
    logFrame();
    argChanged(1, NOTIFY_STRING, EVENT_PFADD);
  }
  replyInt(raised != 0 ? 1 : 0);
}

function addToCopy(old: u32): void {
  if (old == 0) copyEmpty();
  else if (!copyView()) { replyCorrupt(); return; }
  let raised: u32 = old == 0 ? 1 : 0;
  for (let i: u32 = 2; i < argc; i++) {
    const hash = hllHash(argPtr(i), argLen(i));
    hllSparseRewind();
    const outcome = copyRaise(hllIndex(hash), hllValue(hash));
    if (outcome == RAISE_CORRUPT) { replyCorrupt(); return; }
    if (outcome == RAISE_DONE) raised++;
  }
  if (raised == 0) { replyInt(0); return; }
  hllChanged(copyPtr);
  if (copyStore(1, old) == 0) { replyOom(); return; }
  changed(raised - 1);
  logFrame();
  argChanged(1, NOTIFY_STRING, EVENT_PFADD);
  replyInt(1);
}

export function pfcount(): void {
  if (argc > 2) { countMany(); return; }
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) { replyInt(0); return; }
  if (!sketchView(e)) return;
  markRaw(e);
  if (hllCounted(viewPtr)) { replyInt(<i64>hllCardinality(viewPtr)); return; }
  if (!countView()) { replyCorrupt(); return; }
  keepCardinality(e);
  replyInt(<i64>cardinality);
}

/** Writes the count into the sketch, so that the next PFCOUNT need not count. Where that cannot be done, it stays undone. */
function keepCardinality(e: u32): void {
  if ((callFlags & CALL_NO_WRITES) != 0 || (entryFlags(e) & ENTRY_GUEST) != 0) return;
  if (!logReserve(<u64>argLen(1) + 256)) return;
  if (stringWritable(e, viewLen) == 0) return;
  hllSetCardinality(viewPtr, cardinality);
  changed(1);
  if (logOn()) {
    fxBegin('SETRANGE');
    fxArg(argPtr(1), argLen(1));
    fxInt(8);
    fxArg(viewPtr + 8, 8);
    fxEnd();
  }
  keyModified(argPtr(1), argLen(1));
}

/** Merges the sketches of arguments 1 and up at mergeArea; false after an error reply. */
function mergeArguments(): bool {
  anyDense = false;
  memory.fill(mergeArea(), 0, HLL_REGISTERS);
  for (let i: u32 = 1; i < argc; i++) {
    const e = lookupRead(argPtr(i), argLen(i));
    if (e == 0) continue;
    if (!sketchView(e)) return false;
    if (hllEncoding(viewPtr) == HLL_DENSE) anyDense = true;
    if (!mergeView()) { replyCorrupt(); return false; }
  }
  return true;
}
/** Was one of the merged sketches dense? */
let anyDense: bool = false;

function countMany(): void {
  if (!mergeArguments()) return;
  countMerged();
  replyInt(<i64>cardinality);
}

/** The destination is merged like the sources. */
export function pfmerge(): void {
  if (!mergeArguments()) return;
  const byValue = anyGuests();
  if (byValue && !logReserve(<u64>HLL_DENSE_BYTES * 2 + <u64>argLen(1) * 2 + 512)) { replyOom(); return; }
  const old = lookupWrite(argPtr(1), argLen(1));
  if (old == 0) copyEmpty();
  else {
    stringView(old, 0);
    if (!copyView()) { replyCorrupt(); return; }
  }
  if (!fillCopy()) { replyCorrupt(); return; }
  hllChanged(copyPtr);
  const e = copyStore(1, old);
  if (e == 0) { replyOom(); return; }
  if (byValue) logValue(argPtr(1), argLen(1), e);
  else logFrame();
  argChanged(1, NOTIFY_STRING, EVENT_PFADD);
  replyOk();
}

/** Raises the copy to the merged registers, none of which is below its own. */
function fillCopy(): bool {
  const bytes = mergeArea();
  if (anyDense && !copyToDense()) return false;
  hllSparseRewind();
  for (let i: u32 = 0; i < HLL_REGISTERS; i++) {
    // Dense registers are written at once, also when the copy has become dense under way.
    if (hllEncoding(copyPtr) == HLL_DENSE) { hllDenseWrite(bytes, hllRegisters(copyPtr)); return true; }
    const value = <u32>load<u8>(bytes + i);
    if (value != 0 && copyRaise(i, value) == RAISE_CORRUPT) return false;
  }
  return true;
}

// PFDEBUG and PFSELFTEST: the inside of a sketch shown, and the whole family tried. Behaviour and texts: redis-server
// 7.0's hyperloglog.c.
import { argIs, argLen, argPtr, win } from '../context';
import { logValue } from '../internal';
import { logReserve } from '../../log/ring';
import { arenaAlloc, arenaFree } from '../../memory/arena';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import { replyArray, replyBulk, replyInt, replyOk, replyReserve } from '../../resp/encode';
import { printedLength, replyError, replyErrorWith, replyOom } from '../../resp/errors';
import { replyStatusText } from '../keys';
import { lookupWrite } from '../../table/keyspace';
import {
  HLL_DENSE, HLL_DENSE_BYTES, HLL_REGISTERS, hllDenseGet, hllEncoding, hllHash, hllIndex, hllRegisters, hllValue,
} from '../../types/hll';
import { RAISE_DONE, RAISE_KEPT, hllSparseRewind, hllSparseText, hllTextBytesMax } from '../../types/hll-sparse';
import { formatI64 } from '../../types/integer';
import { stringView, viewLen, viewPtr } from '../../types/string';
import {
  cardinality, copyEmpty, copyLen, copyPtr, copyRaise, copyStore, copyToDense, copyView, countMerged, countSketch, markRaw, mergeArea,
  replyCorrupt, sketchView,
} from './sketch';

export function pfdebug(): void {
  const e = lookupWrite(argPtr(2), argLen(2));
  if (e == 0) { replyError('ERR The specified key does not exist'); return; }
  if (!sketchView(e)) return;
  markRaw(e);
  // Subcommands are compared as packed lower-case words.
  if (argIs(1, 0x676572746567, 6)) registers(e);
  else if (argIs(1, 0x65646f636564, 6)) decode();
  else if (argIs(1, 0x676e69646f636e65, 8)) replyStatusText(hllEncoding(viewPtr) == HLL_DENSE ? 'dense' : 'sparse');
  else if (argIs(1, 0x65736e65646f74, 7)) toDense(e);
  else replyErrorWith("ERR Unknown PFDEBUG subcommand '", argPtr(1), printedLength(argPtr(1), argLen(1)), "'", false);
}

/** Makes the sketch dense; the entry, which may be another one, or 0 after an error reply. */
function madeDense(e: u32): u32 {
  if (!copyView() || !copyToDense()) { replyCorrupt(); return 0; }
  if (!logReserve(<u64>HLL_DENSE_BYTES + <u64>argLen(2) * 2 + 512)) { replyOom(); return 0; }
  const dense = copyStore(2, e);
  if (dense == 0) { replyOom(); return 0; }
  logValue(argPtr(2), argLen(2), dense);
  return dense;
}

function toDense(e: u32): void {
  if (hllEncoding(viewPtr) == HLL_DENSE) { replyInt(0); return; }
  if (madeDense(e) != 0) replyInt(1);
}

function registers(e: u32): void {
  if (!replyReserve(HLL_REGISTERS * 5 + 32)) return;
  if (hllEncoding(viewPtr) != HLL_DENSE) {
    const dense = madeDense(e);
    if (dense == 0) return;
    stringView(dense, 0);
  }
  const from = hllRegisters(viewPtr);
  replyArray(HLL_REGISTERS);
  for (let i: u32 = 0; i < HLL_REGISTERS; i++) replyInt(hllDenseGet(from, i));
}

function decode(): void {
  if (hllEncoding(viewPtr) == HLL_DENSE) { replyError('ERR HLL encoding is not sparse'); return; }
  const text = arenaAlloc(hllTextBytesMax(viewLen));
  if (text == 0) { replyOom(); return; }
  replyBulk(text, hllSparseText(viewPtr, viewLen, text));
  arenaFree(text);
}

const TEST_ELEMENTS: u32 = 20000;
/** Four standard errors of 16384 registers. */
const TEST_ERROR_MAX: f64 = 0.033;

/**
 * Adds the same elements to registers of a byte and to a sketch, which becomes dense on the way. From time to time both
 * have to give the same estimate, near the truth. Works in the window's scratch alone.
 */
export function pfselftest(): void {
  const bytes = mergeArea();
  const text = windowScratch(win) + SCRATCH_BYTES - 32;
  memory.fill(bytes, 0, HLL_REGISTERS);
  copyEmpty();
  let next: u32 = 1;
  for (let i: u32 = 1; i <= TEST_ELEMENTS; i++) {
    const hash = hllHash(text, formatI64(i, text));
    const index = hllIndex(hash);
    const value = hllValue(hash);
    const higher = <u32>load<u8>(bytes + index) < value;
    if (higher) store<u8>(bytes + index, value);
    hllSparseRewind();
    if (copyRaise(index, value) != (higher ? RAISE_DONE : RAISE_KEPT)) { replyError('ERR TESTFAILED A register was not raised as it should be'); return; }
    if (i != next && i != TEST_ELEMENTS) continue;
    next *= 3;
    countMerged();
    const expected = cardinality;
    if (!countSketch(copyPtr, copyLen) || cardinality != expected) { replyError('ERR TESTFAILED Two forms of a sketch give two estimates'); return; }
    if (Math.abs(<f64>cardinality - <f64>i) > <f64>i * TEST_ERROR_MAX + 0.5) { replyError('ERR TESTFAILED The estimate is too far off'); return; }
  }
  replyOk();
}

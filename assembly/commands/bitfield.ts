// BITFIELD and BITFIELD_RO. Behaviour and texts: redis-server 7.0's bitops.c.
//
// The arguments are read twice: once to find every fault and the farthest bit written before anything is touched, once
// to execute.
import { argIsWord, argTextLen, bitOffset, bitOffsetArg, integer, integerArg } from './arguments';
import { bitsGrown, bitsWritable } from './bits';
import { argLen, argPtr, argc, changed } from './context';
import { logFrame } from '../log/ring';
import { replyArray, replyInt, replyNull, replyReserve } from '../resp/encode';
import { replyError, replySyntax, replyWrongType } from '../resp/errors';
import { argChanged } from '../events/arguments';
import { NOTIFY_STRING } from '../events/events';
import { EVENT_SETBIT } from '../events/names';
import { lookupRead } from '../table/keyspace';
import { OVERFLOW_FAIL, OVERFLOW_SAT, OVERFLOW_WRAP, fitSigned, fitUnsigned, overflowed } from '../types/bit-overflow';
import { readField, readSignedField, writeField } from '../types/bits';
import { parseI64, parsedI64 } from '../types/integer';
import { isString, stringView, viewLen, viewPtr } from '../types/string';

const STEP_GET: u32 = 0;
const STEP_SET: u32 = 1;
const STEP_INCRBY: u32 = 2;
const STEP_OVERFLOW: u32 = 3;

/** A reply to one step: ":-9223372036854775808\r\n" at most. */
const STEP_REPLY_BYTES: u32 = 24;

// The step that `readStep` read last.
let step: u32 = 0;
let signed: bool = false;
let bits: u32 = 0;
let offset: u64 = 0;
let operand: i64 = 0;
/** How the steps to come treat what does not fit. */
let mode: u32 = 0;

/** Reads the step that begins at argument i. Returns the index behind it, or 0 after an error reply. */
function readStep(i: u32): u32 {
  const behind = argc - i - 1;
  if (behind >= 2 && argIsWord(i, 'get')) step = STEP_GET;
  else if (behind >= 3 && argIsWord(i, 'set')) step = STEP_SET;
  else if (behind >= 3 && argIsWord(i, 'incrby')) step = STEP_INCRBY;
  else if (behind >= 1 && argIsWord(i, 'overflow')) return readMode(i + 1) ? i + 2 : 0;
  else { replySyntax(); return 0; }
  if (!readType(i + 1) || !bitOffsetArg(i + 2, bits)) return 0;
  offset = bitOffset;
  if (step == STEP_GET) return i + 3;
  if (!integerArg(i + 3)) return 0;
  operand = integer;
  return i + 4;
}

function readMode(i: u32): bool {
  step = STEP_OVERFLOW;
  if (argIsWord(i, 'wrap')) mode = OVERFLOW_WRAP;
  else if (argIsWord(i, 'sat')) mode = OVERFLOW_SAT;
  else if (argIsWord(i, 'fail')) mode = OVERFLOW_FAIL;
  else { replyError('ERR Invalid OVERFLOW type specified'); return false; }
  return true;
}

/** i1..i64 or u1..u63. */
function readType(i: u32): bool {
  const length = argTextLen(i);
  const kind = length != 0 ? <u32>load<u8>(argPtr(i)) : 0;
  signed = kind == 0x69;
  if ((signed || kind == 0x75) && parseI64(argPtr(i) + 1, length - 1) && parsedI64 >= 1 && parsedI64 <= (signed ? 64 : 63)) {
    bits = <u32>parsedI64;
    return true;
  }
  replyError('ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.');
  return false;
}

/** BITFIELD, and BITFIELD_RO when `readOnly`. */
export function bitfield(readOnly: bool): void {
  let steps: u32 = 0;
  let writes = false;
  let last: u64 = 0;
  mode = OVERFLOW_WRAP;
  for (let i: u32 = 2; i < argc; ) {
    i = readStep(i);
    if (i == 0) return;
    if (step == STEP_OVERFLOW) continue;
    steps++;
    if (step == STEP_GET) continue;
    writes = true;
    last = max(last, offset + bits - 1);
  }
  if (!writes) {
    const e = lookupRead(argPtr(1), argLen(1));
    if (e != 0 && !isString(e)) { replyWrongType(); return; }
    if (e != 0) stringView(e, 0);
    execute(steps, viewPtr, e != 0 ? viewLen : 0);
    return;
  }
  if (readOnly) { replyError('ERR BITFIELD_RO only supports the GET subcommand'); return; }
  if (!replyReserve(steps * STEP_REPLY_BYTES + 64) || !bitsWritable(last)) return;
  const count = execute(steps, viewPtr, viewLen);
  if (count == 0 && !bitsGrown) return;
  // A string that only grew, every write having failed, is a change too.
  changed(max<u32>(count, 1));
  logFrame();
  // Of one that only grew nobody is told, as in Redis.
  if (count != 0) argChanged(1, NOTIFY_STRING, EVENT_SETBIT);
}

/** Runs every step over the string at `ptr` and replies; returns how many changed it. */
function execute(steps: u32, ptr: u32, length: u32): u32 {
  let count: u32 = 0;
  replyArray(steps);
  mode = OVERFLOW_WRAP;
  for (let i: u32 = 2; i < argc; ) {
    i = readStep(i);
    assert(i != 0);
    if (step == STEP_OVERFLOW) continue;
    if (step != STEP_GET) count += write(ptr, length) ? 1 : 0;
    else replyInt(signed ? readSignedField(ptr, length, offset, bits) : <i64>readField(ptr, length, offset, bits));
  }
  return count;
}

/** SET and INCRBY. Did it change the string, or count as a change because the string grew? */
function write(ptr: u32, length: u32): bool {
  const had = signed ? readSignedField(ptr, length, offset, bits) : <i64>readField(ptr, length, offset, bits);
  const base = step == STEP_SET ? operand : had;
  const by = step == STEP_SET ? 0 : operand;
  const has = signed ? fitSigned(base, by, bits, mode) : <i64>fitUnsigned(base, by, bits, mode);
  if (overflowed && mode == OVERFLOW_FAIL) { replyNull(); return false; }
  writeField(ptr, offset, bits, has);
  replyInt(step == STEP_SET ? had : has);
  return bitsGrown || had != has;
}

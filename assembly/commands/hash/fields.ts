// What the commands of Redis 7.4 and 8 on fields and their deadlines have in common: FIELDS numfields field ..., times, and
// the effect that goes into the log. Behaviour and texts: Redis 8's documentation and replies.
//
// The effect of such a command names the fields it changed and an absolute time, so it is the frame with rows left out: it
// is made where the frame's argument rows are, which nobody reads again.
import { argLen, argPtr, argc, argvBase, nowMs, win } from '../context';
import { argIsWord, integer, integerArg, replyInvalidExpiry } from '../arguments';
import { logFramePart } from '../../log/ring';
import { HEADER_FLAG_CLOCK_STOPPED, header } from '../../memory/layout';
import { windowScratch } from '../../memory/window';
import { replyArity, replyError } from '../../resp/errors';
import { formatI64, parseI64, parsedI64 } from '../../types/integer';

/** No deadline lies beyond this Unix millisecond, as in Redis. */
const DEADLINE_MAX: i64 = 0x3fffffffffff;

/** Index of the first field that `fieldsArg` found. All arguments from there on are fields. */
export let firstField: u32 = 0;
export function firstFieldIs(i: u32): void { firstField = i; }

/** Reads FIELDS numfields field ... from argument i on, or replies with the error. `notPositive`: what to say of a bad number. */
export function fieldsArg(i: u32, notPositive: string): bool {
  if (i >= argc || !argIsWord(i, 'fields')) { replyError('ERR Mandatory argument FIELDS is missing or not at the right position'); return false; }
  if (i + 1 >= argc) { replyArity(argPtr(0), argLen(0)); return false; }
  if (!parseI64(argPtr(i + 1), argLen(i + 1)) || parsedI64 < 1) { replyError(notPositive); return false; }
  if (parsedI64 != <i64>(argc - i - 2)) { replyError('ERR The `numfields` parameter must match the number of arguments'); return false; }
  firstField = i + 2;
  return true;
}

/** The deadline that `deadlineArg` read, Unix milliseconds. */
export let deadlineMs: i64 = 0;

/** Reads argument i as a time, or replies with the error. */
export function deadlineArg(i: u32, seconds: bool, absolute: bool): bool {
  if (!integerArg(i)) return false;
  let when = integer;
  if (when < 0) { replyError('ERR invalid expire time, must be >= 0'); return false; }
  if (seconds) {
    if (when > DEADLINE_MAX / 1000) { replyInvalidExpiry(); return false; }
    when *= 1000;
  }
  const base = absolute ? 0 : nowMs;
  if (when > DEADLINE_MAX - base) { replyInvalidExpiry(); return false; }
  deadlineMs = when + base;
  return true;
}

/** Has this deadline passed, so that a field that is given it goes at once? Not while a log of our own is replayed. */
export function hasPassed(deadline: i64): bool { return deadline <= nowMs && (header().flags & HEADER_FLAG_CLOCK_STOPPED) == 0; }

// The effect: `keepRows` gathers what stays, then the head is written in front of it and the whole is logged.

/** Rows kept since `keepNone`; they lie from firstField on. */
export let kept: u32 = 0;
export function keepNone(): void { kept = 0; }
/** Keeps `count` arguments from i on, which lie behind all rows kept so far. */
export function keepRows(i: u32, count: u32): void {
  if (firstField + kept != i) memory.copy(argvBase + ((firstField + kept) << 3), argvBase + (i << 3), count << 3);
  kept += count;
}

let row: u32 = 0;
let text: u32 = 0;

function rowIs(ptr: u32, length: u32): void {
  store<u32>(argvBase + (row << 3), ptr);
  store<u32>(argvBase + (row << 3), length, 4);
  row++;
}
function rowText(word: string): void {
  const start = text;
  for (let i = 0; i < word.length; i++) store<u8>(text++, load<u8>(changetype<usize>(word) + (i << 1)));
  rowIs(start, text - start);
}
function rowInt(value: i64): void {
  const start = text;
  text += formatI64(value, text);
  rowIs(start, text - start);
}

/** Logs `name key`, then `option`, the time (unless -1) and `FIELDS fields` as far as they are wanted, then the rows kept. */
export function logKept(name: string, option: string, time: i64, fields: u32): void {
  if (kept == 0) return;
  row = 0;
  text = windowScratch(win);
  rowText(name);
  row = 2;
  if (option.length != 0) rowText(option);
  if (time >= 0) rowInt(time);
  if (fields != 0) { rowText('FIELDS'); rowInt(fields); }
  assert(row <= firstField);
  memory.copy(argvBase + (row << 3), argvBase + (firstField << 3), kept << 3);
  logFramePart(row + kept);
}

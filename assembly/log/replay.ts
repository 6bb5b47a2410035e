// Executes stored log records one after the other. The host has looked them over before (verify.ts); each one's checksum is
// reckoned once more, so that what is executed is what was found sound. What commands answer is dropped.
import { ARGS_MAX, STATUS_DONE, STATUS_HOST } from '../abi';
import { argLen, argPtr, argc } from '../commands/context';
import { frameRun, framesBegin, framesEnd } from '../commands/exec';
import { events } from '../events/events';
import { arenaAlloc, arenaFree } from '../memory/arena';
import { header } from '../memory/layout';
import { windowArgv, windowInline, windowOut } from '../memory/window';
import { releasePieces, replyBegin, replyPieces } from '../resp/encode';
import { errors } from '../resp/errors';
import { PARSE_NEED_MORE, PARSE_TOO_MANY_ARGS, needBytes, parseFrame } from '../resp/parse';
import { crc32cUpdate } from './crc32c';
import { RECORD_BYTES_MAX, RECORD_HEADER } from './verify';

/** Everything has been executed. */
export const REPLAY_ALL: u32 = 0;
/** What remains is the beginning of a record of replayBytes bytes at least. */
export const REPLAY_MORE: u32 = 1;
/** What remains begins with an internal record of replayBytes bytes. */
export const REPLAY_INTERNAL: u32 = 2;
/** What remains begins with no record. */
export const REPLAY_DAMAGE: u32 = 3;
/** The last record of what was executed, replayBytes bytes, answered with an error: the reply is in the output. */
export const REPLAY_ERROR: u32 = 4;
/** What remains begins with a command, of replayBytes bytes, that the kernel does not have. Its arguments are in the window. */
export const REPLAY_UNKNOWN: u32 = 5;
/** There is no memory for the arguments of the command that remains. */
export const REPLAY_NO_MEMORY: u32 = 6;
/** The command that remains was not executed, for the reason that replayStatus has. */
export const REPLAY_REFUSED: u32 = 7;

const ARGS_BLOCK_MAX: u32 = 0x10000000;
/** `step` has executed the record. */
const WENT_WELL: u32 = 8;

/** Why the last call stopped: REPLAY_*; and how many commands it executed. */
export let replayStop: u32 = 0;
export let replayed: u32 = 0;
/** STATUS_* of the last command. */
export let replayStatus: i32 = 0;
/** Bytes of the record that the call stopped at, header included. */
export let replayBytes: u32 = 0;

/**
 * Executes the records at [ptr, ptr + bytes) (latched). The control block says what every record is executed with.
 * @param framed With headers; false: bare frames.
 * @returns bytes done: whole records.
 */
export function recordsReplay(window: u32, ptr: u32, bytes: u32, framed: bool): u32 {
  const out = windowOut(window);
  const outBytes = header().windowOutBytes;
  const end = ptr + bytes;
  let p = ptr;
  replayed = 0;
  replayStop = REPLAY_ALL;
  replayStatus = STATUS_DONE;
  framesBegin(window, out, outBytes);
  // What has happened once is no news.
  const wanted = events().wanted;
  events().wanted = 0;
  while (p < end) {
    const went = framed ? record(window, p, end) : bare(window, p, end);
    if (went != WENT_WELL && went != REPLAY_ERROR) { replayStop = went; break; }
    p += replayBytes;
    replayed++;
    if (went == REPLAY_ERROR) { replayStop = went; break; }
    const pieces = replyPieces();
    if (pieces != 0) releasePieces(window, pieces);
    replyBegin(out, outBytes);
  }
  events().wanted = wanted;
  framesEnd(replayStatus, p - ptr, replayed, replayBytes);
  return p - ptr;
}

/** Executes the record at `p`. */
function record(window: u32, p: u32, end: u32): u32 {
  replayBytes = RECORD_HEADER;
  if (end - p < RECORD_HEADER) return REPLAY_MORE;
  const payload = load<u32>(p);
  if (payload == 0 || payload > RECORD_BYTES_MAX) return REPLAY_DAMAGE;
  replayBytes = RECORD_HEADER + payload;
  if (end - p < replayBytes) return REPLAY_MORE;
  const from = p + RECORD_HEADER;
  if (crc32cUpdate(0, from, payload) != load<u32>(p, 4)) return REPLAY_DAMAGE;
  return command(window, from, from + payload, payload);
}

/** Executes the bare frame at `p`. */
function bare(window: u32, p: u32, end: u32): u32 { return command(window, p, end, 0); }

/** @param payload Bytes that the frame at `p` has to have; 0: its own, which go to replayBytes. */
function command(window: u32, p: u32, end: u32, payload: u32): u32 {
  if (load<u8>(p) != 0x2a) return REPLAY_DAMAGE;
  const inlineArea = windowInline(window);
  let bytes = parseFrame(p, end, windowArgv(window), ARGS_MAX, inlineArea, false);
  let block: u32 = 0;
  if (bytes == PARSE_TOO_MANY_ARGS) {
    const rows = argumentCount(p);
    block = rows < ARGS_BLOCK_MAX ? arenaAlloc(rows << 3) : 0;
    if (block == 0) return REPLAY_NO_MEMORY;
    bytes = parseFrame(p, end, block, rows, inlineArea, false);
  }
  const went = parsed(bytes, payload);
  if (block != 0) arenaFree(block);
  return went;
}

/** @param bytes What the parser has answered. */
function parsed(bytes: i32, payload: u32): u32 {
  if (payload == 0 && bytes == PARSE_NEED_MORE) { replayBytes = needBytes; return REPLAY_MORE; }
  if (bytes <= 0 || argc == 0 || (payload != 0 && bytes != payload)) return REPLAY_DAMAGE;
  if (payload == 0) replayBytes = bytes;
  if (startsWithNul(0)) {
    if (!isDatabase()) return REPLAY_INTERNAL;
    // No internal command comes from a log.
    if (argc > 1 && startsWithNul(1)) return REPLAY_DAMAGE;
  }
  replayStatus = frameRun(bytes);
  if (replayStatus == STATUS_HOST) return REPLAY_UNKNOWN;
  if (replayStatus != STATUS_DONE) return REPLAY_REFUSED;
  return errors == 0 ? WENT_WELL : REPLAY_ERROR;
}

@inline function startsWithNul(i: u32): bool { return argLen(i) != 0 && load<u8>(argPtr(i)) == 0; }
/** NUL 'D' 'B' and a digit: as verify.ts has it. */
function isDatabase(): bool {
  const p = argPtr(0);
  return argLen(0) >= 4 && load<u16>(p, 1) == 0x4244 && <u32>load<u8>(p, 3) - 0x30 <= 9;
}

/** How many arguments the frame at `p` says that it has. */
function argumentCount(p: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 1; i <= 10 && load<u8>(p + i) != 0x0d; i++) value = value * 10 + (load<u8>(p + i) - 0x30);
  return value;
}
if (WENT_WELL <= REPLAY_REFUSED) ERROR('codes must differ');

// Runs frames: parse, look up, execute, reply. The caller holds the shard's latch (frames that `cut` put in the local
// group excepted: those touch nothing but the window).
import {
  CALL_ALL, CALL_CLUSTER, CALL_EACH, CALL_EVICTED, CALL_HOST_ALL, CALL_INTERNAL, CALL_NO_WRITES, CALL_OOM, CALL_PROBE, CALL_REPLY_OFF, CALL_SLOW, CONTROL_ARGC, CONTROL_COMMANDS, CONTROL_COMMANDS_MAX,
  CONTROL_CONSUMED, CONTROL_ERRORS, CONTROL_FRAME_BYTES, CONTROL_MIXED, CONTROL_NEED, CONTROL_OPCODE, CONTROL_OUT_BYTES,
  CONTROL_PIECES, CONTROL_RAN, CONTROL_REJECTED, CONTROL_WRITES, STATUS_BIG, STATUS_DONE, STATUS_EVICT, STATUS_FULL, STATUS_HOST, STATUS_MALFORMED, STATUS_MANY,
  STATUS_NEED_MORE, STATUS_SLOW, STATUS_WRITE, WINDOW_CALLS, WINDOW_FAILED, WINDOW_REJECTED, ARGS_MAX,
} from '../abi';
import { header } from '../memory/layout';
import { logOn, logReserve } from '../log/ring';
import { overAllowance } from '../memory/allowance';
import { windowArgv, windowInline } from '../memory/window';
import {
  REPLY_ROOM, replyBegin, replyBytes, replyEnd, replyFailed, replyMark, replyPieces, replyReserve, replyRollback, replyRoom,
} from '../resp/encode';
import { pendingEvents } from '../events/events';
import { errors, errorsClear, replyArity, replyOom } from '../resp/errors';
import { PARSE_MALFORMED, PARSE_NEED_MORE, PARSE_TOO_MANY_ARGS, needBytes, parseFrame } from '../resp/parse';
import {
  argLen, argPtr, argc, argvBase, callFlags, changes, clearChanges, contextLoad, db, opcode, setArgs, setCommand, setDb, win,
} from './context';
import { clusterRoute } from './cluster';
import { dispatch } from './dispatch';
import { dispatchInternal } from './internal';
import { replyFault } from './fault';
import { isSlow } from './cost';
import { savesMuch } from '../snapshot/before-write';
import { saving } from '../snapshot/state';
import { FIRST_FAMILY_OPCODE } from './families';
import { movableKeys } from './movable';
import { arityOk, firstKeyOf, hostOnly, isManyShards, keyStepOf, lastKeyIndex } from './routes';
import { EXPIRE_LOG_BYTES } from '../table/keyspace';
import { parseI64, parsedI64 } from '../types/integer';
import { FLAG_DENYOOM, FLAG_MAYBE_SLOW, FLAG_WRITE, commandFlags, commandOpcode, lookupCommand } from './table.generated';

/** Rows of pieces beyond which a batch ends: what pins there are is then written out first. */
const PIECES_BATCH_MAX: u32 = 20;

// A caller that has its frames parsed already goes framesBegin, then frameRun for each, then framesEnd.

/** Opcodes of the frames that were executed so far, XORed with the first one's and gathered: 0 while all are the same. */
let mixed: u32 = 0;
let firstOpcode: u32 = 0;
/** Frames that were answered with an error before they ran. */
let rejected: u32 = 0;

/** Counts the command in hand in a table of the window. */
@inline function tally(table: u32): void {
  const cell = win + table + (opcode << 2);
  store<u32>(cell, load<u32>(cell) + 1);
}

/** What the control block brings becomes the call in progress, without a reply so far. */
export function framesBegin(window: u32, out: u32, outBytes: u32): void {
  contextLoad(window);
  errorsClear();
  clearChanges();
  mixed = 0;
  firstOpcode = 0;
  rejected = 0;
  replyBegin(out, outBytes);
}
/** Executes the frame that the parser has just read. @returns STATUS_DONE, or why it was not executed. */
export function frameRun(bytes: u32): i32 { return one(bytes, false); }
/** Fills in the control block's second half. */
export function framesEnd(status: i32, consumed: u32, commands: u32, frameBytes: u32): i32 { return stop(status, 0, consumed, commands, frameBytes); }

/** Where the last `exec` stopped, for the host. */
function stop(status: i32, start: u32, p: u32, commands: u32, frameBytes: u32): i32 {
  replyEnd();
  store<u32>(win + CONTROL_CONSUMED, p - start);
  store<u32>(win + CONTROL_OUT_BYTES, replyBytes());
  store<u32>(win + CONTROL_COMMANDS, commands);
  store<u32>(win + CONTROL_PIECES, replyPieces());
  store<u32>(win + CONTROL_FRAME_BYTES, frameBytes);
  store<u32>(win + CONTROL_OPCODE, opcode);
  store<u32>(win + CONTROL_ARGC, argc);
  store<u32>(win + CONTROL_NEED, needBytes);
  store<u32>(win + CONTROL_ERRORS, errors);
  store<u32>(win + CONTROL_MIXED, mixed);
  store<u32>(win + CONTROL_REJECTED, rejected);
  store<u32>(win + CONTROL_RAN, firstOpcode);
  store<u32>(win + CONTROL_WRITES, changes);
  // A local group runs without the latch: it has changed nothing, and may not touch the counter.
  if (changes != 0) header().dirty += changes;
  return status;
}

/**
 * Executes the frames in [input, input + inputBytes) in order, replies going to `out`.
 * @param argv Room for argsMax argument rows: the window's, or an arena block for frames with more.
 * @returns a STATUS_*; the control block says the rest.
 */
export function execute(window: u32, input: u32, inputBytes: u32, out: u32, outBytes: u32, argv: u32, argsMax: u32): i32 {
  framesBegin(window, out, outBytes);
  const end = input + inputBytes;
  const commandsMax = load<u32>(window + CONTROL_COMMANDS_MAX);
  const all = (callFlags & CALL_ALL) != 0;
  const limited = (callFlags & CALL_HOST_ALL) != 0;
  const each = limited || (callFlags & CALL_EACH) != 0;
  const inlineArea = windowInline(window);
  let p = input;
  let commands: u32 = 0;
  while (p < end) {
    if (commands >= commandsMax) return stop(STATUS_FULL, input, p, commands, 0);
    if (replyRoom() < REPLY_ROOM || replyPieces() > PIECES_BATCH_MAX) {
      if (!all && commands != 0) return stop(STATUS_FULL, input, p, commands, 0);
    }
    const bytes = parseFrame(p, end, argv, argsMax, inlineArea, limited);
    if (bytes <= 0) {
      if (bytes == PARSE_NEED_MORE) return stop(STATUS_NEED_MORE, input, p, commands, 0);
      if (bytes == PARSE_TOO_MANY_ARGS) return stop(STATUS_BIG, input, p, commands, 0);
      replyMark();
      replyFault();
      return stop(STATUS_MALFORMED, input, p, commands, 0);
    }
    if (argc == 0) { p += bytes; continue; }
    const status = one(bytes, each);
    if (status != STATUS_DONE) return stop(status, input, p, commands, bytes);
    p += bytes;
    commands++;
    if (all) store<u32>(out - (commands << 2), replyBytes());
    // Whoever waits for what has been put there gets it before the next command can see it.
    else if (pendingEvents()) return stop(p < end ? STATUS_FULL : STATUS_DONE, input, p, commands, 0);
  }
  return stop(STATUS_DONE, input, p, commands, 0);
}

/** Executes the frame in hand in the database that it names (records of the log may), else in the caller's. */
function one(bytes: u32, each: bool): i32 {
  if ((callFlags & CALL_INTERNAL) == 0 || !namesDatabase()) return run(bytes, each);
  const kept = db;
  setDb(namedDatabase);
  setArgs(argvBase + 8, argc - 1);
  const status = run(bytes, each);
  setDb(kept);
  return status;
}

let namedDatabase: u32 = 0;

/** Is the first element NUL 'D' 'B' and the index of a database, with a command behind it? */
function namesDatabase(): bool {
  const p = argPtr(0);
  const length = argLen(0);
  if (argc < 2 || length < 4 || load<u8>(p) != 0 || load<u16>(p, 1) != 0x4244) return false;
  if (!parseI64(p + 3, length - 3) || <u64>parsedI64 >= <u64>header().databaseCount) return false;
  namedDatabase = <u32>parsedI64;
  return true;
}

/** Bytes that the effects of the frame in hand may take: the command itself, and the DEL of each key that expired. */
function effectBytes(bytes: u32, flags: u32): u64 {
  let sum = <u64>bytes + <u64>argc * 16 + 512;
  // Whichever of the arguments are keys: their DELs fit, and so does the frame.
  if (opcode >= FIRST_FAMILY_OPCODE && movableKeys()) return sum + <u64>bytes + <u64>argc * EXPIRE_LOG_BYTES;
  const step = keyStepOf(flags);
  // A container names its key where the table does not say: its DEL takes no more than the frame.
  if (step == 0) return sum + <u64>bytes;
  const last = lastKeyIndex(flags);
  for (let i = firstKeyOf(flags); i <= last && i < argc; i += step) sum += argLen(i) + EXPIRE_LOG_BYTES;
  return sum;
}

/** Counts the frame in hand as one that does not run. */
function reject(): void {
  rejected++;
  if ((callFlags & CALL_INTERNAL) == 0) tally(WINDOW_REJECTED);
}

/** Answers -OOM without touching anything. */
function refuse(): i32 {
  reject();
  replyMark();
  replyOom();
  if (callFlags & CALL_REPLY_OFF) replyRollback();
  return STATUS_DONE;
}

/** May the frame in hand prove slow? Among frames that are executed together only those that say so. */
@inline function mayStop(flags: u32): bool {
  return (callFlags & CALL_SLOW) == 0 && ((flags & FLAG_MAYBE_SLOW) != 0 || (callFlags & CALL_ALL) == 0);
}

/** Executes the frame in hand, or says why not. @param each It is the host's, whatever it is. */
function run(bytes: u32, each: bool): i32 {
  const name = argPtr(0);
  const bucket = each ? 0 : lookupCommand(name, argLen(0));
  if (bucket == 0) {
    if ((callFlags & CALL_INTERNAL) && argLen(0) != 0 && load<u8>(name) == 0) {
      replyMark();
      dispatchInternal();
      if (replyFailed) replyOom();
      return STATUS_DONE;
    }
    setCommand(0xffff, 0);
    return STATUS_HOST;
  }
  const flags = commandFlags(bucket);
  setCommand(commandOpcode(bucket), flags);
  const fits = arityOk(bucket);
  if (fits) {
    if (hostOnly(flags)) return STATUS_HOST;
    // Of several shards, `cut` has looked already.
    if ((callFlags & CALL_CLUSTER) && header().shardCount == 1 && (callFlags & CALL_ALL) == 0 && clusterRoute(flags) < 0) return STATUS_HOST;
    if ((flags & FLAG_WRITE) && (callFlags & CALL_NO_WRITES)) return STATUS_WRITE;
    if (header().shardCount > 1 && (callFlags & (CALL_ALL | CALL_CLUSTER)) == 0 && isManyShards(flags)) return STATUS_MANY;
    if ((flags & FLAG_MAYBE_SLOW) && (callFlags & CALL_SLOW) == 0 && isSlow(bytes)) return STATUS_SLOW;
    if ((flags & FLAG_WRITE) && saving() && mayStop(flags) && savesMuch(flags)) return STATUS_SLOW;
    if ((flags & FLAG_DENYOOM) && overAllowance() && (callFlags & (CALL_EVICTED | CALL_INTERNAL)) == 0) {
      if (callFlags & CALL_OOM) return refuse();
      // Frames that are executed together are let pass: the host has looked at the limit before.
      if ((callFlags & CALL_ALL) == 0) return STATUS_EVICT;
    }
  }
  if (callFlags & CALL_PROBE) return STATUS_DONE;
  replyMark();
  if (!replyReserve(REPLY_ROOM)) { replyOom(); return STATUS_DONE; }
  replyMark();
  if (!fits) {
    replyArity(name, argLen(0));
    reject();
  } else {
    if ((flags & FLAG_WRITE) && logOn() && !logReserve(effectBytes(bytes, flags))) { replyOom(); return STATUS_DONE; }
    if (firstOpcode == 0) firstOpcode = opcode;
    mixed |= opcode ^ firstOpcode;
    const before = errors;
    dispatch();
    if (replyFailed) replyOom();
    // Frames of the host's own making are parts of a command that it counts itself.
    if ((callFlags & CALL_INTERNAL) == 0) {
      tally(WINDOW_CALLS);
      if (errors != before) tally(WINDOW_FAILED);
    }
  }
  if (callFlags & CALL_REPLY_OFF) replyRollback();
  return STATUS_DONE;
}

/** `execute` with the window's own argument table. */
@inline export function executeInWindow(window: u32, input: u32, inputBytes: u32, out: u32, outBytes: u32): i32 {
  return execute(window, input, inputBytes, out, outBytes, windowArgv(window), ARGS_MAX);
}
if (PARSE_MALFORMED >= 0) ERROR('parser codes below zero are failures');

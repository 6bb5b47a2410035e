// Sorts the frames of one read by shard, so that each shard is visited once: its frames are copied together, executed
// under one latch, and their replies brought back together. `merge` then puts the replies in the order of the frames.
//
// The host holds every latch involved while the groups execute, so nobody can see that their order differed.
//
// Groups 0..shardCount-1 are shards; group shardCount is local: frames that touch nothing but the window. A frame that
// may turn out slow ends the free order: after it only frames of its own shard are admitted, and the host executes that
// group last. If it answers SLOW, what was executed is still exactly a prefix of the frames.
import {
  CALL_CLUSTER, CALL_EACH, CALL_HOST_ALL, CALL_NO_WRITES, CONTROL_ARGC, CONTROL_COMMANDS, CONTROL_COMMANDS_MAX, CONTROL_CONSUMED, CONTROL_FRAME_BYTES, CONTROL_GROUP,
  CONTROL_GROUPS, CONTROL_NEED, CONTROL_OPCODE, CONTROL_OUT_BYTES, CONTROL_PIECES, CONTROL_SLOW_GROUP, FRAMES_MAX, NO_GROUP, STATUS_BIG, STATUS_DONE, STATUS_FULL,
  STATUS_HOST, STATUS_MALFORMED, STATUS_MANY, STATUS_NEED_MORE, STATUS_WRITE, WINDOW_FRAMES, WINDOW_GROUPS, WINDOW_IN, ARGS_MAX,
} from '../abi';
import { header } from '../memory/layout';
import { windowArgv, windowInline, windowOut, windowReturn, windowStaging } from '../memory/window';
import { replyBegin, replyBytes, replyEnd } from '../resp/encode';
import { errorsClear } from '../resp/errors';
import { PARSE_NEED_MORE, PARSE_TOO_MANY_ARGS, needBytes, parseFrame } from '../resp/parse';
import { clusterRoute } from './cluster';
import { argLen, argc, callFlags, argPtr, contextLoad, opcode, setCommand } from './context';
import { replyFault } from './fault';
import { arityOk, hostOnly, isLocal, routeOf } from './routes';
import { FLAG_MAYBE_SLOW, FLAG_WRITE, commandFlags, commandOpcode, lookupCommand } from './table.generated';

/** A local reply longer than this is written under the home shard's latch: it may need the arena. */
const LOCAL_BYTES_MAX: u32 = 1024;
/** Output that the local group leaves alone: it runs without a latch, so it must never come to ask the arena for more. */
const LOCAL_SPARE_BYTES: u32 = 20480;

@inline function frameRow(window: u32, i: u32): u32 { return window + WINDOW_FRAMES + (i << 4); }
@inline function groupRow(window: u32, g: u32): u32 { return window + WINDOW_GROUPS + (g << 4); }

/**
 * Cuts the frames at [from, inputBytes) of the window's input. Stops before a frame that is not simply one shard's.
 * With more than one group, the frames of each lie together in the staging area afterwards.
 * @returns STATUS_DONE or STATUS_FULL: execute what was cut. Any other status: nothing was cut, and it describes the first
 *          frame (`consumed` may still skip empty lines). MALFORMED has written its reply to the output.
 */
export function cutFrames(window: u32, from: u32, inputBytes: u32): i32 {
  contextLoad(window);
  const h = header();
  const input = window + WINDOW_IN;
  const end = input + inputBytes;
  const framesMax = min(load<u32>(window + CONTROL_COMMANDS_MAX), FRAMES_MAX);
  const limited = (callFlags & CALL_HOST_ALL) != 0;
  const each = limited || (callFlags & CALL_EACH) != 0;
  const local = h.shardCount;
  for (let g: u32 = 0; g <= local; g++) { store<u64>(groupRow(window, g), 0); store<u64>(groupRow(window, g), 0, 8); }
  let p = input + from;
  let frames: u32 = 0;
  let groups: u32 = 0;
  let only: u32 = 0;
  let slowGroup = NO_GROUP;
  let status = STATUS_DONE;
  let frameBytes: u32 = 0;
  let localBytes: u32 = 0;
  while (p < end) {
    if (frames >= framesMax) { status = STATUS_FULL; break; }
    const bytes = parseFrame(p, end, windowArgv(window), ARGS_MAX, windowInline(window), limited);
    if (bytes <= 0) {
      status = bytes == PARSE_NEED_MORE ? STATUS_NEED_MORE : bytes == PARSE_TOO_MANY_ARGS ? STATUS_BIG : STATUS_MALFORMED;
      break;
    }
    if (argc == 0) { p += bytes; continue; }
    const bucket = each ? 0 : lookupCommand(argPtr(0), argLen(0));
    if (bucket == 0) { setCommand(0xffff, 0); status = STATUS_HOST; frameBytes = bytes; break; }
    const flags = commandFlags(bucket);
    setCommand(commandOpcode(bucket), flags);
    let group = <i32>local;
    if (arityOk(bucket)) {
      if (hostOnly(flags)) { status = STATUS_HOST; frameBytes = bytes; break; }
      if (isLocal(opcode)) {
        if (argc > 1 && argLen(1) > LOCAL_BYTES_MAX) group = <i32>h.shardIndex;
      } else if (callFlags & CALL_CLUSTER) {
        group = clusterRoute(flags);
        if (group < 0) { status = STATUS_HOST; frameBytes = bytes; break; }
      }
      if ((flags & FLAG_WRITE) && (callFlags & CALL_NO_WRITES)) { status = STATUS_WRITE; frameBytes = bytes; break; }
      if ((callFlags & CALL_CLUSTER) == 0 && !isLocal(opcode)) group = routeOf(flags);
      if (group < 0) { status = STATUS_MANY; frameBytes = bytes; break; }
    } else if (argLen(0) > LOCAL_BYTES_MAX) group = <i32>h.shardIndex;
    if (slowGroup != NO_GROUP && <u32>group != slowGroup) { status = STATUS_FULL; break; }
    if (<u32>group == local) {
      // A longer argument went to a shard, so this bounds the reply, be it an echo or an error.
      localBytes += argLen(0) + (argc > 1 ? min(argLen(1), LOCAL_BYTES_MAX) : 0) + 128;
      if (frames != 0 && localBytes + LOCAL_SPARE_BYTES > h.windowOutBytes) { status = STATUS_FULL; break; }
    }
    if ((flags & FLAG_MAYBE_SLOW) && <u32>group != local) slowGroup = <u32>group;
    const row = frameRow(window, frames);
    store<u32>(row, p - input);
    store<u32>(row, bytes, 4);
    store<u32>(row, group, 8);
    const g = groupRow(window, group);
    if (load<u32>(g, 8) == 0) { groups++; only = <u32>group; }
    store<u32>(g, load<u32>(g, 4) + bytes, 4);
    store<u32>(g, load<u32>(g, 8) + 1, 8);
    frames++;
    p += bytes;
  }
  store<u32>(window + CONTROL_CONSUMED, p - input);
  store<u32>(window + CONTROL_COMMANDS, frames);
  store<u32>(window + CONTROL_GROUPS, groups);
  store<u32>(window + CONTROL_GROUP, only);
  store<u32>(window + CONTROL_SLOW_GROUP, slowGroup);
  store<u32>(window + CONTROL_PIECES, 0);
  store<u32>(window + CONTROL_OUT_BYTES, 0);
  if (frames != 0) {
    if (groups > 1) stage(window, frames, local);
    return status == STATUS_DONE ? STATUS_DONE : STATUS_FULL;
  }
  if (status == STATUS_MALFORMED) {
    errorsClear();
    replyBegin(windowOut(window), h.windowOutBytes);
    replyFault();
    replyEnd();
    store<u32>(window + CONTROL_OUT_BYTES, replyBytes());
  }
  store<u32>(window + CONTROL_FRAME_BYTES, frameBytes);
  store<u32>(window + CONTROL_OPCODE, opcode);
  store<u32>(window + CONTROL_ARGC, argc);
  store<u32>(window + CONTROL_NEED, needBytes);
  return status;
}

/** Copies the frames to the staging area, group by group, each in frame order. Row +0 becomes the group's offset there. */
function stage(window: u32, frames: u32, local: u32): void {
  const staging = windowStaging(window);
  let offset: u32 = 0;
  for (let g: u32 = 0; g <= local; g++) {
    const row = groupRow(window, g);
    store<u32>(row, offset, 12);
    store<u32>(row, offset);
    offset += load<u32>(row, 4);
  }
  for (let i: u32 = 0; i < frames; i++) {
    const row = frameRow(window, i);
    const group = groupRow(window, load<u32>(row, 8));
    const at = load<u32>(group, 12);
    const bytes = load<u32>(row, 4);
    const from = window + WINDOW_IN + load<u32>(row);
    const to = staging + at;
    // Exactly `bytes`: what follows may belong to the next group already.
    if (bytes >= 16 && bytes <= 256) {
      const last = bytes - 16;
      for (let k: u32 = 0; k < last; k += 16) v128.store(to + k, v128.load(from + k));
      v128.store(to + last, v128.load(from + last));
    } else memory.copy(to, from, bytes);
    store<u32>(group, at + bytes, 12);
  }
}

/**
 * Puts the replies of the first `frames` frames into the window's output, in frame order. For each group the host has
 * stored in its row, at +12, where its output begins in the return area; its ends lie in front of it.
 * @returns bytes of output. The caller has checked that they fit.
 */
export function mergeReplies(window: u32, frames: u32): u32 {
  const area = windowReturn(window);
  const local = header().shardCount;
  for (let g: u32 = 0; g <= local; g++) store<u64>(groupRow(window, g), 0);
  const out = windowOut(window);
  let to = out;
  // Up to here a short reply may be copied in whole vectors without leaving the output.
  const vectors = out + header().windowOutBytes - 64;
  for (let i: u32 = 0; i < frames; i++) {
    const group = groupRow(window, load<u32>(frameRow(window, i), 8));
    const base = area + load<u32>(group, 12);
    const taken = load<u32>(group) + 1;
    const begin = load<u32>(group, 4);
    const stop = load<u32>(base - (taken << 2));
    const bytes = stop - begin;
    store<u32>(group, taken);
    store<u32>(group, stop, 4);
    const from = base + begin;
    if (bytes <= 64 && to <= vectors) {
      v128.store(to, v128.load(from));
      if (bytes > 16) v128.store(to + 16, v128.load(from + 16));
      if (bytes > 32) { v128.store(to + 32, v128.load(from + 32)); v128.store(to + 48, v128.load(from + 48)); }
    } else memory.copy(to, from, bytes);
    to += bytes;
  }
  return to - out;
}

// Where a command runs, read from its table flags.
import { header } from '../memory/layout';
import { shardOfKey } from '../routing/slot';
import { CALL_INTERNAL } from '../abi';
import { argIs, argLen, argPtr, argc, callFlags, opcode } from './context';
import { FIRST_FAMILY_OPCODE } from './families';
import { movableCount, movableExtra, movableFirst, movableKeys, movableUnknown } from './movable';
import {
  OP_MEMORY, OP_OBJECT, OP_PING, OP_ECHO, OP_PFSELFTEST, OP_XGROUP, OP_XINFO, OP_XREAD, OP_XREADGROUP, WHERE_ALL, WHERE_CONTAINER, WHERE_HOST, WHERE_SHARD, commandArity,
} from './table.generated';

@inline export function whereOf(flags: u32): u32 { return (flags >>> 4) & 15; }
@inline export function firstKeyOf(flags: u32): u32 { return (flags >>> 8) & 15; }
@inline export function lastKeyOf(flags: u32): i32 { return <i32>(flags << 8) >> 24; }
@inline export function keyStepOf(flags: u32): u32 { return (flags >>> 24) & 15; }

/** Does the number of arguments fit the table's arity (negative: at least)? */
@inline export function arityOk(bucket: u32): bool {
  const arity = commandArity(bucket);
  return arity >= 0 ? argc == <u32>arity : argc >= <u32>-arity;
}

/** The host's by nature, but they touch nothing: the kernel answers them on the way. */
@inline export function isLocal(code: u32): bool { return code == OP_PING || code == OP_ECHO || code == OP_PFSELFTEST; }

/** Is the command in hand for TypeScript? Of the containers, four have subcommands that are ours. */
export function hostOnly(flags: u32): bool {
  const where = whereOf(flags);
  if (where == WHERE_HOST) return !isLocal(opcode);
  if (opcode == OP_XREAD || opcode == OP_XREADGROUP) return (callFlags & CALL_INTERNAL) == 0 && mayBlock();
  if (where != WHERE_CONTAINER) return false;
  if (opcode == OP_OBJECT || opcode == OP_XGROUP || opcode == OP_XINFO) return argc < 3;
  // "usage", packed little-endian.
  if (opcode == OP_MEMORY) return argc < 3 || !argIs(1, 0x6567617375, 5);
  return true;
}

/** Does a reader of streams wait if it finds nothing? That is led by the host, which executes it without the word. */
function mayBlock(): bool {
  for (let i: u32 = 1; i < argc; i++) {
    // "block" and "streams", packed little-endian.
    if (argIs(i, 0x6b636f6c62, 5)) return true;
    if (argIs(i, 0x736d6165727473, 7)) return false;
  }
  return false;
}

/** Index of the key of a one-key command, or 0: it has none. */
export function keyIndex(flags: u32): u32 {
  if (whereOf(flags) == WHERE_CONTAINER) return 2;
  return firstKeyOf(flags);
}

/** Index of the last key argument. */
@inline export function lastKeyIndex(flags: u32): u32 {
  const last = lastKeyOf(flags);
  const first = firstKeyOf(flags);
  return last < 0 ? argc - <u32>-last : first + <u32>last;
}

/** Does this command touch several shards, or all of them, as it stands? */
export function isManyShards(flags: u32): bool { return routeOf(flags) < 0; }

export const ROUTE_MANY: i32 = -1;
/** More keys than this are not looked at one by one: the host splits such a frame in any case. */
export const ROUTE_KEYS_MAX: u32 = 128;

/** The same for keys that options decide. */
function movableRoute(): i32 {
  if (movableUnknown) return ROUTE_MANY;
  const h = header();
  const first = movableExtra != 0 ? movableExtra : movableFirst;
  if (first == 0) return 0;
  const shard = shardOfKey(h.routing, h.shardCount, argPtr(first), argLen(first));
  if (movableCount > ROUTE_KEYS_MAX) return ROUTE_MANY;
  for (let i = movableFirst; i < movableFirst + movableCount; i++) {
    if (shardOfKey(h.routing, h.shardCount, argPtr(i), argLen(i)) != shard) return ROUTE_MANY;
  }
  return <i32>shard;
}

/** The shard of the frame in hand, or ROUTE_MANY. */
export function routeOf(flags: u32): i32 {
  const h = header();
  if (h.shardCount == 1) return 0;
  const where = whereOf(flags);
  if (where == WHERE_ALL) return ROUTE_MANY;
  if (opcode >= FIRST_FAMILY_OPCODE && movableKeys()) return movableRoute();
  const first = keyIndex(flags);
  if (first == 0 || first >= argc) return 0;
  const shard = shardOfKey(h.routing, h.shardCount, argPtr(first), argLen(first));
  if (where == WHERE_SHARD || where == WHERE_CONTAINER) return <i32>shard;
  const last = lastKeyIndex(flags);
  const step = keyStepOf(flags);
  if ((last - first) / step > ROUTE_KEYS_MAX) return ROUTE_MANY;
  for (let i = first + step; i <= last && i < argc; i += step) {
    if (shardOfKey(h.routing, h.shardCount, argPtr(i), argLen(i)) != shard) return ROUTE_MANY;
  }
  return <i32>shard;
}

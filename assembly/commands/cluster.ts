// What a connection to a cluster port may have executed at once: commands without keys, and commands whose keys all lie in
// one slot that the port's shard serves. Anything else is the host's: to be redirected, refused, or looked at more closely.
//
//   NUL SLOT slot cursor most   for CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT: a part of a walk over the database in hand.
//                               array: the cursor that goes on, 0 at the end; keys of the slot found; at most `most` of them
import { PORT_SHARD_SHIFT } from '../abi';
import { header } from '../memory/layout';
import { windowScratch } from '../memory/window';
import { replyArray, replyBulk, replyInt } from '../resp/encode';
import { slotOfKey } from '../routing/slot';
import { entryKey, entryKeyLen } from '../table/entry';
import { walkBegin, walkDone, walkNext, walkTableCursor } from '../table/scan';
import { integer, integerArg } from './arguments';
import { argLen, argPtr, argc, callFlags, opcode, win } from './context';
import { FIRST_FAMILY_OPCODE } from './families';
import { movableCount, movableExtra, movableFirst, movableKeys, movableUnknown } from './movable';
import { ROUTE_KEYS_MAX, ROUTE_MANY, keyIndex, keyStepOf, lastKeyIndex, whereOf } from './routes';
import { OP_COPY, OP_MOVE, OP_SWAPDB, WHERE_ALL, WHERE_CONTAINER, WHERE_SHARD } from './table.generated';

/** Home buckets that one part of a walk visits: some ten microseconds. */
const WALK_BUCKETS: u32 = 32;

/** The shard whose cluster port the frames came in at. Only under CALL_CLUSTER. */
@inline export function portShard(): u32 { return callFlags >>> PORT_SHARD_SHIFT; }

@inline function slotAt(i: u32): u32 { return slotOfKey(argPtr(i), argLen(i)); }

/** The port's shard if it may execute the frame in hand as it stands, else ROUTE_MANY. */
export function clusterRoute(flags: u32): i32 {
  const shard = portShard();
  const where = whereOf(flags);
  // What is about all keys is about this node's, here.
  if (where == WHERE_ALL) return opcode == OP_SWAPDB ? ROUTE_MANY : <i32>shard;
  if (opcode == OP_COPY || opcode == OP_MOVE) return ROUTE_MANY;
  let first: u32;
  let last: u32;
  let step: u32 = 1;
  if (opcode >= FIRST_FAMILY_OPCODE && movableKeys()) {
    if (movableUnknown || movableCount > ROUTE_KEYS_MAX) return ROUTE_MANY;
    if (movableCount == 0) return <i32>shard;
    first = movableFirst;
    last = movableFirst + movableCount - 1;
    if (movableExtra != 0 && slotAt(movableExtra) != slotAt(first)) return ROUTE_MANY;
  } else {
    first = keyIndex(flags);
    if (first == 0 || first >= argc) return <i32>shard;
    last = first;
    if (where != WHERE_SHARD && where != WHERE_CONTAINER) {
      last = lastKeyIndex(flags);
      step = keyStepOf(flags);
      if ((last - first) / step > ROUTE_KEYS_MAX) return ROUTE_MANY;
    }
  }
  const slot = slotAt(first);
  if ((slot * header().shardCount) >>> 14 != shard) return ROUTE_MANY;
  for (let i = first + step; i <= last && i < argc; i += step) if (slotAt(i) != slot) return ROUTE_MANY;
  return <i32>shard;
}

export function slotWalk(): void {
  if (!integerArg(1)) return;
  const slot = <u32>integer;
  if (!integerArg(2)) return;
  const position = <u32>(integer >> 6);
  const bucket = <u32>integer & 63;
  if (!integerArg(3)) return;
  const most = <u32>integer;
  const out = windowScratch(win);
  // Twice the same walk: the first counts, the second writes.
  let count: u32 = 0;
  let buckets: u32 = 0;
  walkBegin(position, bucket);
  for (; !walkDone && buckets < WALK_BUCKETS; buckets++) {
    const found = walkNext(out);
    for (let k: u32 = 0; k < found; k++) if (isIn(slot, load<u32>(out + (k << 2)))) count++;
  }
  const next = walkTableCursor();
  let left = min(count, most);
  replyArray(2 + left);
  replyInt(<i64>next);
  replyInt(count);
  walkBegin(position, bucket);
  for (; left != 0 && buckets != 0; buckets--) {
    const found = walkNext(out);
    for (let k: u32 = 0; k < found && left != 0; k++) {
      const e = load<u32>(out + (k << 2));
      if (!isIn(slot, e)) continue;
      replyBulk(entryKey(e), entryKeyLen(e));
      left--;
    }
  }
}

@inline function isIn(slot: u32, e: u32): bool { return slotOfKey(entryKey(e), entryKeyLen(e)) == slot; }

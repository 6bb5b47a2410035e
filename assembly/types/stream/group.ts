// Consumer groups: how far a group has read, its consumers, and what was delivered and not acknowledged yet (pending).
// A pending entry is one block that two trees point at: its group's and its consumer's.
//
// Group, 64 bytes and its name:                         Consumer, 40 bytes and its name:
//        0    4 next, 4 kind   once it is dropped              0    8 spare
//        8    8 name           (names.ts)                      8    8 name           (names.ts)
//       16    4 consumers      names.ts                       16    8 pending        a tree: ID to Pending
//       20    4 spare                                         24    8 seenMs         Unix ms of its last command
//       24    8 pending        a tree: ID to Pending          32    8 spare
//       32   16 last           ID of the last one delivered
//       48    8 entriesRead    -1: not known            Pending, 24 bytes:
//       56    8 spare                                          0    8 deliveredMs    Unix ms of the last delivery
//                                                              8    8 deliveries
//                                                             16    4 consumer
//                                                             20    4 spare
import { arenaAlloc, arenaFree, arenaSize } from '../../memory/arena';
import {
  TREE_BYTES, treeAdd, treeBytes, treeCount, treeFind, treeFirst, treeGone, treeGrowthBytes, treeMs, treeNext, treeReclaim, treeRemove, treeSeq, treeValue,
} from './id-tree';
import { namedInit, namesAdd, namesAt, namesCount, namesFind, namesGone, namesPop, namesReady, namesRemove } from './names';
import { streamAt } from './stream';

const GROUP_BYTES: u32 = 64;
const CONSUMER_BYTES: u32 = 40;
export const PENDING_BYTES: u32 = 24;

@unmanaged
export class Group {
  next: u32; kind: u32; nameLen: u32; nameAt: u32; consumers: u32; spare0: u32; pendingRoot: u32; pendingCount: u32;
  lastMs: u64; lastSeq: u64; entriesRead: i64; spare1: u64;
}
@unmanaged
export class Consumer { spare0: u64; nameLen: u32; nameAt: u32; pendingRoot: u32; pendingCount: u32; seenMs: i64; spare1: u64; }
@unmanaged
export class Pending { deliveredMs: i64; deliveries: u64; consumer: u32; spare: u32; }
if (offsetof<Group>() != GROUP_BYTES) ERROR('Group no longer matches its drawing');
if (offsetof<Consumer>() != CONSUMER_BYTES) ERROR('Consumer no longer matches its drawing');
if (offsetof<Pending>() != PENDING_BYTES) ERROR('Pending no longer matches its drawing');
if (TREE_BYTES != 8) ERROR('trees no longer match their drawing');

@inline export function groupAt(group: u32): Group { return changetype<Group>(group); }
@inline export function consumerAt(consumer: u32): Consumer { return changetype<Consumer>(consumer); }
@inline export function pendingAt(block: u32): Pending { return changetype<Pending>(block); }
/** The trees of what is pending. */
@inline export function groupPending(group: u32): u32 { return group + <u32>offsetof<Group>('pendingRoot'); }
@inline export function consumerPending(consumer: u32): u32 { return consumer + <u32>offsetof<Consumer>('pendingRoot'); }

/** The group of that name, or 0. */
@inline export function groupFind(pointer: u32, ptr: u32, length: u32): u32 { return namesFind(streamAt(pointer).groups, ptr, length); }

/** Adds a group whose name `groupFind` has just not found. 0: no memory, nothing changed. */
export function groupAdd(pointer: u32, ptr: u32, length: u32, ms: u64, seq: u64, entriesRead: i64): u32 {
  const s = streamAt(pointer);
  const group = arenaAlloc(GROUP_BYTES + length);
  if (group == 0) return 0;
  const names = namesReady(s.groups);
  if (names == 0) { arenaFree(group); return 0; }
  memory.fill(group, 0, GROUP_BYTES);
  namedInit(group, GROUP_BYTES, ptr, length);
  const g = groupAt(group);
  g.lastMs = ms;
  g.lastSeq = seq;
  g.entriesRead = entriesRead;
  s.groups = names;
  namesAdd(names, group);
  return group;
}

/** Takes the group that `groupFind` has just found out of its stream; the caller frees it. */
export function groupUnlink(pointer: u32): void {
  const s = streamAt(pointer);
  s.groups = namesRemove(s.groups);
}

@inline export function consumerFind(group: u32, ptr: u32, length: u32): u32 { return namesFind(groupAt(group).consumers, ptr, length); }

/** Adds a consumer whose name `consumerFind` has just not found. 0: no memory, nothing changed. */
export function consumerAdd(group: u32, ptr: u32, length: u32, seenMs: i64): u32 {
  const g = groupAt(group);
  const consumer = arenaAlloc(CONSUMER_BYTES + length);
  if (consumer == 0) return 0;
  const names = namesReady(g.consumers);
  if (names == 0) { arenaFree(consumer); return 0; }
  memory.fill(consumer, 0, CONSUMER_BYTES);
  namedInit(consumer, CONSUMER_BYTES, ptr, length);
  consumerAt(consumer).seenMs = seenMs;
  g.consumers = names;
  namesAdd(names, consumer);
  return consumer;
}

/** Frees the consumer that `consumerFind` has just found, and what is pending with it. */
export function consumerRemove(group: u32, consumer: u32): void {
  const g = groupAt(group);
  g.consumers = namesRemove(g.consumers);
  const own = consumerPending(consumer);
  for (let p = treeFirst(own); p != 0; p = treeNext(p)) arenaFree(treeRemove(groupPending(group), treeMs(p), treeSeq(p)));
  while (!treeGone(own)) treeReclaim(own, false, i32.MAX_VALUE);
  arenaFree(consumer);
}

// Pending entries

/** The pending entry of an ID in the group, or 0. */
export function pendingFind(group: u32, ms: u64, seq: u64): u32 {
  const p = treeFind(groupPending(group), ms, seq);
  return p != 0 ? treeValue(p) : 0;
}

/** Upper bound of what making, or giving to another consumer, so many pending entries asks for. */
export function pendingGrowthBytes(count: u64): u64 { return count * PENDING_BYTES + treeGrowthBytes(count) * 2; }

/** Makes a pending entry that the group does not have. 0: no memory, nothing changed. */
export function pendingAdd(group: u32, consumer: u32, ms: u64, seq: u64, deliveredMs: i64, deliveries: u64): u32 {
  const block = arenaAlloc(PENDING_BYTES);
  if (block == 0) return 0;
  if (!treeAdd(groupPending(group), ms, seq, block)) { arenaFree(block); return 0; }
  if (!treeAdd(consumerPending(consumer), ms, seq, block)) {
    treeRemove(groupPending(group), ms, seq);
    arenaFree(block);
    return 0;
  }
  const p = pendingAt(block);
  p.deliveredMs = deliveredMs;
  p.deliveries = deliveries;
  p.consumer = consumer;
  p.spare = 0;
  return block;
}

/** Gives a pending entry to a consumer. False: no memory, nothing changed. */
export function pendingGive(block: u32, consumer: u32, ms: u64, seq: u64): bool {
  const p = pendingAt(block);
  if (p.consumer == consumer) return true;
  if (!treeAdd(consumerPending(consumer), ms, seq, block)) return false;
  treeRemove(consumerPending(p.consumer), ms, seq);
  p.consumer = consumer;
  return true;
}

/** Forgets a pending entry; false: there was none. */
export function pendingRemove(group: u32, ms: u64, seq: u64): bool {
  const block = treeRemove(groupPending(group), ms, seq);
  if (block == 0) return false;
  treeRemove(consumerPending(pendingAt(block).consumer), ms, seq);
  arenaFree(block);
  return true;
}

/**
 * Frees a group that its stream no longer knows, in slices.
 * @returns what is left of the budget; above zero only when everything is gone, the group included.
 */
export function groupReclaim(group: u32, budget: i32): i32 {
  const g = groupAt(group);
  let left = treeReclaim(groupPending(group), true, budget);
  while (left > 0 && g.consumers != 0) {
    // The last consumer first: the row only gets shorter.
    const count = namesCount(g.consumers);
    if (count == 0) { g.consumers = namesGone(g.consumers); break; }
    const consumer = namesAt(g.consumers, count - 1);
    left = treeReclaim(consumerPending(consumer), false, left);
    if (!treeGone(consumerPending(consumer))) return 0;
    arenaFree(consumer);
    namesPop(g.consumers);
    left--;
  }
  if (left <= 0) return 0;
  arenaFree(group);
  return left;
}

/** Bytes of a group with all that belongs to it. */
export function groupBytes(group: u32): u64 {
  const g = groupAt(group);
  let sum: u64 = <u64>arenaSize(group) + treeBytes(groupPending(group));
  const p = treeFirst(groupPending(group));
  if (p != 0) sum += <u64>treeCount(groupPending(group)) * arenaSize(treeValue(p));
  if (g.consumers == 0) return sum;
  sum += arenaSize(g.consumers);
  const count = namesCount(g.consumers);
  for (let i: u32 = 0; i < count; i++) {
    const consumer = namesAt(g.consumers, i);
    sum += <u64>arenaSize(consumer) + treeBytes(consumerPending(consumer));
  }
  return sum;
}

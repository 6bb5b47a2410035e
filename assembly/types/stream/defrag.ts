// Moves the blocks of a stream that would lie better elsewhere, in slices, and lets whoever points at them know.
//
// The walk goes through the tree of nodes, then group by group, and in a group consumer by consumer. Where it goes on is
// `part`, 0 for the nodes or (group + 1) << 32 | consumer, and an ID in it: milliseconds + 1 in `inside`, the rest in
// `insideMore`. Whatever changes meanwhile, the next ID there is leads on.
import { defragState, moveCost, movedBlock } from '../../memory/moving';
import { entryPointer } from '../../table/entry';
import { movePointer } from '../moving';
import { consumerPending, groupAt, groupPending, pendingAt } from './group';
import { treeCount, treeFind, treeFirst, treeMoveTo, treeMs, treeNext, treeSeekFrom, treeSeq, treeSetValue, treeValue } from './id-tree';
import { namesAt, namesCount, namesPut } from './names';
import { Stream, streamAt, streamNodes } from './stream';

/** A consumer with more than this pending stays where it is: each of them would have to be told at once. */
const TOLD_MAX: u32 = 128;

/** Looks at the blocks of a stream; answers what is left of the budget, 0 or less: there is more. */
export function streamDefrag(e: u32, budget: i32): i32 {
  let left = budget;
  let part: u64 = 0;
  let ms: u64 = 0;
  let seq: u64 = 0;
  const d = defragState();
  if (d.inside != 0) {
    part = d.part;
    ms = d.inside - 1;
    seq = d.insideMore;
  } else left = movePointer(e, left);
  const pointer = entryPointer(e);
  if (part == 0) {
    left = moveNodes(streamNodes(pointer), ms, seq, left);
    if (left <= 0) return 0;
    ms = 0;
    seq = 0;
    part = <u64>1 << 32;
  }
  const s = streamAt(pointer);
  if (s.groups != 0 && <u32>part == 0 && ms == 0 && seq == 0) s.groups = movedBlock(s.groups);
  let group = <u32>(part >> 32) - 1;
  let consumer = <u32>part;
  while (group < namesCount(s.groups)) {
    if (consumer == 0 && ms == 0 && seq == 0) left -= moveGroup(s, group);
    const g = groupAt(namesAt(s.groups, group));
    while (consumer < namesCount(g.consumers)) {
      left = movePending(s, group, consumer, ms, seq, left);
      if (left <= 0) return 0;
      ms = 0;
      seq = 0;
      consumer++;
    }
    group++;
    consumer = 0;
  }
  d.inside = 0;
  return left;
}

/** The walk goes on at this place's ID. */
function pause(part: u64, p: u64): i32 {
  const d = defragState();
  d.part = part;
  d.inside = treeMs(p) + 1;
  d.insideMore = treeSeq(p);
  return 0;
}

/** The nodes from an ID on, and their tree's. */
function moveNodes(nodes: u32, ms: u64, seq: u64, budget: i32): i32 {
  let left = budget;
  let p = treeMoveTo(nodes, ms, seq);
  while (p != 0) {
    treeSetValue(p, movedBlock(treeValue(p)));
    left -= moveCost(treeValue(p));
    const next = treeNext(p);
    if (next != 0 && <u32>(next >> 32) != <u32>(p >> 32)) {
      // On to the next leaf, with what is above it. The largest of all IDs cannot be named plus one.
      if (left <= 0 && treeMs(next) != u64.MAX_VALUE) return pause(0, next);
      p = treeMoveTo(nodes, treeMs(next), treeSeq(next));
    } else p = next;
  }
  return max(left, 1);
}

/** A group's own block and its row of consumers. Answers what it cost. */
function moveGroup(s: Stream, index: u32): i32 {
  const group = movedBlock(namesAt(s.groups, index));
  namesPut(s.groups, index, group);
  const g = groupAt(group);
  if (g.consumers != 0) g.consumers = movedBlock(g.consumers);
  return 2;
}

/** What is pending with a consumer, from an ID on: each entry is in the consumer's tree, and in the group's. */
function movePending(s: Stream, groupIndex: u32, index: u32, ms: u64, seq: u64, budget: i32): i32 {
  const group = namesAt(s.groups, groupIndex);
  const all = groupPending(group);
  const row = groupAt(group).consumers;
  let left = budget - 1;
  if (ms == 0 && seq == 0 && treeCount(consumerPending(namesAt(row, index))) <= TOLD_MAX) left -= moveConsumer(row, index);
  const own = consumerPending(namesAt(row, index));
  treeMoveTo(own, ms, seq);
  let p = ms == 0 && seq == 0 ? treeFirst(own) : treeSeekFrom(own, ms, seq);
  while (p != 0) {
    if (left <= 0 && treeMs(p) != u64.MAX_VALUE) return pause(<u64>(groupIndex + 1) << 32 | <u64>index, p);
    const block = movedBlock(treeValue(p));
    treeMoveTo(all, treeMs(p), treeSeq(p));
    if (block != treeValue(p)) {
      treeSetValue(p, block);
      treeSetValue(treeFind(all, treeMs(p), treeSeq(p)), block);
    }
    left -= PENDING_COST;
    const next = treeNext(p);
    if (next != 0 && <u32>(next >> 32) != <u32>(p >> 32)) p = treeMoveTo(own, treeMs(next), treeSeq(next));
    else p = next;
  }
  return max(left, 1);
}
/** An entry that is pending is looked at together with its place in the group's tree. */
const PENDING_COST: i32 = 4;

function moveConsumer(row: u32, index: u32): i32 {
  const had = namesAt(row, index);
  const consumer = movedBlock(had);
  namesPut(row, index, consumer);
  if (consumer == had) return 0;
  let told: i32 = 0;
  for (let p = treeFirst(consumerPending(consumer)); p != 0; p = treeNext(p)) {
    pendingAt(treeValue(p)).consumer = consumer;
    told++;
  }
  return told;
}

// Moves the blocks of a stream that would lie better elsewhere, and lets whoever points at them know.
import { arenaAlloc, arenaFree, arenaShouldMove, arenaSize } from '../../memory/arena';
import { entryPointer, entrySetPointer } from '../../table/entry';
import { consumerPending, groupAt, groupPending, pendingAt } from './group';
import { treeFind, treeFirst, treeMoveNodes, treeMs, treeNext, treeSeq, treeSetValue, treeValue } from './id-tree';
import { namesAt, namesCount, namesPut } from './names';
import { streamAt, streamNodes } from './stream';

/** The block itself, or a copy in a better place if it lies badly and there is memory. */
export function moved(block: u32): u32 {
  if (block == 0 || !arenaShouldMove(block)) return block;
  const fresh = arenaAlloc(arenaSize(block));
  if (fresh == 0) return block;
  memory.copy(fresh, block, arenaSize(block));
  arenaFree(block);
  return fresh;
}

/** Looks at every block of a stream; each costs 1. Answers what is left of the budget, which may end below zero. */
export function streamDefrag(e: u32, budget: i32): i32 {
  const pointer = moved(entryPointer(e));
  entrySetPointer(e, pointer);
  const nodes = streamNodes(pointer);
  budget -= treeMoveNodes(nodes) + 1;
  for (let p = treeFirst(nodes); p != 0; p = treeNext(p)) {
    treeSetValue(p, moved(treeValue(p)));
    budget--;
  }
  const s = streamAt(pointer);
  s.groups = moved(s.groups);
  const groups = namesCount(s.groups);
  for (let i: u32 = 0; i < groups; i++) {
    const group = moved(namesAt(s.groups, i));
    namesPut(s.groups, i, group);
    budget = defragGroup(group, budget - 1);
  }
  return budget;
}

function defragGroup(group: u32, budget: i32): i32 {
  const g = groupAt(group);
  const all = groupPending(group);
  budget -= treeMoveNodes(all);
  g.consumers = moved(g.consumers);
  const consumers = namesCount(g.consumers);
  for (let i: u32 = 0; i < consumers; i++) {
    const consumer = moved(namesAt(g.consumers, i));
    namesPut(g.consumers, i, consumer);
    const own = consumerPending(consumer);
    budget -= treeMoveNodes(own) + 1;
    // Each pending entry is its consumer's, and its group's under the same ID.
    for (let p = treeFirst(own); p != 0; p = treeNext(p)) {
      const block = moved(treeValue(p));
      budget--;
      if (block != treeValue(p)) {
        treeSetValue(p, block);
        treeSetValue(treeFind(all, treeMs(p), treeSeq(p)), block);
      }
      pendingAt(block).consumer = consumer;
    }
  }
  return budget;
}

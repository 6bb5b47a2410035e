// Active defragmentation of the tree form (types/zset/zset.ts): leaf by leaf, with the members' entries that it names.
// Between two slices anything may change, so the place to go on from is a rank: `inside` of memory/moving.ts is 1 + the
// rank of the first member that has not been looked at.
import { arenaAlloc, arenaFree, arenaShouldMove, arenaSize } from '../../memory/arena';
import { defragState, moveCost, movedBlock } from '../../memory/moving';
import { entryKey, entryKeyLen, entryPointer } from '../../table/entry';
import { dictCount, dictFind, dictReplace, dictRoot } from '../dict';
import { movePointer } from '../moving';
import { CHILDREN, countOf, entryOf, levelOf, nextOf, prevOf, scoreOf, setNext, setPrev, sizeOf } from './node';
import { treeReaddress } from './tree';
import { treeWord } from './zset';

/** Answers what is left of the budget; 0 or less: `inside` says where to go on. */
export function treeDefrag(e: u32, budget: i32): i32 {
  const d = defragState();
  let left = budget;
  if (d.inside == 0) {
    left = movePointer(e, left);
    const r = dictRoot(entryPointer(e));
    if (r.directory != 0) r.directory = movedBlock(r.directory);
    d.inside = 1;
  }
  const pointer = entryPointer(e);
  while (d.inside - 1 < <u64>dictCount(pointer)) {
    if (left <= 0) return 0;
    left -= moveLeaf(pointer, <u32>(d.inside - 1));
    d.inside += moved;
  }
  d.inside = 0;
  return max(left, 1);
}

/** Members from the rank given to moveLeaf to the end of its leaf. */
let moved: u32 = 0;

/** Moves the leaf that holds a rank, the inner nodes that begin with it, and its members. Answers what it cost. */
function moveLeaf(pointer: u32, rank: u32): i32 {
  let slot = treeWord(pointer);
  let node = load<u32>(slot);
  let cost: i32 = 0;
  for (; levelOf(node) != 0; node = load<u32>(slot)) {
    if (rank == 0) {
      node = movedBlock(node);
      store<u32>(slot, node);
      cost++;
    }
    let i: u32 = 0;
    const last = countOf(node) - 1;
    while (i < last && rank >= sizeOf(node, i)) rank -= sizeOf(node, i++);
    slot = node + CHILDREN + (i << 2);
  }
  const leaf = movedBlock(node);
  if (leaf != node) {
    store<u32>(slot, leaf);
    if (prevOf(leaf) != 0) setNext(prevOf(leaf), leaf);
    if (nextOf(leaf) != 0) setPrev(nextOf(leaf), leaf);
  }
  const count = countOf(leaf);
  for (let i: u32 = 0; i < count; i++) cost += moveMember(pointer, entryOf(leaf, 0, i), scoreOf(leaf, i));
  moved = count - rank;
  return cost + 1;
}

/** Moves a member's entry, which the tree and the table name. */
function moveMember(pointer: u32, member: u32, score: f64): i32 {
  const cost = moveCost(member);
  const fresh = arenaShouldMove(member) ? arenaAlloc(arenaSize(member)) : 0;
  if (fresh == 0) { defragState().misses++; return cost; }
  memory.copy(fresh, member, arenaSize(member));
  dictFind(pointer, entryKey(member), entryKeyLen(member));
  dictReplace(pointer, fresh);
  treeReaddress(treeWord(pointer), score, member, fresh);
  arenaFree(member);
  defragState().hits++;
  return cost;
}

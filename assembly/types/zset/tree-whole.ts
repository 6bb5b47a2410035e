// The ranked tree (types/zset/node.ts) as a whole: freeing it in slices, measuring and checking it.
import { arenaFree, arenaSize } from '../../memory/arena';
import { entryValue } from '../../table/entry';
import { capacityOf, childOf, countOf, entryOf, levelOf, membersOf, nextOf, prevOf, scoreOf, setCount, sizeOf } from './node';
import { isBelow, seekMember } from './seek';

/** No tree that fits 4 GiB is higher. */
const LEVELS_MAX: u32 = 32;

/** Frees up to about `budget` nodes from the end of the tree; answers what is left of it, 0 or less: more is waiting. */
export function treeReclaim(tree: u32, budget: i32): i32 {
  while (load<u32>(tree) != 0) {
    if (budget <= 0) return 0;
    budget--;
    let node = load<u32>(tree);
    let parent: u32 = 0;
    while (levelOf(node) != 0 && countOf(node) != 0) {
      parent = node;
      node = childOf(node, countOf(node) - 1);
    }
    arenaFree(node);
    if (parent != 0) setCount(parent, countOf(parent) - 1);
    else store<u32>(tree, 0);
  }
  return budget;
}

/** Bytes of all nodes. */
export function treeBytes(tree: u32): u64 {
  const node = load<u32>(tree);
  return node == 0 ? 0 : bytesBelow(node);
}
function bytesBelow(node: u32): u64 {
  let sum: u64 = arenaSize(node);
  if (levelOf(node) == 0) return sum;
  for (let i: u32 = 0; i < countOf(node); i++) sum += bytesBelow(childOf(node, i));
  return sum;
}

/** The leaf before the one that `checkBelow` comes to next. */
let checkedLeaf: u32 = 0;

/** The tree's own integrity check: 0, or the number of the rule that is broken. */
export function treeCheck(tree: u32, members: u32): u32 {
  const node = load<u32>(tree);
  if (node == 0) return members == 0 ? 0 : 40;
  if (levelOf(node) >= LEVELS_MAX) return 41;
  if (levelOf(node) != 0 && countOf(node) < 2) return 42;
  checkedLeaf = 0;
  const reason = checkBelow(node, levelOf(node));
  if (reason != 0) return reason;
  if (nextOf(checkedLeaf) != 0) return 43;
  return membersOf(node) == members ? 0 : 44;
}

function checkBelow(node: u32, level: u32): u32 {
  const count = countOf(node);
  if (levelOf(node) != level) return 45;
  if (count == 0 || count > capacityOf(level)) return 46;
  for (let i: u32 = 1; i < count; i++) {
    seekMember(scoreOf(node, i), entryOf(node, level, i));
    if (!isBelow(scoreOf(node, i - 1), entryOf(node, level, i - 1))) return 47;
  }
  if (level == 0) return checkLeaf(node, count);
  for (let i: u32 = 0; i < count; i++) {
    const child = childOf(node, i);
    if (scoreOf(child, 0) != scoreOf(node, i) || entryOf(child, level - 1, 0) != entryOf(node, level, i)) return 48;
    if (membersOf(child) != sizeOf(node, i)) return 49;
    const reason = checkBelow(child, level - 1);
    if (reason != 0) return reason;
  }
  return 0;
}

function checkLeaf(leaf: u32, count: u32): u32 {
  if (prevOf(leaf) != checkedLeaf) return 50;
  if (checkedLeaf != 0) {
    const last = countOf(checkedLeaf) - 1;
    if (nextOf(checkedLeaf) != leaf) return 51;
    seekMember(scoreOf(leaf, 0), entryOf(leaf, 0, 0));
    if (!isBelow(scoreOf(checkedLeaf, last), entryOf(checkedLeaf, 0, last))) return 52;
  }
  for (let i: u32 = 0; i < count; i++) {
    const entry = entryOf(leaf, 0, i);
    if (reinterpret<u64>(load<f64>(entryValue(entry))) != reinterpret<u64>(scoreOf(leaf, i))) return 53;
  }
  checkedLeaf = leaf;
  return 0;
}

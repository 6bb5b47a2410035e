// How many nodes Redis's radix tree would have for the IDs of a stream's nodes: XINFO STREAM says so.
//
// The keys there are IDs as 16 bytes, big-endian. Such a tree has a leaf for each key, a branch wherever keys part, and
// one node for each run of bytes that lie between them: from the root, or behind the byte that chooses a branch's child,
// to the next branch or leaf.
import { treeCount, treeFirst, treeMs, treeNext, treeSeq } from './id-tree';

const KEY_BYTES: i32 = 16;

/** Bytes that two IDs have in common at their front. They differ. */
function commonBytes(ams: u64, aseq: u64, bms: u64, bseq: u64): i32 {
  return <i32>(ams != bms ? clz(ams ^ bms) : 64 + clz(aseq ^ bseq)) >> 3;
}

/** Bytes that stand between a node at depth `depth` and the branch above it (-1: it hangs on the root): one node, or none. */
@inline function runNodes(depth: i32, above: i32): u32 { return depth > above + 1 ? 1 : 0; }

/** Nodes of the radix tree for the IDs of a tree. Looks at each of them. */
export function radixNodes(tree: u32): u32 {
  let p = treeFirst(tree);
  if (p == 0) return 1;
  let nodes = treeCount(tree);
  // Branches on the way to the last key, as a bit for each depth: the highest one is the nearest.
  let path: u32 = 0;
  let before: i32 = -1;
  while (p != 0) {
    const next = treeNext(p);
    const common: i32 = next != 0 ? commonBytes(treeMs(p), treeSeq(p), treeMs(next), treeSeq(next)) : -1;
    nodes += runNodes(KEY_BYTES, max(before, common));
    // Branches deeper than what the next key shares are done with: what is above them is known now.
    while (path != 0) {
      const depth = 31 - <i32>clz(path);
      if (depth <= common) break;
      path &= ~(1 << depth);
      const above = max(path != 0 ? 31 - <i32>clz(path) : -1, common);
      nodes += 1 + runNodes(depth, above);
    }
    if (next != 0) path |= 1 << common;
    before = common;
    p = next;
  }
  return nodes;
}

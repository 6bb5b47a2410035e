// The tree of stream IDs alone. The header page is laid out by nobody here.
export { arenaAlloc, arenaCheck, arenaInit, arenaUsedBytes } from '../memory/arena';
export { arenaFailIn } from '../memory/fault';
export {
  treeAdd, treeBytes, treeCheck, treeCount, treeFind, treeFirst, treeGone, treeGrowthBytes, treeInit, treeLast, treeMs, treeNext, treePrev,
  treeReclaim, treeRemove, treeSeekFrom, treeSeekUpTo, treeSeq, treeSetValue, treeValue,
} from '../types/stream/id-tree';

// Intsets alone, over an arena.
export { arenaCheck, arenaFree, arenaInit, arenaSize, arenaUsedBytes } from '../memory/arena';
export { arenaFailIn } from '../memory/fault';
export {
  intsetAdd, intsetBytes, intsetCount, intsetDrop, intsetFind, intsetFrom, intsetNew, intsetRemoveAt, intsetRemoveMarked, intsetValid, intsetValue,
  intsetWidth,
} from '../types/intset';
import { intsetIndex } from '../types/intset';

export function index(): u32 { return intsetIndex; }

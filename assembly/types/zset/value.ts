// What every type of value answers to (types/value.ts), for sorted sets.
import { arenaSize } from '../../memory/arena';
import { kevyHash } from '../../routing/kevyhash';
import {
  ENC_PACKED, ENC_TREE, ENTRY_LARGE, TYPE_ZSET, entryEncoding, entryFlags, entryPointer,
} from '../../table/entry';
import { dictCheck, dictCount, dictReclaim } from '../dict';
import { movePointer } from '../moving';
import { DROP_AT_ONCE_MAX, dropLater, mixDigest } from '../value';
import { treeDefrag } from './moving';
import { packedCheck } from './packed-check';
import { treeCheck, treeReclaim } from './tree-whole';
import { readLen, readPtr, readScore, treeWord, zsetFree, zsetNext, zsetRead, zsetSize, zsetTreeBytes, zsetWalk } from './zset';

export { zsetLoad, zsetSave, zsetSaveType } from './rdb';

export function zsetDrop(encoding: u32, pointer: u32): void {
  if (dictCount(pointer) > DROP_AT_ONCE_MAX) dropLater(TYPE_ZSET, encoding, pointer);
  else zsetFree(pointer);
}

export function zsetReclaim(pointer: u32, budget: i32): i32 {
  const left = treeReclaim(treeWord(pointer), budget);
  return left <= 0 ? 0 : dictReclaim(pointer, left);
}

export function zsetCount(e: u32): u32 { return zsetSize(entryEncoding(e), entryPointer(e)); }

export function zsetBytes(e: u32): u64 {
  const pointer = entryPointer(e);
  return entryEncoding(e) == ENC_PACKED ? arenaSize(pointer) : zsetTreeBytes(pointer);
}

export function zsetEncoding(e: u32): string {
  return entryEncoding(e) == ENC_PACKED && (entryFlags(e) & ENTRY_LARGE) == 0 ? 'listpack' : 'skiplist';
}

/** Moves blocks that would lie better elsewhere; answers what is left of the budget. */
export function zsetDefrag(e: u32, budget: i32): i32 {
  return entryEncoding(e) == ENC_TREE ? treeDefrag(e, budget) : movePointer(e, budget);
}

/** A sum over the members: the order follows from the scores. */
export function zsetDigest(e: u32): u64 {
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  const count = zsetSize(encoding, pointer);
  if (count == 0) return 0;
  let sum: u64 = 0;
  zsetWalk(encoding, pointer, 0);
  for (let i: u32 = 0; i < count; i++) {
    zsetRead();
    sum += mixDigest(kevyHash(readPtr, readLen), reinterpret<u64>(readScore));
    zsetNext();
  }
  return sum;
}

export function zsetCheck(e: u32): u32 {
  const pointer = entryPointer(e);
  if (entryEncoding(e) == ENC_PACKED) return packedCheck(pointer);
  if (entryEncoding(e) != ENC_TREE) return 30;
  if (dictCount(pointer) == 0) return 31;
  const reason = dictCheck(pointer);
  return reason != 0 ? reason : treeCheck(treeWord(pointer), dictCount(pointer));
}

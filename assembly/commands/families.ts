// The commands on containers, by family: opcodes of a family are neighbours (host/commands/opcodes.ts).
import { opcode } from './context';
import { dispatchDump, dumpSlow } from './dump/dispatch';
import { dispatchGeo, geoSlow } from './geo/dispatch';
import { dispatchHash, hashSlow } from './hash/dispatch';
import { dispatchHyperLogLog, hyperLogLogSlow } from './hyperloglog/dispatch';
import { dispatchList, listSlow } from './list/dispatch';
import { dispatchSet, setSlow } from './set/dispatch';
import { dispatchSort, sortSlow } from './sort/dispatch';
import { dispatchStream, streamSlow } from './stream/dispatch';
import {
  OP_DUMP, OP_GEOADD, OP_HSET, OP_LPUSH, OP_PFADD, OP_RESTORE, OP_SADD, OP_SORT, OP_XADD, OP_ZADD,
} from './table.generated';
import { dispatchSortedSet, sortedSetSlow } from './zset/dispatch';

/** The first opcode that belongs to a family of this file. */
export const FIRST_FAMILY_OPCODE: u32 = OP_LPUSH;

/** Executes the frame in hand, its opcode being FIRST_FAMILY_OPCODE or above. */
export function dispatchFamilies(): void {
  if (opcode < OP_SADD) dispatchList();
  else if (opcode < OP_ZADD) dispatchSet();
  else if (opcode < OP_HSET) dispatchSortedSet();
  else if (opcode < OP_XADD) dispatchHash();
  else if (opcode < OP_GEOADD) dispatchStream();
  else if (opcode < OP_PFADD) dispatchGeo();
  else if (opcode < OP_SORT) dispatchHyperLogLog();
  else if (opcode < OP_DUMP) dispatchSort();
  else if (opcode <= OP_RESTORE) dispatchDump();
  // Behind them: what later versions of Redis brought for hashes.
  else dispatchHash();
}

/** Is the frame in hand slow? The same choice. */
export function familySlow(bytes: u32): bool {
  if (opcode < OP_SADD) return listSlow(bytes);
  if (opcode < OP_ZADD) return setSlow(bytes);
  if (opcode < OP_HSET) return sortedSetSlow(bytes);
  if (opcode < OP_XADD) return hashSlow(bytes);
  if (opcode < OP_GEOADD) return streamSlow(bytes);
  if (opcode < OP_PFADD) return geoSlow(bytes);
  if (opcode < OP_SORT) return hyperLogLogSlow(bytes);
  if (opcode < OP_DUMP) return sortSlow(bytes);
  if (opcode <= OP_RESTORE) return dumpSlow(bytes);
  return hashSlow(bytes);
}

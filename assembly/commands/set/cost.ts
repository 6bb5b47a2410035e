// Which set commands would hold the latch for longer than about a millisecond? From sizes alone: see commands/cost.ts.
import { limits } from '../../memory/layout';
import { ENC_INTSET, ENC_PACKED, TYPE_SET, entryEncoding, entryType } from '../../table/entry';
import { find, root } from '../../table/table';
import { parseI64, parsedI64 } from '../../types/integer';
import { setSize } from '../../types/set/set';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, db, opcode } from '../context';
import {
  OP_SADD, OP_SDIFF, OP_SDIFFSTORE, OP_SINTER, OP_SINTERCARD, OP_SINTERSTORE, OP_SMEMBERS, OP_SMISMEMBER, OP_SPOP, OP_SRANDMEMBER, OP_SREM, OP_SSCAN,
  OP_SUNION, OP_SUNIONSTORE,
} from '../table.generated';

// What is done in about half a millisecond: members replied with, looked up, and added to a table.
const MEMBERS_REPLIED: u64 = 10000;
const MEMBERS_LOOKED_UP: u64 = 4000;
const MEMBERS_ADDED: u64 = 2000;
/** Integers of an intset moved up or down. */
const INTEGERS_MOVED: u64 = 500000;
/** Elements of a listpack passed over in the time of one lookup in a table. */
const PACKED_STEPS: u32 = 8;

/** The set in argument i, or 0. */
function setAt(i: u32): u32 {
  if (i >= argc) return 0;
  const e = find(root(db), argPtr(i), argLen(i));
  return e != 0 && entryType(e) == TYPE_SET ? e : 0;
}
@inline function sizeAt(i: u32): u64 { const e = setAt(i); return e != 0 ? setSize(e) : 0; }

/** What one look into the set costs, a table's look being 1. */
function lookCost(e: u32): u64 { return entryEncoding(e) == ENC_PACKED ? 1 + setSize(e) / PACKED_STEPS : 1; }

/** Members asked for in argument i, those of the set at most. */
function countAt(i: u32, size: u64): u64 {
  if (i >= argc || !parseI64(argPtr(i), argLen(i))) return 1;
  return parsedI64 < 0 ? 0 - <u64>parsedI64 : min(<u64>parsedI64, size);
}

/** SADD and SREM: members into and out of an intset move others; a large intset that ends is made a table at once. */
function changesSlow(): bool {
  const e = setAt(1);
  const members = <u64>argc - 2;
  if (members > MEMBERS_ADDED) return true;
  if (e == 0 || entryEncoding(e) != ENC_INTSET) return e != 0 && members * lookCost(e) > MEMBERS_LOOKED_UP;
  const size = <u64>setSize(e);
  if (size * members > INTEGERS_MOVED) return true;
  if (opcode == OP_SREM || size < MEMBERS_ADDED) return false;
  if (size + members > <u64>limits().setMaxIntsetEntries) return true;
  for (let i: u32 = 2; i < argc; i++) if (!parseI64(argPtr(i), argLen(i))) return true;
  return false;
}

/** An intersection looks each member of the smallest set up in all others. */
function interSlow(first: u32, end: u32): bool {
  let smallest = u64.MAX_VALUE;
  let looks: u64 = 0;
  for (let i = first; i < end && i < argc; i++) {
    const e = setAt(i);
    if (e == 0) return false;
    smallest = min(smallest, <u64>setSize(e));
    looks += lookCost(e);
  }
  return smallest != u64.MAX_VALUE && smallest * looks > (opcode == OP_SINTERSTORE ? MEMBERS_ADDED : MEMBERS_LOOKED_UP);
}

function unionSlow(first: u32): bool {
  let members: u64 = 0;
  for (let i = first; i < argc; i++) members += sizeAt(i);
  return members > (argc == first + 1 && opcode == OP_SUNION ? MEMBERS_REPLIED : MEMBERS_ADDED);
}

function diffSlow(first: u32): bool {
  const own = sizeAt(first);
  let looks: u64 = 0;
  let removals: u64 = own;
  for (let i = first + 1; i < argc; i++) {
    const e = setAt(i);
    if (e == 0) continue;
    looks += lookCost(e);
    removals += setSize(e);
  }
  return min(own * (looks + 1), removals) > MEMBERS_ADDED;
}

function scanSlow(): bool {
  for (let i: u32 = 3; i + 1 < argc; i++) {
    if (argIsWord(i, 'count') && parseI64(argPtr(i + 1), argLen(i + 1)) && parsedI64 > <i64>MEMBERS_REPLIED) return true;
  }
  const e = setAt(1);
  return e != 0 && entryEncoding(e) == ENC_INTSET && <u64>setSize(e) > MEMBERS_REPLIED;
}

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function setSlow(bytes: u32): bool {
  switch (opcode) {
    case OP_SADD: case OP_SREM: return changesSlow();
    case OP_SMISMEMBER: { const e = setAt(1); return e != 0 && lookCost(e) * argc > MEMBERS_LOOKED_UP; }
    case OP_SMEMBERS: return sizeAt(1) > MEMBERS_REPLIED;
    case OP_SPOP: return countAt(2, sizeAt(1)) > MEMBERS_ADDED;
    case OP_SRANDMEMBER: return countAt(2, sizeAt(1)) > MEMBERS_LOOKED_UP;
    case OP_SINTER: return interSlow(1, argc);
    case OP_SINTERSTORE: return interSlow(2, argc);
    case OP_SINTERCARD: return parseI64(argPtr(1), argLen(1)) && parsedI64 > 0 && interSlow(2, <u32>min(<i64>argc, parsedI64) + 2);
    case OP_SUNION: return unionSlow(1);
    case OP_SUNIONSTORE: return unionSlow(2);
    case OP_SDIFF: return diffSlow(1);
    case OP_SDIFFSTORE: return diffSlow(2);
    case OP_SSCAN: return scanSlow();
    default: return false;
  }
}

// Which commands on sorted sets would hold the latch for longer than about a millisecond? From sizes alone: see
// commands/cost.ts.
import { ENC_PACKED, TYPE_SET, TYPE_ZSET, entryEncoding, entryPointer, entryType } from '../../table/entry';
import { find, root } from '../../table/table';
import { parseI64, parsedI64 } from '../../types/integer';
import { setSize } from '../../types/set/set';
import { lexRange, rangeCount, scoreRange } from '../../types/zset/range';
import { zsetSize } from '../../types/zset/zset';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, db, opcode } from '../context';
import {
  OP_ZADD, OP_ZDIFF, OP_ZDIFFSTORE, OP_ZINTER, OP_ZINTERCARD, OP_ZINTERSTORE, OP_ZMPOP, OP_ZMSCORE, OP_ZPOPMAX, OP_ZPOPMIN, OP_ZRANDMEMBER, OP_ZRANGE,
  OP_ZRANGEBYLEX, OP_ZRANGEBYSCORE, OP_ZRANGESTORE, OP_ZREM, OP_ZREMRANGEBYLEX, OP_ZREMRANGEBYRANK, OP_ZREMRANGEBYSCORE, OP_ZREVRANGE,
  OP_ZREVRANGEBYLEX, OP_ZREVRANGEBYSCORE, OP_ZSCAN, OP_ZUNION, OP_ZUNIONSTORE,
} from '../table.generated';
import { highOpen, highScore, lexOf, lowOpen, lowScore, rankSpan, ranksOf, scoresOf } from './bounds';

// What is done in about half a millisecond: members replied with, looked up, and added or taken out.
const MEMBERS_REPLIED: u64 = 5000;
const MEMBERS_LOOKED_UP: u64 = 4000;
const MEMBERS_CHANGED: u64 = 1000;
/** Elements of a listpack passed over in the time of one lookup in a table. */
const PACKED_STEPS: u64 = 8;

/** Members of the set, sorted or not, in argument i; 0: neither. */
function sizeAt(i: u32): u64 {
  if (i >= argc) return 0;
  const e = find(root(db), argPtr(i), argLen(i));
  if (e == 0) return 0;
  if (entryType(e) == TYPE_SET) return setSize(e);
  return entryType(e) == TYPE_ZSET ? zsetSize(entryEncoding(e), entryPointer(e)) : 0;
}

/** What one look into the set in argument i costs, a table's look being 1. */
function lookCost(i: u32): u64 {
  const e = find(root(db), argPtr(i), argLen(i));
  if (e == 0 || entryEncoding(e) != ENC_PACKED) return 1;
  return 1 + sizeAt(i) / PACKED_STEPS;
}

/** The number in argument i; 1 if it is none. */
function numberAt(i: u32): i64 { return i < argc && parseI64(argPtr(i), argLen(i)) ? parsedI64 : 1; }
@inline function atMost(count: i64, size: u64): u64 { return count < 0 ? 0 - <u64>count : min<u64>(<u64>count, size); }

/**
 * Members between two bounds, whichever of them is the lower one; 0 if they are none. Finding that out takes a few steps
 * down the tree, or a walk over a small set.
 */
function inRange(key: u32, one: u32, other: u32, isLex: bool): u64 {
  const e = find(root(db), argPtr(key), argLen(key));
  if (e == 0 || entryType(e) != TYPE_ZSET) return 0;
  if (isLex) {
    if (!lexOf(one, other)) return 0;
    lexRange(entryEncoding(e), entryPointer(e), false);
  } else {
    if (!scoresOf(one, other)) return 0;
    scoreRange(entryEncoding(e), entryPointer(e), lowScore, lowOpen, highScore, highOpen);
  }
  return rangeCount;
}

/** What LIMIT lets through of so many members, if it stands at argument i or behind it. */
function limited(i: u32, count: u64): u64 {
  for (; i + 2 < argc; i++) if (argIsWord(i, 'limit') && numberAt(i + 2) >= 0) return min<u64>(<u64>numberAt(i + 2), count);
  return count;
}

/** Members that a command of ZRANGE's family replies with. `key`: the argument that names the set. */
function spanned(key: u32): u64 {
  const size = sizeAt(key);
  if (size <= MEMBERS_CHANGED) return size;
  let isLex = opcode == OP_ZRANGEBYLEX || opcode == OP_ZREVRANGEBYLEX;
  let isScore = opcode == OP_ZRANGEBYSCORE || opcode == OP_ZREVRANGEBYSCORE;
  let reverse = opcode == OP_ZREVRANGEBYLEX || opcode == OP_ZREVRANGEBYSCORE;
  for (let i = key + 3; i < argc; i++) {
    if (argIsWord(i, 'byscore')) isScore = true;
    else if (argIsWord(i, 'bylex')) isLex = true;
    else if (argIsWord(i, 'rev')) reverse = true;
  }
  if (!isLex && !isScore) return ranksOf(key + 1, key + 2) ? rankSpan(<u32>size) : 0;
  return limited(key + 3, reverse ? inRange(key, key + 2, key + 1, isLex) : inRange(key, key + 1, key + 2, isLex));
}

/** All members of the keys behind argument i, and what looking the smallest one's up in the others costs. */
let allMembers: u64 = 0;
let smallest: u64 = 0;
let lookCosts: u64 = 0;
function keysBehind(i: u32): void {
  allMembers = 0;
  smallest = u64.MAX_VALUE;
  lookCosts = 0;
  const count = numberAt(i);
  for (let k = i + 1; k < argc && <i64>(k - i) <= count; k++) {
    const size = sizeAt(k);
    allMembers += size;
    smallest = min(smallest, size);
    lookCosts += lookCost(k);
  }
}

function combining(at: u32): bool {
  keysBehind(at);
  if (opcode == OP_ZUNION || opcode == OP_ZUNIONSTORE) return allMembers > MEMBERS_CHANGED;
  const walked = opcode == OP_ZDIFF || opcode == OP_ZDIFFSTORE ? sizeAt(at + 1) : smallest;
  return walked > MEMBERS_CHANGED || walked * lookCosts > MEMBERS_LOOKED_UP;
}

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function sortedSetSlow(bytes: u32): bool {
  switch (opcode) {
    case OP_ZADD: return <u64>(argc >> 1) * lookCost(1) > MEMBERS_CHANGED;
    case OP_ZREM: case OP_ZMSCORE: return <u64>argc * lookCost(1) > MEMBERS_LOOKED_UP;
    case OP_ZUNION: case OP_ZINTER: case OP_ZDIFF: case OP_ZINTERCARD: return combining(1);
    case OP_ZUNIONSTORE: case OP_ZINTERSTORE: case OP_ZDIFFSTORE: return combining(2);
    case OP_ZRANGE: case OP_ZREVRANGE: return spanned(1) > MEMBERS_REPLIED;
    case OP_ZRANGESTORE: return spanned(2) > MEMBERS_CHANGED;
    case OP_ZREMRANGEBYRANK: return sizeAt(1) > MEMBERS_CHANGED && ranksOf(2, 3) && rankSpan(<u32>sizeAt(1)) > <u32>MEMBERS_CHANGED;
    case OP_ZREMRANGEBYSCORE: case OP_ZREMRANGEBYLEX: return sizeAt(1) > MEMBERS_CHANGED && inRange(1, 2, 3, opcode == OP_ZREMRANGEBYLEX) > MEMBERS_CHANGED;
    case OP_ZPOPMIN: case OP_ZPOPMAX: return atMost(numberAt(2), sizeAt(1)) > MEMBERS_CHANGED;
    case OP_ZMPOP: return numberAt(argc - 1) > <i64>MEMBERS_CHANGED;
    case OP_ZRANDMEMBER: return argc > 2 && atMost(numberAt(2), sizeAt(1)) > MEMBERS_CHANGED;
    case OP_ZSCAN: return scanned() > MEMBERS_REPLIED;
    case OP_ZRANGEBYSCORE: case OP_ZREVRANGEBYSCORE: case OP_ZRANGEBYLEX: case OP_ZREVRANGEBYLEX: return spanned(1) > MEMBERS_REPLIED;
    default: return false;
  }
}

/** ZSCAN looks at as many members as its COUNT says. */
function scanned(): u64 {
  for (let i: u32 = 3; i + 1 < argc; i++) if (argIsWord(i, 'count')) return atMost(numberAt(i + 1), sizeAt(1));
  return 0;
}

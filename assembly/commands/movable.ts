// Where the keys of a command lie when its options decide it: behind a number of keys, behind a keyword, or nowhere that
// could be known before the data is seen (SORT's patterns).
import { parseI64, parsedI64 } from '../types/integer';
import { argIsWord } from './arguments';
import { argLen, argPtr, argc, opcode } from './context';
import {
  OP_GEORADIUS, OP_GEORADIUSBYMEMBER, OP_LMPOP, OP_SINTERCARD, OP_SORT, OP_SORT_RO, OP_XREAD, OP_XREADGROUP, OP_ZDIFF, OP_ZDIFFSTORE, OP_ZINTER,
  OP_ZINTERCARD, OP_ZINTERSTORE, OP_ZMPOP, OP_ZUNION, OP_ZUNIONSTORE,
} from './table.generated';

/** The keys that `movableKeys` found: `movableCount` neighbours from index `movableFirst` on, and one more or 0. */
export let movableFirst: u32 = 0;
export let movableCount: u32 = 0;
export let movableExtra: u32 = 0;
/** Keys that only the data will tell: every shard may hold one. */
export let movableUnknown: bool = false;

function numbered(at: u32, extra: u32): void {
  movableExtra = extra;
  if (at >= argc || !parseI64(argPtr(at), argLen(at)) || parsedI64 <= 0 || parsedI64 >= <i64>(argc - at)) return;
  movableFirst = at + 1;
  movableCount = <u32>parsedI64;
}

function streams(from: u32): void {
  for (let i = from; i + 1 < argc; i++) {
    if (!argIsWord(i, 'streams')) continue;
    movableFirst = i + 1;
    movableCount = (argc - i - 1) >> 1;
    return;
  }
}

function sorting(): void {
  movableFirst = 1;
  movableCount = 1;
  for (let i: u32 = 2; i + 1 < argc; i++) {
    if (argIsWord(i, 'by') || argIsWord(i, 'get') || argIsWord(i, 'store')) movableUnknown = true;
  }
}

function storing(from: u32): void {
  movableFirst = 1;
  movableCount = 1;
  for (let i = from; i + 1 < argc; i++) {
    if (argIsWord(i, 'store') || argIsWord(i, 'storedist')) movableExtra = ++i;
  }
}

/**
 * Finds the keys of the frame in hand, if its command is one of those whose options decide it. A malformed frame has
 * none: any shard can word its error.
 */
export function movableKeys(): bool {
  movableFirst = 0;
  movableCount = 0;
  movableExtra = 0;
  movableUnknown = false;
  switch (opcode) {
    case OP_SINTERCARD: case OP_LMPOP: case OP_ZMPOP: case OP_ZUNION: case OP_ZINTER: case OP_ZDIFF: case OP_ZINTERCARD: numbered(1, 0); return true;
    case OP_ZUNIONSTORE: case OP_ZINTERSTORE: case OP_ZDIFFSTORE: numbered(2, 1); return true;
    case OP_XREAD: streams(1); return true;
    case OP_XREADGROUP: streams(4); return true;
    case OP_SORT: case OP_SORT_RO: sorting(); return true;
    case OP_GEORADIUS: storing(6); return true;
    case OP_GEORADIUSBYMEMBER: storing(5); return true;
    default: return false;
  }
}

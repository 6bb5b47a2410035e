// From opcode to function, for the commands of this folder; and which of them are slow as they stand.
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, db, opcode } from '../context';
import { ENC_STREAM, entryEncoding, entryPointer } from '../../table/entry';
import { find, root } from '../../table/table';
import { parseI64, parsedI64 } from '../../types/integer';
import { consumerAt, consumerFind, groupAt, groupFind } from '../../types/stream/group';
import { streamAt } from '../../types/stream/stream';
import {
  OP_XACK, OP_XADD, OP_XAUTOCLAIM, OP_XCLAIM, OP_XDEL, OP_XGROUP, OP_XINFO, OP_XLEN, OP_XPENDING, OP_XRANGE, OP_XREAD, OP_XREADGROUP,
  OP_XREVRANGE, OP_XSETID, OP_XTRIM,
} from '../table.generated';
import { xautoclaim, xclaim } from './claim';
import { xadd, xdel, xlen, xsetid, xtrim } from './entries';
import { xack, xgroup } from './groups';
import { xinfo } from './info';
import { xpending } from './pending';
import { xrange } from './range';
import { xread } from './read';
import { replyError } from '../../resp/errors';

export function dispatchStream(): void {
  switch (opcode) {
    case OP_XADD: xadd(); break;
    case OP_XLEN: xlen(); break;
    case OP_XRANGE: xrange(false); break;
    case OP_XREVRANGE: xrange(true); break;
    case OP_XDEL: xdel(); break;
    case OP_XTRIM: xtrim(); break;
    case OP_XREAD: case OP_XREADGROUP: xread(); break;
    case OP_XSETID: xsetid(); break;
    case OP_XGROUP: xgroup(); break;
    case OP_XACK: xack(); break;
    case OP_XPENDING: xpending(); break;
    case OP_XCLAIM: xclaim(); break;
    case OP_XAUTOCLAIM: xautoclaim(); break;
    case OP_XINFO: xinfo(); break;
    default: replyError('ERR command is not executed by the kernel');
  }
}

/** Entries replied, looked at, or freed one by one in about half a millisecond. */
const ENTRIES: u64 = 2000;
/** IDs found one by one: each takes a walk through half a node. */
const IDS: u32 = 300;

/** The stream under argument i, or 0. */
function streamOf(i: u32): u32 {
  if (i >= argc) return 0;
  const e = find(root(db), argPtr(i), argLen(i));
  return e != 0 && entryEncoding(e) == ENC_STREAM ? entryPointer(e) : 0;
}
function lengthOf(i: u32): u64 {
  const pointer = streamOf(i);
  return pointer != 0 ? streamAt(pointer).length : 0;
}

/** The number behind this word among arguments [from, to), or `otherwise`. */
function numberBehind(word: string, from: u32, to: u32, otherwise: u64): u64 {
  for (let i = from; i + 1 < min(to, argc); i++) {
    if (argIsWord(i, word) && parseI64(argPtr(i + 1), argLen(i + 1)) && parsedI64 > 0) return <u64>parsedI64;
  }
  return otherwise;
}

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function streamSlow(bytes: u32): bool {
  switch (opcode) {
    case OP_XADD: case OP_XTRIM: return trimIsSlow();
    case OP_XRANGE: case OP_XREVRANGE: return min(lengthOf(1), numberBehind('count', 4, argc, u64.MAX_VALUE)) > ENTRIES;
    case OP_XDEL: case OP_XCLAIM: return argc > IDS;
    case OP_XREAD: case OP_XREADGROUP: return readIsSlow();
    case OP_XGROUP: return argIsWord(1, 'delconsumer') && consumerIsLarge();
    case OP_XPENDING: return argc > 3 && pendingOf(1, 2) > ENTRIES;
    case OP_XAUTOCLAIM: return min(pendingOf(1, 2), numberBehind('count', 6, argc, 100) * 10) > IDS;
    case OP_XINFO: return lengthOf(2) > ENTRIES * 100 || (argc > 4 && lengthOf(2) > ENTRIES);
    default: return false;
  }
}

/** An exact trim flags or frees what is too much, an approximate one up to its limit: whole nodes, quickly. */
function trimIsSlow(): bool {
  const length = lengthOf(1);
  if (length <= ENTRIES * 10) return false;
  for (let i: u32 = 2; i + 1 < min<u32>(argc, 8); i++) {
    if (argIsWord(i, 'minid')) return true;
    if (!argIsWord(i, 'maxlen')) continue;
    const at = argLen(i + 1) == 1 && i + 2 < argc ? i + 2 : i + 1;
    const number = parseI64(argPtr(at), argLen(at)) ? at : i + 1;
    return parseI64(argPtr(number), argLen(number)) && parsedI64 >= 0 && length > <u64>parsedI64 + ENTRIES * 10;
  }
  return false;
}

function pendingOf(key: u32, group: u32): u64 {
  const pointer = streamOf(key);
  const g = pointer != 0 && group < argc ? groupFind(pointer, argPtr(group), argLen(group)) : 0;
  return g != 0 ? groupAt(g).pendingCount : 0;
}
function consumerIsLarge(): bool {
  const pointer = streamOf(2);
  const group = pointer != 0 && argc == 5 ? groupFind(pointer, argPtr(3), argLen(3)) : 0;
  const consumer = group != 0 ? consumerFind(group, argPtr(4), argLen(4)) : 0;
  return consumer != 0 && consumerAt(consumer).pendingCount > <u32>ENTRIES;
}

/** XREAD and XREADGROUP may reply with everything that their streams hold, or COUNT of each. */
function readIsSlow(): bool {
  let streams: u32 = 1;
  while (streams < argc && !argIsWord(streams, 'streams')) streams++;
  const count = numberBehind('count', 1, streams, u64.MAX_VALUE);
  let sum: u64 = 0;
  const keys = streams < argc ? (argc - streams - 1) >>> 1 : 0;
  for (let i: u32 = 1; i <= keys && sum <= ENTRIES; i++) sum += min(lengthOf(streams + i), count);
  return sum > (opcode == OP_XREADGROUP ? ENTRIES / 4 : ENTRIES);
}

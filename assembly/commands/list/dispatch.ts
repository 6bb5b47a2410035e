// From opcode to function, for the commands of this folder; and which of them are slow as they stand.
import { argLen, argPtr, argc, db, opcode } from '../context';
import { nodeBytesMax, rootOf } from '../../types/list/node';
import { listCount } from '../../types/list/cursor';
import { parseI64, parsedI64 } from '../../types/integer';
import { ENC_NODES, TYPE_LIST, entryEncoding, entryPointer, entryType } from '../../table/entry';
import { find, root } from '../../table/table';
import {
  OP_LINDEX, OP_LINSERT, OP_LLEN, OP_LMOVE, OP_LMPOP, OP_LPOP, OP_LPOS, OP_LPUSH, OP_LPUSHX, OP_LRANGE, OP_LREM, OP_LSET, OP_LTRIM, OP_RPOP,
  OP_RPOPLPUSH, OP_RPUSH, OP_RPUSHX,
} from '../table.generated';
import { lmove, lmpop, pop, push, rpoplpush } from './ends';
import { lindex, linsert, llen, lpos, lrange, lrem, lset, ltrim } from './middle';

export function dispatchList(): void {
  switch (opcode) {
    case OP_LPUSH: push(true, false); break;
    case OP_RPUSH: push(false, false); break;
    case OP_LPUSHX: push(true, true); break;
    case OP_RPUSHX: push(false, true); break;
    case OP_LPOP: pop(true); break;
    case OP_RPOP: pop(false); break;
    case OP_LLEN: llen(); break;
    case OP_LRANGE: lrange(); break;
    case OP_LINDEX: lindex(); break;
    case OP_LSET: lset(); break;
    case OP_LINSERT: linsert(); break;
    case OP_LREM: lrem(); break;
    case OP_LTRIM: ltrim(); break;
    case OP_LPOS: lpos(); break;
    case OP_LMOVE: lmove(); break;
    case OP_RPOPLPUSH: rpoplpush(); break;
    case OP_LMPOP: lmpop(); break;
    default: assert(false);
  }
}

// About half a millisecond: elements looked at, elements replied with, their bytes, nodes walked past.
const LOOKED_AT: u64 = 40000;
const REPLIED: u64 = 10000;
const REPLIED_BYTES: u64 = 1 << 20;
const WALKED_PAST: u64 = 20000;

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function listSlow(bytes: u32): bool {
  switch (opcode) {
    case OP_LPOP: case OP_RPOP: return argc == 3 && repliesSlowly(listAt(1), numberAt(2));
    case OP_LMPOP: return lmpopIsSlow();
    case OP_LRANGE: return lrangeIsSlow();
    case OP_LINDEX: case OP_LSET: case OP_LTRIM: return nodesOf(listAt(1)) > WALKED_PAST * 2;
    case OP_LINSERT: case OP_LREM: case OP_LPOS: return scansSlowly(listAt(1));
    default: return false;
  }
}

/** The list of nodes at the key in argument i, or 0: what is packed is never slow. */
function listAt(i: u32): u32 {
  const e = find(root(db), argPtr(i), argLen(i));
  return e != 0 && entryType(e) == TYPE_LIST && entryEncoding(e) == ENC_NODES ? e : 0;
}
function nodesOf(e: u32): u64 { return e != 0 ? rootOf(entryPointer(e)).nodes : 0; }
function numberAt(i: u32): i64 { return i < argc && parseI64(argPtr(i), argLen(i)) ? parsedI64 : 0; }

/** Bytes of a list at most. */
function bytesOf(e: u32): u64 { return nodesOf(e) * nodeBytesMax() + rootOf(entryPointer(e)).plainBytes; }

function scansSlowly(e: u32): bool {
  return e != 0 && (<u64>listCount(e) > LOOKED_AT || rootOf(entryPointer(e)).plainBytes > REPLIED_BYTES * 4);
}

/** Is a reply with `count` elements of the list slow, if they are as long as the others? */
function repliesSlowly(e: u32, count: i64): bool {
  if (e == 0 || count <= 0) return false;
  const some = min<u64>(count, listCount(e));
  return some > REPLIED || bytesOf(e) / listCount(e) * some > REPLIED_BYTES;
}

function lrangeIsSlow(): bool {
  const e = listAt(1);
  if (e == 0) return false;
  const count = <i64>listCount(e);
  let start = numberAt(2);
  let stop = numberAt(3);
  if (start < 0) start = max(start + count, 0);
  if (stop < 0) stop += count;
  stop = min(stop, count - 1);
  return stop >= start && (nodesOf(e) > WALKED_PAST * 2 || repliesSlowly(e, stop - start + 1));
}

function lmpopIsSlow(): bool {
  const keys = numberAt(1);
  for (let i: u32 = 2; i < argc && <i64>i < keys + 2; i++) {
    const e = find(root(db), argPtr(i), argLen(i));
    if (e != 0) return repliesSlowly(listAt(i), numberAt(argc - 1));
  }
  return false;
}

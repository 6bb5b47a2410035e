// Which commands on streams would hold the latch for longer than about a millisecond? Asked before anything is touched.
// What lies between two IDs is estimated from the counts of the nodes there, as far as it matters.
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, db, opcode } from '../context';
import { ENC_STREAM, entryEncoding, entryPointer } from '../../table/entry';
import { find, root } from '../../table/table';
import { parseI64, parsedI64 } from '../../types/integer';
import { consumerAt, consumerFind, consumerPending, groupAt, groupFind } from '../../types/stream/group';
import { ID_RANGE_SIGNS, idMs, idParse, idSeq } from '../../types/stream/id';
import { treeCount } from '../../types/stream/id-tree';
import { entriesAbout, streamAt } from '../../types/stream/stream';
import {
  OP_XADD, OP_XAUTOCLAIM, OP_XCLAIM, OP_XDEL, OP_XGROUP, OP_XINFO, OP_XPENDING, OP_XRANGE, OP_XREAD, OP_XREADGROUP, OP_XREVRANGE, OP_XTRIM,
} from '../table.generated';

/** Entries replied in about half a millisecond, delivered to a consumer, trimmed node by node; pending entries looked at. */
const ENTRIES: u64 = 2000;
const DELIVERIES: u64 = 500;
const TRIMMED: u64 = 20000;
const PENDING: u64 = 4000;
/** IDs found one by one: each takes a walk through half a node. */
const IDS: u64 = 300;
const MAX: u64 = u64.MAX_VALUE;

/** The stream under argument i, or 0. */
function streamOf(i: u32): u32 {
  if (i >= argc) return 0;
  const e = find(root(db), argPtr(i), argLen(i));
  return e != 0 && entryEncoding(e) == ENC_STREAM ? entryPointer(e) : 0;
}
function groupOf(pointer: u32, i: u32): u32 {
  return pointer != 0 && i < argc ? groupFind(pointer, argPtr(i), argLen(i)) : 0;
}

/** The number behind this word among arguments [from, to), or `otherwise`. */
function numberBehind(word: string, from: u32, to: u32, otherwise: u64): u64 {
  for (let i = from; i + 1 < min(to, argc); i++) {
    if (argIsWord(i, word) && parseI64(argPtr(i + 1), argLen(i + 1)) && parsedI64 > 0) return <u64>parsedI64;
  }
  return otherwise;
}

/** Reads argument i as an end of an interval, whichever side; what makes no sense counts as the lowest ID. */
function boundAt(i: u32, missingSeq: u64): bool {
  const open: u32 = i < argc && argLen(i) > 1 && load<u8>(argPtr(i)) == 0x28 ? 1 : 0;
  return i < argc && idParse(argPtr(i) + open, argLen(i) - open, missingSeq, ID_RANGE_SIGNS);
}

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function streamSlow(bytes: u32): bool {
  switch (opcode) {
    case OP_XADD: case OP_XTRIM: return trimIsSlow();
    case OP_XRANGE: return rangeIsSlow(2, 3);
    case OP_XREVRANGE: return rangeIsSlow(3, 2);
    case OP_XDEL: case OP_XCLAIM: return argc > <u32>IDS;
    case OP_XREAD: return readIsSlow(false);
    case OP_XREADGROUP: return readIsSlow(true);
    case OP_XGROUP: return argIsWord(1, 'delconsumer') && consumerIsLarge();
    case OP_XPENDING: return argc > 3 && pendingOf(1, 2) > PENDING;
    case OP_XAUTOCLAIM: return min(pendingOf(1, 2), numberBehind('count', 6, argc, 100) * 10) > IDS;
    case OP_XINFO: return infoIsSlow();
    default: return false;
  }
}

function rangeIsSlow(from: u32, to: u32): bool {
  const pointer = streamOf(1);
  if (pointer == 0 || numberBehind('count', 4, argc, MAX) <= ENTRIES) return false;
  if (!boundAt(from, 0)) return false;
  const ms = idMs;
  const seq = idSeq;
  return boundAt(to, MAX) && entriesAbout(pointer, ms, seq, idMs, idSeq, ENTRIES) > ENTRIES;
}

/** An exact trim flags or frees what is too much, an approximate one up to its limit, and whole nodes at that. */
function trimIsSlow(): bool {
  const pointer = streamOf(1);
  if (pointer == 0 || streamAt(pointer).length <= TRIMMED) return false;
  for (let i: u32 = 2; i + 1 < min<u32>(argc, 8); i++) {
    const byId = argIsWord(i, 'minid');
    if (!byId && !argIsWord(i, 'maxlen')) continue;
    const at = argLen(i + 1) == 1 && i + 2 < argc && !parseI64(argPtr(i + 1), 1) ? i + 2 : i + 1;
    if (!byId) return parseI64(argPtr(at), argLen(at)) && parsedI64 >= 0 && streamAt(pointer).length > <u64>parsedI64 + TRIMMED;
    return boundAt(at, 0) && entriesAbout(pointer, 0, 0, idMs, idSeq, TRIMMED) > TRIMMED;
  }
  return false;
}

function pendingOf(key: u32, group: u32): u64 {
  const g = groupOf(streamOf(key), group);
  return g != 0 ? groupAt(g).pendingCount : 0;
}
function consumerIsLarge(): bool {
  const group = groupOf(streamOf(2), 3);
  const consumer = group != 0 && argc == 5 ? consumerFind(group, argPtr(4), argLen(4)) : 0;
  return consumer != 0 && consumerAt(consumer).pendingCount > <u32>PENDING;
}

/** XINFO STREAM looks at the ID of each node; FULL replies with everything if it is told to. */
function infoIsSlow(): bool {
  const pointer = streamOf(2);
  if (pointer == 0) return false;
  const length = streamAt(pointer).length;
  return length > TRIMMED * 10 || (argc > 5 && (length > ENTRIES || streamAt(pointer).groups != 0));
}

/** XREAD and XREADGROUP reply with what lies behind an ID, or COUNT of it, for each of their streams. */
function readIsSlow(ofGroup: bool): bool {
  let streams: u32 = 1;
  while (streams < argc && !argIsWord(streams, 'streams')) streams++;
  if (streams >= argc) return false;
  const most = ofGroup ? DELIVERIES : ENTRIES;
  const count = numberBehind('count', 1, streams, MAX);
  const keys = (argc - streams - 1) >>> 1;
  if (keys == 0 || count <= most / keys) return false;
  let groupArg: u32 = 0;
  for (let i: u32 = 1; ofGroup && i + 1 < streams; i++) if (argIsWord(i, 'group')) { groupArg = i + 1; break; }
  let sum: u64 = 0;
  for (let i: u32 = 1; i <= keys && sum <= most; i++) {
    const pointer = streamOf(streams + i);
    if (pointer != 0) sum += min(count, waiting(pointer, streams + i + keys, groupArg, most));
  }
  return sum > most;
}

/** About how many entries one of the streams has for the reader. */
function waiting(pointer: u32, id: u32, groupArg: u32, most: u64): u64 {
  if (boundAt(id, 0)) {
    if (groupArg == 0) return entriesAbout(pointer, idMs, idSeq, MAX, MAX, most);
    const group = groupOf(pointer, groupArg);
    const consumer = group != 0 ? consumerFind(group, argPtr(groupArg + 1), argLen(groupArg + 1)) : 0;
    return consumer != 0 ? treeCount(consumerPending(consumer)) : 0;
  }
  const group = groupArg != 0 ? groupOf(pointer, groupArg) : 0;
  return group != 0 ? entriesAbout(pointer, groupAt(group).lastMs, groupAt(group).lastSeq, MAX, MAX, most) : 0;
}

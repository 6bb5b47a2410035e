// XPENDING. Behaviour and texts: redis-server 7.0's t_stream.c.
import { argIsWord, integer, integerArg } from '../arguments';
import { argLen, argPtr, argc, nowMs } from '../context';
import { replyArray, replyBulk, replyBulkInt, replyClose, replyInt, replyNull, replyNullArray, replyOpen } from '../../resp/encode';
import { replySyntax } from '../../resp/errors';
import { TYPE_STREAM, entryPointer } from '../../table/entry';
import { consumerAt, consumerFind, consumerPending, groupAt, groupFind, groupPending, pendingAt } from '../../types/stream/group';
import { idMs, idSeq, replyId } from '../../types/stream/id';
import { idBelow, treeCount, treeFirst, treeLast, treeMs, treeNext, treeSeekFrom, treeSeq, treeValue } from '../../types/stream/id-tree';
import { namedLen, namedPtr, namesAt, namesCount } from '../../types/stream/names';
import { WRONG, typedRead } from '../typed';
import { endArg, startArg } from './ids';
import { replyNoGroup } from './groups';
import { ARRAY, mostOf } from './range';

/** The interval that is asked for, how many of it, the least idle time, and the consumer's argument (0: all). */
let fromMs: u64 = 0;
let fromSeq: u64 = 0;
let toMs: u64 = 0;
let toSeq: u64 = 0;
let count: u64 = 0;
let idleMs: i64 = 0;
let consumerArg: u32 = 0;

function intervalArgs(): bool {
  let at: u32 = 3;
  idleMs = 0;
  if (argIsWord(3, 'idle')) {
    if (!integerArg(4)) return false;
    idleMs = integer;
    if (argc < 8) { replySyntax(); return false; }
    at = 5;
  }
  if (!integerArg(at + 2)) return false;
  count = max<i64>(integer, 0);
  if (!startArg(at)) return false;
  fromMs = idMs;
  fromSeq = idSeq;
  if (!endArg(at + 1)) return false;
  toMs = idMs;
  toSeq = idSeq;
  consumerArg = at + 3 < argc ? at + 3 : 0;
  return true;
}

export function xpending(): void {
  if (argc != 3 && (argc < 6 || argc > 9)) { replySyntax(); return; }
  if (argc != 3 && !intervalArgs()) return;
  const e = typedRead(1, TYPE_STREAM);
  if (e == WRONG) return;
  const group = e != 0 ? groupFind(entryPointer(e), argPtr(2), argLen(2)) : 0;
  if (group == 0) { replyNoGroup(1, 2, "'"); return; }
  if (argc == 3) replySummary(group);
  else replyPending(group);
}

/** How many, the first and the last, and how many each consumer has. */
function replySummary(group: u32): void {
  const all = groupPending(group);
  replyArray(4);
  replyInt(treeCount(all));
  if (treeCount(all) == 0) {
    replyNull();
    replyNull();
    replyNullArray();
    return;
  }
  const first = treeFirst(all);
  const last = treeLast(all);
  replyId(treeMs(first), treeSeq(first));
  replyId(treeMs(last), treeSeq(last));
  const names = groupAt(group).consumers;
  const most = namesCount(names);
  const open = replyOpen(most);
  let busy: u32 = 0;
  for (let i: u32 = 0; i < most; i++) {
    const consumer = namesAt(names, i);
    if (consumerAt(consumer).pendingCount == 0) continue;
    replyArray(2);
    replyBulk(namedPtr(consumer), namedLen(consumer));
    replyBulkInt(consumerAt(consumer).pendingCount);
    busy++;
  }
  replyClose(open, most, ARRAY, busy);
}

/** The pending entries of the interval, of one consumer or of all. */
function replyPending(group: u32): void {
  let tree = groupPending(group);
  if (consumerArg != 0) {
    const consumer = consumerFind(group, argPtr(consumerArg), argLen(consumerArg));
    if (consumer == 0) { replyArray(0); return; }
    tree = consumerPending(consumer);
  }
  const most = count != 0 ? mostOf(count, treeCount(tree)) : 0;
  const open = replyOpen(most);
  let found: u32 = 0;
  for (let p = treeSeekFrom(tree, fromMs, fromSeq); p != 0 && found < most; p = treeNext(p)) {
    if (idBelow(toMs, toSeq, treeMs(p), treeSeq(p))) break;
    const pending = pendingAt(treeValue(p));
    const idle = nowMs - pending.deliveredMs;
    if (idleMs != 0 && idle < idleMs) continue;
    replyArray(4);
    replyId(treeMs(p), treeSeq(p));
    replyBulk(namedPtr(pending.consumer), namedLen(pending.consumer));
    replyInt(max<i64>(idle, 0));
    replyInt(<i64>pending.deliveries);
    found++;
  }
  replyClose(open, most, ARRAY, found);
}

// XINFO. Behaviour and texts: redis-server 7.0's t_stream.c.
import { argIsWord, integer, integerArg } from '../arguments';
import { argIs, argLen, argPtr, argc, nowMs } from '../context';
import { replyArray, replyBulk, replyInt, replyMap, replyNull, replyText } from '../../resp/encode';
import { replyError, replyErrorWith, replyUnknownSubcommand } from '../../resp/errors';
import { TYPE_STREAM, entryPointer } from '../../table/entry';
import { consumerAt, consumerPending, groupAt, groupFind, groupPending, pendingAt } from '../../types/stream/group';
import { replyId } from '../../types/stream/id';
import { treeCount, treeFirst, treeMs, treeNext, treeSeq, treeValue } from '../../types/stream/id-tree';
import { namedLen, namedPtr, namesAt, namesCount } from '../../types/stream/names';
import { radixNodes } from '../../types/stream/radix';
import { scanBegin, scanNext } from '../../types/stream/scan';
import { READ_UNKNOWN, entriesUpTo, hasTombstonesFrom, streamAt, streamNodes } from '../../types/stream/stream';
import { WRONG, typedRead } from '../typed';
import { argIsExactly, replyNoSuchGroup, replySubcommandSyntax } from './groups';
import { mostOf, replyEntry, replyRange } from './range';

const XINFO_HELP: string = "'. Try XINFO HELP.";
const FULL_COUNT_DEFAULT: i64 = 10;

export function xinfo(): void {
  const isStream = argIsExactly('stream');
  const isGroups = argIsExactly('groups');
  const isConsumers = argIsExactly('consumers');
  // "help", packed little-endian: it takes nothing else.
  if (!isStream && !isGroups && !isConsumers && !argIs(1, 0x706c6568, 4)) { replyUnknownSubcommand('XINFO'); return; }
  if (!isStream && argc != (isGroups ? <u32>3 : isConsumers ? <u32>4 : 2)) {
    replyErrorWith("ERR wrong number of arguments for 'xinfo|", argPtr(1), argLen(1), "' command", true);
    return;
  }
  const e = typedRead(2, TYPE_STREAM);
  if (e == WRONG) return;
  if (e == 0) { replyError('ERR no such key'); return; }
  const pointer = entryPointer(e);
  if (isStream) streamInfo(pointer);
  else if (isGroups) groupsInfo(pointer);
  else consumersInfo(pointer);
}

function consumersInfo(pointer: u32): void {
  const group = groupFind(pointer, argPtr(3), argLen(3));
  if (group == 0) { replyNoSuchGroup(2, 3); return; }
  const names = groupAt(group).consumers;
  const count = namesCount(names);
  replyArray(count);
  for (let i: u32 = 0; i < count; i++) {
    const consumer = namesAt(names, i);
    replyMap(3);
    replyText('name');
    replyBulk(namedPtr(consumer), namedLen(consumer));
    replyText('pending');
    replyInt(consumerAt(consumer).pendingCount);
    replyText('idle');
    replyInt(max<i64>(nowMs - consumerAt(consumer).seenMs, 0));
  }
}

function groupsInfo(pointer: u32): void {
  const names = streamAt(pointer).groups;
  const count = namesCount(names);
  replyArray(count);
  for (let i: u32 = 0; i < count; i++) {
    const group = namesAt(names, i);
    const g = groupAt(group);
    replyMap(6);
    replyText('name');
    replyBulk(namedPtr(group), namedLen(group));
    replyText('consumers');
    replyInt(namesCount(g.consumers));
    replyText('pending');
    replyInt(treeCount(groupPending(group)));
    replyText('last-delivered-id');
    replyId(g.lastMs, g.lastSeq);
    replyProgress(pointer, group);
  }
}

/** How many entries the group has read, and how many there still are; null: not known. */
function replyProgress(pointer: u32, group: u32): void {
  const s = streamAt(pointer);
  const g = groupAt(group);
  replyText('entries-read');
  if (g.entriesRead != READ_UNKNOWN) replyInt(g.entriesRead);
  else replyNull();
  replyText('lag');
  let read: i64 = g.entriesRead;
  if (s.entriesAdded == 0) read = 0;
  else if (read == READ_UNKNOWN || hasTombstonesFrom(pointer, g.lastMs, g.lastSeq)) read = entriesUpTo(pointer, g.lastMs, g.lastSeq);
  if (s.entriesAdded != 0 && read == READ_UNKNOWN) replyNull();
  else replyInt(<i64>s.entriesAdded - read);
}

function streamInfo(pointer: u32): void {
  let count = FULL_COUNT_DEFAULT;
  if (argc > 3) {
    if ((argc != 4 && argc != 6) || !argIsWord(3, 'full')) { replySubcommandSyntax(XINFO_HELP); return; }
    if (argc == 6) {
      if (!argIsWord(4, 'count')) { replySubcommandSyntax(XINFO_HELP); return; }
      if (!integerArg(5)) return;
      count = integer < 0 ? FULL_COUNT_DEFAULT : integer;
    }
  }
  const s = streamAt(pointer);
  replyMap(argc > 3 ? 9 : 10);
  replyText('length');
  replyInt(s.length);
  replyText('radix-tree-keys');
  replyInt(treeCount(streamNodes(pointer)));
  replyText('radix-tree-nodes');
  replyInt(radixNodes(streamNodes(pointer)));
  replyText('last-generated-id');
  replyId(s.lastMs, s.lastSeq);
  replyText('max-deleted-entry-id');
  replyId(s.maxDeletedMs, s.maxDeletedSeq);
  replyText('entries-added');
  replyInt(s.entriesAdded);
  replyText('recorded-first-entry-id');
  replyId(s.firstMs, s.firstSeq);
  if (argc > 3) { fullInfo(pointer, count); return; }
  replyText('groups');
  replyInt(namesCount(s.groups));
  replyText('first-entry');
  replyEdge(pointer, false);
  replyText('last-entry');
  replyEdge(pointer, true);
}

function replyEdge(pointer: u32, last: bool): void {
  scanBegin(pointer, 0, 0, u64.MAX_VALUE, u64.MAX_VALUE, last);
  if (scanNext()) replyEntry();
  else replyNull();
}

/** Entries, groups and consumers, up to `count` (0: all) of each kind of entry. */
function fullInfo(pointer: u32, count: u64): void {
  replyText('entries');
  replyRange(pointer, 0, 0, u64.MAX_VALUE, u64.MAX_VALUE, count, false);
  replyText('groups');
  const names = streamAt(pointer).groups;
  const groups = namesCount(names);
  replyArray(groups);
  for (let i: u32 = 0; i < groups; i++) {
    const group = namesAt(names, i);
    const g = groupAt(group);
    replyMap(7);
    replyText('name');
    replyBulk(namedPtr(group), namedLen(group));
    replyText('last-delivered-id');
    replyId(g.lastMs, g.lastSeq);
    replyProgress(pointer, group);
    replyText('pel-count');
    replyInt(treeCount(groupPending(group)));
    replyText('pending');
    replyPendingOf(groupPending(group), count, true);
    replyText('consumers');
    const consumers = namesCount(g.consumers);
    replyArray(consumers);
    for (let k: u32 = 0; k < consumers; k++) replyConsumer(namesAt(g.consumers, k), count);
  }
}

function replyConsumer(consumer: u32, count: u64): void {
  replyMap(4);
  replyText('name');
  replyBulk(namedPtr(consumer), namedLen(consumer));
  replyText('seen-time');
  replyInt(consumerAt(consumer).seenMs);
  replyText('pel-count');
  replyInt(treeCount(consumerPending(consumer)));
  replyText('pending');
  replyPendingOf(consumerPending(consumer), count, false);
}

function replyPendingOf(tree: u32, count: u64, withConsumer: bool): void {
  const most = mostOf(count, treeCount(tree));
  replyArray(most);
  let p = treeFirst(tree);
  for (let i: u32 = 0; i < most; i++) {
    const pending = pendingAt(treeValue(p));
    replyArray(withConsumer ? 4 : 3);
    replyId(treeMs(p), treeSeq(p));
    if (withConsumer) replyBulk(namedPtr(pending.consumer), namedLen(pending.consumer));
    replyInt(pending.deliveredMs);
    replyInt(<i64>pending.deliveries);
    p = treeNext(p);
  }
}

// XREAD and XREADGROUP. Behaviour and texts: redis-server 7.0's t_stream.c. BLOCK is read and checked; whoever finds
// nothing is answered at once, as inside MULTI.
//
// A group's deliveries are made in two steps for each stream: first the reply is written, which changes nothing and may
// fail; then, with memory and log room made sure of, the group is brought up to it.
import { argIsWord, integer, integerArg } from '../arguments';
import { argLen, argPtr, argc, changed, nowMs, opcode, proto } from '../context';
import { NOTIFY_KEY_MISS, keyEvent } from '../../events/events';
import { EVENT_KEYMISS } from '../../events/names';
import { arenaCanAlloc } from '../../memory/arena';
import { replyArray, replyBulk, replyClose, replyFailed, replyNullArray, replyOpen } from '../../resp/encode';
import { replyError, replyOom, replySyntax } from '../../resp/errors';
import { TYPE_STREAM, entryPointer } from '../../table/entry';
import { LOOKUP_QUIET, lookup } from '../../table/keyspace';
import { parseI64, parsedI64 } from '../../types/integer';
import { consumerPending, groupAt, groupFind, pendingAdd, pendingAt, pendingFind, pendingGive, pendingGrowthBytes } from '../../types/stream/group';
import { idIncrement, idMs, idSeq, idSet, replyId } from '../../types/stream/id';
import { idBelow, treeCount, treeMs, treeNext, treeSeekFrom, treeSeq, treeValue } from '../../types/stream/id-tree';
import { entryMs, entrySeq, replyEntryFields } from '../../types/stream/node';
import { scanBegin, scanNext } from '../../types/stream/scan';
import { beforeWrite } from '../../snapshot/before-write';
import { READ_UNKNOWN, entriesUpTo, hasTombstonesFrom, streamAt, streamFind } from '../../types/stream/stream';
import { OP_XREADGROUP } from '../table.generated';
import { WRONG, typedRead } from '../typed';
import { effectsBegin, effectsReserve, logDelivered, logDelivery, logGroupPosition } from './effects';
import { lastEntry } from './entries';
import { consumerOf, replyNoGroup } from './groups';
import { idArg } from './ids';
import { ARRAY, MAP, mostOf, replyRange } from './range';

/** What the options say: entries of each stream (0: all), the first key, how many keys, and the group's argument. */
let readCount: u64 = 0;
let firstKey: u32 = 0;
let keyCount: u32 = 0;
let groupArg: u32 = 0;
let noAck: bool = false;

/** Reads BLOCK's milliseconds. */
function blockArg(i: u32): bool {
  if (!parseI64(argPtr(i), argLen(i))) { replyError('ERR timeout is not an integer or out of range'); return false; }
  if (parsedI64 < 0) { replyError('ERR timeout is negative'); return false; }
  return true;
}

/** Redis 7.0 says this about XREADGROUP, too. */
function replyUnbalanced(): void {
  replyError("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.");
}

/** Reads everything in front of the keys, or replies with the error and answers false. */
function readOptions(ofGroup: bool): bool {
  readCount = 0;
  firstKey = 0;
  groupArg = 0;
  noAck = false;
  for (let i: u32 = 1; i < argc; i++) {
    const more = argc - i - 1;
    if (more != 0 && argIsWord(i, 'block')) {
      if (!blockArg(++i)) return false;
    } else if (more != 0 && argIsWord(i, 'count')) {
      if (!integerArg(++i)) return false;
      readCount = max<i64>(integer, 0);
    } else if (more != 0 && argIsWord(i, 'streams')) {
      firstKey = i + 1;
      if ((more & 1) != 0) { replyUnbalanced(); return false; }
      keyCount = more >>> 1;
      break;
    } else if (more >= 2 && argIsWord(i, 'group')) {
      if (!ofGroup) {
        replyError('ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.');
        return false;
      }
      groupArg = i + 1;
      i += 2;
    } else if (argIsWord(i, 'noack')) {
      if (!ofGroup) {
        replyError('ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.');
        return false;
      }
      noAck = true;
    } else { replySyntax(); return false; }
  }
  if (firstKey == 0) { replySyntax(); return false; }
  if (ofGroup && groupArg == 0) { replyError('ERR Missing GROUP option for XREADGROUP'); return false; }
  return true;
}

/** Is argument i this one character? A NUL ends it, as in C. */
function isSign(i: u32, sign: u32): bool {
  return argLen(i) != 0 && <u32>load<u8>(argPtr(i)) == sign && (argLen(i) == 1 || load<u8>(argPtr(i), 1) == 0);
}

/** Is the key in this argument a stream (or nothing, without a group), and its ID one? Else replies with the error. */
function checkStream(key: u32, id: u32, ofGroup: bool): bool {
  const e = typedRead(key, TYPE_STREAM);
  if (e == WRONG) return false;
  if (ofGroup && (e == 0 || groupFind(entryPointer(e), argPtr(groupArg), argLen(groupArg)) == 0)) {
    replyNoGroup(key, groupArg, "' in XREADGROUP with GROUP option");
    return false;
  }
  if (isSign(id, 0x24)) {
    if (!ofGroup) return true;
    replyError(
      'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
    );
    return false;
  }
  if (isSign(id, 0x3e)) {
    if (ofGroup) return true;
    replyError('ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.');
    return false;
  }
  return idArg(id);
}

/**
 * Is the frame in hand, an XREAD or XREADGROUP, right as far as this shard can tell: its options, the type of each key,
 * each ID, and, for XREADGROUP, that each key has the group? If not, the error has been replied. Changes nothing.
 */
export function readCheck(): bool {
  const ofGroup = opcode == OP_XREADGROUP;
  if (!readOptions(ofGroup)) return false;
  for (let i: u32 = 0; i < keyCount; i++) {
    if (!checkStream(firstKey + i, firstKey + keyCount + i, ofGroup)) return false;
  }
  return true;
}

/** The header over all streams: written with the first one that has something, a map under RESP3. */
let served: u32 = 0;
let servedOpen: u64 = 0;

function openStream(key: u32): void {
  if (served == 0) servedOpen = replyOpen(keyCount);
  served++;
  if (proto != 3) replyArray(2);
  replyBulk(argPtr(key), argLen(key));
}

/** XREAD and XREADGROUP. */
export function xread(): void {
  if (!readCheck()) return;
  served = 0;
  for (let i: u32 = 0; i < keyCount; i++) {
    const key = firstKey + i;
    const e = lookup(argPtr(key), argLen(key), LOOKUP_QUIET);
    if (e == 0) {
      // The second look in vain: `readCheck` has had the first.
      keyEvent(NOTIFY_KEY_MISS, EVENT_KEYMISS, argPtr(key), argLen(key));
      continue;
    }
    const pointer = entryPointer(e);
    if (groupArg == 0) { readStream(pointer, key, key + keyCount); continue; }
    beforeWrite(e);
    if (!readGroup(pointer, key, key + keyCount)) { replyOom(); return; }
  }
  if (served != 0) replyClose(servedOpen, keyCount, proto == 3 ? MAP : ARRAY, served);
  else replyNullArray();
}

/** Replies with what a stream has behind an ID; with nothing at all if there is nothing. */
function readStream(pointer: u32, key: u32, id: u32): void {
  if (isSign(id, 0x24)) idSet(streamAt(pointer).lastMs, streamAt(pointer).lastSeq);
  else idArg(id);
  if (!lastEntry(pointer) || !idBelow(idMs, idSeq, entryMs, entrySeq)) return;
  idIncrement();
  openStream(key);
  replyRange(pointer, idMs, idSeq, u64.MAX_VALUE, u64.MAX_VALUE, readCount, false);
}

/** The same for a consumer of a group: new entries for ">", else its own history. False: no memory. */
function readGroup(pointer: u32, key: u32, id: u32): bool {
  const group = groupFind(pointer, argPtr(groupArg), argLen(groupArg));
  const g = groupAt(group);
  const isNew = isSign(id, 0x3e);
  if (!isNew) idArg(id);
  effectsBegin(key, group, groupArg + 1);
  // The highest ID of all is what ">" is to Redis.
  if (!isNew && (idMs != u64.MAX_VALUE || idSeq != u64.MAX_VALUE)) return replyHistory(pointer, key, group);
  if (streamAt(pointer).length == 0 || !lastEntry(pointer) || !idBelow(g.lastMs, g.lastSeq, entryMs, entrySeq)) return true;
  idSet(g.lastMs, g.lastSeq);
  idIncrement();
  openStream(key);
  const fromMs = idMs;
  const fromSeq = idSeq;
  const found = replyRange(pointer, fromMs, fromSeq, u64.MAX_VALUE, u64.MAX_VALUE, readCount, false);
  return !replyFailed && deliver(pointer, key, group, fromMs, fromSeq, found);
}

/** The group's counter of entries read, once the entry in hand has been. */
function countRead(pointer: u32, group: u32): void {
  const g = groupAt(group);
  if (g.entriesRead != READ_UNKNOWN && !hasTombstonesFrom(pointer, entryMs, entrySeq)) g.entriesRead++;
  else if (streamAt(pointer).entriesAdded != 0) g.entriesRead = entriesUpTo(pointer, entryMs, entrySeq);
}

/** Brings a group up to `count` entries from an ID on, which were replied. False: no memory; what was done is logged. */
function deliver(pointer: u32, key: u32, group: u32, fromMs: u64, fromSeq: u64, count: u32): bool {
  if (!effectsReserve(noAck ? 0 : count, 1)) return false;
  // One alone fails before it has changed anything.
  if (!noAck && count > 1 && !arenaCanAlloc(pendingGrowthBytes(count))) return false;
  const consumer = consumerOf(group, groupArg + 1, key);
  if (consumer == 0) return false;
  const g = groupAt(group);
  let done = true;
  scanBegin(pointer, fromMs, fromSeq, u64.MAX_VALUE, u64.MAX_VALUE, false);
  for (let i: u32 = 0; i < count && scanNext(); i++) {
    if (!noAck) {
      done = pend(group, consumer);
      if (!done) { count = i; break; }
      logDelivery(entryMs, entrySeq, nowMs, 1);
    }
    countRead(pointer, group);
    g.lastMs = entryMs;
    g.lastSeq = entrySeq;
  }
  logDelivered();
  if (count != 0) {
    logGroupPosition();
    changed(1);
  }
  return done;
}

/** Makes the entry in hand pending with a consumer, wherever it was before. */
function pend(group: u32, consumer: u32): bool {
  const block = pendingFind(group, entryMs, entrySeq);
  if (block == 0) return pendingAdd(group, consumer, entryMs, entrySeq, nowMs, 1) != 0;
  if (!pendingGive(block, consumer, entryMs, entrySeq)) return false;
  pendingAt(block).deliveredMs = nowMs;
  pendingAt(block).deliveries = 1;
  return true;
}

/** Replies with what is pending with a consumer behind the ID in hand, and counts that as deliveries. */
function replyHistory(pointer: u32, key: u32, group: u32): bool {
  if (!effectsReserve(0, 0)) return false;
  const consumer = consumerOf(group, groupArg + 1, key);
  if (consumer == 0) return false;
  idIncrement();
  openStream(key);
  const own = consumerPending(consumer);
  const most = mostOf(readCount, treeCount(own));
  const open = replyOpen(most);
  const first = treeSeekFrom(own, idMs, idSeq);
  let found: u32 = 0;
  let runs: u32 = 1;
  let deliveries: u64 = 0;
  for (let p = first; p != 0 && found < most; p = treeNext(p)) {
    replyArray(2);
    replyId(treeMs(p), treeSeq(p));
    if (streamFind(pointer, treeMs(p), treeSeq(p))) replyEntryFields();
    else replyNullArray();
    if (pendingAt(treeValue(p)).deliveries != deliveries) { deliveries = pendingAt(treeValue(p)).deliveries; runs++; }
    found++;
  }
  replyClose(open, most, ARRAY, found);
  if (replyFailed) return false;
  if (!effectsReserve(found, runs)) return false;
  let p = first;
  for (let i: u32 = 0; i < found; i++) {
    if (streamFind(pointer, treeMs(p), treeSeq(p))) {
      const pending = pendingAt(treeValue(p));
      pending.deliveredMs = nowMs;
      pending.deliveries++;
      logDelivery(treeMs(p), treeSeq(p), nowMs, pending.deliveries);
    }
    p = treeNext(p);
  }
  logDelivered();
  changed(1);
  return true;
}

// What the commands on groups leave in the log. Deliveries are logged as XCLAIM with their exact time and count, many IDs
// to a record as long as these agree; how far a group has read as XGROUP SETID; consumers by name when they come to be.
import { argLen, argPtr } from '../context';
import { fxArg, fxBegin, fxEnd, fxId, fxInt, fxText, logOn, logReserve } from '../../log/ring';
import { groupAt } from '../../types/stream/group';
import { namedLen, namedPtr } from '../../types/stream/names';

/** IDs in one record: rows and texts of an effect are limited (log/ring.ts). */
const IDS_MAX: u32 = 16;
/** What a record takes beside its names, and for an ID. */
const RECORD_BYTES: u64 = 400;
const ID_BYTES: u64 = 64;

/** Arguments that hold the stream's key and the consumer's name; the group. */
let keyArg: u32 = 0;
let group: u32 = 0;
let consumerArg: u32 = 0;
/** Deliveries collected so far: how many IDs, and what they have in common. */
let collected: u32 = 0;
let sharedMs: i64 = 0;
let sharedCount: u64 = 0;

/** Says whom the records that follow are about. */
export function effectsBegin(key: u32, ofGroup: u32, consumer: u32): void {
  keyArg = key;
  group = ofGroup;
  consumerArg = consumer;
  collected = 0;
}

/** Makes room for deliveries of `ids` entries, `runs` times with another time or count, and for three records more. */
export function effectsReserve(ids: u32, runs: u32): bool {
  const records = <u64>(ids / IDS_MAX) + runs + 3;
  const names = <u64>argLen(keyArg) + namedLen(group) + argLen(consumerArg);
  return logReserve(records * (names + RECORD_BYTES) + <u64>ids * ID_BYTES);
}

function names(): void {
  fxArg(argPtr(keyArg), argLen(keyArg));
  fxArg(namedPtr(group), namedLen(group));
}

/** An entry that is now pending with the consumer. */
export function logDelivery(ms: u64, seq: u64, deliveredMs: i64, deliveries: u64): void {
  if (!logOn()) return;
  if (collected == IDS_MAX || (collected != 0 && (deliveredMs != sharedMs || deliveries != sharedCount))) logDelivered();
  if (collected == 0) {
    fxBegin('XCLAIM');
    names();
    fxArg(argPtr(consumerArg), argLen(consumerArg));
    fxInt(0);
    sharedMs = deliveredMs;
    sharedCount = deliveries;
  }
  fxId(ms, seq);
  collected++;
}
/** Writes out what was collected. Belongs behind the last delivery, and in front of any other record. */
export function logDelivered(): void {
  if (collected == 0) return;
  fxText('TIME');
  fxInt(sharedMs);
  fxText('RETRYCOUNT');
  fxInt(<i64>sharedCount);
  fxText('FORCE');
  fxText('JUSTID');
  fxText('LASTID');
  fxId(groupAt(group).lastMs, groupAt(group).lastSeq);
  fxEnd();
  collected = 0;
}

/** How far the group has read. */
export function logGroupPosition(): void {
  if (!logOn()) return;
  fxBegin('XGROUP');
  fxText('SETID');
  names();
  fxId(groupAt(group).lastMs, groupAt(group).lastSeq);
  fxText('ENTRIESREAD');
  fxInt(groupAt(group).entriesRead);
  fxEnd();
}

/** The consumer, made on the way. */
export function logNewConsumer(): void {
  if (!logOn()) return;
  fxBegin('XGROUP');
  fxText('CREATECONSUMER');
  names();
  fxArg(argPtr(consumerArg), argLen(consumerArg));
  fxEnd();
}

/** An entry that is no longer pending, because the stream has it no more. */
export function logForgotten(ms: u64, seq: u64): void {
  if (!logOn()) return;
  fxBegin('XACK');
  names();
  fxId(ms, seq);
  fxEnd();
}

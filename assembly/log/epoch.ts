// Steps and epochs: to which round of the log what a step wrote belongs.
//
// A step is what one holder of latches does between taking and releasing them. Every step that leaves records belongs to
// an epoch, a number shared by all shards, and "everything up to an epoch" is a state that existed: if step Y could have
// seen step X, then X's epoch is not the higher one.
//
// State at PERSIST_STATE, drawn in memory/layout.ts:
//   epoch       what a step that ends from now on belongs to, at least; the persistence engine raises it
//   published   LSN up to which whole steps are in the log
//   lastEpoch   epoch of the last step that left records here
//   markLsn     where the records of lastEpoch begin
//   entered     first epoch of the snapshot that this shard entered last
//   publishing  1 while a step has read `epoch` and has not yet published
//
// How a step comes by its epoch. The host reads the number that all shards share after the frames have arrived and before
// the latch is taken: the *hint*. At its end, still holding every latch, the step raises `publishing`, and only then reads
// `epoch`; its own epoch is the highest of the hint, the `epoch` and the `lastEpoch` of all its shards. If it saw another
// step's data, they share a shard, and `lastEpoch` there is that step's epoch or a later one. If its client heard of
// another step, that step's epoch was never higher than the shared number when the hint was read: the engine raises the
// shared number before it raises any shard's.
//
// How a round ends. The engine raises the shared number, then every shard's `epoch`, then sees each shard's `publishing`
// at 0 once. A step that read an old `epoch` had raised `publishing` before that, so it has published by then; every
// other step belongs to the new epoch. So the old one ends where the new one's mark is, or at `published`.
import { Persist, persist } from '../memory/layout';
import { snapshotEnter } from '../snapshot/state';
import { logEndLsn, logOn, logRestart } from './ring';

let hint: u64 = 0;

@inline function word(offset: usize): usize { return changetype<usize>(persist()) + offset; }
@inline function epochOf(): u64 { return atomic.load<u64>(word(offsetof<Persist>('epoch'))); }

/**
 * A step begins (latched).
 * @param epoch The hint. @param snapshot First epoch of the last snapshot that was announced.
 */
export function stepBegin(epoch: f64, snapshot: f64): void {
  hint = <u64>epoch;
  const first = <u64>snapshot;
  if (first > persist().entered) enter(first);
}

/** From here on the shard belongs to the new side of a snapshot: what a step changes, the snapshot has kept before. */
function enter(first: u64): void {
  persist().entered = first;
  if (first > epochOf()) atomic.store<u64>(word(offsetof<Persist>('epoch')), first);
  snapshotEnter();
}

function publish(epoch: u64, end: u64): void {
  const p = persist();
  if (epoch > p.lastEpoch) {
    atomic.store<u64>(word(offsetof<Persist>('markLsn')), p.published);
    atomic.store<u64>(word(offsetof<Persist>('lastEpoch')), epoch);
  }
  atomic.store<u64>(word(offsetof<Persist>('published')), end);
  atomic.store<u32>(word(offsetof<Persist>('publishing')), 0);
}

/** The end of a step on this shard alone (latched). Without records it costs a comparison. */
export function stepEnd(): void {
  if (!logOn()) return;
  const end = logEndLsn();
  if (end == persist().published) return;
  atomic.store<u32>(word(offsetof<Persist>('publishing')), 1);
  publish(max(max(hint, epochOf()), persist().lastEpoch), end);
}

/**
 * The end of a step on several shards, first half (latched): the epoch that this shard wants, negative if it has no
 * records to publish. Each shard with a positive answer is owed a `stepPublish` of the highest of all.
 */
export function stepPrepare(): f64 {
  const wanted = max(hint, persist().lastEpoch);
  if (!logOn() || logEndLsn() == persist().published) return -<f64>wanted;
  atomic.store<u32>(word(offsetof<Persist>('publishing')), 1);
  return <f64>max(wanted, epochOf());
}
export function stepPublish(epoch: f64): void { publish(<u64>epoch, logEndLsn()); }

// What the engine calls, with or without the latch.

export function raiseEpoch(epoch: f64): void {
  if (<u64>epoch > epochOf()) atomic.store<u64>(word(offsetof<Persist>('epoch')), <u64>epoch);
}
export function publishing(): u32 { return atomic.load<u32>(word(offsetof<Persist>('publishing'))); }
export function published(): u64 { return atomic.load<u64>(word(offsetof<Persist>('published'))); }
export function lastEpoch(): u64 { return atomic.load<u64>(word(offsetof<Persist>('lastEpoch'))); }
/** Where the records of an epoch and those before it end. */
export function epochEnd(epoch: f64): u64 {
  const end = published();
  return lastEpoch() > <u64>epoch ? atomic.load<u64>(word(offsetof<Persist>('markLsn'))) : end;
}

/** The log goes on at `lsn`, in `epoch`: what recovery found (before any other thread uses the shard). */
export function logBegin(lsn: f64, epoch: f64): void {
  logRestart(<u64>lsn);
  const p = persist();
  p.published = <u64>lsn;
  p.markLsn = <u64>lsn;
  p.epoch = <u64>epoch;
  p.lastEpoch = 0;
  p.entered = 0;
}

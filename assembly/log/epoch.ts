// Steps and epochs: to which round of the log what a step wrote belongs.
//
// A step is what one holder of latches does between taking and releasing them. Every step that leaves records belongs to
// an epoch, a number shared by all shards, and "everything up to an epoch" is a state that existed: if step X came before
// step Y on a shard, or was over when Y began, then X's epoch is not the higher one.
//
// State at PERSIST_STATE, drawn in memory/layout.ts:
//   epoch       what a step that ends from now on belongs to, at least: a clock that only goes forward
//   published   LSN up to which whole steps are in the log
//   lastEpoch   epoch of the last step that left records here; never ahead of `epoch`
//   markLsn     where the records of lastEpoch begin
//   entered     first epoch of the snapshot that this shard entered last
//   publishing  1 while a step has read `epoch` and has not yet published
//
// How a step comes by its epoch. The host reads the number that all shards share after the frames have arrived and before
// the latch is taken: the *hint*. No shard's `epoch` is behind a hint that was brought to it. At its end, still holding
// every latch, the step raises `publishing`, and only then reads `epoch`; its own epoch is the highest of all its shards',
// and that is what it leaves on all of them, those included that it has only looked at. So whoever comes to one of these
// shards later is not of an earlier epoch: neither who sees what the step wrote, nor who overwrites what it read. And if
// its client has heard of another step, that step's epoch was not higher than the shared number when the hint was read,
// since the engine raises the shared number before it raises any shard's. tests/model/epochs.test.ts tries every order.
//
// How a round ends. The engine raises the shared number, then every shard's `epoch`, then sees each shard's `publishing`
// at 0 once. A step that read an old `epoch` had raised `publishing` before that, so it has published by then; every
// other step belongs to the new epoch. So the old one ends where the new one's mark is, or at `published`.
//
// How a snapshot begins. The engine announces the first epoch of its new side, raises the shared number, and leaves the
// shards' alone until all have entered: a step enters when it takes a latch with a hint of the snapshot, and with all its
// shards if one of them has entered. The new epoch begins on each shard by entering, not before.
import { Persist, persist } from '../memory/layout';
import { snapshotEnter } from '../snapshot/state';
import { logEndLsn, logOn, logRestart } from './ring';

@inline function word(offset: usize): usize { return changetype<usize>(persist()) + offset; }
@inline function epochOf(): u64 { return atomic.load<u64>(word(offsetof<Persist>('epoch'))); }

/**
 * The shard's epoch is `epoch` or later from now on. The engine and the holder of the latch may both be at it, and it must
 * not go back: so it is exchanged, not stored. An exchange fails only when the other has raised it meanwhile.
 */
function epochAtLeast(epoch: u64): void {
  let now = epochOf();
  while (now < epoch) {
    const found = atomic.cmpxchg<u64>(word(offsetof<Persist>('epoch')), now, epoch);
    if (found == now) return;
    now = found;
  }
}

/**
 * A step begins (latched).
 * @param epoch The hint. @param snapshot First epoch of the last snapshot that was announced, read after the hint.
 */
export function stepBegin(epoch: f64, snapshot: f64): void {
  const first = <u64>snapshot;
  if (first > persist().entered) enter(first);
  epochAtLeast(<u64>epoch);
}

/** From here on the shard belongs to the new side of a snapshot: what a step changes, the snapshot has kept before. */
function enter(first: u64): void {
  persist().entered = first;
  epochAtLeast(first);
  snapshotEnter();
}

function publish(epoch: u64, end: u64): void {
  const p = persist();
  assert(epoch >= p.lastEpoch);
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
  publish(epochOf(), end);
}

/**
 * The end of a step on several shards, first half (latched): this shard's epoch, negative if it has no records to publish.
 * Each shard with a positive answer, or with a lower one than the highest of all, is owed a `stepPublish` of the highest.
 */
export function stepPrepare(): f64 {
  if (!logOn() || logEndLsn() == persist().published) return -<f64>epochOf();
  atomic.store<u32>(word(offsetof<Persist>('publishing')), 1);
  return <f64>epochOf();
}
export function stepPublish(epoch: f64): void {
  epochAtLeast(<u64>epoch);
  const end = logEndLsn();
  if (logOn() && end != persist().published) publish(<u64>epoch, end);
}

// What the engine calls, with or without the latch.

export function raiseEpoch(epoch: f64): void { epochAtLeast(<u64>epoch); }
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

// The shard's part in a snapshot of all shards: what every key held at one moment, the *entering*, is encoded into the
// sink (snapshot/sink.ts) while commands go on.
//
// Each entry of the keyspace has a parity, and the state has one. They agree for a key that is saved, or that was made
// after the entering. The entering turns the state's parity round, so every key there is becomes unsaved at once. The walk
// (snapshot/walk.ts) goes through the tables and saves; whoever is about to change or remove an unsaved key saves it first,
// or sets its value aside (snapshot/before-write.ts). When the walk is through, all parities agree again.
//
// State, at SNAPSHOT_STATE, all under the latch, but for the bound, which is written before a snapshot is announced:
//   offset size field
//        0    4 parity      0 or ENTRY_PARITY
//        4    4 phase       PHASE_*
//        8    4 position    the walk's place in the database in hand, as in a cursor of SCAN (table/scan.ts): hash ...
//       12    4 bucket      ... and home bucket
//       16    4 detached    databases flushed before the walk had been through them: garbage nodes of table/flush.ts
//       20    4 kept        values that their keys have lost unsaved
//       24    4 openKept    1: the key of the open entry (snapshot/encode.ts) is gone, and the entry with it once it is closed
//       28    4 stopped     1: given up by `snapshotAbort`
//       32    8 keptBytes   about the bytes of the kept values
//       40    8 keys        saved
//       48    8 bound       bytes that may be kept, in the sink and as values; 0: a quarter of the arena
//       56   72 spare
// Kept value, 16 bytes: next u32, entry u32, origin u32, spare u32.
//
// In the root of each database (table/table.ts), so that SWAPDB takes it along:
//       24    4 origin      its number at the entering
//       28    4 walk        WALK_*
//
// After a failure or an abort the walk still has to be ended: it saves nothing any more, but makes the parities agree.
import { SNAPSHOT_KEPT_AT } from '../memory/allowance';
import { header, SNAPSHOT_STATE } from '../memory/layout';
import { ENTRY_PARITY, entryFlipParity, entryParity, parityNow } from '../table/entry';
import { ROOT_BYTES, Root, root } from '../table/table';
import { sinkReset } from './sink';
import { walkToEnd } from './walk';

export const PHASE_NONE: u32 = 0;
export const PHASE_SAVING: u32 = 1;
/** Nothing is saved any more; the walk makes the parities agree. */
export const PHASE_CLEARING: u32 = 2;

export const WALK_DONE: u32 = 0;
export const WALK_WAITS: u32 = 1;
/** The state's position and bucket are a place in it. At most one database. */
export const WALK_UNDER_WAY: u32 = 2;

export const KEPT_NODE_BYTES: u32 = 16;

@unmanaged
export class Snapshot {
  parity: u32; phase: u32; position: u32; bucket: u32;
  detached: u32; kept: u32; openKept: u32; stopped: u32;
  keptBytes: u64; keys: u64; bound: u64;
}
if (offsetof<Snapshot>('keptBytes') != SNAPSHOT_KEPT_AT) ERROR('dataBytes of memory/allowance.ts reads it');
if (offsetof<Snapshot>() != 56) ERROR('Snapshot no longer matches its drawing');
if (offsetof<Snapshot>('parity') != 0) ERROR('parityNow of table/entry.ts reads the first word');
if (offsetof<Root>('bound') != 24 || ROOT_BYTES != 32) ERROR('origin and walk lie in the last words of a root');

@inline export function snapshot(): Snapshot { return changetype<Snapshot>(SNAPSHOT_STATE); }
@inline export function saving(): bool { return snapshot().phase == PHASE_SAVING; }

@inline export function rootOrigin(r: Root): u32 { return load<u32>(changetype<usize>(r), 24); }
@inline export function rootWalk(r: Root): u32 { return load<u32>(changetype<usize>(r), 28); }
@inline export function rootSetWalk(r: Root, walk: u32): void { store<u32>(changetype<usize>(r), walk, 28); }

/** Is the entry of a key not in the snapshot yet, and none made since? Never true while there is no snapshot. */
@inline export function unsaved(e: u32): bool { return entryParity(e) != parityNow(); }
/** To be called for an unsaved entry. */
@inline export function markSaved(e: u32): void { entryFlipParity(e); }

/** Bytes that may be kept. */
export function boundNow(): u64 {
  const s = snapshot();
  return s.bound != 0 ? s.bound : <u64>header().arenaPagesMax << 10;
}

/**
 * The shard enters a snapshot (latched): every key there is belongs to it, and what is changed from now on does not.
 * Takes time for the databases, not for their keys. A snapshot that is not through yet is given up.
 */
export function snapshotEnter(): void {
  const s = snapshot();
  if (s.phase != PHASE_NONE) walkToEnd();
  s.parity ^= ENTRY_PARITY;
  s.phase = PHASE_SAVING;
  s.keptBytes = 0;
  s.keys = 0;
  s.stopped = 0;
  sinkReset(boundNow());
  for (let db: u32 = 0; db < header().databaseCount; db++) {
    const r = root(db);
    store<u32>(changetype<usize>(r), db, 24);
    rootSetWalk(r, r.directory != 0 ? WALK_WAITS : WALK_DONE);
  }
}

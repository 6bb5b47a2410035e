// The kernel's ABI: what the host may call, and nothing else. abi.ts has the numbers, memory/layout.ts the memory map.
//
// Contract
// - One instance per thread and shard, all instances of a shard over one memory. `init` runs once per memory, before any
//   other thread touches it.
// - Pointers and sizes are u32: read them with `>>> 0`. Times are Unix milliseconds as f64. No function throws or traps
//   on any input; a trap is a bug of ours, after which the shard is not to be trusted.
// - "latched" functions need the caller to hold the latch (`begin`), "window" functions touch only the caller's window.
// - Nothing is durable on return: effects are in the log ring, if it is switched on, and the host persists them.
import { CONTROL_COMMANDS_MAX, CONTROL_HELD, FRAMES_MAX, SLACK_BYTES, STATUS_BUSY, STATUS_NO_MEMORY, WINDOW_IN } from './abi';
import { cutFrames, mergeReplies } from './commands/cut';
import { contextLoad } from './commands/context';
import { execute, executeInWindow } from './commands/exec';
import { databaseDigest, valuesCheck } from './commands/internal';
import {
  epochEnd as endOfEpoch, lastEpoch as epochLast, logBegin as beginLog, published as publishedLsn, publishing as isPublishing, raiseEpoch, stepBegin, stepEnd,
  stepPrepare as prepareStep, stepPublish as publishStep,
} from './log/epoch';
import { dropEvent as dropFirstEvent, firstEvent as eventAtHead, pendingEvents, takeLost } from './events/events';
import {
  cacheKey as cacheOne, firstWaiter as firstWaiterOf, keyReady, recordDb, recordType, takeReady as takeReadyKey, unwatchKey, waitOff as waitNoMore, waitOn as waitForKey,
  watchKey, watchedVersion as versionOf,
} from './events/interest';
import { crc32cUpdate } from './log/crc32c';
import { recordsReplay, replayBytes, replayStatus, replayStop, replayed } from './log/replay';
import { recordFind, recordsVerify, verifyNeed, verifyRecords, verifyStop } from './log/verify';
import { logBacklog as backlog, logConsume as consume, logConsumeTo as consumeTo, logEndLsn as endLsn, logPeek as peek, logPeekBytes as peekBytes, logPiece as piece, logPieceBytes as pieceBytes } from './log/ring';
import {
  arenaAlloc, arenaCanAlloc, arenaCheck, arenaCommittedBytes, arenaFree, arenaInit, arenaLargestFreeRun, arenaPurge, arenaSparseBytes, arenaUsedBytes,
} from './memory/arena';
import { allowanceInit, dataBytes as dataBytesNow } from './memory/allowance';
import { latchRelease, latchTry } from './memory/latch';
import { ABI_VERSION, HEADER, HEADER_BYTES, Header, MAGIC, PAGE_BYTES, TABLE_KEYS, WINDOWS, header, limitsInit, persist } from './memory/layout';
import { windowArgv, windowAt, windowBytesFor, windowOut, windowReturn, windowStaging } from './memory/window';
import { releasePieces } from './resp/encode';
import { shardOfKey, slotOfKey } from './routing/slot';
import { loadEntries } from './snapshot/decode';
import { sinkConsume, sinkOwn, sinkPieceBytes } from './snapshot/sink';
import { snapshot } from './snapshot/state';
import { abort as abortSnapshot, failed as snapshotFailure, piece as pieceOfSnapshot, slice as snapshotOn } from './snapshot/walk';
import { defragSlice } from './table/defrag';
import { evictKey as evictByHash, evictSample as sample, evictableKeys as evictable } from './table/evict';
import { expireCycle } from './table/expiry';
import { reclaim as reclaimSlice } from './table/flush';
import { guestsClear as clearGuests } from './table/keyspace';
import { ROOT_BYTES, root, tableCheck, tableGrowthBytes } from './table/table';
import { blobUnpin } from './types/blob';

/**
 * Lays out a fresh, zeroed memory as a shard.
 * @param windowCount Threads that will use the shard at the same time, the slow lane included.
 * @param inBytes,outBytes Sizes of a window's input and output, multiples of 4096.
 * @param logBytes Size of the log ring, a power of two.
 * @param pagesMax WASM pages (64 KiB) that the memory may ever have.
 * @returns 0, or STATUS_NO_MEMORY. Seeds are all zero after it: the host writes TABLE_KEYS and the generator's state next.
 */
export function init(
  shardIndex: u32, shardCount: u32, routing: u32, databases: u32, windowCount: u32, inBytes: u32, outBytes: u32, logBytes: u32, pagesMax: u32,
): i32 {
  assert((logBytes & (logBytes - 1)) == 0);
  const windowBytes = windowBytesFor(inBytes, outBytes);
  const logBase = (WINDOWS + windowCount * windowBytes + 4095) & ~4095;
  const arenaBase = (logBase + logBytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  if (!growTo(arenaBase)) return STATUS_NO_MEMORY;
  memory.fill(HEADER, 0, HEADER_BYTES);
  const h = header();
  h.magic = MAGIC;
  h.abiVersion = ABI_VERSION;
  h.shardIndex = shardIndex;
  h.shardCount = shardCount;
  h.routing = routing;
  h.databaseCount = databases;
  h.windowCount = windowCount;
  h.windowBytes = windowBytes;
  h.windowInBytes = inBytes;
  h.windowOutBytes = outBytes;
  h.logBase = logBase;
  h.logBytes = logBytes;
  h.arenaBase = arenaBase;
  h.arenaPagesMax = pagesMax * 16 - arenaBase / 4096;
  limitsInit();
  h.lfuLogFactor = 10;
  h.lfuDecayMinutes = 1;
  h.prngState = 0x9e3779b97f4a7c15;
  allowanceInit();
  if (!arenaInit(arenaBase, h.arenaPagesMax)) return STATUS_NO_MEMORY;
  h.rootsPtr = arenaAlloc(databases * ROOT_BYTES);
  if (h.rootsPtr == 0) return STATUS_NO_MEMORY;
  memory.fill(h.rootsPtr, 0, databases * ROOT_BYTES);
  return 0;
}

function growTo(bytes: u32): bool {
  const pages = <i32>((bytes + PAGE_BYTES - 1) >>> 16);
  return pages <= memory.size() || memory.grow(pages - memory.size()) >= 0;
}

/** Where the seeds go: 12 u64, then the generator's state (must not be 0). Random per process. */
export function seeds(): u32 { return TABLE_KEYS; }
export function generatorState(): u32 { return HEADER + <u32>offsetof<Header>('prngState'); }
export function headerAt(): u32 { return HEADER; }

/** Addresses of window `index`'s parts. */
export function windowBase(index: u32): u32 { return windowAt(index); }
export function windowInput(index: u32): u32 { return windowAt(index) + WINDOW_IN; }
export function windowArguments(index: u32): u32 { return windowArgv(windowAt(index)); }
export function windowStage(index: u32): u32 { return windowStaging(windowAt(index)); }
export function windowOutput(index: u32): u32 { return windowOut(windowAt(index)); }
export function windowReturns(index: u32): u32 { return windowReturn(windowAt(index)); }

/**
 * Takes the latch, and begins a step.
 * @param owner Thread id, 1 or more; stays in the latch word while it is held.
 * @param spins Looks at the latch before giving up.
 * @param epoch,snapshot What the store's shared words say at this time: see log/epoch.ts. 0 where there is no log.
 * @returns 1: held until `end`. 0: somebody else has it, or it is reserved.
 */
export function begin(owner: u32, spins: u32, epoch: f64, snapshot: f64): i32 {
  if (!latchTry(owner, spins)) return 0;
  stepBegin(epoch, snapshot);
  return 1;
}
/**
 * Ends the step and gives the latch back; wakes whoever waits for it. What the step has logged is published here, unless
 * `stepPublish` has done so already: that is for steps on several shards.
 */
export function end(owner: u32): void { stepEnd(); latchRelease(owner); }
/** The step enters a snapshot that another of its shards has entered already (latched). */
export function enter(epoch: f64, snapshot: f64): void { stepBegin(epoch, snapshot); }
/** First epoch of the snapshot that this shard entered last (latched). */
export function entered(): f64 { return <f64>persist().entered; }
/** End of a step on several shards, in two halves (latched), of which the second may not be owed: see log/epoch.ts. */
export function stepPrepare(): f64 { return prepareStep(); }
export function stepPublish(epoch: f64): void { publishStep(epoch); }

/**
 * Executes frames at `input` (latched). Replies go to `out`; 4 bytes in front of it per command are used for reply ends
 * under CALL_ALL. Parameters and results lie in the control block of `window`.
 * @returns STATUS_*.
 */
export function exec(window: u32, input: u32, inputBytes: u32, out: u32, outBytes: u32): i32 {
  return executeInWindow(window, input, inputBytes, out, outBytes);
}

/**
 * `begin`, `exec` from the window's input to its output, `end`, in one crossing. STATUS_BUSY: the latch was not free. With
 * `held` in the control block the latch is still held: events are queued, or a key is ready that somebody waits for, and
 * the host sees to them before its `end`.
 */
export function run(window: u32, from: u32, inputBytes: u32, owner: u32, spins: u32, epoch: f64, snapshot: f64): i32 {
  if (!latchTry(owner, spins)) return STATUS_BUSY;
  stepBegin(epoch, snapshot);
  const status = executeInWindow(window, window + WINDOW_IN + from, inputBytes - from, windowOut(window), header().windowOutBytes);
  if (pendingEvents()) {
    store<u32>(window + CONTROL_HELD, 1);
    return status;
  }
  store<u32>(window + CONTROL_HELD, 0);
  stepEnd();
  latchRelease(owner);
  return status;
}

/**
 * Executes one frame that lies in a block of its own, with as many arguments as it likes (latched).
 * @param block From `blockNew`; stays the caller's.
 */
export function execBlock(window: u32, block: u32, bytes: u32, argsMax: u32): i32 {
  const argv = argsMax < 0x10000000 ? arenaAlloc(argsMax * 8) : 0;
  if (argv == 0) return STATUS_NO_MEMORY;
  store<u32>(window + CONTROL_COMMANDS_MAX, 1);
  const status = execute(window, block, bytes, windowOut(window), header().windowOutBytes, argv, argsMax);
  arenaFree(argv);
  return status;
}
/** An arena block for a frame of `bytes` bytes, or 0 (latched). The bytes may be filled in without the latch. */
export function blockNew(bytes: u32): u32 { return bytes < 0xf0000000 ? arenaAlloc(bytes + SLACK_BYTES) : 0; }
export function blockFree(block: u32): void { arenaFree(block); }

/** Sorts the frames in the window's input by shard (window). See commands/cut.ts. */
export function cut(window: u32, from: u32, inputBytes: u32): i32 { return cutFrames(window, from, inputBytes); }
/** Replies of all groups, in frame order, into the window's output (window). Returns their bytes. */
export function merge(window: u32, frames: u32): u32 { return mergeReplies(window, frames); }
/** Gives up the pieces of the window's last output once they are copied (latched). */
export function release(window: u32, pieces: u32): void { releasePieces(window, pieces); }
/** Gives up one pinned blob (latched): for a host that copied a piece table's rows and used the window again. */
export function unpin(blob: u32): void { blobUnpin(blob); }
/** Would `pairs` more keys with `bytes` of keys and values fit this shard, whatever the table has to do (latched)? */
export function canStore(db: u32, pairs: u32, bytes: f64): i32 {
  return arenaCanAlloc(<u64>pairs * 64 + tableGrowthBytes(root(db), pairs) + <u64>bytes) ? 1 : 0;
}
/** The shard of a key, by this shard's routing. */
export function route(ptr: u32, bytes: u32): u32 { const h = header(); return shardOfKey(h.routing, h.shardCount, ptr, bytes); }
/** Redis Cluster's slot of a key, whatever the routing. */
export function slot(ptr: u32, bytes: u32): u32 { return slotOfKey(ptr, bytes); }
/** Drops the guests that NUL GUEST brought in (latched). */
export function guestsClear(): void { clearGuests(); }

/** Active expiry (latched): looks at about `budget` things. Returns keys expired. Uses `now` of the window's control block. */
export function expire(window: u32, budget: u32): u32 { contextLoad(window); return expireCycle(budget); }
/** Draws keys that might be evicted (latched); the best lie in the window's control block. See table/evict.ts. */
export function evictSample(window: u32, policy: u32, samples: u32): u32 { contextLoad(window); return sample(policy, samples); }
/** Keys that a policy may evict (latched, or roughly). */
export function evictableKeys(policy: u32): u32 { return evictable(policy); }
/** Evicts a candidate (latched): bytes that became free, or -1: it is gone already, -2: the log has no room. */
export function evictKey(window: u32, policy: u32, db: u32, hashLow: u32, hashHigh: u32): f64 {
  contextLoad(window);
  return <f64>evictByHash(policy, db, <u64>hashHigh << 32 | hashLow);
}
/** Frees memory of flushed databases (latched): about `budget` entries. 1: more is waiting. */
export function reclaim(budget: u32): i32 { return reclaimSlice(budget) ? 1 : 0; }
/** Active defragmentation (latched): looks at about `budget` blocks. 1: the pass over the keyspace is not complete. */
export function defrag(budget: i32): i32 { return defragSlice(budget) ? 1 : 0; }
/** Bytes in slabs that no block uses: what defragmentation may turn into free pages. */
export function sparseBytes(): f64 { return <f64>arenaSparseBytes(); }
/** Gives back what the arena holds in reserve (latched). Returns bytes. */
export function purge(): f64 { return <f64>arenaPurge(); }

/** Figures of one database (latched, or roughly): keys, keys with an expiry. */
export function databaseKeys(db: u32): u32 { return root(db).count; }
export function databaseExpires(db: u32): u32 { return root(db).expires; }
export function databaseSegments(db: u32): u32 { return root(db).segments; }
/** Arena bytes in live blocks; bytes ever taken from the memory; the longest free run. */
export function usedBytes(): f64 { return <f64>arenaUsedBytes(); }
/** Bytes that maxmemory is about: those without what is kept for a snapshot. Roughly, without the latch. */
export function dataBytes(): f64 { return <f64>dataBytesNow(); }
export function committedBytes(): f64 { return <f64>arenaCommittedBytes(); }
export function largestFreeRun(): u32 { return arenaLargestFreeRun(); }

/**
 * Reads whole entries of a snapshot file into the table (latched).
 * @param block Where they lie: the window's input, or a block from `blockNew`.
 * @param version The file's version byte.
 * @returns LOADED_* of snapshot/ops.ts; see snapshot/decode.ts for what the control block says.
 */
export function snapshotLoad(window: u32, block: u32, bytes: u32, version: u32): i32 { return loadEntries(window, block, bytes, version); }

// The shard's part in a snapshot, all latched: `begin` enters it, snapshot/state.ts says how it goes on.
/** 0: none is under way. 1: keys are being saved. 2: it has failed or was given up, and what it left is being cleared. */
export function snapshotActive(): u32 { return snapshot().phase; }
/**
 * Goes on for about `budget` bytes. 1: there is more to do, and before it is done no other snapshot may be announced. 0: the
 * walk is through; what has been encoded is the shard's part, unless `snapshotFailed`.
 */
export function snapshotSlice(window: u32, budget: u32): i32 { return snapshotOn(window, budget); }
/** Encoded bytes to be written next, `snapshotPieceBytes` in one piece; 0: none. Read without the latch until consumed. */
export function snapshotPiece(): u32 { return pieceOfSnapshot(); }
export function snapshotPieceBytes(): u32 { return sinkPieceBytes; }
export function snapshotConsume(bytes: u32): void { sinkConsume(bytes); }
/** Does what was encoded need the version byte of our own (snapshot/ops.ts)? */
export function snapshotNeedsOwnVersion(): i32 { return sinkOwn() ? 1 : 0; }
/** Keys saved. */
export function snapshotKeys(): f64 { return <f64>snapshot().keys; }
/** Gives the snapshot up; nobody may be reading a piece. `snapshotSlice` is to be called on until it answers 0. */
export function snapshotAbort(): void { abortSnapshot(); }
/** Why the snapshot is of no use: SINK_* of snapshot/sink.ts, 100: given up; 0: it is sound so far. */
export function snapshotFailed(): u32 { return snapshotFailure(); }
/** Bytes that may be kept for snapshots to come, encoded or set aside; 0: a quarter of the arena. Also without the latch. */
export function snapshotBound(bytes: f64): void { snapshot().bound = <u64>bytes; }

// What is told of keys, all latched: events/events.ts and events/interest.ts.
/** The first queued event, 0: none; `eventDrop` drops it. Its parts are drawn in events/events.ts. */
export function eventFirst(): u32 { return eventAtHead(); }
export function eventDrop(): void { dropFirstEvent(); }
/** Events that found no memory since the last call. */
export function eventsLost(): u32 { return takeLost(); }
/** Watches a key: its version, or -1: no memory. Later versions that differ tell of a change. */
export function watch(window: u32, db: u32, key: u32, keyLen: u32): f64 { return watchKey(window, db, key, keyLen); }
export function watchedVersion(window: u32, db: u32, key: u32, keyLen: u32): f64 { return versionOf(window, db, key, keyLen); }
export function unwatch(db: u32, key: u32, keyLen: u32): void { unwatchKey(db, key, keyLen); }
/** The next change of the key is an event for `worker`, once. 0: no memory. */
export function cacheKey(db: u32, key: u32, keyLen: u32, worker: u32): i32 { return cacheOne(db, key, keyLen, worker) ? 1 : 0; }
/** A client waits for a key: the node by which it is known, 0: no memory. See events/interest.ts. */
export function waitOn(db: u32, key: u32, keyLen: u32, type: u32, worker: u32, slot: u32, turn: u32, frame: u32, bytes: u32): u32 {
  return waitForKey(db, key, keyLen, type, worker, slot, turn, frame, bytes);
}
export function waitOff(node: u32): void { waitNoMore(node); }
/** Whoever waits for the key is to look at it again. */
export function wake(db: u32, key: u32, keyLen: u32): void { keyReady(db, key, keyLen); }
/** A key that has changed and is waited for, once: its record; 0: there is none. */
export function readyKey(): u32 { return takeReadyKey(); }
export function readyDb(record: u32): u32 { return recordDb(record); }
/** The type of what it holds now, -1: nothing. */
export function readyType(window: u32, record: u32): i32 { return recordType(window, record); }
/** The node of the client that has waited longest, 0: none. A node begins with the address of the next. */
export function firstWaiter(record: u32): u32 { return firstWaiterOf(record); }

/** Digest of a database's content, independent of layout and order (latched). */
export function digest(window: u32, db: u32): u64 { contextLoad(window); return databaseDigest(db); }
/**
 * The shard's own integrity check (latched): 0, or 1000 * database + reason for a table, 1000000 + reason for the arena,
 * 2000000 + reason for a value.
 */
export function check(): u32 {
  const h = header();
  for (let db: u32 = 0; db < h.databaseCount; db++) {
    const reason = tableCheck(root(db));
    if (reason != 0) return 1000 * db + reason;
    const broken = valuesCheck(db);
    if (broken != 0) return 2000000 + broken;
  }
  const reason = arenaCheck();
  return reason == 0 ? 0 : 1000000 + reason;
}

/** Address of the next unread log bytes, 0: none; `logPeekBytes` of them lie in one piece (latched). */
export function logPeek(): u32 { return peek(); }
export function logPeekBytes(): u32 { return peekBytes; }
/** Marks log bytes as read (latched). */
export function logConsume(bytes: u32): void { consume(bytes); }
// For the persistence engine, without the latch unless it says so: see log/epoch.ts.
/** Steps that end from now on belong to `epoch` at least. */
export function raise(epoch: f64): void { raiseEpoch(epoch); }
/** 1 while a step that may belong to the epoch before is about to publish: for a few instructions. */
export function publishing(): u32 { return isPublishing(); }
export function published(): f64 { return <f64>publishedLsn(); }
/** Epoch of the last records here. */
export function lastEpoch(): f64 { return <f64>epochLast(); }
export function epochEnd(epoch: f64): f64 { return <f64>endOfEpoch(epoch); }
/** Address of published log bytes from `from` on; `logPieceBytes` of them, at most up to `to`, lie in one piece. */
export function logPiece(from: f64, to: f64): u32 { return piece(<u64>from, <u64>to); }
export function logPieceBytes(): u32 { return pieceBytes; }
/** Marks the log as read up to an LSN (latched). */
export function logConsumeTo(lsn: f64): void { consumeTo(<u64>lsn); }
/** The log goes on at `lsn`, in `epoch` (before any other thread uses the shard). */
export function logBegin(lsn: f64, epoch: f64): void { beginLog(lsn, epoch); }
/** Looks over stored log bytes: bytes that are sound and plain. See log/verify.ts. */
export function logVerify(ptr: u32, bytes: u32, framed: i32): u32 { return recordsVerify(ptr, bytes, framed != 0); }
export function logVerifyStop(): u32 { return verifyStop; }
export function logVerifyRecords(): u32 { return verifyRecords; }
export function logVerifyNeed(): u32 { return verifyNeed; }
/** Looks for a record behind damage: bytes passed over. logVerifyStop and logVerifyNeed say what is there. */
export function logFind(ptr: u32, bytes: u32): u32 { return recordFind(ptr, bytes); }
/** Executes stored log records (latched): bytes done. See log/replay.ts. */
export function logReplay(window: u32, ptr: u32, bytes: u32, framed: i32): u32 {
  return recordsReplay(window, ptr, bytes, framed != 0);
}
export function logReplayed(): u32 { return replayed; }
export function logReplayStop(): u32 { return replayStop; }
export function logReplayStatus(): i32 { return replayStatus; }
export function logReplayBytes(): u32 { return replayBytes; }
/** CRC-32C of bytes, going on from `crc`; 0 begins. */
export function crc32c(crc: u32, ptr: u32, bytes: u32): u32 { return crc32cUpdate(crc, ptr, bytes); }
export function logBacklog(): f64 { return <f64>backlog(); }
export function logEndLsn(): f64 { return <f64>endLsn(); }
if (FRAMES_MAX * 4 > 4096) ERROR('reply ends must stay small');

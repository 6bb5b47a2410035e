// The memory map of one shard, drawn once. Everything a shard owns is found from these numbers.
//
//   0x00000  static data        64 KiB   read-only tables of the module (layout.test.ts checks that they fit)
//   0x10000  header              8 KiB   below
//   0x12000  windows            windowCount * windowBytes, one per thread that uses the shard
//   logBase  log ring           logBytes (a power of two)
//   arenaBase arena             to the end of the memory: page descriptors, then 4 KiB pages
//
// The header, byte by byte (offsets from HEADER). "latch" = read and written only under the latch; "once" = written by
// `init` and never again; "atomic" = any thread at any time, atomically.
//
//   offset size field                 kind
//        0    4 magic                 once    0x4853_4b4c, 'LKSH'
//        4    4 abiVersion            once
//        8    4 shardIndex            once
//       12    4 shardCount            once
//       16    4 routing               once    0 kevyhash, 1 slots
//       20    4 databaseCount         once
//       24    4 windowCount           once
//       28    4 windowBytes           once
//       32    4 windowInBytes         once    size of a window's input part
//       36    4 windowOutBytes        once    size of a window's output part
//       40    4 logBase               once
//       44    4 logBytes              once
//       48    4 arenaBase             once
//       52    4 arenaPagesMax         once    4 KiB pages the memory may ever hold
//       64    4 latchOwner            atomic  0 free, else the owning thread's id
//       68    4 latchWaiters          atomic  threads and parked workers that want a wake-up
//       72    4 latchWakeSeq          atomic  futex word, raised by each unlock that has waiters
//       76    4 latchReserved         atomic  0, or the thread that newcomers yield to
//       80    4 lost                  atomic  1 once a holder died or trapped: the shard is not to be trusted
//      128    4 flags                 latch   HEADER_FLAG_*
//      132    4 lruClock              latch   24 bits, seconds (LRU) as of the last exec
//      136    4 guests                latch   dict of foreign values brought in for one command, 0 none
//      140    4 rootsPtr              latch   databaseCount * ROOT_BYTES, in the arena
//      144    4 garbageHead           latch   detached directories waiting to be reclaimed (table/flush.ts)
//      148    4 deferredHead          latch   pinned blobs to be freed when their last pin goes
//      152    8 prngState             latch   xorshift64*
//      160    8 dirty                 latch   changes since birth
//      168    8 hits                  latch
//      176    8 misses                latch
//      184    8 expired               latch
//      192    4 expireCursorDb        latch   where active expiry goes on
//      196    4 expireCursorSegment   latch
//      200    4 lfuLogFactor          latch
//      204    4 lfuDecayMinutes       latch
//      208    4 expiryStale           latch   1 while the last pass left expired keys behind
//      212    4 droppedHead           latch   large values whose keys are gone, waiting to be freed (types/value.ts)
//      256   96 tableKeys             once    seeds of the table's own hash: 8 u64 for NH, 2 for SipHash, 2 spare
//      384   64 log                   latch   state of the ring, log/ring.ts
//      512 2048 arena                 latch   state of the arena, memory/pages.ts
//     2560   64 limits                latch   conversion limits of the types, below
//     2624   64 persist                     epochs of the log, below
//     2688  128 snapshot            latch   the shard's part in a snapshot of all shards (snapshot/state.ts)
//     2816  128 snapshot file     latch   what is encoded and not written yet, and the value in work (snapshot/sink.ts)
//     2944   64 events                latch   what is told of keys, and to whom (events/events.ts)
//     3008   64 spare
//     3072   48 allowance             state of the shard's part of maxmemory, memory/allowance.ts
//     3136   72 defrag                state of active defragmentation, memory/moving.ts
//     3208      free to HEADER_BYTES

export const PAGE_BYTES: u32 = 65536;
export const HEADER: u32 = 0x10000;
export const HEADER_BYTES: u32 = 8192;
export const WINDOWS: u32 = 0x12000;
export const MAGIC: u32 = 0x48534b4c;
export const ABI_VERSION: u32 = 1;

/** The log flag is off when nobody reads the ring: effects are then not encoded at all. */
export const HEADER_FLAG_LOG: u32 = 1;
/** Set by maxmemory-policy *lfu: the entry's clock holds an LFU counter instead of an LRU time. */
export const HEADER_FLAG_LFU: u32 = 2;
/** Nothing expires by itself: a log of our own is being replayed. */
export const HEADER_FLAG_CLOCK_STOPPED: u32 = 4;

@unmanaged
export class Header {
  magic: u32; abiVersion: u32; shardIndex: u32; shardCount: u32;
  routing: u32; databaseCount: u32; windowCount: u32; windowBytes: u32;
  windowInBytes: u32; windowOutBytes: u32; logBase: u32; logBytes: u32;
  arenaBase: u32; arenaPagesMax: u32; _pad0: u64;
  latchOwner: u32; latchWaiters: u32; latchWakeSeq: u32; latchReserved: u32;
  lost: u32; _pad1: u32; _pad2: u64; _pad3: u64; _pad4: u64; _pad5: u64; _pad6: u64;
  flags: u32; lruClock: u32; guests: u32; rootsPtr: u32;
  garbageHead: u32; deferredHead: u32; prngState: u64;
  dirty: u64; hits: u64; misses: u64; expired: u64;
  expireCursorDb: u32; expireCursorSegment: u32; lfuLogFactor: u32; lfuDecayMinutes: u32;
  expiryStale: u32; droppedHead: u32;
}
if (offsetof<Header>('latchOwner') != 64) ERROR('Header no longer matches its drawing: latchOwner');
if (offsetof<Header>('lost') != 80) ERROR('Header no longer matches its drawing: lost');
if (offsetof<Header>('flags') != 128) ERROR('Header no longer matches its drawing: flags');
if (offsetof<Header>('prngState') != 152) ERROR('Header no longer matches its drawing: prngState');
if (offsetof<Header>('expireCursorDb') != 192) ERROR('Header no longer matches its drawing: expireCursorDb');
if (offsetof<Header>('expiryStale') != 208) ERROR('Header no longer matches its drawing: expiryStale');

export const TABLE_KEYS: u32 = HEADER + 256;
export const LOG_STATE: u32 = HEADER + 384;
export const ARENA_STATE: u32 = HEADER + 512;
export const ARENA_STATE_BYTES: u32 = 2048;
export const ALLOWANCE_STATE: u32 = HEADER + 3072;
export const DEFRAG_STATE: u32 = HEADER + 3136;

// Limits, at LIMITS: when a value leaves its compact form. The host's configuration writes them (single words, any time).
//   offset size field
//        0    4 hashMaxListpackEntries   u32
//        4    4 hashMaxListpackValue     u32  bytes
//        8    4 setMaxIntsetEntries      u32
//       12    4 zsetMaxListpackEntries   u32
//       16    4 zsetMaxListpackValue     u32  bytes
//       20    4 listMaxListpackSize      i32  elements, or -1..-5 for 4..64 KiB
//       24    4 streamNodeMaxBytes       u32  0: no limit
//       28    4 streamNodeMaxEntries     u32  0: no limit
//       32    4 hllSparseMaxBytes        u32
//       36    4 packedEntriesMax         u32  a value beyond Redis's limits stays packed up to so many elements ...
//       40    4 packedBytesMax           u32  ... and bytes: a table's first segment alone has 4 KiB
//       44   20 spare
export const LIMITS: u32 = HEADER + 2560;
export const LIMITS_BYTES: u32 = 64;

@unmanaged
export class Limits {
  hashMaxListpackEntries: u32; hashMaxListpackValue: u32; setMaxIntsetEntries: u32; zsetMaxListpackEntries: u32;
  zsetMaxListpackValue: u32; listMaxListpackSize: i32; streamNodeMaxBytes: u32; streamNodeMaxEntries: u32;
  hllSparseMaxBytes: u32; packedEntriesMax: u32; packedBytesMax: u32;
}
if (offsetof<Limits>('packedBytesMax') != 40) ERROR('Limits no longer match their drawing');
if (ARENA_STATE + ARENA_STATE_BYTES > LIMITS) ERROR('the arena state runs into the limits');
if (LIMITS + LIMITS_BYTES > ALLOWANCE_STATE) ERROR('the limits run into what follows them');

@inline export function limits(): Limits { return changetype<Limits>(LIMITS); }

/** redis.conf's defaults. */
export function limitsInit(): void {
  const l = limits();
  l.hashMaxListpackEntries = 512;
  l.hashMaxListpackValue = 64;
  l.setMaxIntsetEntries = 512;
  l.zsetMaxListpackEntries = 128;
  l.zsetMaxListpackValue = 64;
  l.listMaxListpackSize = -2;
  l.streamNodeMaxBytes = 4096;
  l.streamNodeMaxEntries = 100;
  l.hllSparseMaxBytes = 3000;
  l.packedEntriesMax = 128;
  l.packedBytesMax = 4096;
}

@inline export function header(): Header { return changetype<Header>(HEADER); }

// Epochs of the log, at PERSIST_STATE: log/epoch.ts says what they are for.
//   offset size field
//        0    8 epoch        u64 atomic
//        8    8 published    u64 atomic, written under the latch
//       16    8 lastEpoch    u64 atomic, written under the latch
//       24    8 markLsn      u64 atomic, written under the latch
//       32    8 entered      u64 latch
//       40    4 publishing   u32 atomic, written under the latch
//       44   20 spare
export const PERSIST_STATE: u32 = HEADER + 2624;
export const SNAPSHOT_STATE: u32 = HEADER + 2688;
export const EVENTS_STATE: u32 = HEADER + 2944;
/** Encoded bytes of it: snapshot/sink.ts. */
export const SINK: u32 = HEADER + 2816;

@unmanaged
export class Persist { epoch: u64; published: u64; lastEpoch: u64; markLsn: u64; entered: u64; publishing: u32; }
if (offsetof<Persist>('publishing') != 40) ERROR('Persist no longer matches its drawing');
if (LIMITS + LIMITS_BYTES > PERSIST_STATE) ERROR('the limits run into the epochs');

@inline export function persist(): Persist { return changetype<Persist>(PERSIST_STATE); }

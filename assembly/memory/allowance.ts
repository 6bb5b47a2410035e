// The shard's part of maxmemory. The limit is one over all shards; the host divides what is left of it among them, and
// each shard compares its own bytes with its part: so a write costs one comparison, and no shard looks at another.
//
// State at ALLOWANCE_STATE. "atomic" = any thread at any time; "latch" = under this shard's latch.
//   offset size field
//        0    4 granules      atomic  bytes the arena may hold, in units of 8; ALLOWANCE_NONE: as many as it can
//        4    4 dividing      atomic  id of the thread that divides the limit, 0 none (shard 0's word counts)
//        8    8 limitBytes    atomic  maxmemory, 0 none (the host's; so is the rest up to 32)
//       16    4 policy        atomic  EVICT_*, 0 evicts nothing
//       20    4 samples       atomic  maxmemory-samples
//       24    4 tenacity      atomic  maxmemory-eviction-tenacity
//       28    4 spare
//       32    8 evicted       latch   keys evicted
//       40    4 cursorDb      latch   where a search that ran out of budget goes on, see table/evict.ts
//       44    4 cursorPlace   latch
import { arena } from './pages';
import { ALLOWANCE_STATE, SINK, SNAPSHOT_STATE } from './layout';

export const ALLOWANCE_NONE: u32 = 0xffffffff;
/** Where snapshot/state.ts and snapshot/sink.ts have what they keep; they check it. */
export const SNAPSHOT_KEPT_AT: usize = 32;
export const SINK_BYTES_AT: usize = 16;

@unmanaged
export class Allowance {
  granules: u32; dividing: u32; limitBytes: u64; policy: u32; samples: u32; tenacity: u32; spare: u32;
  evicted: u64; cursorDb: u32; cursorPlace: u32;
}
if (offsetof<Allowance>('evicted') != 32) ERROR('Allowance no longer matches its drawing: evicted');
if (offsetof<Allowance>() != 48) ERROR('Allowance no longer matches its drawing');

@inline export function allowance(): Allowance { return changetype<Allowance>(ALLOWANCE_STATE); }

export function allowanceInit(): void { allowance().granules = ALLOWANCE_NONE; }

/**
 * Bytes that the limit is about: all but what is kept for a snapshot, encoded or set aside. If that counted, eviction during
 * a snapshot would gain nothing by what it evicts, and go on until nothing was left. It has a bound of its own.
 */
@inline export function dataBytes(): u64 {
  const all = arena().usedBytes;
  const kept = load<u64>(SNAPSHOT_STATE, SNAPSHOT_KEPT_AT) + load<u64>(SINK, SINK_BYTES_AT);
  return all > kept ? all - kept : 0;
}

/** Does the shard hold more than its part of the limit? Its granules are of 8 bytes. */
@inline export function overAllowance(): bool {
  return <u32>(dataBytes() >> 3) > atomic.load<u32>(ALLOWANCE_STATE);
}

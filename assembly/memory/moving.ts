// Moving blocks, so that what many deletions left half empty becomes whole pages again: what the walk over the keyspace
// (table/defrag.ts) and the types share. Whoever moves a block owns every pointer to it.
//
// State at DEFRAG_STATE, read and written under the latch:
//   offset size field
//        0    8 hits        blocks moved
//        8    8 misses      blocks looked at that lay well
//       16    8 keyHits     keys of which something was moved
//       24    8 keyMisses   keys of which nothing was
//       32    4 db          where the walk goes on: database,
//       36    4 position    the top 32 bits of the hash at which the segment in hand begins,
//       40    4 place       and slot in it, bucket by bucket
//       44    4 spare
//       48    8 inside      where the value in that slot goes on, as its type counts; 0: at its beginning. Another value may
//                           have taken the slot meanwhile: a type makes sense of any number.
//       56    8 insideMore  more of the same, for types that need it
//       64    8 part        part of the value that it lies in, for types that have several
import { DEFRAG_STATE } from './layout';
import { arenaAlloc, arenaFree, arenaShouldMove, arenaSize } from './arena';

@unmanaged
export class Defrag { hits: u64; misses: u64; keyHits: u64; keyMisses: u64; db: u32; position: u32; place: u32; spare: u32; inside: u64; insideMore: u64; part: u64; }
if (offsetof<Defrag>('inside') != 48) ERROR('Defrag no longer matches its drawing: inside');
if (offsetof<Defrag>() != 72) ERROR('Defrag no longer matches its drawing');

@inline export function defragState(): Defrag { return changetype<Defrag>(DEFRAG_STATE); }

/** What a block of this size costs of a budget: one for looking, and one for every kilobyte that may have to be copied. */
@inline export function moveCost(ptr: u32): i32 { return 1 + <i32>(arenaSize(ptr) >>> 10); }

/** The address of a block from now on: the old one, or that of its copy in a fuller slab. */
export function movedBlock(ptr: u32): u32 {
  const d = defragState();
  if (arenaShouldMove(ptr)) {
    const size = arenaSize(ptr);
    const fresh = arenaAlloc(size);
    if (fresh != 0) {
      memory.copy(fresh, ptr, size);
      arenaFree(ptr);
      d.hits++;
      return fresh;
    }
  }
  d.misses++;
  return ptr;
}

// A blob holds a string too long for its entry. It is owned by exactly one entry (or guest), unless it is detached.
//
//   offset size field
//        0    4 length   bytes in use
//        4    4 pins     replies that still point into it; bit 31: detached, its entry is gone
//        8    4 spare
//       12    4 spare
//       16      bytes    arenaSize(blob) - 16 of them
//
// A pinned blob is being read by a host without the latch: its bytes may be neither changed nor moved. A writer that
// meets a pinned blob copies it; a blob dropped while pinned is freed by the last unpin.
import { arenaAlloc, arenaFree, arenaRealloc, arenaSize } from '../memory/arena';

export const BLOB_HEADER_BYTES: u32 = 16;
const DETACHED: u32 = 0x80000000;
/** No blob is longer: sums of a length and some room stay inside 32 bits. */
const BYTES_MAX: u32 = 0xf0000000;

@unmanaged
export class Blob { length: u32; pins: u32; spare0: u32; spare1: u32; }
if (offsetof<Blob>() != BLOB_HEADER_BYTES) ERROR('Blob no longer matches its drawing');

@inline function at(blob: u32): Blob { return changetype<Blob>(blob); }
@inline export function blobLength(blob: u32): u32 { return at(blob).length; }
/** Only for a blob that its writer alone knows, up to its capacity. */
@inline export function blobSetLength(blob: u32, length: u32): void { at(blob).length = length; }
@inline export function blobBytes(blob: u32): u32 { return blob + BLOB_HEADER_BYTES; }
@inline export function blobCapacity(blob: u32): u32 { return arenaSize(blob) - BLOB_HEADER_BYTES; }
@inline export function blobPinned(blob: u32): bool { return at(blob).pins != 0; }

/** A blob of `length` bytes, not initialised, with room for `capacity`. 0: no memory. */
export function blobNew(length: u32, capacity: u32): u32 {
  if (length > BYTES_MAX || capacity > BYTES_MAX || capacity < length) return 0;
  const blob = arenaAlloc(capacity + BLOB_HEADER_BYTES);
  if (blob == 0) return 0;
  at(blob).length = length;
  at(blob).pins = 0;
  return blob;
}

/** Its entry lets go of it: freed now, or by the last unpin. */
export function blobDrop(blob: u32): void {
  const b = at(blob);
  if (b.pins != 0) b.pins |= DETACHED;
  else arenaFree(blob);
}

@inline export function blobPin(blob: u32): void { at(blob).pins++; }

export function blobUnpin(blob: u32): void {
  const b = at(blob);
  assert((b.pins & ~DETACHED) != 0);
  b.pins--;
  if (b.pins == DETACHED) arenaFree(blob);
}

/**
 * Readies a blob for being written up to `length` bytes: grown, or replaced by a copy if it is pinned. New bytes are not
 * initialised. Growth is doubled up to 1 MiB and by 1 MiB above, as Redis's strings do, so that appends are amortised.
 * @returns the blob to use from now on (the old one is gone unless equal), or 0: no memory, nothing changed.
 */
export function blobGrow(blob: u32, length: u32): u32 {
  const b = at(blob);
  const pinned = b.pins != 0;
  if (!pinned && length <= blobCapacity(blob)) {
    if (length > b.length) b.length = length;
    return blob;
  }
  const wanted = max(length, b.length);
  if (wanted > BYTES_MAX) return 0;
  const room = wanted + (wanted < 0x100000 ? wanted : 0x100000);
  let fresh: u32;
  if (pinned) {
    fresh = blobNew(wanted, room);
    if (fresh == 0) fresh = blobNew(wanted, wanted);
    if (fresh == 0) return 0;
    memory.copy(blobBytes(fresh), blobBytes(blob), b.length);
    blobDrop(blob);
    return fresh;
  }
  const used = b.length + BLOB_HEADER_BYTES;
  fresh = arenaRealloc(blob, used, room + BLOB_HEADER_BYTES);
  if (fresh == 0) fresh = arenaRealloc(blob, used, wanted + BLOB_HEADER_BYTES);
  if (fresh == 0) return 0;
  at(fresh).length = wanted;
  return fresh;
}

// How far the encoding of one value has got. It lies in memory, so that another thread's instance can go on with it: for
// the value that is open, at OPEN_CURSOR (snapshot/sink.ts); for one that is written in one go, in the caller's window.
//
//   offset size field
//        0    4 entry     the key's entry, 0: no value is open
//        4    4 phase     what comes next (PHASE_* of the files that encode)
//        8    4 span      bytes that are being copied, ...
//       12    4 spanLeft  ... and how many are left of them
//       16    4 left      elements left
//       20    4 block     a list's node; a field, a member or a pending entry in hand
//       24    4 at        a listpack's offset; an index; a rank; the next bucket of a table's segment
//       28    4 index     the next slot of a table's directory
//       32    4 mask      slots left in the bucket in hand
//       36    4 outer     a stream's group
//       40    4 inner     a group's consumer; elements left of a stream's entry
//       44    4 own       1: the form that version 4 has no word for
//       48    8 ms        ID in a stream: from here on
//       56    8 seq
// The value must neither change nor move while it is open.
import { CHUNK_BYTES, SINK_UNSOUND, sinkCopy, sinkFail, sinkRoom, sinkWrote } from './sink';
import { BUCKETS, Root, STASH, bucketAt, segmentAt, slotAt, usedSlots } from '../table/table';

@unmanaged
export class Cursor {
  entry: u32; phase: u32; span: u32; spanLeft: u32;
  left: u32; block: u32; at: u32; index: u32;
  mask: u32; outer: u32; inner: u32; own: u32;
  ms: u64; seq: u64;
}
export const CURSOR_BYTES: u32 = 64;
if (offsetof<Cursor>() != CURSOR_BYTES) ERROR('Cursor no longer matches its drawing');

/** Everything is written but, perhaps, the span in hand. */
export const PHASE_DONE: u32 = 0;
/** The value's own head: how many elements, and so on. */
export const PHASE_HEAD: u32 = 1;
/** The next element of a container; the field of a pair. */
export const PHASE_ELEMENT: u32 = 2;
/** What belongs to the element just written: a value, a score. */
export const PHASE_SECOND: u32 = 3;

/** Longer texts are copied in spans. */
const WHOLE_MAX: u32 = 1024;
/** Buckets of a table that one step looks at before it lets its caller look at the budget. */
const BUCKETS_A_STEP: u32 = 256;

/** Work done that wrote nothing, in bytes that could have been written instead; for the budget. */
export let idleWork: u32 = 0;
export function idleClear(): void { idleWork = 0; }

/** Writes a text as u32 length and bytes: at once, or its length now and the rest as a span. */
export function putText(c: Cursor, ptr: u32, length: u32): void {
  if (length > WHOLE_MAX) {
    const head = sinkRoom(4);
    if (head == 0) return;
    store<u32>(head, length);
    sinkWrote(head + 4);
    c.span = ptr;
    c.spanLeft = length;
    return;
  }
  const to = sinkRoom(4 + length);
  if (to == 0) return;
  store<u32>(to, length);
  copyShort(to + 4, ptr, length);
  sinkWrote(to + 4 + length);
}

/** Copies up to WHOLE_MAX bytes; short ones without a call. */
@inline export function copyShort(to: u32, ptr: u32, length: u32): void {
  if (length >= 8 && length <= 16) {
    const tail = load<u64>(ptr + length - 8);
    store<u64>(to, load<u64>(ptr));
    store<u64>(to + length - 8, tail);
  } else memory.copy(to, ptr, length);
}

/** Copies on at the span, at most `most` bytes of it. */
export function putSpan(c: Cursor, most: u32): void {
  const part = min(c.spanLeft, min(most, CHUNK_BYTES));
  sinkCopy(c.span, part);
  c.span += part;
  c.spanLeft -= part;
}

/**
 * The next member of a table, by the cursor's index, bucket and mask; all 0 at its start. 0: none found yet, to be called
 * again while the cursor has elements left.
 */
export function tableNext(c: Cursor, r: Root): u32 {
  let looked: u32 = 0;
  while (c.mask == 0) {
    if (r.directory == 0 || (c.index >> r.depth) != 0) { sinkFail(SINK_UNSOUND); return 0; }
    const segment = load<u32>(r.directory + (c.index << 2));
    if (c.at == BUCKETS + STASH) {
      c.index += 1 << (r.depth - segmentAt(segment).depth);
      c.at = 0;
      continue;
    }
    c.mask = usedSlots(bucketAt(segment, c.at));
    c.at++;
    if (++looked == BUCKETS_A_STEP) { idleWork += looked << 3; if (c.mask == 0) return 0; }
  }
  const e = load<u32>(slotAt(bucketAt(load<u32>(r.directory + (c.index << 2)), c.at - 1), ctz(c.mask)));
  c.mask &= c.mask - 1;
  return e;
}

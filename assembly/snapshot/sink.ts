// The sink of a snapshot: encoded entries that wait to be written, in a chain of arena blocks. Whoever holds the latch
// adds to its end; the host writes bytes from its front without the latch and then, under it, says how many.
//
// A large value is encoded in slices. While it is open, what others save meanwhile must not fall between its bytes: that
// goes to a chain of its own, the side, and is hung behind the main chain when the value is closed.
//
// State, at SINK:
//   offset size field
//        0    4 head        first chunk of the main chain, 0: none
//        4    4 tail        last chunk
//        8    4 sideHead    the same of the side
//       12    4 sideTail
//       16    8 bytes       kept in both chains and not consumed yet
//       24    8 bound       more than about this may not be kept
//       32    4 failed      SINK_* reason, 0: all is well
//       36    4 database    what a reader has selected where the next entry will stand
//       40    4 own         1: something was written that version 4 has no word for
//       44    4 spare
// At OPEN_CURSOR, 80 bytes: the value that is open (snapshot/cursor.ts).
//
// Chunk, CHUNK_BYTES:
//        0    4 next
//        4    4 used        offset behind the last byte written
//        8    4 from        offset of the first byte that is not consumed
//       12    4 spare
//       16      bytes       never changed once they are written
import { arenaAlloc, arenaFree } from '../memory/arena';
import { SINK_BYTES_AT } from '../memory/allowance';
import { SINK } from '../memory/layout';

export const OPEN_CURSOR: u32 = SINK + 48;
export const CHUNK_BYTES: u32 = 65536;
const CHUNK_HEAD_BYTES: u32 = 16;
/** The most that `sinkRoom` gives in one piece. */
export const SINK_RUN_MAX: u32 = 4096;

/** More would have to be kept than was allowed. */
export const SINK_FULL: u32 = 1;
/** No memory for another chunk. */
export const SINK_NO_MEMORY: u32 = 2;
/** A value was not what its own counts said: nothing that follows could be trusted. */
export const SINK_UNSOUND: u32 = 3;

@unmanaged
class Sink {
  head: u32; tail: u32; sideHead: u32; sideTail: u32;
  bytes: u64; bound: u64;
  failed: u32; database: u32; own: u32; spare: u32;
}
if (offsetof<Sink>() != 48) ERROR('Sink no longer matches its drawing');
if (offsetof<Sink>('bytes') != SINK_BYTES_AT) ERROR('dataBytes of memory/allowance.ts reads it');
@unmanaged
class Chunk { next: u32; used: u32; from: u32; spare: u32; }
if (offsetof<Chunk>() != CHUNK_HEAD_BYTES) ERROR('Chunk no longer matches its drawing');

@inline function sink(): Sink { return changetype<Sink>(SINK); }
@inline function chunk(p: u32): Chunk { return changetype<Chunk>(p); }

/** Begins anew, empty: nothing is kept, database 0 is selected. @param bound Bytes that may be kept. */
export function sinkReset(bound: u64): void {
  sinkClear();
  memory.fill(SINK, 0, <u32>offsetof<Sink>());
  sink().bound = bound;
}

/** Frees everything that is kept. Nobody may be reading a piece of it any more. */
export function sinkClear(): void {
  const s = sink();
  freeChain(s.head);
  freeChain(s.sideHead);
  s.head = 0;
  s.tail = 0;
  s.sideHead = 0;
  s.sideTail = 0;
  s.bytes = 0;
}
function freeChain(first: u32): void {
  for (let p = first; p != 0; ) {
    const next = chunk(p).next;
    arenaFree(p);
    p = next;
  }
}

/** Bytes that wait to be consumed. */
@inline export function sinkBytes(): u64 { return sink().bytes; }
/** 0, or the SINK_* reason why what was written is not to be used. From then on everything written is dropped. */
@inline export function sinkFailed(): u32 { return sink().failed; }
export function sinkFail(reason: u32): void { if (sink().failed == 0) sink().failed = reason; }
/** Does the file need the version byte of our own? */
@inline export function sinkOwn(): bool { return sink().own != 0; }
@inline export function sinkMarkOwn(): void { sink().own = 1; }
@inline export function sinkDatabase(): u32 { return sink().database; }
@inline export function sinkSetDatabase(database: u32): void { sink().database = database; }

// Writing: sinkBegin, any of the others, sinkEnd. The place is this instance's own in between.

let onSide: bool = false;
let tail: u32 = 0;
let at: u32 = 0;
let stop: u32 = 0;
/** Where counting has got to in the chunk in hand, and bytes written to those before it. */
let mark: u32 = 0;
let closed: u32 = 0;

/** Takes up the end of the main chain or of the side. */
export function sinkBegin(side: bool): void {
  onSide = side;
  tail = side ? sink().sideTail : sink().tail;
  at = tail != 0 ? tail + chunk(tail).used : 0;
  stop = tail != 0 ? tail + CHUNK_BYTES : 0;
  mark = at;
  closed = 0;
}

/** Bytes written since sinkBegin. */
@inline export function sinkWritten(): u32 { return closed + (at - mark); }

export function sinkEnd(): void {
  if (tail != 0) chunk(tail).used = at - tail;
  sink().bytes += sinkWritten();
  closed = 0;
  mark = at;
}

/** Makes a new chunk the place to write to. False: the sink has failed. */
function grow(): bool {
  const s = sink();
  if (s.failed != 0) return false;
  if (s.bytes + sinkWritten() + CHUNK_BYTES > s.bound) { sinkFail(SINK_FULL); return false; }
  const fresh = arenaAlloc(CHUNK_BYTES);
  if (fresh == 0) { sinkFail(SINK_NO_MEMORY); return false; }
  chunk(fresh).next = 0;
  chunk(fresh).used = CHUNK_HEAD_BYTES;
  chunk(fresh).from = CHUNK_HEAD_BYTES;
  if (tail != 0) {
    chunk(tail).next = fresh;
    chunk(tail).used = at - tail;
  } else if (onSide) s.sideHead = fresh;
  else s.head = fresh;
  if (onSide) s.sideTail = fresh;
  else s.tail = fresh;
  closed += at - mark;
  tail = fresh;
  at = fresh + CHUNK_HEAD_BYTES;
  stop = fresh + CHUNK_BYTES;
  mark = at;
  return true;
}

/** An address that `bytes` bytes, SINK_RUN_MAX at most, may be written to; `sinkWrote` says how many were. 0: failed. */
@inline export function sinkRoom(bytes: u32): u32 { return bytes <= stop - at || grow() ? at : 0; }
@inline export function sinkWrote(end: u32): void { at = end; }

export function sinkByte(value: u32): void {
  if (sinkRoom(1) == 0) return;
  store<u8>(at++, value);
}
export function sinkU32(value: u32): void {
  if (sinkRoom(4) == 0) return;
  store<u32>(at, value);
  at += 4;
}
export function sinkU64(value: u64): void {
  if (sinkRoom(8) == 0) return;
  store<u64>(at, value);
  at += 8;
}

/** Copies bytes, of any number, into as many chunks as they take. */
export function sinkCopy(ptr: u32, length: u32): void {
  while (length != 0) {
    if (at == stop && !grow()) return;
    const part = min(length, stop - at);
    memory.copy(at, ptr, part);
    at += part;
    ptr += part;
    length -= part;
  }
}

/** Hangs the side behind the main chain. */
export function sinkJoin(): void {
  const s = sink();
  if (s.sideHead == 0) return;
  if (s.tail != 0) chunk(s.tail).next = s.sideHead;
  else s.head = s.sideHead;
  s.tail = s.sideTail;
  s.sideHead = 0;
  s.sideTail = 0;
}

// Reading, by the host

/** How many bytes lie in one piece where the last `sinkPiece` said. */
export let sinkPieceBytes: u32 = 0;

/** The first bytes that wait, in one piece (latched); 0: none. They stay as they are until they are consumed. */
export function sinkPiece(): u32 {
  sinkPieceBytes = 0;
  const head = sink().head;
  if (head == 0) return 0;
  dropSpent();
  const first = sink().head;
  sinkPieceBytes = chunk(first).used - chunk(first).from;
  return sinkPieceBytes != 0 ? first + chunk(first).from : 0;
}

/** Frees chunks in front that have nothing left, the last one aside. */
function dropSpent(): void {
  const s = sink();
  while (s.head != s.tail && chunk(s.head).from == chunk(s.head).used) {
    const spent = s.head;
    s.head = chunk(spent).next;
    arenaFree(spent);
  }
}

/** Lets go of bytes at the front (latched), no more than wait there. */
export function sinkConsume(bytes: u32): void {
  const s = sink();
  let left = <u32>min<u64>(bytes, s.bytes);
  while (left != 0 && s.head != 0) {
    dropSpent();
    const c = chunk(s.head);
    const part = min(left, c.used - c.from);
    if (part == 0) break;
    c.from += part;
    s.bytes -= part;
    left -= part;
  }
  if (s.head == 0) return;
  dropSpent();
  const last = chunk(s.head);
  // Nobody reads the only chunk any more: it is filled from its beginning again.
  if (s.head == s.tail && last.from == last.used) {
    last.from = CHUNK_HEAD_BYTES;
    last.used = CHUNK_HEAD_BYTES;
  }
}

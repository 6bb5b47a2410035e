// The shard's log ring: where writes leave their effects for whoever persists or replicates them.
//
// State at LOG_STATE, read and written under the latch:
//   offset size field
//        0    8 endLsn        bytes ever appended
//        8    8 readLsn       bytes ever consumed
//       16    8 ringEndLsn    where the ring's own bytes end; after it come the overflow chunks
//       24    4 chunkHead     first overflow chunk, 0 none
//       28    4 chunkTail     last overflow chunk
//       32    8 refused       records that found no memory at all (a bug: who changes something reserves first)
//       40   24 spare
// Chunk: next u32, bytes u32, read u32, room u32, then up to `room` bytes of whole records, `bytes` so far.
//
// A reservation is real: it finds the room in the ring, or takes a chunk for it. So a change that was made is logged,
// even if making it took the last of the memory. A chunk that was reserved and not used waits for the next record.
//
// Record: [payload bytes u32][crc32c of payload u32][payload: one RESP multibulk], little-endian. A record of a database
// other than 0 has a first element NUL 'D' 'B' and the decimal index in front of the command.
//
// While there is a chunk, every record goes to a chunk: order is kept by reading the ring first, then the chain.
import { arenaAlloc, arenaFree } from '../memory/arena';
import { HEADER_FLAG_LOG, LOG_STATE, header } from '../memory/layout';
import { argc, argvBase, db, win } from '../commands/context';
import { SPARE_EFFECTS, SPARE_EFFECTS_BYTES } from '../memory/spare';
import { formatDouble17 } from '../types/double';
import { formatI64, formatU64 } from '../types/integer';
import { crc32cUpdate } from './crc32c';

@unmanaged
class Log { endLsn: u64; readLsn: u64; ringEndLsn: u64; chunkHead: u32; chunkTail: u32; refused: u64; }
if (offsetof<Log>() != 40) ERROR('Log no longer matches its drawing');
@inline function log(): Log { return changetype<Log>(LOG_STATE); }

const RECORD_HEADER_BYTES: u32 = 8;
const CHUNK_HEADER_BYTES: u32 = 16;
const CHUNK_ROOM_MIN: u32 = 65536 - CHUNK_HEADER_BYTES;
const CHUNK_ROOM_MAX: u64 = 0xf0000000;
/** Rows and number texts of an effect that is not the frame itself: the window's spare part. */
const ROWS: u32 = SPARE_EFFECTS;
const ROWS_MAX: u32 = 32;
const TEXTS: u32 = ROWS + ROWS_MAX * 8;

@inline export function logOn(): bool { return (header().flags & HEADER_FLAG_LOG) != 0; }

@inline function chunkBytes(chunk: u32): u32 { return load<u32>(chunk, 4); }
@inline function chunkRead(chunk: u32): u32 { return load<u32>(chunk, 8); }
@inline function chunkRoom(chunk: u32): u32 { return load<u32>(chunk, 12) - load<u32>(chunk, 4); }
@inline function fitsRing(l: Log, bytes: u64): bool {
  return l.chunkHead == 0 && bytes <= <u64>header().logBytes - (l.endLsn - l.readLsn);
}

/**
 * Makes room for records of `bytes` in all, headers included. To be asked before anything is changed; what one asker
 * inside another takes, the outer one has to have counted.
 */
export function logReserve(bytes: u64): bool {
  if (!logOn()) return true;
  const l = log();
  if (fitsRing(l, bytes)) return true;
  return (l.chunkTail != 0 && <u64>chunkRoom(l.chunkTail) >= bytes) || chunkAdd(l, bytes);
}

/** Hangs an empty chunk with room for `bytes` on the chain. */
function chunkAdd(l: Log, bytes: u64): bool {
  if (bytes > CHUNK_ROOM_MAX) return false;
  let room = max(<u32>bytes, CHUNK_ROOM_MIN);
  let chunk = arenaAlloc(room + CHUNK_HEADER_BYTES);
  if (chunk == 0 && room != <u32>bytes) {
    room = <u32>bytes;
    chunk = arenaAlloc(room + CHUNK_HEADER_BYTES);
  }
  if (chunk == 0) return false;
  store<u64>(chunk, 0);
  store<u64>(chunk, <u64>room << 32, 8);
  if (l.chunkTail != 0) store<u32>(l.chunkTail, chunk);
  else {
    l.ringEndLsn = l.endLsn;
    // This store publishes the line above to `logPiece`, which looks without the latch.
    atomic.store<u32>(changetype<usize>(l) + offsetof<Log>('chunkHead'), chunk);
  }
  l.chunkTail = chunk;
  return true;
}

let rowCount: u32 = 0;
let textPos: u32 = 0;

/** An effect other than the frame itself: fxBegin, its arguments, fxEnd. Arguments stay where they are until fxEnd. */
export function fxBegin(name: string): void {
  rowCount = 0;
  textPos = win + TEXTS;
  const start = textPos;
  for (let i = 0; i < name.length; i++) store<u8>(textPos++, load<u8>(changetype<usize>(name) + (i << 1)));
  fxArg(start, textPos - start);
}
export function fxArg(ptr: u32, length: u32): void {
  assert(rowCount < ROWS_MAX);
  store<u32>(win + ROWS + (rowCount << 3), ptr);
  store<u32>(win + ROWS + (rowCount << 3), length, 4);
  rowCount++;
}
export function fxInt(value: i64): void {
  const start = textPos;
  textPos += formatI64(value, textPos);
  fxArg(start, textPos - start);
}
/** A double as text that is read back as the same. */
export function fxDouble(value: f64): void {
  const start = textPos;
  textPos += formatDouble17(value, textPos);
  fxArg(start, textPos - start);
}
export function fxText(text: string): void {
  const start = textPos;
  for (let i = 0; i < text.length; i++) store<u8>(textPos++, load<u8>(changetype<usize>(text) + (i << 1)));
  fxArg(start, textPos - start);
}
/** The ID of a stream's entry. */
export function fxId(ms: u64, seq: u64): void {
  const start = textPos;
  textPos += formatU64(ms, textPos);
  store<u8>(textPos++, 0x2d);
  textPos += formatU64(seq, textPos);
  fxArg(start, textPos - start);
}
export function fxEnd(): void { append(win + ROWS, rowCount, db); }

/** The effect of the frame in hand is the frame itself. */
@inline export function logFrame(): void { if (logOn()) append(argvBase, argc, db); }
/** The effect of the frame in hand is its first `count` arguments: memory ended in the middle of it. */
export function logFramePart(count: u32): void { if (logOn()) append(argvBase, count, db); }

@inline function digits(value: u32): u32 {
  let count: u32 = 1;
  while (value >= 10) { value /= 10; count++; }
  return count;
}
@inline function bulkBytes(length: u32): u32 { return 5 + digits(length) + length; }

// Two writers. One writes straight, to where all of a record lies in one piece: nearly always. The other one wraps, at the
// end of the ring. Both write exactly the record's bytes: what follows may still be unread.

/** A bulk's or a multibulk's head at `p`. @returns what follows it. */
@inline function writeHead(p: u32, kind: u32, value: u32): u32 {
  if (value < 10) {
    store<u32>(p, kind | (0x30 + value) << 8 | 0x0a0d0000);
    return p + 4;
  }
  store<u8>(p, kind);
  p += 1 + formatU64(value, p + 1);
  store<u16>(p, 0x0a0d);
  return p + 2;
}
/** Copies exactly `length` bytes; short ones cost less than a call. @returns what follows them. */
@inline function writeBytes(p: u32, ptr: u32, length: u32): u32 {
  const end = p + length;
  if (length > 64) memory.copy(p, ptr, length);
  else if (length >= 8) {
    // The last eight bytes may be copied twice.
    for (let i: u32 = 0; i < length - 8; i += 8) store<u64>(p + i, load<u64>(ptr + i));
    store<u64>(end - 8, load<u64>(ptr + length - 8));
  } else for (let i: u32 = 0; i < length; i++) store<u8>(p + i, load<u8>(ptr + i));
  return end;
}
@inline function writeBulk(p: u32, ptr: u32, length: u32): u32 {
  p = writeBytes(writeHead(p, 0x24, length), ptr, length);
  store<u16>(p, 0x0a0d);
  return p + 2;
}

/** The name of a database, as the first element of its records. @returns bytes. */
@inline function databaseName(text: u32, database: u32): u32 {
  store<u32>(text, 0x00424400);
  return 3 + formatI64(<i64>database, text + 3);
}

/** Writes a record at `p`. */
function writeStraight(p: u32, payload: u32, elements: u32, rows: u32, count: u32, database: u32): void {
  store<u32>(p, payload);
  const first = p + RECORD_HEADER_BYTES;
  let at = writeHead(first, 0x2a, elements);
  if (database != 0) {
    const text = win + TEXTS + 1104;
    at = writeBulk(at, text, databaseName(text, database));
  }
  for (let row = rows, stop = rows + (count << 3); row < stop; row += 8) at = writeBulk(at, load<u32>(row), load<u32>(row, 4));
  assert(at - first == payload);
  store<u32>(p, crc32cUpdate(0, first, payload), 4);
}

let wrapLsn: u64 = 0;

function wrap(ptr: u32, length: u32): void {
  const h = header();
  const at = <u32>wrapLsn & (h.logBytes - 1);
  const straight = min(length, h.logBytes - at);
  memory.copy(h.logBase + at, ptr, straight);
  if (straight < length) memory.copy(h.logBase, ptr + straight, length - straight);
  wrapLsn += length;
}
function wrapHead(kind: u32, value: u32): void {
  const text = win + TEXTS + 1024;
  wrap(text, writeHead(text, kind, value) - text);
}
function wrapBulk(ptr: u32, length: u32): void {
  wrapHead(0x24, length);
  wrap(ptr, length);
  const text = win + TEXTS + 1024;
  store<u16>(text, 0x0a0d);
  wrap(text, 2);
}

/** Writes a record that goes on at the beginning of the ring. */
function writeWrapped(lsn: u64, payload: u32, elements: u32, rows: u32, count: u32, database: u32): void {
  wrapLsn = lsn;
  const head = win + TEXTS + 1088;
  store<u32>(head, payload);
  store<u32>(head, 0, 4);
  wrap(head, RECORD_HEADER_BYTES);
  wrapHead(0x2a, elements);
  if (database != 0) {
    const text = win + TEXTS + 1104;
    wrapBulk(text, databaseName(text, database));
  }
  for (let i: u32 = 0; i < count; i++) wrapBulk(load<u32>(rows + (i << 3)), load<u32>(rows + (i << 3), 4));
  const base = header().logBase;
  const mask = header().logBytes - 1;
  const from = <u32>(lsn + RECORD_HEADER_BYTES) & mask;
  const straight = min(payload, header().logBytes - from);
  let crc = crc32cUpdate(0, base + from, straight);
  if (straight < payload) crc = crc32cUpdate(crc, base, payload - straight);
  for (let i: u32 = 0; i < 4; i++) store<u8>(base + (<u32>(lsn + 4 + i) & mask), crc >>> (i << 3));
}

function append(rows: u32, count: u32, database: u32): void {
  const l = log();
  const named = database != 0;
  const elements = named ? count + 1 : count;
  let payload: u32 = 3 + digits(elements);
  if (named) payload += bulkBytes(3 + digits(database));
  for (let i: u32 = 0; i < count; i++) payload += bulkBytes(load<u32>(rows + (i << 3), 4));
  const bytes = payload + RECORD_HEADER_BYTES;
  if (fitsRing(l, bytes)) {
    const h = header();
    const at = <u32>l.endLsn & (h.logBytes - 1);
    if (<u64>at + bytes <= <u64>h.logBytes) writeStraight(h.logBase + at, payload, elements, rows, count, database);
    else writeWrapped(l.endLsn, payload, elements, rows, count, database);
  } else {
    if ((l.chunkTail == 0 || chunkRoom(l.chunkTail) < bytes) && !chunkAdd(l, bytes)) { l.refused++; return; }
    const chunk = l.chunkTail;
    writeStraight(chunk + CHUNK_HEADER_BYTES + chunkBytes(chunk), payload, elements, rows, count, database);
    store<u32>(chunk, chunkBytes(chunk) + bytes, 4);
  }
  // Only now does it count as appended.
  l.endLsn += bytes;
}

/** First unread byte, and how many follow it in one piece: `logPeekBytes`. 0: everything is read. */
export let logPeekBytes: u32 = 0;
export function logPeek(): u32 {
  const l = log();
  const ringEnd = l.chunkHead != 0 ? l.ringEndLsn : l.endLsn;
  if (l.readLsn < ringEnd) {
    const at = <u32>l.readLsn & (header().logBytes - 1);
    logPeekBytes = <u32>min<u64>(ringEnd - l.readLsn, <u64>(header().logBytes - at));
    return header().logBase + at;
  }
  chunksDrop(l);
  const chunk = l.chunkHead;
  if (chunk == 0 || chunkRead(chunk) == chunkBytes(chunk)) { logPeekBytes = 0; return 0; }
  logPeekBytes = chunkBytes(chunk) - chunkRead(chunk);
  return chunk + CHUNK_HEADER_BYTES + chunkRead(chunk);
}

/** Frees the chunks in front that have been read, but for the last: it may hold a reservation. */
function chunksDrop(l: Log): void {
  let chunk = l.chunkHead;
  while (chunk != 0 && chunk != l.chunkTail && chunkRead(chunk) == chunkBytes(chunk)) {
    l.chunkHead = load<u32>(chunk);
    arenaFree(chunk);
    chunk = l.chunkHead;
  }
}

/**
 * Drops `bytes` from the front, at most what logPeek offered. Their room is free for new records. Not to be called in
 * the middle of a command: once everything is read, reservations go too.
 */
export function logConsume(bytes: u32): void {
  const l = log();
  const ringEnd = l.chunkHead != 0 ? l.ringEndLsn : l.endLsn;
  const inRing = l.readLsn < ringEnd;
  assert(<u64>bytes <= l.endLsn - l.readLsn);
  l.readLsn += bytes;
  if (!inRing && bytes != 0) {
    const chunk = l.chunkHead;
    assert(chunkRead(chunk) + bytes <= chunkBytes(chunk));
    store<u32>(chunk, chunkRead(chunk) + bytes, 8);
    chunksDrop(l);
  }
  if (l.readLsn != l.endLsn || l.chunkHead == 0) return;
  chunksDrop(l);
  arenaFree(l.chunkHead);
  l.chunkHead = 0;
  l.chunkTail = 0;
}

/** Bytes at the address that `logPiece` answered. */
export let logPieceBytes: u32 = 0;

/**
 * Address of the log's bytes at `from`, of which `logPieceBytes` lie in one piece. Needs no latch: up to what a step has
 * published, bytes do not change until they are consumed. Only for the one who consumes.
 * @param from At least what has been consumed. @param to More than `from`, at most what is published.
 */
export function logPiece(from: u64, to: u64): u32 {
  const l = log();
  const head = atomic.load<u32>(changetype<usize>(l) + offsetof<Log>('chunkHead'));
  if (head == 0 || from < l.ringEndLsn) {
    const at = <u32>from & (header().logBytes - 1);
    const end = head == 0 ? to : min(to, l.ringEndLsn);
    logPieceBytes = <u32>min<u64>(end - from, <u64>(header().logBytes - at));
    return header().logBase + at;
  }
  // The chunk at the head begins behind the ring, or is the one that is being consumed.
  let start = l.readLsn > l.ringEndLsn ? l.readLsn - chunkRead(head) : l.ringEndLsn;
  let chunk = head;
  while (from >= start + chunkBytes(chunk)) {
    start += chunkBytes(chunk);
    chunk = load<u32>(chunk);
    assert(chunk != 0);
  }
  logPieceBytes = <u32>min<u64>(to - from, start + chunkBytes(chunk) - from);
  return chunk + CHUNK_HEADER_BYTES + <u32>(from - start);
}

/** Drops everything before `lsn` (latched). */
export function logConsumeTo(lsn: u64): void {
  const l = log();
  while (l.readLsn < lsn) {
    const inRing = l.chunkHead == 0 || l.readLsn < l.ringEndLsn;
    if (inRing) {
      const end = l.chunkHead == 0 ? lsn : min(lsn, l.ringEndLsn);
      logConsume(<u32>(end - l.readLsn));
      continue;
    }
    chunksDrop(l);
    logConsume(min(<u32>(lsn - l.readLsn), chunkBytes(l.chunkHead) - chunkRead(l.chunkHead)));
  }
}

/** An empty log whose first byte will be `lsn`. */
export function logRestart(lsn: u64): void {
  const l = log();
  assert(l.readLsn == l.endLsn);
  l.endLsn = lsn;
  l.readLsn = lsn;
}

/** Bytes appended and not consumed. */
export function logBacklog(): u64 { const l = log(); return l.endLsn - l.readLsn; }
export function logEndLsn(): u64 { return log().endLsn; }
if (TEXTS + 1152 > SPARE_EFFECTS + SPARE_EFFECTS_BYTES) ERROR('the effect scratch is larger than drawn');

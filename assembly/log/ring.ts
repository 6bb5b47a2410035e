// The shard's log ring: where writes leave their effects for whoever persists or replicates them.
//
// State at LOG_STATE, read and written under the latch:
//   offset size field
//        0    8 endLsn        bytes ever appended
//        8    8 readLsn       bytes ever consumed
//       16    8 ringEndLsn    where the ring's own bytes end; after it come the overflow chunks
//       24    4 chunkHead     first overflow chunk, 0 none
//       28    4 chunkTail     last overflow chunk
//       32    8 refused       records that found no memory at all (a bug: writers reserve first)
//       40   24 spare
// Chunk: next u32, bytes u32, read u32, spare u32, then one record.
//
// Record: [payload bytes u32][crc32c of payload u32][payload: one RESP multibulk], little-endian. A record of a database
// other than 0 has a first element NUL 'D' 'B' and the decimal index in front of the command.
//
// While a chunk waits, every record goes to a chunk: order is kept by reading the ring first, then the chain.
import { arenaAlloc, arenaCanAlloc, arenaFree } from '../memory/arena';
import { HEADER_FLAG_LOG, LOG_STATE, header } from '../memory/layout';
import { argc, argvBase, db, win } from '../commands/context';
import { formatI64 } from '../types/integer';
import { crc32cUpdate } from './crc32c';

@unmanaged
class Log { endLsn: u64; readLsn: u64; ringEndLsn: u64; chunkHead: u32; chunkTail: u32; refused: u64; }
if (offsetof<Log>() != 40) ERROR('Log no longer matches its drawing');
@inline function log(): Log { return changetype<Log>(LOG_STATE); }

const RECORD_HEADER_BYTES: u32 = 8;
const CHUNK_HEADER_BYTES: u32 = 16;
/** Rows and number texts of an effect that is not the frame itself: the window's spare part. */
const ROWS: u32 = 8976;
const ROWS_MAX: u32 = 32;
const TEXTS: u32 = ROWS + ROWS_MAX * 8;

@inline export function logOn(): bool { return (header().flags & HEADER_FLAG_LOG) != 0; }

/** Makes sure that effects of `bytes` can be logged. To be asked before a write changes anything. */
export function logReserve(bytes: u32): bool {
  if (!logOn()) return true;
  const l = log();
  const need = bytes + 512;
  if (l.chunkHead == 0 && <u64>need <= <u64>header().logBytes - (l.endLsn - l.readLsn)) return true;
  return arenaCanAlloc(<u64>need + CHUNK_HEADER_BYTES);
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
export function fxText(text: string): void {
  const start = textPos;
  for (let i = 0; i < text.length; i++) store<u8>(textPos++, load<u8>(changetype<usize>(text) + (i << 1)));
  fxArg(start, textPos - start);
}
export function fxEnd(): void { append(win + ROWS, rowCount, db); }

/** The effect of the frame in hand is the frame itself. */
@inline export function logFrame(): void { if (logOn()) append(argvBase, argc, db); }

@inline function digits(value: u32): u32 {
  let count: u32 = 1;
  while (value >= 10) { value /= 10; count++; }
  return count;
}
@inline function bulkBytes(length: u32): u32 { return 5 + digits(length) + length; }

// The writer: a position that wraps inside the ring, or runs straight inside a chunk.
let writeLsn: u64 = 0;
let writePtr: u32 = 0;
let writeRing: bool = false;

function put(ptr: u32, length: u32): void {
  if (!writeRing) {
    memory.copy(writePtr, ptr, length);
    writePtr += length;
    return;
  }
  const mask = header().logBytes - 1;
  const at = <u32>writeLsn & mask;
  const straight = min(length, header().logBytes - at);
  memory.copy(header().logBase + at, ptr, straight);
  if (straight < length) memory.copy(header().logBase, ptr + straight, length - straight);
  writeLsn += length;
}
function putBulkHeader(kind: u32, value: u32): void {
  const text = win + TEXTS + 1024;
  store<u8>(text, kind);
  const length = 1 + formatI64(<i64>value, text + 1);
  store<u16>(text + length, 0x0a0d);
  put(text, length + 2);
}
function putBulk(ptr: u32, length: u32): void {
  putBulkHeader(0x24, length);
  put(ptr, length);
  const text = win + TEXTS + 1024;
  store<u16>(text, 0x0a0d);
  put(text, 2);
}

function append(rows: u32, count: u32, database: u32): void {
  const l = log();
  const named = database != 0;
  const elements = named ? count + 1 : count;
  let payload: u32 = 3 + digits(elements);
  if (named) payload += bulkBytes(3 + digits(database));
  for (let i: u32 = 0; i < count; i++) payload += bulkBytes(load<u32>(rows + (i << 3), 4));
  const bytes = payload + RECORD_HEADER_BYTES;
  let chunk: u32 = 0;
  writeRing = l.chunkHead == 0 && <u64>bytes <= <u64>header().logBytes - (l.endLsn - l.readLsn);
  if (writeRing) writeLsn = l.endLsn;
  else {
    chunk = arenaAlloc(bytes + CHUNK_HEADER_BYTES);
    if (chunk == 0) { l.refused++; return; }
    writePtr = chunk + CHUNK_HEADER_BYTES;
  }
  const head = win + TEXTS + 1088;
  store<u32>(head, payload);
  store<u32>(head, 0, 4);
  put(head, RECORD_HEADER_BYTES);
  putBulkHeader(0x2a, elements);
  if (named) {
    const text = win + TEXTS + 1104;
    store<u32>(text, 0x00424400);
    putBulk(text, 3 + formatI64(<i64>database, text + 3));
  }
  for (let i: u32 = 0; i < count; i++) putBulk(load<u32>(rows + (i << 3)), load<u32>(rows + (i << 3), 4));
  seal(l, chunk, bytes, payload);
}

/** Puts the checksum in, and only then counts the record as appended. */
function seal(l: Log, chunk: u32, bytes: u32, payload: u32): void {
  if (chunk != 0) {
    const record = chunk + CHUNK_HEADER_BYTES;
    store<u32>(record, crc32cUpdate(0, record + RECORD_HEADER_BYTES, payload), 4);
    store<u32>(chunk, 0);
    store<u32>(chunk, bytes, 4);
    store<u32>(chunk, 0, 8);
    if (l.chunkTail != 0) store<u32>(l.chunkTail, chunk);
    else { l.chunkHead = chunk; l.ringEndLsn = l.endLsn; }
    l.chunkTail = chunk;
    l.endLsn += bytes;
    return;
  }
  const base = header().logBase;
  const mask = header().logBytes - 1;
  const from = <u32>(l.endLsn + RECORD_HEADER_BYTES) & mask;
  const straight = min(payload, header().logBytes - from);
  let crc = crc32cUpdate(0, base + from, straight);
  if (straight < payload) crc = crc32cUpdate(crc, base, payload - straight);
  for (let i: u32 = 0; i < 4; i++) {
    store<u8>(base + (<u32>(l.endLsn + 4 + i) & mask), crc >>> (i << 3));
  }
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
  if (l.chunkHead == 0) { logPeekBytes = 0; return 0; }
  const read = load<u32>(l.chunkHead, 8);
  logPeekBytes = load<u32>(l.chunkHead, 4) - read;
  return l.chunkHead + CHUNK_HEADER_BYTES + read;
}

/** Drops `bytes` from the front, at most what logPeek offered. Their room is free for new records. */
export function logConsume(bytes: u32): void {
  const l = log();
  const ringEnd = l.chunkHead != 0 ? l.ringEndLsn : l.endLsn;
  const inRing = l.readLsn < ringEnd;
  assert(<u64>bytes <= l.endLsn - l.readLsn);
  l.readLsn += bytes;
  if (inRing || bytes == 0) return;
  const chunk = l.chunkHead;
  const read = load<u32>(chunk, 8) + bytes;
  assert(read <= load<u32>(chunk, 4));
  store<u32>(chunk, read, 8);
  if (read < load<u32>(chunk, 4)) return;
  l.chunkHead = load<u32>(chunk);
  if (l.chunkHead == 0) l.chunkTail = 0;
  arenaFree(chunk);
}

/** Bytes appended and not consumed. */
export function logBacklog(): u64 { const l = log(); return l.endLsn - l.readLsn; }
export function logEndLsn(): u64 { return log().endLsn; }
if (TEXTS + 1152 > 12288) ERROR('the effect scratch runs into the input');

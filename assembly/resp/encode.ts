// Writes replies. The output is the window's output area, and past its end, blocks of the arena; big strings are not
// copied but pinned and named. So the output is a list of pieces, kept in the window's piece table once there is more
// than one (abi.ts): the host walks it, then calls `release`.
//
// A reader may fail for want of memory in the middle of a reply: it is rolled back to its start and answers -OOM. A
// writer calls `replyReserve` with its largest reply before it changes anything; `exec` has already made sure of
// REPLY_ROOM bytes, which is enough for every reply without a value in it.
import { PIECES_MAX, PIECE_BYTES, PIECE_OWNED, PIECE_PINNED, WINDOW_PIECES } from '../abi';
import { arenaAlloc, arenaFree } from '../memory/arena';
import { proto, win } from '../commands/context';
import { formatDouble17 } from '../types/double';
import { formatI64 } from '../types/integer';
import { blobBytes, blobLength, blobPin, blobUnpin } from '../types/blob';

/** Room that every command finds in front of it. */
export const REPLY_ROOM: u32 = 1024;
/** Part of the window that stays free for short error replies when memory is gone. */
const EMERGENCY_BYTES: u32 = 16384;
const CHUNK_BYTES_MIN: u32 = 65536;
/** From this length on a stored string is pinned instead of copied. */
export const PIN_BYTES_MIN: u32 = 65536;
/** Pinning ends at this row: the rows behind it are for chunks, enough of them for all that memory can hold. */
const PIN_ROWS_MAX: u32 = 24;

/** Where the next byte goes, and the end of the block it lies in. */
export let outPos: u32 = 0;
let outEnd: u32 = 0;
/** First byte of the piece being written; pieces already closed; their bytes. */
let pieceStart: u32 = 0;
let pieceCount: u32 = 0;
let closedBytes: u32 = 0;
let outBase: u32 = 0;
let emergencyPos: u32 = 0;
/** Set when memory ran out inside a reply. */
export let replyFailed: bool = false;

export function replyBegin(out: u32, outBytes: u32): void {
  outBase = out;
  outPos = out;
  outEnd = out + outBytes - EMERGENCY_BYTES;
  emergencyPos = outEnd;
  pieceStart = out;
  pieceCount = 0;
  closedBytes = 0;
  replyFailed = false;
}

/** Bytes of output so far, over all pieces, modulo 2^32. */
@inline export function replyBytes(): u32 { return closedBytes + (outPos - pieceStart); }
@inline export function replyPieces(): u32 { return pieceCount; }
@inline export function replyRoom(): u32 { return outPos < outEnd ? outEnd - outPos : 0; }

function addPiece(ptr: u32, bytes: u32, kind: u32, blob: u32): void {
  assert(pieceCount < PIECES_MAX);
  const row = win + WINDOW_PIECES + (pieceCount << 4);
  store<u32>(row, ptr);
  store<u32>(row, bytes, 4);
  store<u32>(row, kind, 8);
  store<u32>(row, blob, 12);
  pieceCount++;
}

function closePiece(): void {
  if (outPos == pieceStart) return;
  addPiece(pieceStart, outPos - pieceStart, PIECE_BYTES, 0);
  closedBytes += outPos - pieceStart;
  pieceStart = outPos;
}

/** The last piece joins the table, if there is a table. Call once, at the end of a batch. */
export function replyEnd(): void {
  if (pieceCount != 0 || pieceStart != outBase) closePiece();
}

/**
 * Makes sure that `bytes` can be written contiguously at outPos.
 * @returns false when memory is gone; `replyFailed` is set then, and nothing may be written.
 */
export function replyReserve(bytes: u32): bool {
  if (replyFailed) return false;
  if (outPos + bytes <= outEnd && outPos + bytes >= outPos) return true;
  return openChunk(bytes);
}

function openChunk(bytes: u32): bool {
  // Chunks double, so that the piece table is long enough for whatever memory can hold.
  const size = max(max(bytes, CHUNK_BYTES_MIN), min(closedBytes, 0x10000000));
  let chunk: u32 = 0;
  if (pieceCount + 4 <= PIECES_MAX && bytes < 0xe0000000) chunk = arenaAlloc(size);
  if (chunk == 0 && pieceCount + 4 <= PIECES_MAX && bytes < 0xe0000000) chunk = arenaAlloc(bytes);
  if (chunk == 0) { replyFailed = true; return false; }
  closePiece();
  addPiece(chunk, 0, PIECE_OWNED, chunk);
  outPos = chunk;
  pieceStart = chunk;
  outEnd = chunk + (size > bytes ? size : bytes);
  return true;
}

/** A point to go back to: see replyRollback. Kept by `exec` for the command in hand. */
let markPos: u32 = 0;
let markEnd: u32 = 0;
let markStart: u32 = 0;
let markPieces: u32 = 0;
let markClosed: u32 = 0;

@inline export function replyMark(): void {
  markPos = outPos; markEnd = outEnd; markStart = pieceStart; markPieces = pieceCount; markClosed = closedBytes;
}

/** Takes back everything since the mark: pins are given up, chunks freed. */
export function replyRollback(): void {
  for (let i = markPieces; i < pieceCount; i++) releaseRow(win + WINDOW_PIECES + (i << 4));
  outPos = markPos; outEnd = markEnd; pieceStart = markStart; pieceCount = markPieces; closedBytes = markClosed;
  replyFailed = false;
}

function releaseRow(row: u32): void {
  const kind = load<u32>(row, 8);
  if (kind == PIECE_PINNED) blobUnpin(load<u32>(row, 12));
  else if (kind == PIECE_OWNED) arenaFree(load<u32>(row, 12));
}

/** Gives up what the piece table of `window` holds: the host has copied it. Under the latch. */
export function releasePieces(window: u32, count: u32): void {
  assert(count <= PIECES_MAX);
  for (let i: u32 = 0; i < count; i++) releaseRow(window + WINDOW_PIECES + (i << 4));
}

/** A last word when memory is gone: goes where replyReserve never reaches. FRAMES_MAX of them fit. */
export function replyEmergency(text: u32, length: u32): void {
  if (outPos + length > outEnd && outPos != emergencyPos) {
    closePiece();
    outPos = emergencyPos;
    outEnd = emergencyPos;
    pieceStart = emergencyPos;
  }
  memory.copy(outPos, text, length);
  outPos += length;
  if (outPos > outEnd) { emergencyPos = outPos; outEnd = outPos; }
}

// Small writers. Those that take no value need no check: REPLY_ROOM covers them.

@inline function two(a: u32, b: u32): u32 { return a | (b << 8); }

@inline export function writeCrlf(): void { store<u16>(outPos, 0x0a0d); outPos += 2; }

/** "+OK\r\n" */
@inline export function replyOk(): void { store<u32>(outPos, 0x0d4b4f2b); store<u8>(outPos, 10, 4); outPos += 5; }

/** ":n\r\n" */
export function replyInt(value: i64): void {
  if (!replyReserve(32)) return;
  if (<u64>value < 10) {
    store<u32>(outPos, 0x0a0d003a | ((<u32>value + 48) << 8));
    outPos += 4;
    return;
  }
  store<u8>(outPos, 0x3a);
  outPos += 1 + formatI64(value, outPos + 1);
  writeCrlf();
}

function writeHeader(kind: u32, count: u32): void {
  if (count < 10) {
    store<u32>(outPos, 0x0a0d0000 | ((count + 48) << 8) | kind);
    outPos += 4;
    return;
  }
  if (count < 100) {
    store<u16>(outPos, two(kind, 48 + count / 10));
    store<u32>(outPos, 0x000a0d00 | (48 + count % 10), 2);
    outPos += 5;
    return;
  }
  store<u8>(outPos, kind);
  outPos += 1 + formatI64(<i64>count, outPos + 1);
  writeCrlf();
}

/** "*n\r\n" */
export function replyArray(count: u32): void { if (replyReserve(32)) writeHeader(0x2a, count); }

/**
 * The header of an array whose count turns out later: for now it says `most`, which the count must not exceed.
 * @returns what `replyClose` wants to know.
 */
export function replyOpen(most: u32): u64 {
  if (!replyReserve(32)) return 0;
  const at = outPos;
  writeHeader(0x2a, most);
  return (<u64>pieceCount << 32) | at;
}

/** Puts kind and count into a header that `replyOpen` wrote for `most`; what follows it in its piece moves up. */
export function replyClose(open: u64, most: u32, kind: u32, count: u32): void {
  if (replyFailed) return;
  assert(count <= most);
  const at = <u32>open;
  store<u8>(at, kind);
  if (count == most) return;
  let from = at + 1;
  while (<u32>load<u8>(from) != 10) from++;
  from++;
  const to = at + 3 + formatI64(<i64>count, at + 1);
  store<u16>(to - 2, 0x0a0d);
  const moved = from - to;
  if (moved == 0) return;
  const piece = <u32>(open >> 32);
  if (piece == pieceCount) {
    memory.copy(to, from, outPos - from);
    outPos -= moved;
    return;
  }
  // The piece has been closed meanwhile: its row gets shorter.
  const row = win + WINDOW_PIECES + (piece << 4);
  memory.copy(to, from, load<u32>(row) + load<u32>(row, 4) - from);
  store<u32>(row, load<u32>(row, 4) - moved, 4);
  closedBytes -= moved;
}

/** "~n\r\n" under RESP3, an array under RESP2. */
export function replySet(count: u32): void { if (replyReserve(32)) writeHeader(proto == 3 ? 0x7e : 0x2a, count); }

/** "%n\r\n" under RESP3, an array of 2n under RESP2. */
export function replyMap(count: u32): void {
  if (!replyReserve(32)) return;
  if (proto == 3) writeHeader(0x25, count);
  else writeHeader(0x2a, count * 2);
}

/** Null: "_" under RESP3, "$-1" under RESP2. */
export function replyNull(): void {
  if (!replyReserve(8)) return;
  if (proto == 3) { store<u16>(outPos, 0x0d5f); store<u8>(outPos, 10, 2); outPos += 3; return; }
  store<u32>(outPos, 0x0d312d24); store<u8>(outPos, 10, 4); outPos += 5;
}

/** Null where an array stood: "_" under RESP3, "*-1" under RESP2. */
export function replyNullArray(): void {
  if (proto == 3) { replyNull(); return; }
  if (!replyReserve(8)) return;
  store<u32>(outPos, 0x0d312d2a); store<u8>(outPos, 10, 4); outPos += 5;
}

@inline function copyShort(to: u32, from: u32, length: u32): void {
  if (length <= 16) {
    // Sources have readable slack behind them only in windows; copy exactly.
    if (length >= 8) {
      const tail = load<u64>(from + length - 8);
      store<u64>(to, load<u64>(from));
      store<u64>(to + length - 8, tail);
    } else if (length >= 4) {
      const tail = load<u32>(from + length - 4);
      store<u32>(to, load<u32>(from));
      store<u32>(to + length - 4, tail);
    } else {
      for (let i: u32 = 0; i < length; i++) store<u8>(to + i, load<u8>(from + i));
    }
  } else if (length <= 32) {
    const tail = v128.load(from + length - 16);
    v128.store(to, v128.load(from));
    v128.store(to + length - 16, tail);
  } else memory.copy(to, from, length);
}

/** "$n\r\n...\r\n", copied. */
export function replyBulk(ptr: u32, length: u32): void {
  if (!replyReserve(length + 32)) return;
  writeHeader(0x24, length);
  copyShort(outPos, ptr, length);
  outPos += length;
  writeCrlf();
}

/** A literal of ASCII characters as a bulk string. */
export function replyText(text: string): void {
  const length = <u32>text.length;
  if (!replyReserve(length + 32)) return;
  writeHeader(0x24, length);
  for (let i: u32 = 0; i < length; i++) store<u8>(outPos + i, load<u8>(changetype<usize>(text) + (i << 1)));
  outPos += length;
  writeCrlf();
}

/** Part of a blob as a bulk string: copied when short, else pinned. The blob stays the caller's. */
export function replyBlob(blob: u32, offset: u32, length: u32): void {
  if (length < PIN_BYTES_MIN) { replyBulk(blobBytes(blob) + offset, length); return; }
  if (!replyReserve(32)) return;
  writeHeader(0x24, length);
  replyBlobBytes(blob, offset, length);
}

/** The bytes themselves and the CRLF behind them. */
function replyBlobBytes(blob: u32, offset: u32, length: u32): void {
  const ptr = blobBytes(blob) + offset;
  if (length < PIN_BYTES_MIN || pieceCount >= PIN_ROWS_MAX) {
    if (!replyReserve(length + 2)) return;
    copyShort(outPos, ptr, length);
    outPos += length;
    writeCrlf();
    return;
  }
  closePiece();
  addPiece(ptr, length, PIECE_PINNED, blob);
  blobPin(blob);
  closedBytes += length;
  if (replyReserve(2)) writeCrlf();
}

/** A bulk string made of a few bytes and a whole blob. */
export function replyImage(head: u32, headBytes: u32, blob: u32): void {
  const length = blobLength(blob);
  if (!replyReserve(headBytes + 32)) return;
  writeHeader(0x24, headBytes + length);
  memory.copy(outPos, head, headBytes);
  outPos += headBytes;
  replyBlobBytes(blob, 0, length);
}

/** A bulk string holding a decimal number. */
export function replyBulkInt(value: i64): void {
  if (!replyReserve(64)) return;
  const digits = formatI64(value, outPos + 8);
  const at = outPos + 8;
  writeHeader(0x24, digits);
  memory.copy(outPos, at, digits);
  outPos += digits;
  writeCrlf();
}

/** A double: a bulk string under RESP2, "," under RESP3; both with 17 significant digits, as Redis 7.0 prints them. */
export function replyDouble(value: f64): void {
  if (!replyReserve(96)) return;
  if (proto == 3) {
    store<u8>(outPos, 0x2c);
    outPos += 1 + formatDouble17(value, outPos + 1);
    writeCrlf();
    return;
  }
  const text = outPos + 8;
  const length = formatDouble17(value, text);
  writeHeader(0x24, length);
  memory.copy(outPos, text, length);
  outPos += length;
  writeCrlf();
}

/** Text of static data as it stands, CRLF included. */
@inline export function replyRaw(text: u32, length: u32): void {
  if (!replyReserve(length)) return;
  memory.copy(outPos, text, length);
  outPos += length;
}
@inline export function advance(bytes: u32): void { outPos += bytes; }

/** "+text\r\n" */
export function replyStatus(text: u32, length: u32): void {
  if (!replyReserve(length + 8)) return;
  store<u8>(outPos, 0x2b);
  memory.copy(outPos + 1, text, length);
  outPos += length + 1;
  writeCrlf();
}

// Encodes entries for the snapshot file (ops.ts) into the sink (sink.ts), all calls latched.
//
// An entry goes in one go (`encodeEntry`), or it is opened and goes in slices (`encodeBegin`, `encodeSlice`), by whoever
// holds the latch. While one is open, encodeEntry writes to the sink's side, so that no entry gets between its bytes.
//
// A value is encoded step by step (`step`), a step being an element or a part of one; a long text is a span that is copied
// in as many steps as the budget asks for. Nothing here allocates but the sink. What goes wrong is the sink's `failed`.
import { win } from '../commands/context';
import { SPARE_ENCODE } from '../memory/spare';
import {
  ENC_PACKED, TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_ZSET, entryEncoding, entryExpiry, entryHasExpiry, entryKey, entryKeyLen,
  entryPointer, entryType,
} from '../table/entry';
import { dictRoot } from '../types/dict';
import { stringView, viewLen, viewPtr } from '../types/string';
import { CURSOR_BYTES, Cursor, PHASE_DONE, PHASE_HEAD, copyShort, idleClear, idleWork, putSpan, putText } from './cursor';
import { encodeHash, encodeList, encodeSet, encodeWake, encodeZset } from './encode-containers';
import { encodeStream, encodeStreamWake, streamNeedsOwn } from './encode-stream';
import {
  OP_DATABASE, OP_HASH, OP_HASH_DEADLINES, OP_LIST, OP_SET, OP_STREAM, OP_STREAM_READ, OP_STRING, OP_ZSET, TTL_GIVEN, TTL_NONE,
} from './ops';
import {
  OPEN_CURSOR, SINK_RUN_MAX, sinkBegin, sinkByte, sinkDatabase, sinkEnd, sinkFailed, sinkJoin, sinkMarkOwn, sinkRoom, sinkSetDatabase, sinkU32, sinkU64,
  sinkWritten, sinkWrote,
} from './sink';

/** Bytes that the head of an entry takes at most, its key aside: op, time to live, the key's length. */
const HEAD_BYTES: u32 = 14;
/** Short entries whose bytes fit into one piece of the sink are written straight. */
const STRAIGHT_MAX: u32 = 1024;
const BUDGET_ALL: u32 = 0x40000000;

@inline function open(): Cursor { return changetype<Cursor>(OPEN_CURSOR); }
/** The entry that is open, 0: none. It and its value must neither change nor move until it is closed. */
@inline export function encodeOpen(): u32 { return open().entry; }
/** The open entry's own block has another address now. */
@inline export function encodeMoved(e: u32): void { open().entry = e; }

/**
 * Writes an entry, of any size, in one go.
 * @returns false: the sink has failed, now or before.
 */
export function encodeEntry(e: u32, database: u32): bool {
  if (sinkFailed() != 0) return false;
  sinkBegin(encodeOpen() != 0);
  selectDatabase(database);
  if (entryType(e) != 0 || !straight(e)) {
    const c = changetype<Cursor>(win + SPARE_ENCODE);
    start(c, e);
    while (!pump(c, BUDGET_ALL)) {}
  }
  sinkEnd();
  return sinkFailed() == 0;
}

/** A short string with a short key: head, key and value in one piece. False: it is none, and nothing was written. */
@inline function straight(e: u32): bool {
  stringView(e, 0);
  const keyLen = entryKeyLen(e);
  if (keyLen > STRAIGHT_MAX || viewLen > STRAIGHT_MAX) return false;
  let to = sinkRoom(HEAD_BYTES + keyLen + 4 + viewLen);
  if (to == 0) return true;
  store<u8>(to, OP_STRING);
  if (entryHasExpiry(e)) {
    store<u8>(to, TTL_GIVEN, 1);
    store<u64>(to, <u64>entryExpiry(e), 2);
    to += 10;
  } else {
    store<u8>(to, TTL_NONE, 1);
    to += 2;
  }
  store<u32>(to, keyLen);
  copyShort(to + 4, entryKey(e), keyLen);
  to += 4 + keyLen;
  store<u32>(to, viewLen);
  copyShort(to + 4, viewPtr, viewLen);
  sinkWrote(to + 4 + viewLen);
  return true;
}

/** Opens an entry; none may be open. Its head is written, and the rest is encodeSlice's. */
export function encodeBegin(e: u32, database: u32): void {
  assert(encodeOpen() == 0);
  sinkBegin(false);
  selectDatabase(database);
  start(open(), e);
  sinkEnd();
}

/**
 * Writes on at the open entry, about `budget` bytes.
 * @returns 1: there is more. 0: it is complete, or the sink has failed; it is closed, and the side has joined.
 */
export function encodeSlice(budget: u32): i32 {
  const c = open();
  if (c.entry == 0) return 0;
  sinkBegin(false);
  const done = pump(c, budget);
  sinkEnd();
  if (!done) return 1;
  encodeClose();
  return 0;
}

/** Closes the open entry, written to its end or not (then the sink must be of no use any more). */
export function encodeClose(): void {
  open().entry = 0;
  sinkJoin();
}

function selectDatabase(database: u32): void {
  if (sinkDatabase() == database) return;
  sinkByte(OP_DATABASE);
  sinkU32(database);
  sinkSetDatabase(database);
  sinkMarkOwn();
}

/** Writes an entry's head, and sets the cursor at its value. */
function start(c: Cursor, e: u32): void {
  memory.fill(changetype<usize>(c), 0, CURSOR_BYTES);
  c.entry = e;
  c.phase = PHASE_HEAD;
  sinkByte(opOf(c, e));
  if (c.own) sinkMarkOwn();
  if (entryHasExpiry(e)) {
    sinkByte(TTL_GIVEN);
    sinkU64(<u64>entryExpiry(e));
  } else sinkByte(TTL_NONE);
  putText(c, entryKey(e), entryKeyLen(e));
}

function opOf(c: Cursor, e: u32): u32 {
  switch (entryType(e)) {
    case TYPE_LIST: return OP_LIST;
    case TYPE_SET: return OP_SET;
    case TYPE_ZSET: return OP_ZSET;
    case TYPE_HASH: {
      c.own = entryEncoding(e) != ENC_PACKED && dictRoot(entryPointer(e)).expires != 0 ? 1 : 0;
      return c.own ? OP_HASH_DEADLINES : OP_HASH;
    }
    case TYPE_STREAM: {
      c.own = streamNeedsOwn(entryPointer(e)) ? 1 : 0;
      return c.own ? OP_STREAM_READ : OP_STREAM;
    }
    default: return OP_STRING;
  }
}

/** Goes on until about `budget` bytes more are written. True: the entry is complete, or the sink has failed. */
function pump(c: Cursor, budget: u32): bool {
  encodeWake();
  encodeStreamWake();
  idleClear();
  const from = sinkWritten();
  for (let spent: u32 = 0; spent < max<u32>(budget, 1); spent = sinkWritten() - from + idleWork) {
    if (sinkFailed() != 0) return true;
    if (c.spanLeft != 0) putSpan(c, max<u32>(budget - spent, SINK_RUN_MAX));
    else if (c.phase == PHASE_DONE) return true;
    else step(c);
  }
  return c.spanLeft == 0 && c.phase == PHASE_DONE;
}

function step(c: Cursor): void {
  switch (entryType(c.entry)) {
    case TYPE_LIST: encodeList(c); break;
    case TYPE_SET: encodeSet(c); break;
    case TYPE_ZSET: encodeZset(c); break;
    case TYPE_HASH: encodeHash(c); break;
    case TYPE_STREAM: encodeStream(c); break;
    default: {
      stringView(c.entry, 0);
      c.phase = PHASE_DONE;
      putText(c, viewPtr, viewLen);
    }
  }
}

// Builds a stream from a payload of the snapshot file (encode-stream.ts draws it) whose lengths skip.ts has looked at:
// entries are added one by one, so they lie in nodes as they would if they had come today.
import { ARGV_BYTES } from '../abi';
import { win } from '../commands/context';
import { arenaAlloc, arenaFree } from '../memory/arena';
import { windowArgv } from '../memory/window';
import { LOAD_OK, loadCorrupt, loadFault, loadNoMemory, loaded } from '../rdb/reader';
import { ENC_STREAM } from '../table/entry';
import { consumerAdd, consumerFind, groupAdd, groupFind, pendingAdd, pendingFind } from '../types/stream/group';
import { idBelow } from '../types/stream/id-tree';
import { READ_UNKNOWN, entriesUpTo, streamAdd, streamAt, streamNew } from '../types/stream/stream';
import { streamDrop } from '../types/stream/value';
import { VERSION_NO_GROUPS } from './ops';

/** Where reading has got to. */
let at: u32 = 0;

@inline function takeU32(): u32 { at += 4; return load<u32>(at - 4); }
@inline function takeU64(): u64 { at += 8; return load<u64>(at - 8); }
let textPtr: u32 = 0;
let textLen: u32 = 0;
@inline function takeText(): void {
  textLen = load<u32>(at);
  textPtr = at + 4;
  at = textPtr + textLen;
}

export function decodeStream(payload: u32, version: u32, own: bool): void {
  at = payload;
  const pointer = streamNew();
  if (pointer == 0) { loadNoMemory(); return; }
  takeEntries(pointer);
  const groups: u32 = loadFault != LOAD_OK || version <= VERSION_NO_GROUPS ? 0 : takeU32();
  for (let i: u32 = 0; i < groups && loadFault == LOAD_OK; i++) takeGroup(pointer, own);
  if (loadFault == LOAD_OK) loaded(ENC_STREAM, pointer, 0);
  else streamDrop(ENC_STREAM, pointer);
}

function takeEntries(pointer: u32): void {
  const s = streamAt(pointer);
  const lastMs = takeU64();
  const lastSeq = takeU64();
  const maxDeletedMs = takeU64();
  const maxDeletedSeq = takeU64();
  const entriesAdded = takeU64();
  const count = takeU32();
  for (let i: u32 = 0; i < count && loadFault == LOAD_OK; i++) takeEntry(pointer, i == 0);
  if (loadFault == LOAD_OK && idBelow(lastMs, lastSeq, s.lastMs, s.lastSeq)) loadCorrupt();
  s.lastMs = lastMs;
  s.lastSeq = lastSeq;
  s.maxDeletedMs = maxDeletedMs;
  s.maxDeletedSeq = maxDeletedSeq;
  s.entriesAdded = entriesAdded;
}

function takeEntry(pointer: u32, isFirst: bool): void {
  const ms = takeU64();
  const seq = takeU64();
  const fields = takeU32();
  const s = streamAt(pointer);
  // 0-0 is no entry's ID, nor is one that does not ascend.
  if (fields == 0 || (ms == 0 && seq == 0) || (!isFirst && !idBelow(s.lastMs, s.lastSeq, ms, seq))) { loadCorrupt(); return; }
  const bytes = <u64>fields << 4;
  const block = bytes <= ARGV_BYTES ? 0 : bytes < 0x80000000 ? arenaAlloc(<u32>bytes) : 0;
  if (block == 0 && bytes > ARGV_BYTES) { loadNoMemory(); return; }
  const rows = block != 0 ? block : windowArgv(win);
  for (let i: u32 = 0; i < fields << 1; i++) {
    takeText();
    store<u32>(rows + (i << 3), textPtr);
    store<u32>(rows + (i << 3), textLen, 4);
  }
  if (!streamAdd(pointer, ms, seq, rows, fields)) loadNoMemory();
  if (block != 0) arenaFree(block);
}

function takeGroup(pointer: u32, own: bool): void {
  takeText();
  if (groupFind(pointer, textPtr, textLen) != 0) { loadCorrupt(); return; }
  const name = textPtr;
  const nameLen = textLen;
  const lastMs = takeU64();
  const lastSeq = takeU64();
  const read = own ? max<i64>(<i64>takeU64(), READ_UNKNOWN) : entriesUpTo(pointer, lastMs, lastSeq);
  const group = groupAdd(pointer, name, nameLen, lastMs, lastSeq, read);
  if (group == 0) { loadNoMemory(); return; }
  const consumers = takeU32();
  for (let i: u32 = 0; i < consumers; i++) {
    takeText();
    const seen = <i64>takeU64();
    if (consumerFind(group, textPtr, textLen) != 0) { loadCorrupt(); return; }
    if (consumerAdd(group, textPtr, textLen, seen) == 0) { loadNoMemory(); return; }
  }
  const pending = takeU32();
  for (let i: u32 = 0; i < pending && loadFault == LOAD_OK; i++) takePending(group, own);
}

function takePending(group: u32, own: bool): void {
  const ms = takeU64();
  const seq = takeU64();
  takeText();
  const delivered = <i64>takeU64();
  const deliveries: u64 = own ? takeU64() : takeU32();
  if (pendingFind(group, ms, seq) != 0) { loadCorrupt(); return; }
  let consumer = consumerFind(group, textPtr, textLen);
  // Named here alone: nobody says when it was seen but its delivery.
  if (consumer == 0) consumer = consumerAdd(group, textPtr, textLen, delivered);
  if (consumer == 0 || pendingAdd(group, consumer, ms, seq, delivered, deliveries) == 0) loadNoMemory();
}

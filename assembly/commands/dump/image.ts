// Images: how a value travels from one shard to another, or stays a guest for one command (commands/internal.ts).
//
// Image, 16 bytes and the value:
//   offset size field
//        0    1 type        RDB's type byte (types/save.ts)
//        1    1 form        of a string: 1 an integer, 0 bytes; otherwise 0
//        2    1 flags       ENTRY_RAW, ENTRY_UNSHARED, ENTRY_LARGE
//        3    1 spare
//        4    4 clock       access clock
//        8    8 expiresMs   i64, -1 none
//       16      value       a string's bytes as they are, or its i64; a container's RDB body
import { argLen, argPtr, argc, changed, win } from '../context';
import { argChanged } from '../../events/arguments';
import { NOTIFY_GENERIC, keyNew } from '../../events/events';
import { EVENT_COPY_TO, EVENT_RENAME_TO } from '../../events/names';
import { replyBlob, replyBulk, replyImage, replyNull, replyOk } from '../../resp/encode';
import { replyOom, replySyntax } from '../../resp/errors';
import {
  ENC_BLOB, ENC_INT, ENTRY_EXPIRES, ENTRY_LARGE, ENTRY_RAW, ENTRY_UNSHARED, INLINE_VALUE_MAX, TYPE_STRING, entryClock, entryEncoding, entryExpiry,
  entryFlags, entryNew, entryPointer, entrySetClock, entrySetEncoding, entrySetFlags, entrySetInlineLen, entrySetPointer, entryType, entryValue,
} from '../../table/entry';
import { SPARE_IMAGE, SPARE_SHORT_IMAGE, SPARE_STREAM_ID } from '../../memory/spare';
import { LOOKUP_QUIET, entryDrop, guestAdd, lookup } from '../../table/keyspace';
import { LOAD_NO_MEMORY, loadBegin, loadEnd, loadFault } from '../../rdb/reader';
import { saveBegin, saveEnd, saveRaw } from '../../rdb/writer';
import { blobBytes, blobDrop, blobLength, blobNew } from '../../types/blob';
import { RDB_STRING, containerLoad, valueSave, valueSaveType } from '../../types/save';
import { stringView, viewLen, viewPtr } from '../../types/string';
import { logValue, logValueForget, logValueReserve } from './log';
import { entryOfLoaded, placeEntry } from './place';

const HEADER_BYTES: u32 = 16;
const FORM_INT: u32 = 1;
const FLAGS: u32 = ENTRY_RAW | ENTRY_UNSHARED | ENTRY_LARGE;
if (SPARE_SHORT_IMAGE + HEADER_BYTES + INLINE_VALUE_MAX > SPARE_STREAM_ID) ERROR('a short image runs into what others keep in the spare part');

/** NUL IMAGE key */
export function image(): void {
  const e = lookup(argPtr(1), argLen(1), LOOKUP_QUIET);
  if (e == 0) { replyNull(); return; }
  const header = win + SPARE_IMAGE;
  const encoding = entryEncoding(e);
  store<u8>(header, valueSaveType(e));
  store<u8>(header, encoding == ENC_INT ? FORM_INT : 0, 1);
  store<u16>(header, entryFlags(e) & FLAGS, 2);
  store<u32>(header, entryClock(e), 4);
  store<i64>(header, entryExpiry(e), 8);
  if (entryType(e) != TYPE_STRING) imageContainer(e, header);
  else if (encoding == ENC_BLOB) replyImage(header, HEADER_BYTES, entryPointer(e));
  else if (encoding == ENC_INT) {
    store<i64>(header, load<i64>(entryValue(e)), 16);
    replyBulk(header, HEADER_BYTES + 8);
  } else {
    stringView(e, 0);
    const whole = win + SPARE_SHORT_IMAGE;
    memory.copy(whole, header, HEADER_BYTES);
    memory.copy(whole + HEADER_BYTES, viewPtr, viewLen);
    replyBulk(whole, HEADER_BYTES + viewLen);
  }
}

function imageContainer(e: u32, header: u32): void {
  if (!saveBegin(256)) { replyOom(); return; }
  saveRaw(header, HEADER_BYTES);
  valueSave(e);
  const whole = saveEnd();
  if (whole == 0) { replyOom(); return; }
  replyBlob(whole, 0, blobLength(whole));
  blobDrop(whole);
}

/** An entry, in no table, for the key in argument 1 from the image in argument 2; 0 after an error reply. */
function entryOfImage(): u32 {
  const from = argPtr(2);
  const bytes = argLen(2);
  const isInt = bytes >= HEADER_BYTES && <u32>load<u8>(from, 1) == FORM_INT;
  if (bytes < HEADER_BYTES || (isInt && bytes != HEADER_BYTES + 8)) { replySyntax(); return 0; }
  const rdbType = <u32>load<u8>(from);
  const e = rdbType == RDB_STRING ? entryOfString(from, bytes - HEADER_BYTES, isInt) : entryOfContainer(rdbType, from, bytes - HEADER_BYTES);
  if (e == 0) return 0;
  entrySetClock(e, load<u32>(from, 4) & 0xffffff);
  entrySetFlags(e, entryFlags(e) | (load<u8>(from, 2) & FLAGS));
  return e;
}

function entryOfString(from: u32, length: u32, isInt: bool): u32 {
  const inside: u32 = isInt ? 8 : length <= INLINE_VALUE_MAX ? length : 4;
  let blob: u32 = 0;
  if (!isInt && length > INLINE_VALUE_MAX) {
    blob = blobNew(length, length);
    if (blob == 0) { replyOom(); return 0; }
    memory.copy(blobBytes(blob), from + HEADER_BYTES, length);
  }
  const e = entryNew(argPtr(1), argLen(1), load<i64>(from, 8), inside);
  if (e == 0) {
    if (blob != 0) blobDrop(blob);
    replyOom();
    return 0;
  }
  entrySetEncoding(e, TYPE_STRING, isInt ? ENC_INT : blob != 0 ? ENC_BLOB : 0);
  entrySetFlags(e, entryFlags(e) & ENTRY_EXPIRES);
  if (blob != 0) entrySetPointer(e, blob);
  else {
    memory.copy(entryValue(e), from + HEADER_BYTES, inside);
    if (!isInt) entrySetInlineLen(e, length);
  }
  return e;
}

function entryOfContainer(rdbType: u32, from: u32, length: u32): u32 {
  loadBegin(from + HEADER_BYTES, length);
  const fits = containerLoad(rdbType);
  const e = fits ? entryOfLoaded(argPtr(1), argLen(1), rdbType, load<i64>(from, 8)) : 0;
  loadEnd();
  if (e == 0) {
    if (!fits && loadFault != LOAD_NO_MEMORY) replySyntax();
    else replyOom();
  }
  return e;
}

/** NUL PUT key image [COPY]: with COPY for a copy of a value that stays where it is, else for one that is renamed. */
export function put(): void {
  const e = entryOfImage();
  if (e == 0) return;
  const isCopy = argc == 4;
  if (isCopy && entryEncoding(e) == ENC_INT) entrySetFlags(e, entryFlags(e) | ENTRY_UNSHARED);
  if (!logValueReserve(argLen(1), e)) { entryDrop(e); replyOom(); return; }
  if (!placeEntry(argPtr(1), argLen(1), e)) { logValueForget(); replyOom(); return; }
  changed(1);
  logValue(argPtr(1), argLen(1), e);
  keyNew(argPtr(1), argLen(1));
  argChanged(1, NOTIFY_GENERIC, isCopy ? EVENT_COPY_TO : EVENT_RENAME_TO);
  replyOk();
}

/** NUL GUEST key image */
export function guest(): void {
  const e = entryOfImage();
  if (e == 0) return;
  if (!guestAdd(e)) { entryDrop(e); replyOom(); return; }
  replyOk();
}

// Sorted sets in RDB form. Written as ZSET_2: count, then member and score as eight bytes; highest score first, as Redis
// does. Read: that (5), the old form with scores in letters (3), and listpacks (17) and ziplists (12) with scores as text.
// Nothing is believed: order, scores and uniqueness come about by putting member after member in.
import {
  LOAD_OK, loadByte, loadCorrupt, loadCount, loadDouble, loadFault, loadLen, loadNoMemory, loadPtr, loadRaw, loadString, loaded,
} from '../../rdb/reader';
import { ziplistToListpack } from '../../rdb/ziplist';
import { saveDouble, saveLength, saveString } from '../../rdb/writer';
import { entryEncoding, entryPointer } from '../../table/entry';
import { parseDouble, parsedDouble } from '../double';
import { lpCount, lpFirst, lpFree, lpInt, lpIsInt, lpLen, lpNext, lpPtr, lpRead, lpView } from '../listpack';
import { lpValid } from '../listpack-valid';
import {
  heldEncoding, heldFlags, heldPointer, readLen, readPtr, readScore, zsetDropHeld, zsetFind, zsetHoldListpack, zsetHoldSigned, zsetInsert, zsetPrev, zsetRead, zsetSettle, zsetSize, zsetWalk,
} from './zset';

const RDB_ZSET_2: u32 = 5;
const RDB_ZSET_ZIPLIST: u32 = 12;
const RDB_ZSET_LISTPACK: u32 = 17;
/** Lengths of the old form's scores that mean something else. */
const OLD_NAN: i32 = 253;
const OLD_INFINITY: i32 = 254;
const OLD_MINUS_INFINITY: i32 = 255;

export function zsetSaveType(e: u32): u32 { return RDB_ZSET_2; }

export function zsetSave(e: u32): void {
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  const count = zsetSize(encoding, pointer);
  saveLength(count);
  if (count == 0) return;
  zsetWalk(encoding, pointer, count - 1);
  for (let i: u32 = 0; i < count; i++) {
    zsetRead();
    saveString(readPtr, readLen);
    saveDouble(readScore);
    zsetPrev();
  }
}

/** Reads a sorted set of one of the forms above and hands it over; otherwise the reader's fault says why. */
export function zsetLoad(rdbType: u32): void {
  if (rdbType == RDB_ZSET_LISTPACK || rdbType == RDB_ZSET_ZIPLIST) { loadPacked(rdbType == RDB_ZSET_ZIPLIST); return; }
  const count = loadCount(rdbType == RDB_ZSET_2 ? 9 : 2);
  if (loadFault == LOAD_OK && count == 0) loadCorrupt();
  if (loadFault != LOAD_OK) return;
  if (!zsetHoldSigned()) { loadNoMemory(); return; }
  for (let i: u32 = 0; i < count && loadFault == LOAD_OK; i++) {
    if (!loadString()) break;
    const ptr = loadPtr;
    const length = loadLen;
    const score = rdbType == RDB_ZSET_2 ? loadDouble() : loadOldScore();
    if (loadFault == LOAD_OK) take(score, ptr, length);
  }
  finish();
}

function loadPacked(isZiplist: bool): void {
  if (!loadString()) return;
  if (!isZiplist) {
    if (lpValid(loadPtr, loadLen, true)) loadPairs(loadPtr);
    else loadCorrupt();
    return;
  }
  const lp = ziplistToListpack(loadPtr, loadLen);
  if (lp == 0) return;
  if ((lpCount(lp) & 1) == 0) loadPairs(lp);
  else loadCorrupt();
  lpFree(lp);
}

/** From a listpack of members and scores as text; it stays the caller's. */
function loadPairs(lp: u32): void {
  let p = lpFirst(lp);
  if (p == 0) { loadCorrupt(); return; }
  if (!zsetHoldListpack()) { loadNoMemory(); return; }
  while (p != 0 && loadFault == LOAD_OK) {
    const at = lpNext(lp, p);
    lpRead(at);
    const score = lpIsInt ? <f64>lpInt : parseDouble(lpPtr, lpLen) ? parsedDouble : NaN;
    lpView(p, 0);
    take(score, lpPtr, lpLen);
    p = lpNext(lp, at);
  }
  finish();
}

/** A score in letters, behind its length; a byte. */
function loadOldScore(): f64 {
  const length = loadByte();
  if (length == OLD_NAN) return NaN;
  if (length == OLD_INFINITY) return Infinity;
  if (length == OLD_MINUS_INFINITY) return -Infinity;
  const text = length > 0 ? loadRaw(<u32>length) : 0;
  return text != 0 && parseDouble(text, <u32>length) ? parsedDouble : NaN;
}

/** Puts a member into the held set. A score that is no number, and a member twice, mean that the payload is damaged. */
function take(score: f64, ptr: u32, length: u32): void {
  if (score != score || zsetFind(ptr, length)) loadCorrupt();
  else if (!zsetInsert(score, ptr, length)) loadNoMemory();
}

/** Hands the held set over, or frees it after a fault. */
function finish(): void {
  if (loadFault == LOAD_OK && !zsetSettle()) loadNoMemory();
  if (loadFault == LOAD_OK) loaded(heldEncoding, heldPointer, heldFlags());
  else zsetDropHeld();
}

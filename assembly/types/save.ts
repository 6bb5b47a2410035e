// Values as bytes and back: RDB's type byte and body, for DUMP, for the log, and for values that travel between shards.
// Each container's own encoding is written and read in its folder (types/<type>/value.ts).
//
// Type bytes:  0 string · 1 10 14 18 list · 2 11 20 set · 3 5 12 17 sorted set · 4 9 13 16 hash · 15 19 21 stream ·
//              above 200: our own, a hash whose fields have deadlines
// 6 and 7 are modules' values; 8 is nothing. What a type's folder does not know it calls corrupt.
import { ENC_INT, TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET, entryEncoding, entryType, entryValue } from '../table/entry';
import { LOAD_OK, loadCorrupt, loadFault, loadedEncoding, loadedPointer } from '../rdb/reader';
import { saveInteger, saveString } from '../rdb/writer';
import { hashLoad, hashSave, hashSaveType } from './hash/value';
import { listLoad, listSave, listSaveType } from './list/value';
import { setLoad, setSave, setSaveType } from './set/value';
import { streamLoad, streamSave, streamSaveType } from './stream/value';
import { stringView, viewLen, viewPtr } from './string';
import { dropForm } from './value';
import { zsetLoad, zsetSave, zsetSaveType } from './zset/value';

export const RDB_STRING: u32 = 0;
const RDB_OWN: u32 = 200;
const NO_TYPE: u32 = 0xff;

/** The type byte that the value is written under. */
export function valueSaveType(e: u32): u32 {
  switch (entryType(e)) {
    case TYPE_LIST: return listSaveType(e);
    case TYPE_SET: return setSaveType(e);
    case TYPE_ZSET: return zsetSaveType(e);
    case TYPE_HASH: return hashSaveType(e);
    case TYPE_STREAM: return streamSaveType(e);
    default: return RDB_STRING;
  }
}

/** Writes the body, between saveBegin and saveEnd. */
export function valueSave(e: u32): void {
  switch (entryType(e)) {
    case TYPE_LIST: listSave(e); break;
    case TYPE_SET: setSave(e); break;
    case TYPE_ZSET: zsetSave(e); break;
    case TYPE_HASH: hashSave(e); break;
    case TYPE_STREAM: streamSave(e); break;
    default: {
      if (entryEncoding(e) == ENC_INT) { saveInteger(load<i64>(entryValue(e))); break; }
      stringView(e, 0);
      saveString(viewPtr, viewLen);
    }
  }
}

/** The type of value that a type byte announces, or 0xff. */
export function typeOfRdb(rdbType: u32): u32 {
  switch (rdbType) {
    case RDB_STRING: return TYPE_STRING;
    case 1: case 10: case 14: case 18: return TYPE_LIST;
    case 2: case 11: case 20: return TYPE_SET;
    case 3: case 5: case 12: case 17: return TYPE_ZSET;
    case 4: case 9: case 13: case 16: return TYPE_HASH;
    case 15: case 19: case 21: return TYPE_STREAM;
    default: return rdbType > RDB_OWN ? TYPE_HASH : NO_TYPE;
  }
}

/**
 * Reads a container, between loadBegin and loadEnd. True: loaded* say what was made, and it is the caller's. False:
 * loadFault says why, and nothing is left.
 */
export function containerLoad(rdbType: u32): bool {
  const type = typeOfRdb(rdbType);
  switch (type) {
    case TYPE_LIST: listLoad(rdbType); break;
    case TYPE_SET: setLoad(rdbType); break;
    case TYPE_ZSET: zsetLoad(rdbType); break;
    case TYPE_HASH: hashLoad(rdbType); break;
    case TYPE_STREAM: streamLoad(rdbType); break;
    default: break;
  }
  if (loadedPointer == 0) loadCorrupt();
  else if (loadFault != LOAD_OK) dropForm(type, loadedEncoding, loadedPointer);
  return loadFault == LOAD_OK;
}

// A DUMP payload, as Redis has it:
//
//        1 type      RDB's type byte
//          body      types/save.ts
//        2 version   u16, of RDB: 10, what Redis 7 writes
//        8 checksum  CRC-64 of everything before it
import { crc64Update } from '../../rdb/crc64';
import { saveBegin, saveByte, saveBytes, saveEnd, savePack, saveStart, saveU64 } from '../../rdb/writer';
import { valueSave, valueSaveType } from '../../types/save';

export const PAYLOAD_FOOTER_BYTES: u32 = 10;
const VERSION: u32 = 10;
/** Version 11 brought new types, and changed none of those before. */
const VERSION_MAX: u32 = 11;

/** The entry's value as a payload: a blob, the caller's. 0: no memory. */
export function payloadOf(e: u32, pack: bool): u32 {
  if (!saveBegin(256)) return 0;
  if (pack) savePack();
  saveByte(valueSaveType(e));
  valueSave(e);
  saveByte(VERSION);
  saveByte(0);
  saveU64(crc64Update(0, saveStart(), saveBytes()));
  return saveEnd();
}

/** Is this a payload of a version that we read, unharmed? */
export function payloadValid(ptr: u32, length: u32): bool {
  if (length < PAYLOAD_FOOTER_BYTES) return false;
  const footer = ptr + length - PAYLOAD_FOOTER_BYTES;
  if (<u32>load<u16>(footer) > VERSION_MAX) return false;
  return load<u64>(footer, 2) == crc64Update(0, ptr, length - 8);
}

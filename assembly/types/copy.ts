// A second copy of a value that lies outside of its entry, for COPY.
import { loadBegin, loadEnd, loadedEncoding, loadedFlags, loadedPointer } from '../rdb/reader';
import { saveBegin, saveEnd } from '../rdb/writer';
import { ENC_BLOB, ENC_PACKED, ENTRY_FIELDS, entryEncoding, entryFlags, entryPointer, entrySetEncoding, entrySetFlags, entrySetPointer, entryType } from '../table/entry';
import { blobBytes, blobDrop, blobLength, blobNew } from './blob';
import { lpBytes, lpCopy } from './listpack';
import { containerLoad, valueSave, valueSaveType } from './save';

/** Gives `to`, which is of the same type, a copy of the value of `e`. False: no memory, and `to` has none. */
export function valueCopy(e: u32, to: u32): bool {
  const from = entryPointer(e);
  let pointer: u32 = 0;
  if (entryEncoding(e) == ENC_BLOB) {
    pointer = blobNew(blobLength(from), blobLength(from));
    if (pointer != 0) memory.copy(blobBytes(pointer), blobBytes(from), blobLength(from));
  } else if (entryEncoding(e) == ENC_PACKED) pointer = lpCopy(from, lpBytes(from));
  else return copySaved(e, to);
  if (pointer != 0) entrySetPointer(to, pointer);
  return pointer != 0;
}

/** Through the bytes that DUMP would give. */
function copySaved(e: u32, to: u32): bool {
  if (!saveBegin(4096)) return false;
  valueSave(e);
  const saved = saveEnd();
  if (saved == 0) return false;
  loadBegin(blobBytes(saved), blobLength(saved));
  const done = containerLoad(valueSaveType(e));
  loadEnd();
  blobDrop(saved);
  if (!done) return false;
  entrySetEncoding(to, entryType(e), loadedEncoding);
  // Whether fields have deadlines the bytes know best.
  entrySetFlags(to, (entryFlags(to) & ~ENTRY_FIELDS) | loadedFlags);
  entrySetPointer(to, loadedPointer);
  return true;
}

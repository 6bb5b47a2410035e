// The RDB encoding alone: strings and lengths written and read, LZF both ways, the checksum.
import { contextLoad } from '../commands/context';

export { arenaAlloc, arenaCheck, arenaFree, arenaInit, arenaUsedBytes } from '../memory/arena';
export { arenaFailIn } from '../memory/fault';
export { blobBytes, blobDrop, blobLength } from '../types/blob';
export { crc64Update } from '../rdb/crc64';
export { LZF_GROWTH_MAX, LZF_TABLE_BYTES, lzfCompress, lzfDecompress } from '../rdb/lzf';
export {
  saveBegin, saveByte, saveBytes, saveDouble, saveEnd, saveInteger, saveLength, savePack, saveRaw, saveString, saveU64,
} from '../rdb/writer';
export {
  loadBegin, loadByte, loadCount, loadDouble, loadEnd, loadLeft, loadLength, loadRaw, loadString, loadU64,
} from '../rdb/reader';
import { loadFault, loadLen, loadPtr } from '../rdb/reader';

/** Lets the codecs take their scratch from a window that lies here. */
export function useWindow(window: u32): void { contextLoad(window); }
export function fault(): u32 { return loadFault; }
export function stringPtr(): u32 { return loadPtr; }
export function stringLen(): u32 { return loadLen; }

export { ziplistToListpack } from '../rdb/ziplist';
export { zipmapToListpack } from '../rdb/zipmap';
export { lpBytes, lpCount, lpFirst, lpNext, lpView } from '../types/listpack';
export { lpValid } from '../types/listpack-valid';
import { lpLen, lpPtr } from '../types/listpack';
export function elementPtr(): u32 { return lpPtr; }
export function elementLen(): u32 { return lpLen; }

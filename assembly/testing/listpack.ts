// Listpacks, alone: over an arena, in a window that nobody else uses.
import { contextLoad } from '../commands/context';
import { lpAt, lpInt, lpIsInt, lpLen, lpPtr } from '../types/listpack';
import { lpGone } from '../types/listpack-sweep';

export { arenaAlloc, arenaCheck, arenaFree, arenaInit, arenaSize, arenaUsedBytes } from '../memory/arena';
export { arenaFailIn } from '../memory/fault';
export {
  LP_EMPTY_BYTES, LP_HEADER_BYTES, lpAfter, lpAppend, lpAppendInt, lpBytes, lpCopy, lpCount, lpDelete, lpDeleteRange, lpDeleteSpan,
  lpEncodedBytes, lpEncodedIntBytes, lpEquals, lpFind, lpFirst, lpFree, lpInsert, lpInsertInt, lpInsertSpan, lpLast, lpNew, lpNext,
  lpPrepend, lpPrev, lpRead, lpReplace, lpReplaceInt, lpSeek, lpView,
} from '../types/listpack';
export { lpCountEqual, lpDeleteEqual } from '../types/listpack-sweep';
export { lpValid } from '../types/listpack-valid';

/** Points the scratch for integers' texts at a window. */
export function useWindow(window: u32): void { contextLoad(window); }
export function at(): u32 { return lpAt; }
export function gone(): u32 { return lpGone; }
export function isInt(): bool { return lpIsInt; }
export function int(): i64 { return lpInt; }
export function ptr(): u32 { return lpPtr; }
export function len(): u32 { return lpLen; }

// From opcode to function, for the commands of this folder; and which of them are slow as they stand.
import { replyError } from '../../resp/errors';
import { TYPE_STRING, entryType } from '../../table/entry';
import { find, root } from '../../table/table';
import { valueCount } from '../../types/value';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, db, opcode } from '../context';
import { OP_SORT, OP_SORT_RO } from '../table.generated';
import { sort } from './sort';

/** Elements sorted in about half a millisecond, and keys looked up. */
const ELEMENTS_SORTED: u64 = 1500;
const KEYS_LOOKED_UP: u64 = 2000;

export function dispatchSort(): void {
  switch (opcode) {
    case OP_SORT: sort(true); break;
    case OP_SORT_RO: sort(false); break;
    default: replyError('ERR command is not executed by the kernel');
  }
}

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function sortSlow(bytes: u32): bool {
  const e = find(root(db), argPtr(1), argLen(1));
  if (e == 0 || entryType(e) == TYPE_STRING) return false;
  const size = <u64>valueCount(e);
  if (size > ELEMENTS_SORTED) return true;
  let lookups: u64 = 0;
  for (let i: u32 = 2; i < argc; i++) if (argIsWord(i, 'by') || argIsWord(i, 'get')) lookups += size;
  return lookups > KEYS_LOOKED_UP;
}

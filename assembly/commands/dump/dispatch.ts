// From opcode to function, for the commands of this folder; and which of them are slow as they stand.
import { argLen, argPtr, argc, db, opcode } from '../context';
import { replyError } from '../../resp/errors';
import { TYPE_STRING, entryType } from '../../table/entry';
import { find, root } from '../../table/table';
import { stringLength } from '../../types/string';
import { valueCount } from '../../types/value';
import { OP_DUMP, OP_RESTORE } from '../table.generated';
import { dump, restore } from './dump';

export function dispatchDump(): void {
  if (opcode == OP_DUMP) dump();
  else if (opcode == OP_RESTORE) restore();
  else replyError('ERR command is not executed by the kernel');
}

/** Bytes compressed, elements written, and bytes of a payload taken apart in about half a millisecond. */
const DUMP_BYTES: u32 = 131072;
const DUMP_ELEMENTS: u32 = 4000;
const RESTORE_BYTES: u32 = 32768;

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function dumpSlow(bytes: u32): bool {
  if (opcode == OP_RESTORE) return bytes > RESTORE_BYTES;
  const e = argc > 1 ? find(root(db), argPtr(1), argLen(1)) : 0;
  if (e == 0) return false;
  return entryType(e) == TYPE_STRING ? stringLength(e) > DUMP_BYTES : valueCount(e) > DUMP_ELEMENTS;
}

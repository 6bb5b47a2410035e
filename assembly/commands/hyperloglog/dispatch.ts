// From opcode to function, for the commands of this folder; and which of them are slow as they stand.
import { argc, opcode } from '../context';
import { replyError } from '../../resp/errors';
import { OP_PFADD, OP_PFCOUNT, OP_PFDEBUG, OP_PFMERGE, OP_PFSELFTEST } from '../table.generated';
import { pfdebug, pfselftest } from './debug';
import { pfadd, pfcount, pfmerge } from './sketches';

export function dispatchHyperLogLog(): void {
  switch (opcode) {
    case OP_PFADD: pfadd(); break;
    case OP_PFCOUNT: pfcount(); break;
    case OP_PFMERGE: pfmerge(); break;
    case OP_PFDEBUG: pfdebug(); break;
    case OP_PFSELFTEST: pfselftest(); break;
    default: replyError('ERR command is not executed by the kernel');
  }
}

/** Elements that raise a sparse sketch, and sketches that are merged, in about a millisecond. */
const ELEMENTS_MAX: u32 = 256;
const SKETCHES_MAX: u32 = 48;

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function hyperLogLogSlow(bytes: u32): bool {
  if (opcode == OP_PFADD) return argc > ELEMENTS_MAX || bytes > 1 << 20;
  if (opcode == OP_PFCOUNT || opcode == OP_PFMERGE) return argc > SKETCHES_MAX;
  return opcode == OP_PFDEBUG;
}

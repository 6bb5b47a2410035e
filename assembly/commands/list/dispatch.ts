// From opcode to function, for the commands of this folder; and which of them are slow as they stand.
import { replyError } from '../../resp/errors';

export function dispatchList(): void {
  replyError('ERR command is not executed by the kernel');
}

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function listSlow(bytes: u32): bool {
  return false;
}

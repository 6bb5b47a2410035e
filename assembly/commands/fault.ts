// The error replies to bytes that break the protocol. The connection is closed after them.
import {
  FAULT_BIG_COUNT, FAULT_BIG_INLINE, FAULT_BIG_LENGTH, FAULT_COUNT, FAULT_EXPECTED, FAULT_LENGTH, FAULT_QUOTES,
  FAULT_UNAUTHENTICATED_COUNT, fault, faultByte,
} from '../resp/parse';
import { replyError, replyErrorWith } from '../resp/errors';
import { SPARE_STRING } from '../memory/spare';
import { win } from './context';

export function replyFault(): void {
  if (fault == FAULT_BIG_COUNT) replyError('ERR Protocol error: too big mbulk count string');
  else if (fault == FAULT_COUNT) replyError('ERR Protocol error: invalid multibulk length');
  else if (fault == FAULT_BIG_LENGTH) replyError('ERR Protocol error: too big bulk count string');
  else if (fault == FAULT_LENGTH) replyError('ERR Protocol error: invalid bulk length');
  else if (fault == FAULT_BIG_INLINE) replyError('ERR Protocol error: too big inline request');
  else if (fault == FAULT_QUOTES) replyError('ERR Protocol error: unbalanced quotes in request');
  else if (fault == FAULT_EXPECTED) {
    const scratch = win + SPARE_STRING;
    store<u8>(scratch, faultByte);
    replyErrorWith("ERR Protocol error: expected '$', got '", scratch, 1, "'", false);
  } else if (fault == FAULT_UNAUTHENTICATED_COUNT) replyError('ERR Protocol error: unauthenticated multibulk length');
  else replyError('ERR Protocol error: unauthenticated bulk length');
}

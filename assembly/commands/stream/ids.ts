// Arguments that are stream IDs, with Redis's errors for those that are none.
import { argLen, argPtr } from '../context';
import { replyError } from '../../resp/errors';
import { ID_AUTO_SEQ, ID_RANGE_SIGNS, idDecrement, idIncrement, idParse } from '../../types/stream/id';

function replyInvalidId(): void { replyError('ERR Invalid stream ID specified as stream command argument'); }

/** Is argument i an ID in full, or only its milliseconds (the sequence is 0 then)? idMs and idSeq hold it. No reply. */
export function isId(i: u32): bool { return idParse(argPtr(i), argLen(i), 0, 0); }

/** Reads argument i as an ID, or replies with the error and answers false. */
export function idArg(i: u32): bool {
  if (isId(i)) return true;
  replyInvalidId();
  return false;
}
/** The same, "<ms>-*" included: idSeqGiven. */
export function newIdArg(i: u32): bool {
  if (idParse(argPtr(i), argLen(i), 0, ID_AUTO_SEQ)) return true;
  replyInvalidId();
  return false;
}
/** The same, "-" and "+" included. */
export function anyIdArg(i: u32): bool {
  if (idParse(argPtr(i), argLen(i), 0, ID_RANGE_SIGNS)) return true;
  replyInvalidId();
  return false;
}

/** Reads argument i as the lower end of an interval; "(" in front leaves the ID itself out. */
export function startArg(i: u32): bool {
  const open = isOpen(i);
  if (!boundArg(i, open, 0)) return false;
  if (!open || idIncrement()) return true;
  replyError('ERR invalid start ID for the interval');
  return false;
}
/** The same for the upper end. */
export function endArg(i: u32): bool {
  const open = isOpen(i);
  if (!boundArg(i, open, u64.MAX_VALUE)) return false;
  if (!open || idDecrement()) return true;
  replyError('ERR invalid end ID for the interval');
  return false;
}
@inline function isOpen(i: u32): bool { return argLen(i) > 1 && load<u8>(argPtr(i)) == 0x28; }
function boundArg(i: u32, open: bool, missingSeq: u64): bool {
  const read = open ? idParse(argPtr(i) + 1, argLen(i) - 1, missingSeq, 0) : idParse(argPtr(i), argLen(i), missingSeq, ID_RANGE_SIGNS);
  if (!read) replyInvalidId();
  return read;
}

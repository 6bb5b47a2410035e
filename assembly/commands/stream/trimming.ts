// The options of XADD and XTRIM: how the stream is to be trimmed, and XADD's ID.
import { integer, integerArg } from '../arguments';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc } from '../context';
import { limits } from '../../memory/layout';
import { replyError, replySyntax } from '../../resp/errors';
import { idMs, idSeq, idSeqGiven } from '../../types/stream/id';
import { TRIM_MAXLEN, TRIM_MINID, TRIM_NONE } from '../../types/stream/stream';
import { idArg, newIdArg } from './ids';

/** What the options say. Trimming: TRIM_*, its threshold, and how far an approximate one may go (0: as far as it takes). */
export let trimHow: u32 = 0;
export let trimLength: u64 = 0;
export let trimMs: u64 = 0;
export let trimSeq: u64 = 0;
export let trimApproximate: bool = false;
export let trimLimit: u64 = 0;
/** Argument that holds the threshold. */
export let trimArg: u32 = 0;
/** XADD: NOMKSTREAM; the ID's argument; "*", or the ID, of which perhaps only the milliseconds are given. */
export let addOnly: bool = false;
export let addIdArg: u32 = 0;
export let addIdGiven: bool = false;
export let addSeqGiven: bool = false;
export let addMs: u64 = 0;
export let addSeq: u64 = 0;

const LIMIT_DEFAULT_NODES: u64 = 100;
const LIMIT_WITHOUT_NODES: u64 = 10000;
const LIMIT_MAX: u64 = 1000000;

function isSign(i: u32, sign: u32): bool {
  const length = argLen(i);
  return length != 0 && <u32>load<u8>(argPtr(i)) == sign && (length == 1 || load<u8>(argPtr(i), 1) == 0);
}

/** Reads the threshold behind MAXLEN or MINID in argument i; answers the argument it stands in, 0: an error was replied. */
function threshold(i: u32, how: u32): u32 {
  if (trimHow != TRIM_NONE) {
    replyError('ERR syntax error, MAXLEN and MINID options at the same time are not compatible');
    return 0;
  }
  trimApproximate = false;
  let at = i + 1;
  if (i + 2 < argc) {
    if (isSign(at, 0x7e)) { trimApproximate = true; at++; }
    else if (isSign(at, 0x3d)) at++;
  }
  if (how == TRIM_MAXLEN) {
    if (!integerArg(at)) return 0;
    if (integer < 0) { replyError('ERR The MAXLEN argument must be >= 0.'); return 0; }
    trimLength = integer;
  } else {
    if (!idArg(at)) return 0;
    trimMs = idMs;
    trimSeq = idSeq;
  }
  trimHow = how;
  trimArg = at;
  return at;
}

function readNewId(i: u32): bool {
  if (!newIdArg(i)) return false;
  addIdGiven = true;
  addSeqGiven = idSeqGiven;
  addMs = idMs;
  addSeq = idSeq;
  return true;
}

/** Reads the options from argument 2 on, or replies with the error and answers false. */
export function trimmingArgs(isAdd: bool): bool {
  trimHow = TRIM_NONE;
  trimApproximate = false;
  trimLimit = 0;
  trimArg = 0;
  addOnly = false;
  addIdGiven = false;
  addSeqGiven = false;
  let limitGiven = false;
  let i: u32 = 2;
  for (; i < argc; i++) {
    const more = i + 1 < argc;
    if (isAdd && isSign(i, 0x2a)) break;
    if (more && argIsWord(i, 'maxlen')) {
      i = threshold(i, TRIM_MAXLEN);
      if (i == 0) return false;
    } else if (more && argIsWord(i, 'minid')) {
      i = threshold(i, TRIM_MINID);
      if (i == 0) return false;
    } else if (more && argIsWord(i, 'limit')) {
      if (!integerArg(i + 1)) return false;
      if (integer < 0) { replyError('ERR The LIMIT argument must be >= 0.'); return false; }
      trimLimit = integer;
      limitGiven = true;
      i++;
    } else if (isAdd && argIsWord(i, 'nomkstream')) addOnly = true;
    else if (isAdd) {
      if (!readNewId(i)) return false;
      break;
    } else { replySyntax(); return false; }
  }
  addIdArg = i;
  return settle(isAdd, limitGiven);
}

/** What can only be said once all options are known. */
function settle(isAdd: bool, limitGiven: bool): bool {
  if (trimLimit != 0 && trimHow == TRIM_NONE) {
    replyError('ERR syntax error, LIMIT cannot be used without specifying a trimming strategy');
    return false;
  }
  if (!isAdd && trimHow == TRIM_NONE) {
    replyError('ERR syntax error, XTRIM must be called with a trimming strategy');
    return false;
  }
  if (limitGiven && !trimApproximate) {
    replyError('ERR syntax error, LIMIT cannot be used without the special ~ option');
    return false;
  }
  if (trimApproximate && !limitGiven) {
    trimLimit = LIMIT_DEFAULT_NODES * limits().streamNodeMaxEntries;
    if (trimLimit == 0) trimLimit = LIMIT_WITHOUT_NODES;
    if (trimLimit > LIMIT_MAX) trimLimit = LIMIT_MAX;
  }
  return true;
}

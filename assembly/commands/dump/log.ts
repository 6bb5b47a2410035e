// Logging a key by its value: SET key value [PXAT ms] for a string, RESTORE key ms payload REPLACE ABSTTL for a
// container, 0 ms standing for no deadline.
import { fxArg, fxBegin, fxEnd, fxInt, fxText, logOn, logReserve } from '../../log/ring';
import { TYPE_STRING, entryExpiry, entryType } from '../../table/entry';
import { blobBytes, blobDrop, blobLength } from '../../types/blob';
import { stringLength, stringView, viewLen, viewPtr } from '../../types/string';
import { payloadOf } from './payload';

const RECORD_BYTES: u64 = 512;

/** The payload that logValueReserve has made, a blob; 0: none. It lives until logValue or logValueForget. */
let prepared: u32 = 0;

/**
 * Makes sure that `logValue` of this very value cannot fail: finds the room, and makes the payload. To be asked before
 * anything is changed; the entry need not be in a table yet. False: no memory.
 */
export function logValueReserve(keyLen: u32, e: u32): bool {
  if (!logOn()) return true;
  if (entryType(e) == TYPE_STRING) return logReserve(<u64>stringLength(e) + <u64>keyLen * 2 + RECORD_BYTES);
  prepared = payloadOf(e, false);
  if (prepared == 0) return false;
  if (logReserve(<u64>blobLength(prepared) + <u64>keyLen * 2 + RECORD_BYTES)) return true;
  logValueForget();
  return false;
}

/** The change that logValueReserve was asked for has failed. */
export function logValueForget(): void {
  if (prepared != 0) blobDrop(prepared);
  prepared = 0;
}

/**
 * Logs what the key holds now. Whoever changes a container asks logValueReserve before: making the payload only here may
 * fail, and what was changed is then in no log.
 */
export function logValue(key: u32, keyLen: u32, e: u32): void {
  if (!logOn()) return;
  const expires = entryExpiry(e);
  if (entryType(e) == TYPE_STRING) {
    stringView(e, 0);
    fxBegin('SET');
    fxArg(key, keyLen);
    fxArg(viewPtr, viewLen);
    if (expires >= 0) { fxText('PXAT'); fxInt(expires); }
    fxEnd();
    return;
  }
  if (prepared == 0 && !logValueReserve(keyLen, e)) return;
  fxBegin('RESTORE');
  fxArg(key, keyLen);
  fxInt(max<i64>(expires, 0));
  fxArg(blobBytes(prepared), blobLength(prepared));
  fxText('REPLACE');
  fxText('ABSTTL');
  fxEnd();
  logValueForget();
}

// Reading arguments, with Redis's errors for those that do not fit.
import { argLen, argPtr, nowMs } from './context';
import { parseI64, parsedI64 } from '../types/integer';
import { replyErrorWith, replyNotInteger } from '../resp/errors';

/** The integer that `integerArg` read. */
export let integer: i64 = 0;

/** Reads argument i as an i64, or replies with the error and answers false. */
export function integerArg(i: u32): bool {
  if (!parseI64(argPtr(i), argLen(i))) { replyNotInteger(); return false; }
  integer = parsedI64;
  return true;
}

/** Units of an expiry argument. */
export const EXPIRY_SECONDS: u32 = 1;
export const EXPIRY_ABSOLUTE: u32 = 2;

/** Unix milliseconds that `expiryArg` read. */
export let expiryMs: i64 = 0;

/** Reads argument i as an expiry that must be above zero; for SET and its family. */
export function expiryArg(i: u32, unit: u32): bool {
  if (!integerArg(i)) return false;
  let ms = integer;
  if (ms <= 0 || ((unit & EXPIRY_SECONDS) && ms > i64.MAX_VALUE / 1000)) { replyInvalidExpiry(); return false; }
  if (unit & EXPIRY_SECONDS) ms *= 1000;
  if ((unit & EXPIRY_ABSOLUTE) == 0) {
    if (ms > i64.MAX_VALUE - nowMs) { replyInvalidExpiry(); return false; }
    ms += nowMs;
  }
  expiryMs = ms;
  return true;
}

/** "invalid expire time in 'name' command", under the name of the command in hand. */
export function replyInvalidExpiry(): void {
  replyErrorWith("ERR invalid expire time in '", argPtr(0), argLen(0), "' command", true);
}

// Ranges as arguments: scores, bytes and ranks, with Redis's errors for those that are none.
import { LEX_ABOVE, LEX_BELOW, LEX_CLOSED, LEX_OPEN, lexHigh, lexLow } from '../../types/zset/range';
import { parseDoubleLoosely, parsedDouble } from '../../types/double';
import { replyError, replyNotInteger } from '../../resp/errors';
import { parseI64, parsedI64 } from '../../types/integer';
import { argLen, argPtr } from '../context';

/** The bounds that `scoreBounds` read. */
export let lowScore: f64 = 0;
export let lowOpen: bool = false;
export let highScore: f64 = 0;
export let highOpen: bool = false;

/** Reads argument i as a score, perhaps behind a "(", into parsedDouble. */
function scoreArg(i: u32): bool {
  const open: u32 = isOpen(i) ? 1 : 0;
  return parseDoubleLoosely(argPtr(i) + open, argLen(i) - open);
}
@inline function isOpen(i: u32): bool { return argLen(i) != 0 && load<u8>(argPtr(i)) == 0x28; }

/** Reads two arguments as the bounds of a range of scores. False: they are none. */
export function scoresOf(low: u32, high: u32): bool {
  if (!scoreArg(low)) return false;
  lowScore = parsedDouble;
  lowOpen = isOpen(low);
  if (!scoreArg(high)) return false;
  highScore = parsedDouble;
  highOpen = isOpen(high);
  return true;
}

/** The same, and replies with the error. */
export function scoreBounds(low: u32, high: u32): bool {
  if (scoresOf(low, high)) return true;
  replyError('ERR min or max is not a float');
  return false;
}

/** Which kind of bound argument i is, LEX_*; -1: it is none. */
function lexKind(i: u32): i32 {
  if (argLen(i) == 0) return -1;
  const p = argPtr(i);
  const first = <u32>load<u8>(p);
  if (first == 0x5b) return LEX_CLOSED;
  if (first == 0x28) return LEX_OPEN;
  // To C the text ends at a zero byte.
  if ((first != 0x2b && first != 0x2d) || (argLen(i) != 1 && load<u8>(p, 1) != 0)) return -1;
  return first == 0x2b ? LEX_ABOVE : LEX_BELOW;
}

/** Reads two arguments as the bounds of a range of bytes, for `lexRange`. False: they are none. */
export function lexOf(low: u32, high: u32): bool {
  const lowKind = lexKind(low);
  const highKind = lexKind(high);
  if (lowKind < 0 || highKind < 0) return false;
  lexLow(lowKind, argPtr(low) + 1, argLen(low) - 1);
  lexHigh(highKind, argPtr(high) + 1, argLen(high) - 1);
  return true;
}

/** The same, and replies with the error. */
export function lexBounds(low: u32, high: u32): bool {
  if (lexOf(low, high)) return true;
  replyError('ERR min or max not valid string range item');
  return false;
}

/** The ranks that `rankBounds` read: as they were given, negative ones counting from the end. */
export let firstRank: i64 = 0;
export let lastRank: i64 = 0;

/** Reads two arguments as ranks. False: they are none. */
export function ranksOf(first: u32, last: u32): bool {
  if (!parseI64(argPtr(first), argLen(first))) return false;
  firstRank = parsedI64;
  if (!parseI64(argPtr(last), argLen(last))) return false;
  lastRank = parsedI64;
  return true;
}

/** The same, and replies with the error. */
export function rankBounds(first: u32, last: u32): bool {
  if (ranksOf(first, last)) return true;
  replyNotInteger();
  return false;
}

/** Makes the ranks ones of a set of `size` members, in its order or from its end; answers how many they span. */
export function rankSpan(size: u32): u32 {
  const count = <i64>size;
  if (firstRank < 0) firstRank = max<i64>(firstRank + count, 0);
  if (lastRank < 0) lastRank += count;
  if (lastRank >= count) lastRank = count - 1;
  return firstRank > lastRank || firstRank >= count ? 0 : <u32>(lastRank - firstRank + 1);
}

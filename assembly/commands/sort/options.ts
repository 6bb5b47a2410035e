// What SORT and SORT_RO are asked for. Behaviour and texts: redis-server 7.0's sort.c.
import { replySyntax } from '../../resp/errors';
import { argIsWord, argTextLen, integer, integerArg } from '../arguments';
import { argPtr, argc } from '../context';

export let sortDescending: bool = false;
export let sortAlpha: bool = false;
/** Argument of the BY pattern; 0: the elements themselves are compared. */
export let sortBy: u32 = 0;
/** BY a pattern without a `*`: the elements keep the order they have. */
export let sortNot: bool = false;
/** Argument of the key to store under, or 0. */
export let sortStore: u32 = 0;
/** GET patterns; `sortGetAt` finds them. */
export let sortGets: u32 = 0;
/** LIMIT as given: where to start, and how many (below 0: all). */
export let sortStart: i64 = 0;
export let sortCount: i64 = -1;

/** Reads the options, or replies with the error and answers false. */
export function sortOptions(mayStore: bool): bool {
  sortDescending = false;
  sortAlpha = false;
  sortBy = 0;
  sortNot = false;
  sortStore = 0;
  sortGets = 0;
  sortStart = 0;
  sortCount = -1;
  for (let i: u32 = 2; i < argc; i++) {
    const left = argc - i - 1;
    if (argIsWord(i, 'asc')) sortDescending = false;
    else if (argIsWord(i, 'desc')) sortDescending = true;
    else if (argIsWord(i, 'alpha')) sortAlpha = true;
    else if (left >= 2 && argIsWord(i, 'limit')) {
      if (!limitArgs(i + 1)) return false;
      i += 2;
    } else if (left >= 1 && mayStore && argIsWord(i, 'store')) sortStore = ++i;
    else if (left >= 1 && argIsWord(i, 'by')) byArg(++i);
    else if (left >= 1 && argIsWord(i, 'get')) { sortGets++; i++; }
    else { replySyntax(); return false; }
  }
  return true;
}

function limitArgs(i: u32): bool {
  if (!integerArg(i)) return false;
  sortStart = integer;
  if (!integerArg(i + 1)) return false;
  sortCount = integer;
  return true;
}

function byArg(i: u32): void {
  sortBy = i;
  // Once a pattern was without a `*`, nothing is sorted, whatever patterns follow.
  if (!hasStar(i)) sortNot = true;
}

/** Is there a `*` in front of the argument's first zero byte? */
function hasStar(i: u32): bool {
  const end = argPtr(i) + argTextLen(i);
  for (let p = argPtr(i); p < end; p++) if (load<u8>(p) == 0x2a) return true;
  return false;
}

/** The argument of the GET pattern that follows the one at `after` (0: the first). There is one. */
export function sortGetAfter(after: u32): u32 {
  for (let i: u32 = after == 0 ? 2 : after + 1; i < argc; i++) {
    if (argIsWord(i, 'get')) return i + 1;
    if (argIsWord(i, 'limit')) i += 2;
    else if (argIsWord(i, 'by') || argIsWord(i, 'store')) i++;
  }
  assert(false);
  return 0;
}

/** A set without order is put in one when that decides what is stored: by its members' bytes. */
export function sortForced(): void {
  sortNot = false;
  sortAlpha = true;
  sortBy = 0;
}

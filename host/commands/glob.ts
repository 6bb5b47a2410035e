// Redis's glob patterns, oddities included, over strings that hold one byte per character.
//   ?  any one character       *  any characters       [abc] [a-z] [^a]  one character in, or not in, a class
//   \  takes the next character as it is

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}

/** Ranges of a class order bytes from 128 on below the others, as C's char does where Redis usually runs. */
function signed(code: number): number {
  return (code << 24) >> 24;
}

/**
 * Tries one character against the class whose first inner character is at `from`.
 * @returns The index behind the class, negated and less one if the character is not in it. A class that is not closed
 *          goes to the end of the pattern.
 */
function matchClass(pattern: string, from: number, character: number, ignoreCase: boolean): number {
  const fold = ignoreCase ? lower : (code: number) => code;
  let p = from;
  const negated = pattern[p] === '^';
  if (negated) p++;
  let found = false;
  for (; p < pattern.length && pattern[p] !== ']'; p++) {
    if (pattern[p] === '\\' && p + 1 < pattern.length) {
      // An escaped member is compared as it is, also where case is otherwise ignored.
      if (pattern.charCodeAt(++p) === character) found = true;
    } else if (pattern[p + 1] === '-' && p + 2 < pattern.length) {
      const start = signed(pattern.charCodeAt(p));
      const end = signed(pattern.charCodeAt(p + 2));
      const code = fold(signed(character));
      if (code >= fold(Math.min(start, end)) && code <= fold(Math.max(start, end))) found = true;
      p += 2;
    } else if (fold(pattern.charCodeAt(p)) === fold(character)) found = true;
  }
  const next = Math.min(p + 1, pattern.length);
  return found !== negated ? next : -next - 1;
}

/** Matches one pattern element, which is no star, against a character: the index behind the element, or negative. */
function matchOne(pattern: string, p: number, character: number, ignoreCase: boolean): number {
  if (pattern[p] === '?') return p + 1;
  if (pattern[p] === '[') return matchClass(pattern, p + 1, character, ignoreCase);
  const at = pattern[p] === '\\' && p + 1 < pattern.length ? p + 1 : p;
  const code = pattern.charCodeAt(at);
  return code === character || (ignoreCase && lower(code) === lower(character)) ? at + 1 : -1;
}

/**
 * Whether the whole text matches. Takes at most pattern length times text length steps: after a mismatch only the last
 * star passed is widened, which finds a match whenever there is one.
 */
export function globMatch(pattern: string, text: string, ignoreCase = false): boolean {
  // Redis enters its loop with text only, so the empty text matches the empty pattern and no other, not even '*'.
  if (text.length === 0) return pattern.length === 0;
  let p = 0;
  let t = 0;
  let starNext = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      while (pattern[p] === '*') p++;
      if (p === pattern.length) return true;
      starNext = p;
      starText = t;
      continue;
    }
    const next = p < pattern.length ? matchOne(pattern, p, text.charCodeAt(t), ignoreCase) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else if (starNext >= 0) {
      p = starNext;
      t = ++starText;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

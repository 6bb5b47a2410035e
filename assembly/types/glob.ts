// Glob matching as KEYS and SCAN MATCH do it: * ? [abc] [^abc] [a-c] \x, over bytes.
//
// A failed match only ever goes back to the last star: any earlier star could not match more than that one already
// tried. So the cost is at most pattern times text, whatever an enemy writes.

/** Where `classMatches` left the pattern. */
let classEnd: u32 = 0;

/** Does byte c belong to the class whose '[' is at p? classEnd is then behind its ']' (or the pattern's end). */
function classMatches(p: u32, end: u32, c: u32): bool {
  p++;
  let inverted = false;
  if (p < end && load<u8>(p) == 0x5e) { inverted = true; p++; }
  let match = false;
  while (p < end) {
    const first = <u32>load<u8>(p);
    if (first == 0x5c && p + 1 < end) {
      if (<u32>load<u8>(p + 1) == c) match = true;
      p += 2;
      continue;
    }
    if (first == 0x5d) { p++; break; }
    if (p + 2 < end && load<u8>(p + 1) == 0x2d) {
      // Ranges compare signed bytes, as Redis's do.
      const from = <i32>load<i8>(p);
      const to = <i32>load<i8>(p + 2);
      const byte = <i32><i8>c;
      if (byte >= min(from, to) && byte <= max(from, to)) match = true;
      p += 3;
      continue;
    }
    if (first == c) match = true;
    p++;
  }
  classEnd = p;
  return match != inverted;
}

/** Does the whole text match the whole pattern? As in Redis, the empty text matches the empty pattern alone. */
export function globMatches(pattern: u32, patternLen: u32, text: u32, textLen: u32): bool {
  if (textLen == 0) return patternLen == 0;
  let p = pattern;
  const pEnd = pattern + patternLen;
  let t = text;
  const tEnd = text + textLen;
  let starPattern: u32 = 0;
  let starText: u32 = 0;
  while (true) {
    if (p < pEnd && load<u8>(p) == 0x2a) {
      p++;
      if (p == pEnd) return true;
      starPattern = p;
      starText = t;
      continue;
    }
    if (t == tEnd) break;
    let next: u32 = 0;
    if (p < pEnd) {
      const c = <u32>load<u8>(p);
      if (c == 0x3f) next = p + 1;
      else if (c == 0x5b) { if (classMatches(p, pEnd, load<u8>(t))) next = classEnd; }
      else if (c == 0x5c && p + 1 < pEnd) { if (load<u8>(p + 1) == load<u8>(t)) next = p + 2; }
      else if (c == <u32>load<u8>(t)) next = p + 1;
    }
    if (next != 0) { p = next; t++; continue; }
    if (starPattern == 0) return false;
    starText++;
    t = starText;
    p = starPattern;
  }
  while (p < pEnd && load<u8>(p) == 0x2a) p++;
  return p == pEnd;
}

/** Is this pattern the lone star, which matches everything? */
@inline export function globIsAll(pattern: u32, patternLen: u32): bool { return patternLen == 1 && load<u8>(pattern) == 0x2a; }

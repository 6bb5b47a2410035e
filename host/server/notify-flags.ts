// notify-keyspace-events: a letter for each class of notifications, read and written as Redis does.

/** Letters and their bits, in the order in which they are written: those that `A` stands for come first. */
const OF_ALL = { g: 4, $: 8, l: 16, s: 32, h: 64, z: 128, x: 256, e: 512, t: 1024, d: 8192 } as const;
const OTHERS = { n: 16384, K: 1, E: 2, m: 2048 } as const;
const LETTERS: Readonly<Record<string, number>> = { ...OF_ALL, ...OTHERS };
const ALL = Object.values(OF_ALL).reduce((sum, bit) => sum | bit, 0);

/** Bits of a text of letters; undefined: one of them is none. */
export function notifyBits(text: string): number | undefined {
  let bits = 0;
  for (const letter of text) {
    const bit = letter === 'A' ? ALL : LETTERS[letter];
    if (bit === undefined) return undefined;
    bits |= bit;
  }
  return bits;
}

/** The canonical text of bits, with `A` for all that it stands for. */
export function notifyText(bits: number): string {
  const written = (letters: Readonly<Record<string, number>>) =>
    Object.entries(letters)
      .filter(([, bit]) => bits & bit)
      .map(([letter]) => letter)
      .join('');
  return ((bits & ALL) === ALL ? 'A' : written(OF_ALL)) + written(OTHERS);
}

/** What CONFIG GET shows of a canonical text: as in Redis, `n` is passed over behind `A`. */
export function notifyShown(text: string): string {
  return text.replace('An', 'A');
}

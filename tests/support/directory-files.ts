// Whole directories as maps from names to bytes: compared, and damaged by hand.
import { createHash } from 'node:crypto';

export type Files = ReadonlyMap<string, Uint8Array>;

/** Names of the files that differ, or that only one of the two has; empty: they are the same to the byte. */
export function differentFiles(a: Files, b: Files): string[] {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].filter((name) => !sameBytes(a.get(name), b.get(name))).sort();
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}

/** The same for the same names and bytes. */
export function fingerprint(files: Files): string {
  const hash = createHash('sha1');
  for (const [name, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name}\n${bytes.length}\n`).update(bytes);
  return hash.digest('base64');
}

/** A copy in which one bit is another. */
export function flipped(bytes: Uint8Array, at: number, bit = 0): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] ^= 1 << bit;
  return copy;
}

/** A copy of a directory in which one file is another. */
export function withFile(files: Files, name: string, bytes: Uint8Array): Map<string, Uint8Array> {
  return new Map(files).set(name, bytes);
}

// The directories that a real kevy wrote, and what a reader must find in them: expected.json beside each.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const FIXTURES = fileURLToPath(new URL('../../../shared/fixtures/kevy-1.22/', import.meta.url));

/** Keys and values are base64; a zset is member and score in turn, as plain text. */
export interface ExpectedKey {
  readonly key: string;
  readonly type: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream';
  readonly value: unknown;
  /** Unix seconds, exact to one. */
  readonly expireAt: number | null;
}

export function fixtureNames(): string[] {
  return existsSync(FIXTURES) ? readdirSync(FIXTURES).sort() : [];
}

/** Files of a fixture's data directory. */
export function fixtureFiles(name: string): Map<string, Uint8Array> {
  const directory = `${FIXTURES}${name}/data/`;
  return new Map(readdirSync(directory).map((file) => [file, readFileSync(directory + file)]));
}

export function expectedOf(name: string): ExpectedKey[] {
  return JSON.parse(readFileSync(`${FIXTURES}${name}/expected.json`, 'utf8'));
}

/** Answers a command from the data under test; bulk strings as Buffers. */
export type Ask = (...args: (string | Buffer)[]) => unknown;

const base64 = (value: unknown): string => (value as Buffer).toString('base64');

/** What differs between the expected keys and those that `ask` answers for, a line each. */
export function differencesOf(expected: readonly ExpectedKey[], ask: Ask): string[] {
  const problems: string[] = [];
  for (const { key: name, type, value, expireAt } of expected) {
    const key = Buffer.from(name, 'base64');
    const found = String(ask('TYPE', key));
    if (found !== type) {
      problems.push(`${key}: ${found}, not ${type}`);
      continue;
    }
    const [has, wanted] = [JSON.stringify(READERS[type](ask, key)), JSON.stringify(wantedOf(type, value))];
    if (has !== wanted) problems.push(`${key}: ${has}, not ${wanted}`);
    const expiry = Number(ask('EXPIRETIME', key));
    if (Math.abs(expiry - (expireAt ?? -1)) > 1) problems.push(`${key}: expires at ${expiry}, not ${expireAt}`);
  }
  return problems;
}

/** Sets and hashes have no order. */
function wantedOf(type: ExpectedKey['type'], value: unknown): unknown {
  if (type === 'set') return [...(value as string[])].sort();
  if (type === 'hash') return (value as string[][]).map((pair) => pair.join()).sort();
  if (type === 'zset') {
    const words = value as string[];
    return words.map((word, i) => (i % 2 === 0 ? word : scoreOf(word)));
  }
  return value;
}
const scoreOf = (text: string): string => (/inf/.test(text) ? text : String(Number(text)));

const READERS: Record<ExpectedKey['type'], (ask: Ask, key: Buffer) => unknown> = {
  string: (ask, key) => base64(ask('GET', key)),
  list: (ask, key) => (ask('LRANGE', key, '0', '-1') as Buffer[]).map(base64),
  set: (ask, key) => (ask('SMEMBERS', key) as Buffer[]).map(base64).sort(),
  hash: (ask, key) => {
    const words = (ask('HGETALL', key) as Buffer[]).map(base64);
    return words.flatMap((word, i) => (i % 2 === 0 ? [`${word},${words[i + 1]}`] : [])).sort();
  },
  zset: (ask, key) => {
    const words = ask('ZRANGE', key, '0', '-1', 'WITHSCORES') as Buffer[];
    return words.map((word, i) => (i % 2 === 0 ? word.toString() : scoreOf(word.toString())));
  },
  stream: (ask, key) => {
    const entries = (ask('XRANGE', key, '-', '+') as [Buffer, Buffer[]][]).map(([id, fields]) => [
      base64(id),
      fields.map(base64),
    ]);
    const groups = ask('XINFO', 'GROUPS', key) as unknown[][];
    const pending = groups.flatMap((group) => {
      const rows = ask('XPENDING', key, group[1] as Buffer, '-', '+', '10000') as unknown[][];
      return rows.map(([id, consumer]) => [String(id), String(consumer)]);
    });
    return { entries, groups: groups.length, pending };
  },
};

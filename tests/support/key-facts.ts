// Everything that commands say about each key of a store, as text: what must not change when the keys move elsewhere.
import { decode } from './resp-client.js';
import type { StoreInProcess } from './store-in-process.js';

/** Of one key and its type: the commands whose replies tell all of it, and whether their elements have an order. */
const TOLD_BY: Readonly<Record<string, (ask: Ask, key: string) => unknown>> = {
  string: (ask, key) => ask('GET', key),
  list: (ask, key) => ask('LRANGE', key, '0', '-1'),
  set: (ask, key) => (ask('SMEMBERS', key) as string[]).sort(),
  zset: (ask, key) => ask('ZRANGE', key, '0', '-1', 'WITHSCORES'),
  hash: (ask, key) => {
    const fields = (ask('HKEYS', key) as string[]).sort();
    const values = ask('HMGET', key, ...fields) as string[];
    const deadlines = ask('HPEXPIRETIME', key, 'FIELDS', String(fields.length), ...fields) as number[];
    return fields.map((field, i) => [field, values[i], deadlines[i]]);
  },
  stream: (ask, key) => {
    const groups = (ask('XINFO', 'GROUPS', key) as unknown[][]).map((group) => [
      group,
      // Without the idle times, which go on.
      (ask('XINFO', 'CONSUMERS', key, String(group[1])) as unknown[][]).map((consumer) => consumer.slice(0, 4)),
      (ask('XPENDING', key, String(group[1]), '-', '+', '1000') as unknown[][]).map(([id, who, , times]) => [
        id,
        who,
        times,
      ]),
    ]);
    const about = ask('XINFO', 'STREAM', key) as unknown[];
    const ids = ['last-generated-id', 'max-deleted-entry-id', 'entries-added', 'length'];
    return [ask('XRANGE', key, '-', '+'), groups, ids.map((name) => about[about.indexOf(name) + 1])];
  },
};

type Ask = (...args: string[]) => unknown;

export interface KeyFacts {
  /** A line per key: database, key, type, expiry, content; in the order of the keys. */
  readonly lines: readonly string[];
  /** Types that occurred. */
  readonly types: readonly string[];
}

export function keyFacts(store: StoreInProcess, databases = 16): KeyFacts {
  const ask: Ask = (...args) => decode(Buffer.from(store.call(...args), 'latin1'));
  const lines: string[] = [];
  const types = new Set<string>();
  for (let database = 0; database < databases; database++) {
    store.db = database;
    if (store.keys(database) === 0) continue;
    for (const key of (ask('KEYS', '*') as string[]).sort()) {
      const type = String(ask('TYPE', key));
      types.add(type);
      lines.push(`${database} ${key} ${type} ${ask('PEXPIRETIME', key)} ${JSON.stringify(TOLD_BY[type](ask, key))}`);
    }
  }
  store.db = 0;
  return { lines, types: [...types].sort() };
}

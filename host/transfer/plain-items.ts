// Makes values plain enough for redis-server 7.0: the types that came after it, and those of our own, are said in types
// that it knows.
//
//   20, 21   a set's listpack, a stream with active times (7.2): through a kernel, which writes them as 7.0 does
//   201      our own hash with field deadlines: a hash without them (4); a field whose time has come stays behind
import { ByteSource } from './byte-source.js';
import type { Item } from './item.js';
import type { KernelStore } from './kernel-store.js';
import { readLength, skipString } from './rdb-values.js';
import { rdbLength } from './rdb-write.js';

const TYPE_MAX = 19;
const TYPE_HASH = 4;
const TYPE_HASH_DEADLINES = 201;
const NO_DEADLINE = -1n;

export class PlainItems {
  /** Hashes that have lost the deadlines of their fields. */
  withoutDeadlines = 0;

  /** @param store Empty; nobody else uses it. */
  constructor(readonly store: KernelStore) {}

  /** The same in a type up to 19; undefined: nothing of it is left. */
  plain(item: Item): Item | undefined {
    if (item.type <= TYPE_MAX) return item;
    if (item.type === TYPE_HASH_DEADLINES) return this.#withoutDeadlines(item);
    this.store.restore({ ...item, db: 0, expiresMs: 0n });
    const [{ type, body }] = this.store.items();
    this.store.remove(item.key);
    return { ...item, type, body };
  }

  #withoutDeadlines(item: Item): Item | undefined {
    this.withoutDeadlines++;
    const body = Buffer.from(item.body);
    const source = new ByteSource({
      name: 'a hash with deadlines',
      size: () => body.length,
      read: (into, at) => body.copy(into, 0, at, at + into.length),
    });
    source.byte();
    const count = readLength(source);
    const nowMs = BigInt(Date.now());
    const pairs: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const deadline = source.i64le();
      const from = source.offset;
      skipString(source);
      skipString(source);
      if (deadline === NO_DEADLINE || deadline > nowMs) pairs.push(body.subarray(from, source.offset));
    }
    if (pairs.length === 0) return undefined;
    return { ...item, type: TYPE_HASH, body: Buffer.concat([rdbLength(pairs.length), ...pairs]) };
  }
}

// Writes data as an RDB file that redis-server 7 loads: from a running server, or from a store of kernels.
import { type Progress, pour } from './import.js';
import type { Item, Sink } from './item.js';
import type { KernelStore } from './kernel-store.js';
import { readServer } from './live.js';
import type { Peer } from './peer.js';
import { PlainItems } from './plain-items.js';

export type Output =
  | { readonly kind: 'server'; readonly peer: Peer; readonly db: number | undefined }
  | { readonly kind: 'store'; readonly store: KernelStore };

export interface Exported {
  keys: number;
  /** Hashes whose fields have lost their deadlines: Redis 7 has none. */
  withoutDeadlines: number;
}

/** @param spare An empty store, for values that have to be written anew. */
export async function exportItems(from: Output, sink: Sink, spare: KernelStore, progress: Progress): Promise<Exported> {
  const plain = new PlainItems(spare);
  const total = from.kind === 'server' ? await from.peer.keys(from.db) : from.store.keys();
  const items = from.kind === 'server' ? readServer(from.peer, from.db) : from.store.items();
  let done = 0;
  async function* made(): AsyncGenerator<Item, void> {
    for await (const item of items) {
      const made = plain.plain(item);
      if (made) yield made;
      progress(++done, Math.max(total, done));
    }
  }
  const { keys } = await pour(made(), sink);
  return { keys, withoutDeadlines: plain.withoutDeadlines };
}

// WATCH: a key is watched by a count in its shard (assembly/events/interest.ts), and the version that it has then is kept
// here. The transaction is executed only if every version is the same, looked at under the transaction's latches.
import type { ShardKernel } from '../kernel/kernel.js';
import { withKey } from '../kernel/with-key.js';
import type { FrameRunner } from './frame-runner.js';
import type { Later } from './later.js';

/** A key that a connection watches. It can be posted to a lane. */
export interface Watched {
  readonly db: number;
  readonly key: Buffer;
  readonly shard: number;
  readonly version: number;
}

export class Watches {
  constructor(
    readonly shards: readonly ShardKernel[],
    readonly runner: FrameRunner,
    readonly later: Later,
  ) {}

  /**
   * Watches keys, within `runner.together` over their shards.
   * @returns what is watched now; undefined: no memory, and none of them is.
   */
  add(keys: readonly Buffer[], db: number): Watched[] | undefined {
    const added: Watched[] = [];
    for (const key of keys) {
      const index = this.runner.route(key);
      const shard = this.shards[index];
      this.runner.stamp(shard, db);
      const version = withKey(shard, key, (ptr, bytes) => shard.calls.watch(shard.window, db, ptr, bytes), -1);
      if (version < 0) {
        this.drop(added);
        return undefined;
      }
      added.push({ db, key, shard: index, version });
    }
    return added;
  }

  /** Whether nothing has happened to any of the keys, within `runner.together` over their shards. */
  hold(watched: readonly Watched[]): boolean {
    return watched.every(({ db, key, shard: index, version }) => {
      const shard = this.shards[index];
      this.runner.stamp(shard, db);
      const now = withKey(shard, key, (ptr, bytes) => shard.calls.watchedVersion(shard.window, db, ptr, bytes), -1);
      return now === version;
    });
  }

  /** Watches them no longer. */
  drop(watched: readonly Watched[]): void {
    for (const { db, key, shard } of watched) {
      this.later.do(shard, (kernel) => withKey(kernel, key, (ptr, bytes) => kernel.calls.unwatch(db, ptr, bytes)));
    }
  }
}

// The shard's part in a snapshot of all shards.

/** The shard enters a snapshot (latched): what is changed from now on is the new side's. */
export function snapshotEnter(): void {}

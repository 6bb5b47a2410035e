// What the persistence engine asks of a shard, and of the words that all threads share. The engine knows shards only
// through this: kernel-shard.ts has the real one, tests have one of plain objects.

/** What a snapshot's walk over a shard has come to. */
export interface SnapshotStep {
  /** Encoded bytes to write, in place: they stay as they are until the next step counts them as consumed. */
  readonly piece: Uint8Array;
  /** Nothing is left to encode, and nothing behind `piece`. */
  readonly done: boolean;
  /** Why the shard's part cannot be had: too much would have to be kept, say. */
  readonly failed: string | undefined;
  /** Bytes kept for the snapshot that are not written yet. */
  readonly keptBytes: number;
  /** Keys encoded so far. */
  readonly keys: number;
}

export interface ShardPort {
  // Without the latch; see assembly/log/epoch.ts.

  /** LSN up to which whole steps have published their records. */
  published(): number;
  raise(epoch: number): void;
  publishing(): boolean;
  /** LSN at which the records of `epoch` and those before it end. */
  epochEnd(epoch: number): number;
  /** The published bytes [from, to) of the log, in place, until they are consumed. */
  pieces(from: number, to: number): Uint8Array[];
  /** Changes since birth. */
  changes(): number;
  keys(): number;
  /** Whether the snapshot that has been walked needs a file of our own version. */
  snapshotOwn(): boolean;
  /** Says how much may be kept for the next snapshot: before it is announced, so that whoever enters knows it. */
  bound(): void;

  // Under the latch. They never wait for it: false or undefined means that somebody else has it.

  /** Drops the log up to `to`. */
  consume(to: number): boolean;
  /** Turns logging on or off. */
  setLogging(on: boolean): boolean;
  /** Enters the snapshot that the shared words announce, if nobody has yet. */
  enter(): boolean;
  /**
   * Counts `consumed` bytes of the last piece as written, then encodes on.
   * @param budget Bytes to encode, about.
   */
  snapshotStep(consumed: number, budget: number): SnapshotStep | undefined;
  /**
   * Ends a snapshot that is not wanted any more, or whose walk is done, and frees what was kept for it; nothing if there
   * is none. False also while there is more to clear: it is to be called again, before the next snapshot is announced.
   */
  snapshotAbort(): boolean;

  /** Resolves when the latch may be free. */
  latchFree(): Promise<unknown>;
  /** The log's first byte will be `lsn`, in `epoch`. Before any other thread uses the shard. */
  begin(lsn: number, epoch: number): void;
}

/** The engine's view of `Epochs` (host/kernel/epochs.ts). */
export interface EngineEpochs {
  policy: number;
  failed: boolean;
  /** Sets `failed`, and says why to whoever is refused. */
  fail(reason: string): void;
  epoch: number;
  snapshot: number;
  written: number;
  synced: number;
  /** Whoever publishes records raises `wanted`; else the engine looks for them by itself. */
  asleep: boolean;
  readonly wantCount: number;
  wanted(wantCount: number, ms: number): Promise<unknown>;
}

/** Calls something that needs a latch until it gets it. */
export async function latched<T>(port: ShardPort, call: () => T | false | undefined): Promise<T> {
  for (;;) {
    const result = call();
    if (result !== false && result !== undefined) return result;
    await port.latchFree();
  }
}

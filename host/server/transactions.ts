// MULTI and EXEC on one thread: frames are queued with their connection and executed as one step, under the latches of all
// their keys and of all that is watched. What would take long goes to the slow lane as a whole, before any of it is done.
// Behaviour: redis-server 7.0's multi.c.
import { commandOf, type Reply } from '../commands/index.js';
import { CALL_NO_TOUCH } from '../kernel/abi.js';
import { clusterFlags } from '../worker/connection.js';
import type { CallContext, FrameRunner } from '../worker/frame-runner.js';
import type { SlowLane } from '../worker/slow-lane.js';
import type { Watched, Watches } from '../worker/watches.js';
import type { Client, Encoded } from './context.js';

/** Commands whose cost depends on several keys, wherever they are. */
const MANY: ReadonlySet<string> = new Set(['guest', 'move', 'all']);
/** Commands that a worker executes under latches by itself, if none of them looks long. */
const COMMANDS_MAX = 256;

/** How EXEC came out: replies in order, some of which may be promises; or a watched key has changed. */
export type Executed = (Reply | Encoded | Promise<Reply | Encoded>)[] | 'changed' | { readonly busy: number };

/** A command of the kernel in a transaction that a lane executes. */
export interface Step {
  readonly argv: readonly Buffer[];
  /** Makes the kernel's reply the command's. */
  shape(reply: Buffer): Buffer;
}

export class Transactions {
  constructor(
    readonly runner: FrameRunner,
    readonly watches: Watches,
    readonly lane: SlowLane,
    readonly bulkBytesMax: () => number,
  ) {}

  /** The shards of everything that is queued and watched, ascending. */
  shardsOf(frames: readonly (readonly Buffer[])[], watched: readonly Watched[]): number[] {
    const found = new Set(watched.map(({ shard }) => shard));
    for (const argv of frames) {
      const command = commandOf(argv);
      if (command) for (const shard of this.runner.shardsTogether(command, argv)) found.add(shard);
    }
    return [...found].sort((a, b) => a - b);
  }

  /**
   * Tries to execute what is queued. With `busy` nothing has been done, and the shard's latch is to be waited for; with
   * 'long' nothing has been done either, and `inLane` is to be asked.
   * @param execute Executes one frame, for the client, with the latches held: kernel commands answer at once.
   * @param beforeLane Called with the latches held if it is 'long'.
   */
  try(
    frames: readonly Buffer[][],
    watched: readonly Watched[],
    client: Client,
    execute: (argv: Buffer[]) => Reply | Encoded | Promise<Reply | Encoded>,
    beforeLane: () => void,
  ): Executed | 'long' {
    const outcome = this.runner.together(this.shardsOf(frames, watched), () => {
      if (!this.watches.hold(watched)) return 'changed' as const;
      if (frames.length > COMMANDS_MAX || frames.some((argv) => this.#isLong(argv, client))) {
        beforeLane();
        return 'long' as const;
      }
      return frames.map(execute);
    });
    return 'busy' in outcome ? outcome : outcome.value;
  }

  #isLong(argv: readonly Buffer[], client: Client): boolean {
    const command = commandOf(argv);
    if (!command || (!command.maybeSlow && !MANY.has(command.where))) return false;
    return this.runner.looksLong(argv, this.#contextOf(client, client.db));
  }

  #contextOf({ proto, noTouch, clusterShard }: Client, db: number): CallContext {
    const callFlags = (noTouch ? CALL_NO_TOUCH : 0) | clusterFlags(clusterShard);
    return { db, proto, callFlags, bulkBytesMax: this.bulkBytesMax() };
  }

  /**
   * Executes what is queued in the slow lane: the kernel's commands there, as one step; the host's here, afterwards and
   * in order, since none of them touches a key.
   * @param stepOf What a frame is to the kernel; undefined: it is the host's.
   */
  async inLane(
    frames: readonly Buffer[][],
    watched: readonly Watched[],
    client: Client,
    stepOf: (argv: Buffer[]) => Step | undefined,
    execute: (argv: Buffer[]) => Reply | Encoded | Promise<Reply | Encoded>,
  ): Promise<(Reply | Encoded)[] | 'changed'> {
    const { databases } = this.runner.shards[0].layout;
    const steps = withDatabases(frames, client.db, databases).map(({ argv, db }) => {
      const step = stepOf(argv);
      return step && { ...step, context: this.#contextOf(client, db) };
    });
    const kernels = steps.filter((step) => step !== undefined);
    const replies = await this.lane.runTogether(kernels, watched, this.shardsOf(frames, watched)[0] ?? 0);
    if (replies === 'changed') return replies;
    let next = 0;
    const all: (Reply | Encoded)[] = [];
    for (const [i, step] of steps.entries()) {
      if (step) all.push({ encoded: step.shape(replies[next++]) });
      else all.push(await execute(frames[i]));
    }
    return all;
  }
}

/** Each frame of a transaction with the database that it works on. */
export function withDatabases(frames: readonly Buffer[][], first: number, databases: number) {
  let db = first;
  return frames.map((argv) => {
    if (commandOf(argv)?.name === 'select') db = selected(argv, databases) ?? db;
    return { argv, db };
  });
}

/** The database that a SELECT of a transaction goes on with. */
function selected(argv: readonly Buffer[], databases: number): number | undefined {
  const index = Number(argv[1]?.toString('latin1'));
  return Number.isInteger(index) && index >= 0 && index < databases ? index : undefined;
}

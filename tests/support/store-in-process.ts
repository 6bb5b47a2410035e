// A whole store in this thread, without sockets: shards, latches, and the server of frames that workers have. One
// connection, whose replies come back from `call` and `feed`.
import { Epochs } from '../../host/kernel/epochs.js';
import { HEADER_FLAGS, initShard, newShardMemory, ShardKernel, type ShardLayout } from '../../host/kernel/kernel.js';
import { Connection, type Transport } from '../../host/worker/connection.js';
import { Evictor } from '../../host/worker/evictor.js';
import { type CallContext, type Clock, FrameRunner } from '../../host/worker/frame-runner.js';
import { type FrameHooks, FrameServer } from '../../host/worker/frame-server.js';
import { Housekeeper } from '../../host/worker/housekeeper.js';
import { Latches } from '../../host/worker/latches.js';
import { newPost, openMailbox } from '../../host/worker/mailbox.js';
import { configureMaxmemory, type MemoryPolicy } from '../../host/worker/memory-limit.js';
import { Stats } from '../../host/worker/stats.js';
import { type Arg, frame, moduleFor } from './kernel.js';
import type { Build } from './wasm.js';

const NO_LIMIT = { hardBytes: 0, softBytes: 0, softSeconds: 0 };

/** A clock that goes when it is told to. */
export class ManualClock implements Clock {
  now = 1_700_000_000_000;
  lfu = false;
  nowMs(): number {
    return this.now;
  }
  lruClock(nowMs: number): number {
    const seconds = Math.floor(nowMs / 1000);
    return this.lfu ? (Math.floor(seconds / 60) & 0xffff) << 8 : seconds & 0xffffff;
  }
}

class Capture implements Transport {
  readonly address = '127.0.0.1:50000';
  readonly localAddress = '127.0.0.1:6379';
  readonly fd = 20;
  readonly unix = false;
  readonly pendingBytes = 0;
  readonly chunks: Buffer[] = [];
  write(bytes: Uint8Array): boolean {
    this.chunks.push(Buffer.from(bytes));
    return true;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
}

export class StoreInProcess {
  readonly clock = new ManualClock();
  readonly stats = new Stats(Stats.newBuffer(1), 1);
  readonly shards: ShardKernel[];
  readonly latches: Latches;
  readonly evictor: Evictor;
  readonly runner: FrameRunner;
  readonly frames: FrameServer;
  readonly housekeeper: Housekeeper;
  readonly #transport = new Capture();
  readonly #connection: Connection;

  /** @param epochs Shared with a persistence engine; none: nothing is persisted. */
  constructor(build: Build, shardCount: number, changes: Partial<ShardLayout> = {}, epochs = Epochs.none()) {
    const layout: ShardLayout = {
      shardCount,
      routing: 0,
      databases: 16,
      windowCount: 1,
      inBytes: 1 << 18,
      outBytes: 1 << 17,
      logBytes: 1 << 16,
      pagesMax: 16384,
      ...changes,
    };
    const module = moduleFor(build);
    this.shards = Array.from({ length: shardCount }, (_, index) => {
      const memory = newShardMemory(build.memory === 'shared', layout.pagesMax);
      const seed = Uint8Array.from({ length: 104 }, (_, i) => (i * 37 + index * 11 + 5) & 255);
      initShard(module, memory, index, layout, seed);
      return new ShardKernel(module, memory, index, 0, layout, epochs);
    });
    const { shards, clock, stats } = this;
    this.latches = new Latches(shards, 1);
    this.evictor = new Evictor(shards, this.latches, clock, (isOver) => stats.noteExceeded(isOver, clock.now));
    this.runner = new FrameRunner(shards, this.latches, clock, false, this.evictor);
    const patient = new FrameRunner(shards, this.latches, clock, true, this.evictor);
    const limits = {
      protoMaxBulkLen: 512 << 20,
      clientQueryBufferLimit: 1 << 30,
      clientOutputBufferLimit: { normal: NO_LIMIT, pubsub: NO_LIMIT },
    };
    const slow = (argv: Buffer[], context: CallContext): Uint8Array => {
      const outcome = patient.run(argv, context);
      return 'reply' in outcome ? outcome.reply : Buffer.from('-ERR no reply\r\n');
    };
    const hooks: FrameHooks = {
      hostCommand: (argv, connection) =>
        slow(argv, { db: connection.db, proto: 2, callFlags: 0, bulkBytesMax: 1 << 29 }),
      slowCommand: async (argv, context) => ({ reply: slow(argv, context), tookMs: 0 }),
    };
    const mailbox = openMailbox(newPost(1), 0);
    this.frames = new FrameServer(shards, 0, this.latches, this.runner, clock, stats, limits, hooks, mailbox);
    this.#connection = new Connection(1, this.#transport, clock.now, true);
    this.housekeeper = new Housekeeper(shards, shards, this.latches, clock, stats);
  }

  set db(index: number) {
    this.#connection.db = index;
  }

  /** maxmemory and its policy, as CONFIG SET does it. */
  limit(maxmemory: number, maxmemoryPolicy = 'noeviction', changes: Partial<MemoryPolicy> = {}): void {
    this.clock.lfu = maxmemoryPolicy.endsWith('-lfu');
    for (const shard of this.shards)
      shard.setHeader(HEADER_FLAGS, (shard.header(HEADER_FLAGS) & ~2) | (this.clock.lfu ? 2 : 0));
    const policy = { maxmemory, maxmemoryPolicy, maxmemorySamples: 5, maxmemoryEvictionTenacity: 100, ...changes };
    configureMaxmemory(
      this.shards.map((shard) => shard.memory),
      policy,
    );
  }

  get used(): number {
    return this.evictor.limit.used();
  }
  /** Keys of a database over all shards. */
  keys(db = 0): number {
    return this.shards.reduce((sum, shard) => sum + (shard.calls.databaseKeys(db) >>> 0), 0);
  }

  /** Takes bytes in as one read of the connection; the replies. */
  feed(bytes: Uint8Array): Buffer {
    this.frames.receive(this.#connection, Buffer.from(bytes));
    return this.#replies();
  }
  #replies(): Buffer {
    this.frames.flush();
    return Buffer.concat(this.#transport.chunks.splice(0));
  }
  /** Many commands in one read. */
  pipeline(commands: readonly (readonly Arg[])[]): string {
    return this.feed(Buffer.concat(commands.map((command) => frame(...command)))).toString('latin1');
  }
  /** One command's reply. */
  call(...args: Arg[]): string {
    return this.feed(frame(...args)).toString('latin1');
  }
  /** The same for a command that may be slow or the host's. */
  async slow(...args: Arg[]): Promise<string> {
    const first = this.feed(frame(...args));
    await new Promise((resolve) => setImmediate(resolve));
    return Buffer.concat([first, this.#replies()]).toString('latin1');
  }
}

// Lives of a store of real kernels, one after the other on one disk: a start recovers what the last one has left, an
// engine takes over, commands go on until the process ends. What the store held after each command is noted, and what of
// it was said to be durable.
import { Epochs } from '../../host/kernel/epochs.js';
import { ShardKernel } from '../../host/kernel/kernel.js';
import { finishDumps } from '../../host/persistence/commit-set.js';
import { Engine, type EngineOptions } from '../../host/persistence/engine.js';
import { KernelShard } from '../../host/persistence/kernel-shard.js';
import { crewOf, type Recovered, recover } from '../../host/persistence/recover.js';
import { Latches } from '../../host/worker/latches.js';
import { Crashed, type CrashStorage } from './crash-storage.js';
import { ManualTiming } from './fake-shard.js';
import { contentOf, SMALL } from './own-store.js';
import { StoreInProcess } from './store-in-process.js';
import type { Build } from './wasm.js';

/** A millisecond is over with each look at the clock, and a turn takes one: so a snapshot's slices have commands between. */
class HastyTiming extends ManualTiming {
  override nowMs(): number {
    return ++this.now;
  }
  override turn(): Promise<void> {
    return this.pause(1);
  }
}

/** The shared words; who waits for them waits in the test's time. */
class TimedEpochs extends Epochs {
  constructor(readonly timing: ManualTiming) {
    super(Epochs.newBuffer());
  }
  override wanted(_wantCount: number, ms: number): Promise<unknown> {
    return this.timing.pause(ms);
  }
}

export class KernelLife {
  /** What the store held after each command, by its number; at 0 what was recovered. */
  readonly states: string[];
  /** The last command that is durable for certain. */
  durable = 0;
  readonly fatal: string[] = [];
  engine!: Engine;
  /** When the storage is to be healed; 0: never. */
  healAtMs = 0;
  /** The last epoch that each command may belong to, by its number. */
  readonly #epochs: number[] = [0];

  private constructor(
    readonly storage: CrashStorage,
    readonly store: StoreInProcess,
    readonly epochs: Epochs,
    readonly timing: ManualTiming,
    readonly recovered: Recovered,
  ) {
    this.states = [contentOf(store.shards)];
  }

  /** Recovers a directory, as a start does. @throws LatchkeyError. */
  static async recover(build: Build, storage: CrashStorage, shardCount: number): Promise<KernelLife> {
    await finishDumps(storage);
    const timing = new HastyTiming();
    const epochs = new TimedEpochs(timing);
    const store = new StoreInProcess(build, shardCount, { ...SMALL, windowCount: 2 }, epochs);
    const options = { damage: 'stop', nowMs: store.clock.now } as const;
    const recovered = await recover(storage, crewOf(storage, store.shards), options);
    return new KernelLife(storage, store, epochs, timing, recovered);
  }

  /** An engine takes the store over. @throws Crashed. */
  async start(options: EngineOptions): Promise<void> {
    const { epochs, recovered, storage, store, timing } = this;
    const own = store.shards.map(
      (shard) => new ShardKernel(shard.module, shard.memory, shard.index, 1, shard.layout, epochs),
    );
    const latches = new Latches(own, 2);
    const started = Engine.start({
      storage,
      shards: own.map((_, index) => new KernelShard(latches, index)),
      epochs,
      options,
      recovered: recovered.shards,
      timing,
      fatal: (reason) => void this.fatal.push(reason),
    });
    this.engine = await this.until(started);
  }

  /** To be called behind each command. */
  note(): void {
    this.states.push(contentOf(this.store.shards));
    this.#epochs.push(this.epochs.epoch);
    this.#noteDurable();
  }
  #noteDurable(): void {
    if (this.epochs.policy < 2 || this.storage.crashed) return;
    while (this.durable < this.last && this.#epochs[this.durable + 1] <= this.epochs.synced) this.durable++;
  }
  /** Everything up to a command is durable, for another reason than a sync of the log. */
  noteDurable(command: number): void {
    if (!this.storage.crashed) this.durable = Math.max(this.durable, command);
  }
  /** The last command. */
  get last(): number {
    return this.states.length - 1;
  }

  async pass(ms: number): Promise<void> {
    await this.timing.advance(ms);
    if (this.healAtMs !== 0 && this.timing.now >= this.healAtMs) this.storage.heal();
    // The engine may say that the process is to end only if the disk has failed.
    if (this.fatal.length > 0 && this.storage.faults > 0) this.storage.crash();
    if (this.storage.crashed) throw new Crashed('nothing goes on any more');
    if (this.fatal.length > 0) throw new Error(this.fatal[0]);
    this.#noteDurable();
  }
  /** Passes time until something is settled, with `each` in every millisecond. @throws Crashed. */
  async until<T>(promise: Promise<T>, each: () => void = () => {}): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    promise.then(over, over);
    for (await this.pass(0); !isOver; await this.pass(1)) each();
    return promise;
  }
}

// A persistence engine with everything around it made for tests.
import { Engine, type EngineOptions, type RecoveredShard } from '../../host/persistence/engine.js';
import { Crashed } from './crash-storage.js';
import { recover } from './engine-recovery.js';
import { FakeStore } from './fake-shard.js';
import { FaultyStorage } from './faulty-storage.js';

const OPTIONS: EngineOptions = {
  appendonly: true,
  appendfsync: 'always',
  save: [],
  autoAofRewritePercentage: 0,
  autoAofRewriteMinSize: 0,
};

/** An engine over shards of plain objects and storage that crashes, with time that goes when it is told to. */
export class EngineScene {
  readonly store: FakeStore;
  readonly fatal: string[] = [];
  readonly said: string[] = [];
  engine!: Engine;

  constructor(
    shardCount: number,
    readonly storage = new FaultyStorage(),
  ) {
    this.store = new FakeStore(shardCount);
  }

  async start(options: Partial<EngineOptions> = {}, recovered?: readonly RecoveredShard[]): Promise<this> {
    let births = 0;
    const say = (text: string): void => void this.said.push(text);
    const started = Engine.start({
      storage: this.storage,
      shards: this.store.shards,
      epochs: this.store.epochs,
      options: { ...OPTIONS, ...options },
      recovered,
      log: { notice: say, warning: say },
      fatal: (reason) => void this.fatal.push(reason),
      timing: this.store.timing,
      newBirthId: () => String(++births).padStart(32, '0'),
    });
    this.engine = await this.until(started);
    return this;
  }

  pass(ms: number): Promise<void> {
    return this.store.timing.advance(ms);
  }
  /** Passes time until something is settled, or the storage has crashed. */
  async until<T>(promise: Promise<T>, each: () => void = () => {}): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    promise.then(over, over);
    for (await this.pass(0); !isOver; await this.pass(1)) {
      if (this.storage.crashed) throw new Crashed('nothing goes on any more');
      each();
    }
    return promise;
  }
  async info(name: string): Promise<string | number | undefined> {
    return new Map(await this.engine.info()).get(name);
  }
  /** Calls of the storage since the last question. */
  calls(): string[] {
    return this.storage.calls.splice(0);
  }
  /** What a start would find now. */
  async found() {
    return recover(this.storage.after('kept'), this.store.shards.length);
  }
}

// Shards of plain objects, for tests of the persistence engine: each holds the numbers of the steps that were executed on
// it, logs them as SET, and takes part in epochs and snapshots by the rules of assembly/log/epoch.ts.
import { encodeRecord } from '../../host/persistence/log-format.js';
import type { EngineEpochs, ShardPort, SnapshotStep } from '../../host/persistence/shard-port.js';
import type { Timing } from '../../host/persistence/timing.js';
import { entry, text } from './dumps.js';

/** Time that goes when it is told to. */
export class ManualTiming implements Timing {
  now = 1_700_000_000_000;
  #waiting: { atMs: number; go: () => void }[] = [];
  #turns = 0;

  nowMs(): number {
    return this.now;
  }
  pause(ms: number): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ atMs: this.now + ms, go });
    });
  }
  turn(): Promise<void> {
    this.#turns++;
    return new Promise((go) => setImmediate(go));
  }

  /** Lets everything happen that is ready. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      const before = this.#turns;
      await new Promise((go) => setImmediate(go));
      if (this.#turns !== before) quiet = 0;
    }
  }
  async advance(ms: number): Promise<void> {
    const untilMs = this.now + ms;
    await this.settle();
    for (;;) {
      this.#waiting.sort((a, b) => a.atMs - b.atMs);
      const next = this.#waiting[0];
      if (!next || next.atMs > untilMs) break;
      this.#waiting.shift();
      this.now = Math.max(this.now, next.atMs);
      next.go();
      await this.settle();
    }
    this.now = Math.max(this.now, untilMs);
  }
}

/** The words that all threads share, and everything that they ever said. */
export class FakeEpochs implements EngineEpochs {
  policy = 0;
  failed = false;
  reason = '';
  fail(reason: string): void {
    this.failed = true;
    this.reason = reason;
  }
  epoch = 0;
  snapshot = 0;
  written = 0;
  #synced = 0;
  asleep = false;
  wantCount = 0;
  #woken: (() => void)[] = [];

  constructor(readonly timing: Timing) {}

  get synced(): number {
    return this.#synced;
  }
  set synced(round: number) {
    this.#synced = round;
  }
  wanted(wantCount: number, ms: number): Promise<unknown> {
    if (wantCount !== this.wantCount) return Promise.resolve();
    const woken = new Promise<void>((resolve) => void this.#woken.push(resolve));
    return Promise.race([woken, this.timing.pause(ms)]);
  }
  want(): void {
    this.wantCount++;
    for (const wake of this.#woken.splice(0)) wake();
  }
}

const EMPTY = new Uint8Array(0);

export class FakeShard implements ShardPort {
  /** Steps that were executed here. */
  steps: number[] = [];
  /** The latch: nobody gets it while this is set. */
  busy = false;
  /** Looks at `publishing` that see it raised. */
  publishingLooks = 0;
  /** Why the next snapshot fails. */
  snapshotFailure: string | undefined;
  /** Bytes of an entry's value: a step's number is at its beginning. */
  valueBytes = 8;
  logging = false;
  #bytes = Buffer.alloc(0);
  #consumed = 0;
  #published = 0;
  #epoch = 0;
  #lastEpoch = 0;
  #mark = 0;
  #entered = 0;
  #unsaved: number[] | undefined;
  #saved = 0;

  constructor(
    readonly index: number,
    readonly epochs: EngineEpochs,
    readonly timing: Timing,
  ) {}

  begin(lsn: number, epoch: number): void {
    this.#bytes = Buffer.alloc(0);
    this.#consumed = lsn;
    this.#published = lsn;
    this.#epoch = epoch;
  }
  published(): number {
    return this.#published;
  }
  raise(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
  }
  publishing(): boolean {
    if (this.publishingLooks === 0) return false;
    this.publishingLooks--;
    return true;
  }
  epochEnd(epoch: number): number {
    return this.#lastEpoch > epoch ? this.#mark : this.#published;
  }
  pieces(from: number, to: number): Uint8Array[] {
    if (from < this.#consumed || to > this.#published) throw new Error('bytes that are not there');
    const middle = (from + to) >> 1;
    return [this.#bytes.subarray(from - this.#consumed, middle - this.#consumed), this.#slice(middle, to)];
  }
  #slice(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from - this.#consumed, to - this.#consumed);
  }
  changes(): number {
    return this.steps.length;
  }
  keys(): number {
    return this.steps.length;
  }
  snapshotOwn(): boolean {
    return false;
  }
  consume(to: number): boolean {
    if (this.busy) return false;
    this.#bytes = Buffer.from(this.#bytes.subarray(to - this.#consumed));
    this.#consumed = to;
    return true;
  }
  setLogging(on: boolean): boolean {
    if (!this.busy) this.logging = on;
    return !this.busy;
  }
  bound(): void {}
  enter(): boolean {
    if (this.busy) return false;
    this.enterFor(this.epochs.snapshot);
    return true;
  }
  latchFree(): Promise<unknown> {
    return this.timing.pause(1);
  }

  get entered(): number {
    return this.#entered;
  }
  get lastEpoch(): number {
    return Math.max(this.#epoch, this.#lastEpoch);
  }
  enterFor(first: number): void {
    if (first <= this.#entered) return;
    if (this.#unsaved) throw new Error('a snapshot was announced while one was under way');
    this.#entered = first;
    this.raise(first);
    this.#unsaved = [...this.steps];
    this.#saved = 0;
  }

  /** A step leaves its record. */
  log(step: number): void {
    this.steps.push(step);
    if (!this.logging) return;
    this.#bytes = Buffer.concat([this.#bytes, encodeRecord(['SET', `step:${step}`, this.#value(step)])]);
  }
  publish(epoch: number): void {
    const end = this.#consumed + this.#bytes.length;
    if (end === this.#published) return;
    if (epoch > this.#lastEpoch) {
      this.#mark = this.#published;
      this.#lastEpoch = epoch;
    }
    this.#published = end;
  }
  #value(step: number): string {
    return `${step} `.padEnd(this.valueBytes, 'x');
  }

  snapshotStep(_consumed: number, budget: number): SnapshotStep | undefined {
    if (this.busy) return undefined;
    if (!this.#unsaved) throw new Error('there is no snapshot to go on with');
    const some = this.#unsaved.splice(0, Math.max(1, Math.ceil(budget / 8192)));
    this.#saved += some.length;
    return {
      piece: some.length === 0 ? EMPTY : Buffer.concat(some.map((step) => this.#entry(step))),
      done: this.#unsaved.length === 0,
      failed: this.snapshotFailure,
      keptBytes: this.#unsaved.length * 8,
      keys: this.#saved,
    };
  }
  #entry(step: number): Uint8Array {
    return entry(1, `step:${step}`, undefined, text(this.#value(step)));
  }
  snapshotAbort(): boolean {
    if (this.busy) return false;
    this.#unsaved = undefined;
    return true;
  }
}

/** Shards together, and a client that executes one step after the other. */
export class FakeStore {
  readonly timing = new ManualTiming();
  readonly epochs = new FakeEpochs(this.timing);
  readonly shards: FakeShard[];
  /** The epoch of every step, by its number; steps are numbered from 1. */
  readonly epochOf: number[] = [0];

  constructor(shardCount: number) {
    this.shards = Array.from({ length: shardCount }, (_, index) => new FakeShard(index, this.epochs, this.timing));
  }

  /** Executes a step on some shards. */
  step(...on: number[]): number {
    const hint = this.epochs.epoch;
    const shards = on.map((index) => this.shards[index]);
    const snapshot = Math.max(this.epochs.snapshot, ...shards.map(({ entered }) => entered));
    for (const shard of shards) shard.enterFor(snapshot);
    const number = this.epochOf.length;
    for (const shard of shards) shard.log(number);
    const epoch = Math.max(hint, ...shards.map(({ lastEpoch }) => lastEpoch));
    for (const shard of shards) shard.publish(epoch);
    this.epochOf.push(epoch);
    if (this.epochs.asleep) this.epochs.want();
    return number;
  }
}

// Steps, epochs and rounds as one thread sees them: to which epoch a step belongs, where rounds end, and how published
// bytes are read without the latch. That the rules are the right ones is tests/model/epochs.test.ts's business.
import { describe, expect, it } from 'vitest';
import { Epochs, POLICY_LATER, POLICY_NONE } from '../../host/kernel/epochs.js';
import { initShard, newShardMemory, ShardKernel } from '../../host/kernel/kernel.js';
import { Latches } from '../../host/worker/latches.js';
import { frame, moduleFor, openKernel } from '../support/kernel.js';
import { readKevyLog } from '../support/kevy-log.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { StandInEngine } from '../support/stand-in-engine.js';
import { BUILDS, type Build } from '../support/wasm.js';

const SEED = runSeed('epochs');
const OWNER = 1;

/** A few shards of one store, its epochs, and what a worker does to them. */
class Store {
  readonly epochs = new Epochs(Epochs.newBuffer());
  readonly shards: ShardKernel[];
  readonly latches: Latches;

  constructor(build: Build, shardCount: number, logBytes = 1 << 12) {
    const layout = {
      ...{ shardCount, routing: 0, databases: 16, windowCount: 1, pagesMax: 16384 },
      ...{ inBytes: 1 << 18, outBytes: 1 << 16, logBytes },
    };
    const module = moduleFor(build);
    this.shards = Array.from({ length: shardCount }, (_, index) => {
      const memory = newShardMemory(build.memory === 'shared', layout.pagesMax);
      initShard(module, memory, index, layout, new Uint8Array(104).fill(7));
      return new ShardKernel(module, memory, index, 0, layout, this.epochs);
    });
    this.latches = new Latches(this.shards, OWNER);
  }

  /** Executes a command on a shard whose latch is held. */
  on(index: number, ...args: (string | number)[]): string {
    const shard = this.shards[index];
    const bytes = frame(...args);
    shard.bytes.set(bytes, shard.input);
    shard.stamp(1_700_000_000_000, 0, 0, 2, 0, 1, 1 << 20);
    shard.calls.exec(shard.window, shard.input, bytes.length, shard.output, shard.layout.outBytes);
    return Buffer.from(shard.view(shard.output, 64)).toString('latin1').split('\r\n')[0];
  }

  /** A step that writes its name on some shards and looks at others. */
  step(name: string, writes: readonly number[], looks: readonly number[] = []): void {
    const all = [...writes, ...looks].sort();
    if (this.latches.tryAll(all) >= 0) throw new Error('a latch is held');
    for (const index of writes) this.on(index, 'SET', 'last', name);
    for (const index of looks) this.on(index, 'GET', 'last');
    this.latches.releaseAll(all);
  }
}

/** Names of the steps in each shard's part of a round. */
function names(round: { commands: readonly (readonly Buffer[][])[] }): string[] {
  return round.commands.map((commands) => commands.map((args) => args[2].toString()).join(' '));
}

describe.each(BUILDS)('epochs, $memory $mode', (build) => {
  it('are of no concern to who brings none', () => {
    const kernel = openKernel(build).logOn();
    expect(kernel.shard.calls.begin(OWNER, 0)).toBe(1);
    kernel.shard.calls.end(OWNER);
    expect(kernel.text('SET', 'k', 'v')).toBe('+OK\r\n');
    expect(kernel.shard.calls.lastEpoch()).toBe(0);
    expect(kernel.shard.calls.published()).toBe(kernel.shard.calls.logEndLsn());
    expect(kernel.shard.calls.entered()).toBe(0);
  });

  it('end where the records of the next begin', () => {
    const store = new Store(build, 1);
    const [{ calls }] = store.shards;
    const engine = new StandInEngine(store.shards, OWNER);
    store.step('a', [0]);
    const end = calls.published();
    expect(calls.lastEpoch()).toBe(1);
    expect(calls.epochEnd(1)).toBe(end);
    store.epochs.epoch = 2;
    // The hint alone tells of the new epoch here.
    store.step('b', [0]);
    expect(calls.lastEpoch()).toBe(2);
    expect(calls.epochEnd(1)).toBe(end);
    expect(calls.epochEnd(2)).toBe(calls.published());
    store.epochs.epoch = 1;
    // An old hint comes too late.
    store.step('c', [0]);
    expect(calls.lastEpoch()).toBe(2);
    expect(names(engine.round())).toEqual(['a']);
    expect(names(engine.round())).toEqual(['b c']);
  });

  it('go on with the word that the engine raises, which never goes back', () => {
    const store = new Store(build, 1);
    const [{ calls }] = store.shards;
    new StandInEngine(store.shards, OWNER);
    calls.raise(2 ** 40);
    calls.raise(5);
    store.step('a', [0]);
    expect(calls.lastEpoch()).toBe(2 ** 40);
    expect(calls.epochEnd(2 ** 40 - 1)).toBe(0);
  });

  it('are left alone by steps without records', () => {
    const store = new Store(build, 2);
    new StandInEngine(store.shards, OWNER);
    store.step('a', [0, 1]);
    const before = store.shards.map(({ calls }) => [calls.lastEpoch(), calls.published(), calls.epochEnd(1)]);
    store.epochs.epoch = 2;
    store.step('', [], [0]);
    store.step('', [], [0, 1]);
    expect(store.shards.map(({ calls }) => [calls.lastEpoch(), calls.published(), calls.epochEnd(1)])).toEqual(before);
    for (const { calls } of store.shards) expect(calls.publishing()).toBe(0);
  });

  it('hold a step on several shards as a whole', () => {
    const store = new Store(build, 3);
    const engine = new StandInEngine(store.shards, OWNER);
    store.step('a', [0]);
    store.shards[2].calls.raise(2);
    store.epochs.epoch = 2;
    store.epochs.epoch = 1;
    store.step('b', [0, 1, 2]);
    expect(store.shards.map(({ calls }) => calls.lastEpoch())).toEqual([2, 2, 2]);
    expect(names(engine.round())).toEqual(['a', '', '']);
    expect(names(engine.round())).toEqual(['b', 'b', 'b']);
  });

  it('publish nothing while one shard of a step has not been asked', () => {
    const store = new Store(build, 2);
    new StandInEngine(store.shards, OWNER);
    const [one, other] = store.shards.map(({ calls }) => calls);
    store.latches.tryAll([0, 1]);
    store.on(0, 'SET', 'last', 'a');
    expect(one.publishing()).toBe(0);
    expect(one.stepPrepare()).toBe(1);
    expect(other.stepPrepare()).toBe(-1);
    expect([one.publishing(), other.publishing()]).toEqual([1, 0]);
    // The engine raises the word meanwhile: too late for this step.
    one.raise(2);
    one.stepPublish(1);
    expect([one.publishing(), one.lastEpoch()]).toEqual([0, 1]);
    one.end(OWNER);
    other.end(OWNER);
    expect(one.epochEnd(1)).toBe(one.logEndLsn());
  });

  it('come with a step to the shards that it looks at', () => {
    const store = new Store(build, 2);
    const engine = new StandInEngine(store.shards, OWNER);
    store.step('a', [0]);
    // The engine has raised one shard's word so far, and the hint is an old one.
    store.shards[1].calls.raise(2);
    store.step('b', [1], [0]);
    // It overwrites what b has read: without b, this would be a state that never existed.
    store.step('c', [0]);
    expect(names(engine.round())).toEqual(['a', '']);
    expect(names(engine.round())).toEqual(['c', 'b']);
  });

  it('are carried on by a step that only looks', () => {
    const store = new Store(build, 2);
    const engine = new StandInEngine(store.shards, OWNER);
    store.step('a', [1]);
    store.shards[0].calls.raise(2);
    store.step('b', [0]);
    store.step('', [], [0, 1]);
    store.step('c', [1]);
    expect(names(engine.round())).toEqual(['', 'a']);
    expect(names(engine.round())).toEqual(['b', 'c']);
  });

  it('come with a hint to a shard that is only looked at', () => {
    const store = new Store(build, 2);
    const engine = new StandInEngine(store.shards, OWNER);
    store.step('a', [1]);
    store.epochs.epoch = 2;
    store.step('', [], [1]);
    store.epochs.epoch = 1;
    store.step('b', [1]);
    expect(names(engine.round())).toEqual(['', 'a']);
    expect(names(engine.round())).toEqual(['', 'b']);
  });

  it('begin a snapshot on all shards of a step together, and on no other', () => {
    const store = new Store(build, 3);
    const engine = new StandInEngine(store.shards, OWNER);
    store.step('a', [0, 2]);
    store.epochs.snapshot = 2;
    store.epochs.epoch = 2;
    const entered = () => store.shards.map(({ calls }) => calls.entered());
    store.step('b', [1]);
    expect(entered()).toEqual([0, 2, 0]);
    // A hint of before the announcement.
    store.epochs.snapshot = 0;
    store.epochs.epoch = 1;
    store.step('c', [0]);
    expect(entered()).toEqual([0, 2, 0]);
    store.step('d', [0, 1]);
    expect(entered()).toEqual([2, 2, 0]);
    store.step('e', [2]);
    expect(names(engine.round(true))).toEqual(['a c', '', 'a e']);
    expect(entered()).toEqual([2, 2, 2]);
    expect(names(engine.round())).toEqual(['d', 'b d', '']);
  });

  it('change nothing where nothing is logged', () => {
    const store = new Store(build, 2);
    store.epochs.epoch = 9;
    store.epochs.policy = POLICY_NONE;
    store.step('a', [0, 1]);
    expect(store.shards.map(({ calls }) => [calls.published(), calls.lastEpoch()])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe.each(BUILDS)('published bytes, $memory $mode', (build) => {
  it('are read as they were appended, whatever is consumed when', () => {
    const random = new Random(deriveSeed(SEED, 1));
    const store = new Store(build, 1);
    const [shard] = store.shards;
    const { calls } = shard;
    new StandInEngine(store.shards, OWNER);
    const expected: Buffer[] = [];
    let read = 0;
    let chunkReads = 0;
    const parts: Buffer[] = [Buffer.from('KEVYAOF2\n')];
    for (let i = 0; i < 400; i++) {
      for (let n = random.below(4); n > 0; n--) {
        // Up to what no ring of 4 KiB takes, and what needs a chunk of its own.
        const value = 'x'.repeat(random.pick([1, 100, 900, 5000, 70_000])) + String(i);
        expected.push(Buffer.from(value));
        store.latches.tryOne(0);
        store.on(0, 'SET', 'last', value);
        // While a step goes on, what was published before is read.
        if (random.oneIn(2)) readSome();
        store.latches.release(0);
      }
      readSome();
      if (random.oneIn(3)) {
        store.latches.tryOne(0);
        calls.logConsumeTo(read);
        store.latches.release(0);
        expect(calls.logBacklog()).toBe(calls.logEndLsn() - read);
      }
    }
    readSome(calls.published());
    const log = readKevyLog(Buffer.concat(parts));
    expect(log.commands.map((args) => args[2].length)).toEqual(expected.map(({ length }) => length));
    expect(log.commands.every((args, i) => args[2].equals(expected[i]))).toBe(true);
    expect(chunkReads).toBeGreaterThan(20);
    store.latches.tryOne(0);
    calls.logConsumeTo(read);
    store.latches.release(0);
    expect(calls.logBacklog()).toBe(0);
    expect(calls.check()).toBe(0);

    function readSome(to = read + random.below(calls.published() - read + 1)): void {
      while (read < to) {
        const at = calls.logPiece(read, to) >>> 0;
        const bytes = calls.logPieceBytes() >>> 0;
        expect(bytes).toBeGreaterThan(0);
        expect(bytes).toBeLessThanOrEqual(to - read);
        if (at >= shard.header(48)) chunkReads++;
        parts.push(Buffer.from(shard.view(at, bytes)));
        read += bytes;
      }
    }
  });

  it('begin where recovery says', () => {
    const store = new Store(build, 1);
    const [{ calls }] = store.shards;
    new StandInEngine(store.shards, OWNER);
    calls.logBegin(2 ** 40 + 5, 77);
    expect([calls.published(), calls.logEndLsn(), calls.logBacklog()]).toEqual([2 ** 40 + 5, 2 ** 40 + 5, 0]);
    store.step('a', [0]);
    expect(calls.lastEpoch()).toBe(77);
    const end = calls.published();
    const at = calls.logPiece(2 ** 40 + 5, end) >>> 0;
    expect(at).not.toBe(0);
    expect(calls.epochEnd(76)).toBe(2 ** 40 + 5);
    expect(calls.epochEnd(77)).toBe(end);
    const total = calls.logPieceBytes() >>> 0;
    expect(total).toBeLessThanOrEqual(end - (2 ** 40 + 5));
  });
});

describe('the words that threads share', () => {
  it('hold numbers beyond 32 bits', () => {
    const epochs = new Epochs(Epochs.newBuffer());
    const other = new Epochs(epochs.buffer);
    for (const name of ['epoch', 'snapshot', 'written', 'synced'] as const) {
      for (const value of [1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52 + 12345]) {
        epochs[name] = value;
        expect(other[name]).toBe(value);
      }
    }
  });

  it('tell why writers are refused, in one line', () => {
    const epochs = new Epochs(Epochs.newBuffer());
    const other = new Epochs(epochs.buffer);
    expect([other.failed, other.reason]).toEqual([false, '']);
    epochs.fail('No space left\r\non device');
    expect([other.failed, other.reason]).toEqual([true, 'No space left on device']);
    epochs.fail('é'.repeat(300));
    expect(Buffer.byteLength(other.reason)).toBeLessThanOrEqual(255);
    epochs.failed = false;
    expect(other.failed).toBe(false);
  });

  it('wake who waits for a change', async () => {
    const epochs = new Epochs(Epochs.newBuffer());
    const changes: ((e: Epochs) => void)[] = [
      (e) => (e.synced = 1),
      (e) => (e.policy = POLICY_LATER),
      (e) => (e.failed = true),
    ];
    for (const change of changes) {
      const waiting = epochs.changed(epochs.wakeCount, 60_000);
      change(new Epochs(epochs.buffer));
      expect(await waiting).toBe('ok');
    }
    const before = epochs.wakeCount;
    new Epochs(epochs.buffer).written = 1;
    expect(epochs.wakeCount, 'nobody had asked for it').toBe(before);
    epochs.awaitWritten();
    const waiting = epochs.changed(epochs.wakeCount, 60_000);
    new Epochs(epochs.buffer).written = 2;
    expect(await waiting).toBe('ok');
    expect(await epochs.changed(epochs.wakeCount - 1, 60_000)).toBe('not-equal');
    const wanted = epochs.wanted(epochs.wantCount, 60_000);
    new Epochs(epochs.buffer).want();
    expect(await wanted).toBe('ok');
  });

  it('remember the latest of what was noted, once', () => {
    const epochs = Epochs.none();
    for (const epoch of [3, 7, 5]) epochs.note(epoch);
    expect(epochs.takeSeen()).toBe(7);
    expect(epochs.takeSeen()).toBe(0);
  });
});

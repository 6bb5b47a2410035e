// The typed wrapper of the kernel: compiling, laying out a shard's memory, instances, and the calls.
//
// Views. A shared memory that grows keeps old views valid at their old length; an unshared one detaches them. All that
// the host reads and writes between calls (control block, input, output, tables) lies below `logBase`, in the memory's
// initial part, so one view made at the start serves for ever in the first case and is remade when detached in the second.
import { randomFillSync } from 'node:crypto';
import * as abi from './abi.js';
import { Epochs, POLICY_ALWAYS, POLICY_NONE } from './epochs.js';

/** The exports of assembly/index.ts; see there for what each promises. */
export interface KernelExports {
  init(
    shardIndex: number,
    shardCount: number,
    routing: number,
    databases: number,
    windowCount: number,
    inBytes: number,
    outBytes: number,
    logBytes: number,
    pagesMax: number,
  ): number;
  seeds(): number;
  generatorState(): number;
  headerAt(): number;
  windowBase(index: number): number;
  windowInput(index: number): number;
  windowArguments(index: number): number;
  windowStage(index: number): number;
  windowOutput(index: number): number;
  windowReturns(index: number): number;
  begin(owner: number, spins: number, epoch?: number, snapshot?: number): number;
  end(owner: number): void;
  enter(epoch: number, snapshot: number): void;
  entered(): number;
  stepPrepare(): number;
  stepPublish(epoch: number): void;
  exec(window: number, input: number, inputBytes: number, out: number, outBytes: number): number;
  run(
    window: number,
    from: number,
    inputBytes: number,
    owner: number,
    spins: number,
    epoch?: number,
    snapshot?: number,
  ): number;
  execBlock(window: number, block: number, bytes: number, argsMax: number): number;
  blockNew(bytes: number): number;
  blockFree(block: number): void;
  cut(window: number, from: number, inputBytes: number): number;
  merge(window: number, frames: number): number;
  release(window: number, pieces: number): void;
  unpin(blob: number): void;
  canStore(db: number, pairs: number, bytes: number): number;
  route(ptr: number, bytes: number): number;
  slot(ptr: number, bytes: number): number;
  guestsClear(): void;
  evictSample(window: number, policy: number, samples: number): number;
  evictableKeys(policy: number): number;
  evictKey(window: number, policy: number, db: number, hashLow: number, hashHigh: number): number;
  expire(window: number, budget: number): number;
  reclaim(budget: number): number;
  defrag(budget: number): number;
  sparseBytes(): number;
  purge(): number;
  databaseKeys(db: number): number;
  databaseExpires(db: number): number;
  databaseSegments(db: number): number;
  usedBytes(): number;
  dataBytes(): number;
  committedBytes(): number;
  largestFreeRun(): number;
  snapshotLoad(window: number, block: number, bytes: number, version: number): number;
  eventFirst(): number;
  eventDrop(): void;
  eventsLost(): number;
  watch(window: number, db: number, key: number, keyLen: number): number;
  watchedVersion(window: number, db: number, key: number, keyLen: number): number;
  unwatch(db: number, key: number, keyLen: number): void;
  cacheKey(db: number, key: number, keyLen: number, worker: number): number;
  waitOn(
    db: number,
    key: number,
    keyLen: number,
    type: number,
    worker: number,
    slot: number,
    turn: number,
    frame: number,
    bytes: number,
  ): number;
  waitOff(node: number): void;
  wake(db: number, key: number, keyLen: number): void;
  readyKey(): number;
  readyDb(record: number): number;
  readyType(window: number, record: number): number;
  firstWaiter(record: number): number;
  digest(window: number, db: number): bigint;
  check(): number;
  snapshotActive(): number;
  snapshotSlice(window: number, budget: number): number;
  snapshotPiece(): number;
  snapshotPieceBytes(): number;
  snapshotConsume(bytes: number): void;
  snapshotNeedsOwnVersion(): number;
  snapshotKeys(): number;
  snapshotAbort(): void;
  snapshotFailed(): number;
  snapshotBound(bytes: number): void;
  logPeek(): number;
  logPeekBytes(): number;
  logConsume(bytes: number): void;
  raise(epoch: number): void;
  publishing(): number;
  published(): number;
  lastEpoch(): number;
  epochEnd(epoch: number): number;
  logPiece(from: number, to: number): number;
  logPieceBytes(): number;
  logConsumeTo(lsn: number): void;
  logBegin(lsn: number, epoch: number): void;
  logVerify(ptr: number, bytes: number, framed: number): number;
  logVerifyStop(): number;
  logVerifyRecords(): number;
  logVerifyNeed(): number;
  logFind(ptr: number, bytes: number): number;
  logReplay(window: number, ptr: number, bytes: number, framed: number): number;
  logReplayed(): number;
  logReplayStop(): number;
  logReplayStatus(): number;
  logReplayBytes(): number;
  crc32c(crc: number, ptr: number, bytes: number): number;
  logBacklog(): number;
  logEndLsn(): number;
}

/** Header fields that the host touches directly: byte offsets from the header, drawn in assembly/memory/layout.ts. */
export const HEADER_AT = 0x10000;
export const HEADER_SHARD_COUNT = 12;
export const HEADER_ROUTING = 16;
export const HEADER_LATCH_OWNER = 64;
export const HEADER_LATCH_WAITERS = 68;
export const HEADER_LATCH_WAKE_SEQ = 72;
export const HEADER_LATCH_RESERVED = 76;
export const HEADER_LOST = 80;
export const HEADER_FLAGS = 128;
export const HEADER_GARBAGE_HEAD = 144;
export const HEADER_DIRTY = 160;
export const HEADER_HITS = 168;
export const HEADER_MISSES = 176;
export const HEADER_EXPIRED = 184;
export const HEADER_LFU_LOG_FACTOR = 200;
export const HEADER_LFU_DECAY = 204;
export const HEADER_EXPIRY_STALE = 208;
/** State of the log ring: endLsn u64, readLsn u64, …: LOG_STATE in assembly/memory/layout.ts. */
const LOG_AT = HEADER_AT + 384;
/** The types' conversion limits: LIMITS in assembly/memory/layout.ts. */
export const LIMITS_AT = HEADER_AT + 2560;
export const HEADER_DROPPED_HEAD = 212;
/** What is asked for of keys' changes (events/events.ts): NOTIFY_* and WANT_* bits; how many wait for keys. */
export const EVENTS_WANTED = 2944;
/** Clients that wait for keys of the shard. */
export const EVENTS_WAITING = 2972;
const EVENTS_HEAD = (HEADER_AT + 2952) >> 2;
const EVENTS_LOST = (HEADER_AT + 2960) >> 2;
const EVENTS_READY = (HEADER_AT + 2964) >> 2;
const EVENTS_READY_COUNT = (HEADER_AT + 2988) >> 2;
/** Read as fields of the header: databases that were flushed and are still to be saved, 0: none (snapshot/state.ts). */
export const SNAPSHOT_DETACHED = 2704;
/** Bytes kept for a snapshot, u64 each: as values whose keys are gone (snapshot/state.ts), and encoded (snapshot/sink.ts). */
export const SNAPSHOT_KEPT_BYTES = 2720;
export const SINK_BYTES = 2832;
export const HEADER_FLAG_LOG = 1;
export const HEADER_FLAG_LFU = 2;
export const HEADER_FLAG_CLOCK_STOPPED = 4;

export const ROUTING_KEVYHASH = 0;
export const ROUTING_SLOTS = 1;

/** How a shard's memory is laid out; the same for every shard of a store. */
export interface ShardLayout {
  shardCount: number;
  routing: number;
  databases: number;
  /** Threads that use the shard at the same time, the slow lane included. */
  windowCount: number;
  /** Sizes in bytes: input and output of a window (multiples of 4096), log ring (a power of two). */
  inBytes: number;
  outBytes: number;
  logBytes: number;
  /** WASM pages (64 KiB) that a shard's memory may ever have: 65536 is 4 GiB. */
  pagesMax: number;
}

export const SERVER_LAYOUT: Omit<ShardLayout, 'shardCount' | 'windowCount' | 'routing' | 'databases'> = {
  inBytes: 1 << 20,
  outBytes: 1 << 18,
  logBytes: 1 << 20,
  pagesMax: 65536,
};

const INITIAL_PAGES = 17;

/** A fresh memory for one shard, not laid out yet. */
export function newShardMemory(shared: boolean, pagesMax: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: pagesMax, shared });
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  const abort = (_message: number, _file: number, line: number, column: number): never => {
    throw new Error(`kernel assertion failed at line ${line}, column ${column}`);
  };
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports as unknown as KernelExports;
}

/**
 * Lays a fresh memory out as shard `index` and seeds it. To be called once per memory, before any other thread uses it.
 * @throws Error when the memory cannot grow to its first size.
 */
export function initShard(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  index: number,
  layout: ShardLayout,
  seed?: Uint8Array,
): void {
  const kernel = instantiate(module, memory);
  const { shardCount, routing, databases, windowCount, inBytes, outBytes, logBytes, pagesMax } = layout;
  const status = kernel.init(index, shardCount, routing, databases, windowCount, inBytes, outBytes, logBytes, pagesMax);
  if (status !== 0) throw new Error(`shard ${index} could not get its first memory`);
  const random = seed ?? randomFillSync(new Uint8Array(104));
  new Uint8Array(memory.buffer).set(random.subarray(0, 96), kernel.seeds() >>> 0);
  const state = new DataView(memory.buffer);
  const word = new DataView(random.buffer, random.byteOffset).getBigUint64(96, true);
  state.setBigUint64(kernel.generatorState() >>> 0, word === 0n ? 1n : word, true);
}

/** One thread's hold on one shard: an instance of the kernel over the shard's memory, and this thread's window in it. */
export class ShardKernel {
  readonly calls: KernelExports;
  /** Base of this thread's window and of its parts: addresses in the shard's memory. */
  readonly window: number;
  readonly input: number;
  readonly argv: number;
  readonly staging: number;
  readonly output: number;
  readonly returns: number;
  readonly shared: boolean;
  #bytes: Uint8Array;
  #words: Int32Array;
  #floats: Float64Array;
  /** Index of the control block's first word. */
  readonly #block: number;
  /** LSN up to which records were published when this thread last woke the persistence engine. */
  #told = 0;

  constructor(
    readonly module: WebAssembly.Module,
    readonly memory: WebAssembly.Memory,
    readonly index: number,
    windowIndex: number,
    readonly layout: ShardLayout,
    /** This thread's, the same for all shards of a store. */
    readonly epochs: Epochs = Epochs.none(),
  ) {
    this.calls = instantiate(module, memory);
    this.window = this.calls.windowBase(windowIndex) >>> 0;
    this.input = this.calls.windowInput(windowIndex) >>> 0;
    this.argv = this.calls.windowArguments(windowIndex) >>> 0;
    this.staging = this.calls.windowStage(windowIndex) >>> 0;
    this.output = this.calls.windowOutput(windowIndex) >>> 0;
    this.returns = this.calls.windowReturns(windowIndex) >>> 0;
    this.shared = !(memory.buffer instanceof ArrayBuffer);
    this.#block = this.window >> 2;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#floats = new Float64Array(memory.buffer);
  }

  /** Takes the latch and begins a step: `begin` of the ABI, with what the store's epochs say. */
  begin(owner: number, spins: number): number {
    const { epochs } = this;
    if (epochs.policy === POLICY_NONE) return this.calls.begin(owner, spins);
    const { epoch } = epochs;
    return this.calls.begin(owner, spins, epoch, epochs.snapshot);
  }

  /** Ends a step that was begun by `begin`, and gives the latch back. */
  end(owner: number): void {
    this.calls.end(owner);
    if (this.epochs.asleep) this.#wakeEngine();
    if (this.epochs.policy === POLICY_ALWAYS) this.epochs.noteShard(this);
  }

  /** Wakes the persistence engine if the shard has records that it has not been woken for by this thread. */
  #wakeEngine(): void {
    const published = this.calls.published();
    if (published === this.#told) return;
    this.#told = published;
    this.epochs.want();
  }

  /** A whole step from the window's input: `run` of the ABI. */
  run(from: number, inputBytes: number, owner: number, spins: number): number {
    const { epochs } = this;
    const { policy } = epochs;
    if (policy === POLICY_NONE) {
      return this.calls.run(this.window, from, inputBytes, owner, spins);
    }
    const { epoch } = epochs;
    const status = this.calls.run(this.window, from, inputBytes, owner, spins, epoch, epochs.snapshot);
    if (epochs.asleep) this.#wakeEngine();
    // Where nothing was executed, nothing was seen: a refusal need not wait.
    if (policy === POLICY_ALWAYS && this.control(abi.CONTROL_COMMANDS) !== 0) epochs.noteShard(this);
    return status;
  }

  /** Events are queued, or a key is ready that somebody waits for (latched): see worker/latches.ts. */
  get pending(): boolean {
    const { words } = this;
    return (words[EVENTS_HEAD] | words[EVENTS_LOST] | words[EVENTS_READY]) !== 0;
  }
  /** Keys that are ready and that somebody waits for (latched). */
  get readyCount(): number {
    return this.words[EVENTS_READY_COUNT];
  }

  /** Log bytes that wait for the engine, roughly: the sizes of two 64-bit fields' lower halves. */
  get backlog(): number {
    const at = LOG_AT >> 2;
    return (this.words[at] - this.words[at + 2]) >>> 0;
  }

  #remake(): void {
    this.#bytes = new Uint8Array(this.memory.buffer);
    this.#words = new Int32Array(this.memory.buffer);
    this.#floats = new Float64Array(this.memory.buffer);
  }

  /** The memory's initial part (at least up to the arena), as bytes. Do not keep it across kernel calls. */
  get bytes(): Uint8Array {
    if (!this.shared && this.#bytes.byteLength === 0) this.#remake();
    return this.#bytes;
  }
  /** The same as 32-bit words. */
  get words(): Int32Array {
    if (!this.shared && this.#words.byteLength === 0) this.#remake();
    return this.#words;
  }
  /** The whole memory as it is now, arena included: for blobs and blocks. */
  view(ptr: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, ptr, length);
  }

  /** A field of the control block, as u32. */
  control(offset: number): number {
    return this.words[(this.window + offset) >> 2] >>> 0;
  }
  setControl(offset: number, value: number): void {
    this.words[(this.window + offset) >> 2] = value;
  }
  /** All that a call brings, in one go: see the control block in assembly/abi.ts. */
  stamp(
    nowMs: number,
    lruClock: number,
    db: number,
    proto: number,
    flags: number,
    commandsMax: number,
    bulkBytesMax: number,
  ): void {
    const { words } = this;
    const block = this.#block;
    this.#floats[block >> 1] = nowMs;
    words[block + abi.CONTROL_DB / 4] = db;
    words[block + abi.CONTROL_PROTO / 4] = proto;
    words[block + abi.CONTROL_FLAGS / 4] = flags;
    words[block + abi.CONTROL_COMMANDS_MAX / 4] = commandsMax;
    words[block + abi.CONTROL_BULK_MAX / 4] = bulkBytesMax;
    words[block + abi.CONTROL_LRU_CLOCK / 4] = lruClock;
  }
  /** Keeps the control block, and the arguments of the frame that stopped the last call. @returns puts them back. */
  saveCall(): () => void {
    const argc = this.control(abi.CONTROL_ARGC);
    const block = this.bytes.slice(this.window, this.window + abi.CONTROL_BYTES);
    const argv = this.bytes.slice(this.argv, this.argv + Math.min(argc * 8, abi.ARGV_BYTES));
    return () => {
      this.bytes.set(block, this.window);
      this.bytes.set(argv, this.argv);
    };
  }
  setNow(nowMs: number): void {
    if (!this.shared && this.#floats.byteLength === 0) this.#remake();
    this.#floats[(this.window + abi.CONTROL_NOW) >> 3] = nowMs;
  }

  /** A double in the memory's initial part, at an address that is a multiple of 8. */
  float(at: number): number {
    if (!this.shared && this.#floats.byteLength === 0) this.#remake();
    return this.#floats[at >> 3];
  }

  /** A u32 field of the header. Latch words are to be read with `headerIndex` and Atomics instead. */
  header(offset: number): number {
    return this.words[(HEADER_AT + offset) >> 2] >>> 0;
  }
  setHeader(offset: number, value: number): void {
    this.words[(HEADER_AT + offset) >> 2] = value;
  }
  /** A u64 counter of the header as a number. */
  counter(offset: number): number {
    const at = (HEADER_AT + offset) >> 2;
    return (this.words[at] >>> 0) + (this.words[at + 1] >>> 0) * 2 ** 32;
  }
  static headerIndex(offset: number): number {
    return (HEADER_AT + offset) >> 2;
  }
}

// Figures that all threads share: one page of shared memory, so that INFO asks nobody. Each worker writes its own row;
// doubles, since only one thread adds to a cell and readers may be a moment late. The head holds atomic counters.

import { CommandTimes } from './command-times.js';

export const STAT = {
  clients: 0,
  connections: 1,
  commands: 2,
  netInput: 3,
  netOutput: 4,
  errors: 5,
  rejected: 6,
  parked: 7,
  slow: 8,
  inputBuffers: 9,
  outputBuffers: 10,
  reads: 11,
  protocolErrors: 12,
  /** Milliseconds spent on active defragmentation; the part of its time that the worker gives it now, in percent; */
  defragMs: 13,
  defragPercent: 14,
  /** and Unix milliseconds since when, 0 while it does not run. */
  defragSinceMs: 15,
} as const;
export type Stat = keyof typeof STAT;

/** First words of error replies that INFO errorstats tells apart. The kernel's come first, in its order. */
export const ERROR_KINDS = [
  ...(['ERR', 'WRONGTYPE', 'OOM', 'BUSYGROUP', 'NOGROUP', 'BUSYKEY', 'INVALIDOBJ'] as const),
  ...(['NOAUTH', 'WRONGPASS', 'NOPROTO', 'MOVED', 'CROSSSLOT'] as const),
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** Means over the last second or two. */
export interface Rates {
  readonly commandsPerSecond: number;
  /** Kibibytes per second. */
  readonly inputKbps: number;
  readonly outputKbps: number;
}

const HEAD_CELLS = 10;
/** Cells of a row: named figures, error replies by kind, then calls per opcode. */
const ERRORS = 24;
const CALLS = 40;
const OPCODES = 256;
const ROW_CELLS = CALLS + OPCODES;

const HEAD_CLIENT_ID = 0;
const HEAD_CLIENTS = 1;
/** Milliseconds for which maxmemory was exceeded; and 1 + when that began, of the clock's lower 30 bits, 0: it is not. */
const HEAD_EXCEEDED_MS = 2;
const HEAD_EXCEEDED_SINCE = 3;
/** Entries of SLOWLOG that there have been. */
const HEAD_SLOW_ID = 4;
const HEAD_WORDS = 6;
/** Doubles of the head, behind the words above. One thread alone writes them. */
const GAUGE_COMMANDS = 0;
const GAUGE_INPUT = 1;
const GAUGE_OUTPUT = 2;
const GAUGE_PEAK = 3;

export class Stats {
  readonly #head: Int32Array;
  readonly #gauges: Float64Array;
  readonly #cells: Float64Array;
  readonly #row: number;
  /** How long commands took. */
  readonly times: CommandTimes;

  static newBuffer(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer((HEAD_CELLS + workers * ROW_CELLS) * 8 + CommandTimes.bytesFor(workers));
  }

  /** @param worker Row that `add` writes to. */
  constructor(
    readonly buffer: SharedArrayBuffer,
    readonly workers: number,
    worker = 0,
  ) {
    this.#head = new Int32Array(buffer, 0, HEAD_WORDS);
    this.#gauges = new Float64Array(buffer, HEAD_WORDS * 4, HEAD_CELLS - HEAD_WORDS / 2);
    this.#cells = new Float64Array(buffer, HEAD_CELLS * 8, workers * ROW_CELLS);
    this.times = new CommandTimes(buffer, (HEAD_CELLS + workers * ROW_CELLS) * 8, workers, worker);
    this.#row = worker * ROW_CELLS;
  }

  /** Adds to a figure of this thread's row, by its number in STAT. */
  add(stat: number, by: number): void {
    this.#cells[this.#row + stat] += by;
  }
  set(stat: number, value: number): void {
    this.#cells[this.#row + stat] = value;
  }
  addCalls(opcode: number, by: number): void {
    this.#cells[this.#row + CALLS + opcode] += by;
  }
  /** Counts an error reply, whole or from its beginning on, by its first word. Kinds not listed are not told apart. */
  addErrorReply(reply: Uint8Array): void {
    this.add(STAT.errors, 1);
    let word = '';
    for (let i = 1; i < reply.length && i < 16 && reply[i] > 0x20; i++) word += String.fromCharCode(reply[i]);
    const kind = ERROR_KINDS.indexOf(word as ErrorKind);
    if (kind >= 0) this.addErrors(kind, 1);
  }
  /** Counts by kind what `add('errors', …)` has counted as a whole. */
  addErrors(kind: number, by: number): void {
    this.#cells[this.#row + ERRORS + kind] += by;
  }
  /** Kinds that occurred, with how often. */
  errorKinds(): [kind: ErrorKind, count: number][] {
    const counts = ERROR_KINDS.map((kind, index): [ErrorKind, number] => {
      let total = 0;
      for (let i = 0; i < this.workers; i++) total += this.#cells[i * ROW_CELLS + ERRORS + index];
      return [kind, total];
    });
    return counts.filter(([, count]) => count > 0);
  }
  ofWorker(worker: number, stat: Stat): number {
    return this.#cells[worker * ROW_CELLS + STAT[stat]];
  }
  sum(stat: Stat): number {
    let total = 0;
    for (let i = 0; i < this.workers; i++) total += this.ofWorker(i, stat);
    return total;
  }
  calls(opcode: number): number {
    let total = 0;
    for (let i = 0; i < this.workers; i++) total += this.#cells[i * ROW_CELLS + CALLS + opcode];
    return total;
  }
  /** CONFIG RESETSTAT: everything that only counts upwards. */
  reset(): void {
    Atomics.store(this.#head, HEAD_EXCEEDED_MS, 0);
    Atomics.store(this.#head, HEAD_EXCEEDED_SINCE, 0);
    const kept: Stat[] = ['clients', 'parked', 'inputBuffers', 'outputBuffers', 'defragPercent', 'defragSinceMs'];
    for (let i = 0; i < this.workers; i++) {
      const row = i * ROW_CELLS;
      for (let cell = 0; cell < ROW_CELLS; cell++) {
        if (!kept.some((stat) => STAT[stat] === cell)) this.#cells[row + cell] = 0;
      }
    }
    this.times.reset();
  }

  get rates(): Rates {
    const gauges = this.#gauges;
    return {
      commandsPerSecond: gauges[GAUGE_COMMANDS],
      inputKbps: gauges[GAUGE_INPUT],
      outputKbps: gauges[GAUGE_OUTPUT],
    };
  }
  set rates({ commandsPerSecond, inputKbps, outputKbps }: Rates) {
    this.#gauges[GAUGE_COMMANDS] = commandsPerSecond;
    this.#gauges[GAUGE_INPUT] = inputKbps;
    this.#gauges[GAUGE_OUTPUT] = outputKbps;
  }
  /** Most bytes that all shards together had in use, as far as anybody looked. */
  get usedBytesPeak(): number {
    return this.#gauges[GAUGE_PEAK];
  }
  set usedBytesPeak(bytes: number) {
    this.#gauges[GAUGE_PEAK] = bytes;
  }

  /** maxmemory has been found exceeded, or not. */
  noteExceeded(isOver: boolean, nowMs: number): void {
    const head = this.#head;
    const now = (nowMs & 0x3fffffff) + 1;
    if (isOver) Atomics.compareExchange(head, HEAD_EXCEEDED_SINCE, 0, now);
    else if (Atomics.load(head, HEAD_EXCEEDED_SINCE) !== 0) {
      const since = Atomics.exchange(head, HEAD_EXCEEDED_SINCE, 0);
      if (since !== 0) Atomics.add(head, HEAD_EXCEEDED_MS, (now - since) & 0x3fffffff);
    }
  }
  /** Milliseconds for which maxmemory has been exceeded since it was last kept. */
  exceededForMs(nowMs: number): number {
    const since = Atomics.load(this.#head, HEAD_EXCEEDED_SINCE);
    return since === 0 ? 0 : ((nowMs & 0x3fffffff) + 1 - since) & 0x3fffffff;
  }
  /** The same over all times so far. */
  exceededMs(nowMs: number): number {
    return Atomics.load(this.#head, HEAD_EXCEEDED_MS) + this.exceededForMs(nowMs);
  }

  nextSlowId(): number {
    return Atomics.add(this.#head, HEAD_SLOW_ID, 1);
  }
  nextClientId(): number {
    return Atomics.add(this.#head, HEAD_CLIENT_ID, 1) + 1;
  }
  /** Counts a client in if there is room. */
  admit(maxclients: number): boolean {
    if (Atomics.add(this.#head, HEAD_CLIENTS, 1) < maxclients) return true;
    Atomics.sub(this.#head, HEAD_CLIENTS, 1);
    return false;
  }
  leave(): void {
    Atomics.sub(this.#head, HEAD_CLIENTS, 1);
  }
  get clients(): number {
    return Atomics.load(this.#head, HEAD_CLIENTS);
  }
}

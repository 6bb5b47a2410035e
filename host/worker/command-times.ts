// How long commands take: shared memory, a row per worker, so that INFO and LATENCY ask nobody. A command that ran alone,
// or together with others of its kind, is counted under its own number; of the time that different commands took together
// nobody knows whose it was, so it is kept in a row of its own and shared out evenly when somebody asks.
//
// Plain commands go by opcode; subcommands that the host runs have numbers behind those.
import { COMMANDS, type Command } from '../commands/index.js';

const OPCODES = 256;
/** The number of a command in the counters: its opcode, or one of its own for a subcommand that the host runs. */
const numbers = new Map<string, number>();
const names: string[] = [];
for (const command of COMMANDS) {
  numbers.set(command.fullName, command.opcode);
  names[command.opcode] = command.fullName;
}
let next = OPCODES;
for (const { subcommands } of COMMANDS) {
  for (const { fullName, where } of subcommands) {
    if (where !== 'host') continue;
    numbers.set(fullName, next);
    names[next++] = fullName;
  }
}
const COUNTERS = next;
/** The row of what different commands took together. */
const MIXED = COUNTERS;

// A row: calls that were timed, nanoseconds, refused, failed, and the histogram.
const CALLS = 0;
const NANOSECONDS = 1;
const REJECTED = 2;
const FAILED = 3;
const HISTOGRAM = 4;
/** Parts of each doubling, from 1024 ns to what is longer than a second. */
const PARTS = 32;
const FIRST_NS = 1024;
const DOUBLINGS = 21;
const CELLS = DOUBLINGS * PARTS;
const ROW = HISTOGRAM + CELLS;
const WORKER = (COUNTERS + 1) * ROW;

const NS_PER_MS = 1e6;

export function counterOf({ fullName, opcode }: Command): number {
  return numbers.get(fullName) ?? opcode;
}

/** Cell of a time in the histogram. */
function cellOf(ns: number): number {
  if (ns < FIRST_NS) return 0;
  const doubling = 31 - Math.clz32(ns / FIRST_NS);
  if (doubling >= DOUBLINGS) return CELLS - 1;
  return doubling * PARTS + Math.floor((ns / (FIRST_NS * 2 ** doubling) - 1) * PARTS);
}

/** The longest time that a cell stands for, in ns. */
function longestIn(cell: number): number {
  const doubling = Math.floor(cell / PARTS);
  return FIRST_NS * 2 ** doubling * (1 + ((cell % PARTS) + 1) / PARTS) - 1;
}

/** What is known of one command. */
export interface Times {
  readonly name: string;
  readonly calls: number;
  readonly microseconds: number;
  readonly rejected: number;
  readonly failed: number;
  /** Calls per cell. */
  readonly histogram: Float64Array;
}

export class CommandTimes {
  readonly #cells: Float64Array;
  readonly #own: number;
  /** Whether the histograms grow: latency-tracking. */
  tracking = true;

  /** Mostly never touched, and so never really there. */
  static bytesFor(workers: number): number {
    return workers * WORKER * 8;
  }

  /**
   * @param offset Where in the buffer they lie, in bytes: `bytesFor` of them.
   * @param worker Whose rows `add` writes to.
   */
  constructor(
    buffer: SharedArrayBuffer,
    offset: number,
    readonly workers: number,
    worker: number,
  ) {
    this.#cells = new Float64Array(buffer, offset, workers * WORKER);
    this.#own = worker * WORKER;
  }

  /** Calls of one command that took so long together. */
  add(counter: number, calls: number, ms: number): void {
    const cells = this.#cells;
    const row = this.#own + counter * ROW;
    const ns = ms * NS_PER_MS;
    cells[row + CALLS] += calls;
    cells[row + NANOSECONDS] += ns;
    if (this.tracking) cells[row + HISTOGRAM + cellOf(ns / calls)] += calls;
  }
  /** The same for calls of different commands. */
  addMixed(calls: number, ms: number): void {
    this.add(MIXED, calls, ms);
  }
  addRejected(counter: number, by: number): void {
    this.#cells[this.#own + counter * ROW + REJECTED] += by;
  }
  addFailed(counter: number, by: number): void {
    this.#cells[this.#own + counter * ROW + FAILED] += by;
  }

  #sum(counter: number, cell: number): number {
    let total = 0;
    for (let worker = 0; worker < this.workers; worker++) total += this.#cells[worker * WORKER + counter * ROW + cell];
    return total;
  }
  #histogram(counter: number): Float64Array {
    const sum = new Float64Array(CELLS);
    for (let worker = 0; worker < this.workers; worker++) {
      const from = worker * WORKER + counter * ROW + HISTOGRAM;
      for (let i = 0; i < CELLS; i++) sum[i] += this.#cells[from + i];
    }
    return sum;
  }

  /**
   * Every command that was called or refused.
   * @param callsOf Calls by opcode, timed alone or not.
   */
  all(callsOf: (opcode: number) => number): Times[] {
    const rows: { counter: number; calls: number; untimed: number }[] = [];
    for (let counter = 1; counter < COUNTERS; counter++) {
      if (names[counter] === undefined) continue;
      const timed = this.#sum(counter, CALLS);
      const calls = Math.max(timed, counter < OPCODES ? callsOf(counter) : 0);
      if (calls !== 0 || this.#sum(counter, REJECTED) !== 0) rows.push({ counter, calls, untimed: calls - timed });
    }
    const untimed = rows.reduce((sum, row) => sum + row.untimed, 0);
    const mixed = { ns: this.#sum(MIXED, NANOSECONDS), histogram: this.#histogram(MIXED) };
    return rows.map((row) => {
      const share = untimed === 0 ? 0 : row.untimed / untimed;
      const histogram = this.#histogram(row.counter);
      if (share !== 0) for (let i = 0; i < CELLS; i++) histogram[i] += mixed.histogram[i] * share;
      return {
        name: names[row.counter],
        calls: row.calls,
        microseconds: (this.#sum(row.counter, NANOSECONDS) + mixed.ns * share) / 1000,
        rejected: this.#sum(row.counter, REJECTED),
        failed: this.#sum(row.counter, FAILED),
        histogram,
      };
    });
  }

  /** CONFIG RESETSTAT. */
  reset(): void {
    const cells = this.#cells;
    for (let row = 0; row < cells.length; row += ROW) {
      // What nobody has written to stays untouched.
      if (cells[row + CALLS] + cells[row + REJECTED] + cells[row + FAILED] !== 0) cells.fill(0, row, row + ROW);
    }
  }
}

const total = (histogram: Float64Array): number => histogram.reduce((sum, count) => sum + count, 0);

/** The time in µs that a part of the calls, in percent, did not exceed. */
export function percentile(histogram: Float64Array, percent: number): number {
  const wanted = Math.max(1, (total(histogram) * Math.min(100, percent)) / 100);
  let seen = 0;
  let last = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    if (histogram[cell] === 0) continue;
    seen += histogram[cell];
    last = cell;
    // What was shared out is not whole: a hair's breadth is no call.
    if (seen >= wanted - 1e-6) break;
  }
  return longestIn(last) / 1000;
}

/**
 * Calls up to each doubling of 1.024 µs, those left out that add nothing. The bounds are those that Redis gives: its
 * cells end a 128th behind the doubling.
 */
export function cumulative(histogram: Float64Array): [microseconds: number, calls: number][] {
  const rows: [number, number][] = [];
  let seen = 0;
  for (let doubling = -1; doubling < DOUBLINGS; doubling++) {
    const before = seen;
    // What took less than 1.024 µs is in the very first cell, together with what took little more.
    const from = doubling < 0 ? 0 : doubling * PARTS + (doubling === 0 ? 1 : 0);
    const to = doubling < 0 ? 1 : (doubling + 1) * PARTS;
    for (let cell = from; cell < to; cell++) seen += histogram[cell];
    const bound = Math.floor((FIRST_NS * 2 ** (doubling + 1) * (1 + 1 / 128) - 1) / 1000);
    if (seen - before >= 1e-6) rows.push([bound, Math.round(seen)]);
  }
  return rows;
}

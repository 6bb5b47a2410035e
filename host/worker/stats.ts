// Figures that all threads share: one page of shared memory, so that INFO asks nobody. Each worker writes its own row;
// doubles, since only one thread adds to a cell and readers may be a moment late. The head holds atomic counters.

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
} as const;
export type Stat = keyof typeof STAT;

const HEAD_CELLS = 8;
/** Cells of a row: named figures, then calls per opcode. */
const CALLS = 32;
const OPCODES = 256;
const ROW_CELLS = CALLS + OPCODES;

const HEAD_CLIENT_ID = 0;
const HEAD_CLIENTS = 1;

export class Stats {
  readonly #head: Int32Array;
  readonly #cells: Float64Array;
  readonly #row: number;

  static newBuffer(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer((HEAD_CELLS + workers * ROW_CELLS) * 8);
  }

  /** @param worker Row that `add` writes to. */
  constructor(
    readonly buffer: SharedArrayBuffer,
    readonly workers: number,
    worker = 0,
  ) {
    this.#head = new Int32Array(buffer, 0, HEAD_CELLS * 2);
    this.#cells = new Float64Array(buffer, HEAD_CELLS * 8);
    this.#row = worker * ROW_CELLS;
  }

  add(stat: Stat, by: number): void {
    this.#cells[this.#row + STAT[stat]] += by;
  }
  addCalls(opcode: number, by: number): void {
    this.#cells[this.#row + CALLS + opcode] += by;
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
    const kept: Stat[] = ['clients', 'parked', 'inputBuffers', 'outputBuffers'];
    for (let i = 0; i < this.workers; i++) {
      const row = i * ROW_CELLS;
      for (let cell = 0; cell < ROW_CELLS; cell++) {
        if (!kept.some((stat) => STAT[stat] === cell)) this.#cells[row + cell] = 0;
      }
    }
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

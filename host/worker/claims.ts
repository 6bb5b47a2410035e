// By which thread a waiting client is served. A client that waits has a word that all threads share; whoever turns it from
// waiting to claimed, by one compare-and-swap, is the only one to answer the client: a writer that serves it, or its own
// worker, because of its time limit, its end or CLIENT UNBLOCK.
//
// A word holds turn * 2 while the client waits in that turn, and turn * 2 + 1 once it is claimed. Turns rise each time the
// word is used, so that what is left of an earlier wait never matches.

/** Clients of one worker that can wait at the same time. */
export const CLAIMS_PER_WORKER = 1 << 16;

export class Claims {
  readonly #words: Int32Array;

  constructor(readonly buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  static newBuffer(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(workers * CLAIMS_PER_WORKER * 4);
  }

  #at(worker: number, slot: number): number {
    return worker * CLAIMS_PER_WORKER + slot;
  }

  /** The client waits from now on. For its own worker, whose slot nobody uses. @returns its turn. */
  open(worker: number, slot: number): number {
    const at = this.#at(worker, slot);
    const turn = ((Atomics.load(this.#words, at) >>> 1) + 1) & 0x3fffffff;
    Atomics.store(this.#words, at, turn * 2);
    return turn;
  }

  /** True: the client is the caller's to answer, and nobody else's. */
  claim(worker: number, slot: number, turn: number): boolean {
    return Atomics.compareExchange(this.#words, this.#at(worker, slot), turn * 2, turn * 2 + 1) === turn * 2;
  }

  /** There was nothing for the client after all: it goes on waiting. For the one who has claimed it. */
  giveBack(worker: number, slot: number, turn: number): void {
    Atomics.store(this.#words, this.#at(worker, slot), turn * 2);
  }
}

// In which order the batches of several sources go to the targets that they share.

/** A batch. `open`: it ends in the middle of an entry, and the source goes on with that entry. */
export interface Turn {
  readonly target: number;
  readonly open: boolean;
  readonly take: () => void;
  /** Told what `take` threw. */
  readonly failed: (error: unknown) => void;
}

/**
 * An entry that comes in several batches must lie in one piece in the new dump: batches of other sources for the same
 * target wait until it is whole. Each source's batches are taken in the order in which they came, whatever their targets.
 * So a source in the middle of an entry has nothing that waits, and goes on with just that entry: it is always helped.
 */
export class Turns {
  /** Who is in the middle of an entry, by target. */
  readonly #open = new Map<number, number>();
  /** What waits, by source. */
  readonly #waiting = new Map<number, Turn[]>();
  /** Who wants to know that nothing of a source waits any more. */
  readonly #through = new Map<number, () => void>();

  /** Takes a batch now, or when those before it are taken and nobody else is in the middle of an entry for its target. */
  pass(source: number, turn: Turn): void {
    const waiting = this.#waiting.get(source);
    if (waiting) waiting.push(turn);
    else if (!this.#mayTake(source, turn)) this.#waiting.set(source, [turn]);
    else {
      this.#take(source, turn);
      if (!turn.open) this.#takeWaiting();
    }
  }

  /** A source hands over nothing more. Resolves when everything that it has handed over is taken. */
  through(source: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.has(source)) this.#through.set(source, resolve);
      else resolve();
    });
  }

  /** A source has failed: what it has handed over is of no use, and nobody waits for the rest of its entry any more. */
  giveUp(source: number): void {
    this.#waiting.delete(source);
    for (const [target, holder] of [...this.#open]) if (holder === source) this.#open.delete(target);
    this.#takeWaiting();
  }

  #mayTake(source: number, { target }: Turn): boolean {
    const holder = this.#open.get(target);
    return holder === undefined || holder === source;
  }

  #takeWaiting(): void {
    for (let isMoving = true; isMoving; ) {
      isMoving = false;
      for (const [source, turns] of [...this.#waiting]) {
        while (turns.length > 0 && this.#mayTake(source, turns[0])) {
          this.#take(source, turns.shift()!);
          isMoving = true;
        }
        if (turns.length > 0) continue;
        this.#waiting.delete(source);
        this.#through.get(source)?.();
      }
    }
  }

  #take(source: number, { target, open, take, failed }: Turn): void {
    if (open) this.#open.set(target, source);
    else this.#open.delete(target);
    try {
      take();
    } catch (error) {
      failed(error);
    }
  }
}

// Bytes of one connection that have arrived and not been executed, as the chunks they came in. A chunk is kept, not
// copied, and bytes are copied once, into the window they are executed from.

export class InputQueue {
  readonly #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are gone already. */
  #taken = 0;
  #bytes = 0;

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param chunk The queue's from now on: the caller must not change it. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Copies the first bytes, at most `room`, to `target` at `at`; they stay in the queue. Returns how many. */
  peek(target: Uint8Array, at: number, room: number): number {
    if (this.#chunks.length === 1 && this.#taken === 0 && this.#bytes <= room) {
      target.set(this.#chunks[0], at);
      return this.#bytes;
    }
    let copied = 0;
    for (let i = 0; i < this.#chunks.length && copied < room; i++) {
      const from = i === 0 ? this.#taken : 0;
      const part = this.#chunks[i].subarray(from, from + room - copied);
      target.set(part, at + copied);
      copied += part.length;
    }
    return copied;
  }

  /** Drops the first `count` bytes. */
  drop(count: number): void {
    if (count === this.#bytes) {
      this.#chunks.length = 0;
      this.#taken = 0;
      this.#bytes = 0;
      return;
    }
    this.#bytes -= count;
    let left = count + this.#taken;
    let whole = 0;
    while (whole < this.#chunks.length && left >= this.#chunks[whole].length) left -= this.#chunks[whole++].length;
    if (whole !== 0) this.#chunks.splice(0, whole);
    this.#taken = left;
  }

  /** Takes everything out, chunk by chunk, in order. */
  takeAll(): Uint8Array[] {
    const chunks = [...this.#chunks];
    if (this.#taken !== 0) chunks[0] = chunks[0].subarray(this.#taken);
    this.drop(this.#bytes);
    return chunks;
  }
}

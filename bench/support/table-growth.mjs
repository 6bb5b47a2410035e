// Watches a shard's keyspace table from outside, by the drawings of assembly/table/table.ts: which segments an insert
// added, and how many entries lie in them. It reads memory only, so the kernel under test is the one that ships.
import { HEADER_AT } from '../../dist/host/kernel/kernel.js';

const HEADER_ROOTS = 140;
const ROOT_DIRECTORY = 0;
const ROOT_DEPTH = 4;
const SEGMENT_COUNT = 2;

export class TableWatch {
  #memory;
  #bytes = new Uint8Array(0);
  #words = new Int32Array(0);
  /** The directory as it was at the last look. */
  #known = new Int32Array(0);
  #depth = 0;

  /** @param {WebAssembly.Memory} memory A shard's; database 0 is watched. */
  constructor(memory) {
    this.#memory = memory;
  }

  #read(address) {
    return this.#words[address >>> 2] >>> 0;
  }

  /**
   * Looks for segments that were not there at the last look. A split moves entries into its new segment and nowhere
   * else, so the entries in the new segments bound what was moved; the key just inserted may be one of them.
   * @returns {{ added: number, moved: number, depth: number }}
   */
  look() {
    if (this.#bytes.length !== this.#memory.buffer.byteLength) {
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#words = new Int32Array(this.#memory.buffer);
    }
    const root = this.#read(HEADER_AT + HEADER_ROOTS);
    const at = this.#read(root + ROOT_DIRECTORY) >>> 2;
    const depth = this.#read(root + ROOT_DEPTH);
    const size = 2 ** depth;
    const known = this.#known;
    const shift = depth - this.#depth;
    let added = 0;
    let moved = 0;
    let last = 0;
    for (let slot = 0; slot < size; slot++) {
      const segment = this.#words[at + slot];
      if (segment === known[slot >>> shift] || segment === last) continue;
      last = segment;
      added++;
      const count = (segment >>> 0) + SEGMENT_COUNT;
      moved += this.#bytes[count] + this.#bytes[count + 1] * 256;
    }
    this.#known = this.#words.slice(at, at + size);
    this.#depth = depth;
    return { added, moved, depth };
  }
}

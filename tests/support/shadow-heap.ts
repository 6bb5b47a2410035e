// An arena watched from outside: every block that it hands out is kept in a shadow, which knows what overlaps, what is
// misaligned, what was freed twice, what leaked, and whether the bytes of live blocks are still those written.
import { type Build, loadTestModule, type TestModule } from './wasm.js';

export const PAGE = 4096;
/** Where the arena lies in these tests: behind static data and header. */
export const BASE = 0x20000;

type Block = { size: number; seed: number; written: number };

export class ShadowHeap {
  readonly module: TestModule;
  /** Live blocks by address. */
  readonly blocks = new Map<number, Block>();
  /** Granules of 8 bytes that live blocks cover, by the 64 KiB that they lie in. */
  readonly #taken = new Map<number, Uint8Array>();
  #seed = 0;

  /**
   * @param wasmPages What the arena is told that the memory may become, in 64 KiB.
   * @param maximumPages What the memory can really become: less makes `memory.grow` fail.
   */
  constructor(build: Build, wasmPages = 65536, maximumPages = wasmPages) {
    this.module = loadTestModule('arena', build, maximumPages);
    if (this.#x.arenaInit(BASE, wasmPages * 16 - BASE / PAGE) !== 1) throw new Error('no memory for the arena');
  }

  get #x() {
    return this.module.exports;
  }
  get used(): bigint {
    return BigInt.asUintN(64, this.#x.arenaUsedBytes());
  }
  get committed(): number {
    return Number(this.#x.arenaCommittedBytes());
  }
  get longestRun(): number {
    return this.#x.arenaLargestFreeRun() >>> 0;
  }
  canAlloc(bytes: number | bigint): boolean {
    return this.#x.arenaCanAlloc(BigInt(bytes)) !== 0;
  }
  shouldMove(ptr: number): boolean {
    return this.#x.arenaShouldMove(ptr) !== 0;
  }
  purge(): number {
    return Number(this.#x.arenaPurge());
  }
  /** The `n`th request from now fails; 0: none does. */
  failIn(n: number): void {
    this.#x.arenaFailIn(n);
  }
  get failLeft(): number {
    return this.#x.arenaFailLeft() >>> 0;
  }

  #mark(ptr: number, size: number, value: 0 | 1): void {
    for (let at = ptr; at < ptr + size; at = at - (at % 65536) + 65536) {
      const slice = at >>> 16;
      let map = this.#taken.get(slice);
      if (!map) {
        map = new Uint8Array(8192);
        this.#taken.set(slice, map);
      }
      const part = map.subarray((at & 0xffff) >>> 3, Math.min(65536, ptr + size - slice * 65536) >>> 3);
      if (part.includes(value)) throw new Error(`${value ? 'overlap' : 'freed twice'} in ${ptr}+${size}`);
      part.fill(value);
    }
  }

  #add(ptr: number, asked: number, write: boolean): void {
    const size = this.#x.arenaSize(ptr) >>> 0;
    if (ptr % 8 !== 0) throw new Error(`${ptr} is not a multiple of 8`);
    if (size < asked) throw new Error(`a block of ${size} bytes for ${asked}`);
    if (ptr < BASE || ptr + size > this.module.memory.buffer.byteLength) throw new Error(`${ptr}+${size} is outside`);
    this.#mark(ptr, size, 1);
    const block = { size, seed: ++this.#seed, written: write ? size : 0 };
    this.blocks.set(ptr, block);
    if (write) this.#x.fill(ptr, size, block.seed);
  }

  /** A block filled with its own pattern over all its bytes (or left alone, for huge ones), or 0. */
  alloc(size: number, write = true): number {
    const ptr = this.#x.arenaAlloc(size) >>> 0;
    if (ptr !== 0) this.#add(ptr, size, write);
    return ptr;
  }

  /** Complains if a block's bytes are not what was written. */
  verify(ptr: number): Block {
    const block = this.blocks.get(ptr);
    if (!block) throw new Error(`${ptr} is not a live block`);
    const damage = this.#x.firstDamage(ptr, block.written, block.seed) >>> 0;
    if (damage !== block.written) throw new Error(`block ${ptr}+${block.size} is damaged at ${damage}`);
    if (this.#x.arenaSize(ptr) >>> 0 !== block.size) throw new Error(`block ${ptr} changed its size`);
    return block;
  }

  free(ptr: number): void {
    const block = this.verify(ptr);
    this.#mark(ptr, block.size, 0);
    this.blocks.delete(ptr);
    this.#x.arenaFree(ptr);
  }

  /** Changes a block's size, `used` bytes of it to be kept; the new address, or 0 (and the old block is as it was). */
  realloc(ptr: number, size: number, used?: number): number {
    const block = this.verify(ptr);
    const kept = Math.min(used ?? block.written, block.written, size) & ~7;
    const fresh = this.#x.arenaRealloc(ptr, kept, size) >>> 0;
    if (fresh === 0) {
      this.verify(ptr);
      return 0;
    }
    const damage = this.#x.firstDamage(fresh, kept, block.seed) >>> 0;
    if (damage !== kept) throw new Error(`realloc lost bytes at ${damage} of ${kept}`);
    this.#mark(ptr, block.size, 0);
    this.blocks.delete(ptr);
    this.#add(fresh, size, block.written !== 0 || block.size === 0);
    return fresh;
  }

  /** The arena's own check, and its accounting against the shadow's. 0 when all is well. */
  check(): number {
    const reason = this.#x.arenaCheck() >>> 0;
    if (reason !== 0) return reason;
    let sum = 0n;
    for (const block of this.blocks.values()) sum += BigInt(block.size);
    return sum === this.used ? 0 : -1;
  }

  freeAll(): void {
    for (const ptr of [...this.blocks.keys()]) this.free(ptr);
  }

  /** Is everything one free run again, reserves given back? */
  whole(): boolean {
    this.purge();
    const table = this.tablePages();
    return this.used === 0n && this.longestRun === this.committed - table * PAGE;
  }
  /** Pages of the descriptor table that count as committed. */
  tablePages(): number {
    const state = this.#x.ARENA_STATE.value >>> 0;
    const pageEnd = new DataView(this.module.memory.buffer).getUint32(state + 12, true);
    return Math.ceil((pageEnd * 16) / PAGE);
  }
}

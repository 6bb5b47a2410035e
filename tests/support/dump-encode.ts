// What a kernel encodes for a snapshot file, without a snapshot's walk (assembly/testing/kernel.ts).
import type { TestKernel } from './kernel.js';

interface EncodeHooks {
  encodeReset(bound: number): void;
  encodeDatabase(window: number, db: number, budget: number): void;
  encodeKey(window: number, db: number, ptr: number, length: number, opens: number): number;
  encodeSlice(budget: number): number;
  encodeOpen(): number;
  encodeClose(): void;
  sinkPiece(): number;
  sinkPieceBytes(): number;
  sinkConsume(bytes: number): void;
  sinkBytes(): bigint;
  sinkFailed(): number;
  sinkOwn(): number;
  sinkClear(): void;
}

export function encodeHooks(kernel: TestKernel): EncodeHooks {
  return kernel.shard.calls as unknown as EncodeHooks;
}

export interface Encoded {
  /** Entries, without header, OP_END and trailer. */
  bytes: Buffer;
  own: boolean;
  failed: number;
}

/**
 * All entries of all databases.
 * @param budget Bytes a slice; 0: each entry in one go.
 */
export function encodeAll(kernel: TestKernel, budget = 0, bound = 2 ** 32): Encoded {
  const hooks = encodeHooks(kernel);
  kernel.stamp(1);
  hooks.encodeReset(bound);
  for (let db = 0; db < kernel.shard.layout.databases; db++) hooks.encodeDatabase(kernel.shard.window, db, budget);
  const [own, failed] = [hooks.sinkOwn() !== 0, hooks.sinkFailed()];
  return { bytes: takePieces(kernel), own, failed };
}

/** Takes out everything that can be written, as the host does. */
export function takeWritable(kernel: TestKernel): Buffer {
  const hooks = encodeHooks(kernel);
  const parts: Buffer[] = [];
  for (let at = hooks.sinkPiece() >>> 0; at !== 0; at = hooks.sinkPiece() >>> 0) {
    const bytes = hooks.sinkPieceBytes() >>> 0;
    parts.push(Buffer.from(kernel.shard.view(at, bytes).slice()));
    hooks.sinkConsume(bytes);
  }
  return Buffer.concat(parts);
}
function takePieces(kernel: TestKernel): Buffer {
  const bytes = takeWritable(kernel);
  encodeHooks(kernel).sinkClear();
  return bytes;
}

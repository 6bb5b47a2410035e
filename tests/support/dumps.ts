// Dumps in memory: written from a kernel, made by hand, loaded into a kernel.
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAGS } from '../../host/kernel/kernel.js';
import { OP_END, VERSION_KEVY } from '../../host/persistence/dump-format.js';
import { loadDump } from '../../host/persistence/dump-read.js';
import { type DumpEnd, DumpWriter } from '../../host/persistence/dump-write.js';
import type { StorageFile } from '../../host/storage/port.js';
import { encodeAll } from './dump-encode.js';
import { openKernel, type TestKernel } from './kernel.js';
import type { Build } from './wasm.js';

/** A file of nothing but bytes. */
export class BytesFile implements StorageFile {
  readonly name = 'dump-0.rdb';
  constructor(public bytes: Buffer = Buffer.alloc(0)) {}
  size(): number {
    return this.bytes.length;
  }
  read(into: Uint8Array, at: number): number {
    const part = this.bytes.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }
  write(bytes: Uint8Array, at: number): void {
    if (at > this.bytes.length) throw new Error('a write that leaves a gap');
    this.bytes = Buffer.concat([this.bytes.subarray(0, at), bytes, this.bytes.subarray(at + bytes.length)]);
  }
  truncate(size: number): void {
    this.bytes = this.bytes.subarray(0, size);
  }
  async sync(): Promise<void> {}
  close(): void {}
}

/** Everything that a kernel holds, as a file of ours. `budget` as for encodeAll. */
export function dumpOf(kernel: TestKernel, budget = 0, end: Partial<DumpEnd> = {}): BytesFile {
  const { bytes, own, failed } = encodeAll(kernel, budget);
  if (failed !== 0) throw new Error(`encoding failed: ${failed}`);
  return fileOf(bytes, { own, ...end });
}

export function fileOf(entries: Uint8Array, end: DumpEnd): BytesFile {
  const file = new BytesFile();
  const writer = new DumpWriter(file);
  writer.append(entries);
  writer.finish(end);
  return file;
}

/** A file as kevy would write it: no trailer. */
export function kevyFile(entries: Uint8Array, version = VERSION_KEVY): BytesFile {
  return new BytesFile(Buffer.concat([Buffer.from('KEVYSNAP'), Buffer.of(version), entries, Buffer.of(OP_END)]));
}

/** A kernel with a dump in it. With `ours` its clock stands still while that is loaded. */
export function loaded(
  build: Build,
  file: BytesFile,
  version: number,
  ours = true,
  nowMs = 1_700_000_000_000,
): TestKernel {
  const kernel = openKernel(build, { seed: 777 });
  if (ours) kernel.shard.setHeader(HEADER_FLAGS, HEADER_FLAG_CLOCK_STOPPED);
  loadDump(file, version, kernel.shard, { nowMs, owner: 1 });
  kernel.shard.setHeader(HEADER_FLAGS, 0);
  return kernel;
}

// Parts of entries made by hand.
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
export function u64(value: bigint | number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes;
}
export function f64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
export function text(value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}
/** Op, time to live, key; the payload in parts. */
export function entry(op: number, key: string, ttl: number | bigint | undefined, ...payload: Uint8Array[]): Buffer {
  const head = ttl === undefined ? Buffer.of(op, 0) : Buffer.concat([Buffer.of(op, 1), u64(ttl)]);
  return Buffer.concat([head, text(key), ...payload]);
}

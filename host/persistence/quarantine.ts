// Sets aside what is cut off logs: a copy first, durable under its own name, then the cut.
import type { Storage } from '../storage/port.js';
import { newStamp, quarantineName } from './journal.js';
import { logName } from './log-format.js';

const COPY_BYTES = 1 << 20;

export interface Cut {
  readonly shard: number;
  /** Bytes that stay. */
  readonly at: number;
}

/** What was set aside, and where. */
export interface Quarantined {
  readonly shard: number;
  readonly name: string;
  readonly bytes: number;
}

/**
 * Copies what lies behind each cut to `aof-{i}.aof.corrupt-quarantine.<stamp>`, then cuts the logs. Resolved: both are
 * durable. After a crash in the middle every log is whole or cut.
 * @throws StorageError.
 */
export async function quarantine(storage: Storage, cuts: readonly Cut[], nowMs: number): Promise<Quarantined[]> {
  if (cuts.length === 0) return [];
  const stamp = newStamp(await storage.list(), nowMs);
  const done: Quarantined[] = [];
  for (const { shard, at } of cuts)
    done.push(await copyTail(storage, shard, at, quarantineName(logName(shard), stamp)));
  // No byte goes before its copy has a durable name.
  await storage.syncDirectory();
  for (const { shard, at } of cuts) {
    const file = await storage.open(logName(shard), 'write');
    try {
      file.truncate(at);
      // What was cut off must not come back behind what is appended from now on.
      await file.sync();
    } finally {
      file.close();
    }
  }
  return done;
}

async function copyTail(storage: Storage, shard: number, from: number, name: string): Promise<Quarantined> {
  const source = await storage.open(logName(shard), 'read');
  try {
    const copy = await storage.open(name, 'create');
    try {
      const buffer = new Uint8Array(Math.min(COPY_BYTES, source.size() - from));
      let bytes = 0;
      for (let got = source.read(buffer, from); got > 0; got = source.read(buffer, from + bytes)) {
        copy.write(buffer.subarray(0, got), bytes);
        bytes += got;
      }
      await copy.sync();
      return { shard, name, bytes };
    } finally {
      copy.close();
    }
  } finally {
    source.close();
  }
}

// Sets aside what is cut off logs: a copy first, durable under its own name, then the cut.
import type { Storage } from '../storage/port.js';
import { removeIfThere } from './commit-set.js';
import { newStamp, quarantineName } from './journal.js';
import { logName } from './log-format.js';
import type { RecoveryPlan } from './recovery-plan.js';

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

/** Where a plan has logs end in front of their ends. */
export function cutsOf({ shards }: RecoveryPlan): Cut[] {
  return shards.flatMap(({ shard, cutAt }) => (cutAt === undefined ? [] : [{ shard, at: cutAt }]));
}

/**
 * Copies what lies behind each cut to `aof-{i}.aof.corrupt-quarantine.<stamp>`; the logs stay as they are. Resolved: the
 * copies are durable, names included.
 * @throws StorageError; there are no copies then, as far as the disk lets go of them.
 */
export async function setAside(storage: Storage, cuts: readonly Cut[], nowMs: number): Promise<Quarantined[]> {
  if (cuts.length === 0) return [];
  const stamp = newStamp(await storage.list(), nowMs);
  const nameOf = (shard: number): string => quarantineName(logName(shard), stamp);
  try {
    const done: Quarantined[] = [];
    for (const { shard, at } of cuts) done.push(await copyTail(storage, shard, at, nameOf(shard)));
    await storage.syncDirectory();
    return done;
  } catch (error) {
    for (const { shard } of cuts) await removeIfThere(storage, nameOf(shard)).catch(() => {});
    throw error;
  }
}

/**
 * Sets aside what lies behind each cut, then cuts the logs. Resolved: both are durable. After a crash in the middle every log is whole or cut.
 * @throws StorageError.
 */
export async function quarantine(storage: Storage, cuts: readonly Cut[], nowMs: number): Promise<Quarantined[]> {
  // No byte goes before its copy has a durable name.
  const done = await setAside(storage, cuts, nowMs);
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

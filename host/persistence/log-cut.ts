// Cuts a log: what a dump covers goes, by writing the rest into a new file that takes the log's name. Rounds go on
// meanwhile. From the moment that the new file has caught up, each round goes to both and is synced in both, so it does
// not matter when exactly the new one gets the name.
import { type Storage, StorageError, type StorageFile } from '../storage/port.js';
import { removeIfThere, wasRenamed } from './commit-set.js';
import type { LogFile } from './log-file.js';
import { encodeLogStart, type LogStart, logName } from './log-format.js';

const COPY_BYTES = 1 << 18;

export const logTemp = (shard: number): string => `${logName(shard)}.tmp`;

/** Makes an empty log under its passing name. Not synced. @returns the file and its bytes. */
export async function createLog(storage: Storage, shard: number, start: LogStart): Promise<[StorageFile, number]> {
  const file = await storage.open(logTemp(shard), 'create');
  try {
    const bytes = encodeLogStart(start);
    file.write(bytes, 0);
    return [file, bytes.length];
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * @param offset Where the part that stays begins. @param start What the new file says of its beginning.
 * @param between Gives others their turn.
 * @throws StorageError: the log goes on as it was. Only if the directory could not be synced, or if it cannot be learnt
 * whether the rename was made, nobody knows which of the two files has the name: rounds go to both from then on.
 */
export async function cutLog(
  storage: Storage,
  shard: number,
  log: LogFile,
  offset: number,
  start: LogStart,
  between: () => Promise<unknown>,
): Promise<void> {
  const [file, bytes] = await createLog(storage, shard, start);
  try {
    await followLog(log, offset, file, bytes, between);
    // Everything that was acknowledged so far is in the copy; what is acknowledged from now on is synced in both.
    await file.sync();
    log.nameMirror();
  } catch (error) {
    await drop();
    throw error;
  }
  try {
    await storage.rename(logTemp(shard), logName(shard));
  } catch (error) {
    // A rename that has failed may have been made. While that is not known, both files have to be kept.
    if (!(await wasRenamed(storage, logTemp(shard)))) {
      await drop();
      throw error;
    }
  }
  await settleLog(storage, shard, log);

  async function drop(): Promise<void> {
    if (!log.dropMirror()) file.close();
    await removeIfThere(storage, logTemp(shard)).catch(() => {});
  }
}

/** A log that was cut is the new file for good. To be repeated if it fails. */
export async function settleLog(storage: Storage, shard: number, log: LogFile): Promise<void> {
  if (!(await wasRenamed(storage, logTemp(shard)))) await storage.rename(logTemp(shard), logName(shard));
  await storage.syncDirectory();
  log.becomeMirror();
}

/** Copies until nothing is missing, and in the same breath has the log go on in both files. */
async function followLog(
  log: LogFile,
  offset: number,
  file: StorageFile,
  bytes: number,
  between: () => Promise<unknown>,
): Promise<void> {
  const buffer = new Uint8Array(COPY_BYTES);
  let size = bytes;
  for (let at = offset; ; ) {
    const count = Math.min(COPY_BYTES, log.size - at);
    if (count === 0) {
      log.attachMirror(file, size);
      return;
    }
    const got = log.read(buffer.subarray(0, count), at);
    if (got === 0) throw new StorageError('IO', `${file.name}: the log ends at ${at}, and it should not`);
    file.write(buffer.subarray(0, got), size);
    at += got;
    size += got;
    if (count === COPY_BYTES) await between();
  }
}

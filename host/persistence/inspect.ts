// Looks over the files of one shard, every byte of them, and changes nothing: what recovery decides upon.
import type { ShardKernel } from '../kernel/kernel.js';
import { type Storage, StorageError, type StorageFile } from '../storage/port.js';
import { type DumpVerdict, verifyDump } from './dump-read.js';
import { dumpName, encodeLogStart, logName, MAGIC_BYTES, RECORD_HEADER_BYTES } from './log-format.js';
import { type LogScan, scanLog } from './log-scan.js';

export interface DumpFile {
  readonly bytes: number;
  readonly verdict: DumpVerdict;
}

export interface LogFileFacts {
  readonly bytes: number;
  /** Up to the first damage. */
  readonly scan: LogScan;
  /** The same, with what lies behind damage; undefined: there is none. */
  readonly beyond: LogScan | undefined;
  /** Its first record cannot be read, but it was the beginning of a log of ours. */
  readonly headless: boolean;
}

/** What one shard has. It can be posted to another thread. */
export interface ShardFiles {
  readonly shard: number;
  readonly dump: DumpFile | undefined;
  readonly log: LogFileFacts | undefined;
}

/** Told of bytes that are done with since the last call. */
export type Advance = (bytes: number) => void;

/**
 * @param kernel Reckons for the scan of the log: an instance with free memory that nobody else uses meanwhile.
 * @throws StorageError when a file cannot be read.
 */
export async function inspectShard(
  storage: Storage,
  shard: number,
  kernel: ShardKernel,
  advance: Advance = () => {},
): Promise<ShardFiles> {
  const dump = await withFile(storage, dumpName(shard), (file): DumpFile => {
    const verdict = verifyDump(file);
    const bytes = file.size();
    advance(bytes);
    return { bytes, verdict };
  });
  const log = await withFile(storage, logName(shard), (file): LogFileFacts => {
    let reached = 0;
    const progress = (offset: number): void => {
      if (offset > reached) advance(offset - reached);
      reached = Math.max(reached, offset);
    };
    const scan = scanLog(file, kernel, { shard, progress });
    const beyond = scan.damage === undefined ? undefined : scanLog(file, kernel, { shard, resync: true, progress });
    progress(scan.bytes);
    return { bytes: scan.bytes, scan, beyond, headless: scan.start === undefined && looksOurs(file) };
  });
  return { shard, dump, log };
}

/** Opens a file for reading; undefined: there is none. */
export async function withFile<T>(
  storage: Storage,
  name: string,
  use: (file: StorageFile) => T | Promise<T>,
): Promise<T | undefined> {
  let file: StorageFile;
  try {
    file = await storage.open(name, 'read');
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
  try {
    return await use(file);
  } finally {
    file.close();
  }
}

/** How each log of ours begins, as far as all of them do: behind the header of the first record. */
const FIRST_WORDS = encodeLogStart({ birthId: '0'.repeat(32), firstLsn: 0, firstRound: 1 }).subarray(
  MAGIC_BYTES + RECORD_HEADER_BYTES,
  MAGIC_BYTES + RECORD_HEADER_BYTES + Buffer.byteLength('*4\r\n$4\r\n\0LOG\r\n$32\r\n'),
);

/** Does a file begin as our logs do, a few bytes more or less? A log of kevy's begins with a command. */
function looksOurs(file: StorageFile): boolean {
  const bytes = new Uint8Array(FIRST_WORDS.length);
  const got = file.read(bytes, MAGIC_BYTES + RECORD_HEADER_BYTES);
  let same = 0;
  for (let i = 0; i < got; i++) if (bytes[i] === FIRST_WORDS[i]) same++;
  return got >= 12 && same >= got * 0.75;
}

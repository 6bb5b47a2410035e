// The log's file format: `KEVYAOF2\n`, then records. What is plain is the kernel's affair (assembly/log/); here are the
// file's beginning and the internal records, whose first element begins with a zero byte. docs/formats.md has it byte by
// byte.

export const MAGIC_V1 = Buffer.from('KEVYAOF1\n');
export const MAGIC_V2 = Buffer.from('KEVYAOF2\n');
export const MAGIC_BYTES = MAGIC_V2.length;
export const RECORD_HEADER_BYTES = 8;

/** kevy's: they bracket a group of records that holds as a whole or not at all. */
export const TXN_BEGIN = '\0KEVYTXNBEGIN';
export const TXN_COMMIT = '\0KEVYTXNCOMMIT';
/** Ours: the first record of a log, and the one behind each round's records. */
const LOG = '\0LOG';
const ROUND = '\0ROUND';

/** How a log of ours begins. */
export interface LogStart {
  /** 32 hex digits, the same in all logs that were created together. */
  readonly birthId: string;
  /** LSN of the first record behind this one. */
  readonly firstLsn: number;
  /** The first round that the log may hold. */
  readonly firstRound: number;
}

/** One shard's part in a round: where its records end. */
export interface Participant {
  readonly shard: number;
  readonly endLsn: number;
}

export interface RoundRecord {
  readonly number: number;
  /** The last round known to be synced when this was written. */
  readonly synced: number;
  /** Shards that have records in it, ascending. */
  readonly participants: readonly Participant[];
}

const TABLE = new Uint32Array(256).map((_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** CRC-32C of a few bytes; the kernel has a faster one for many. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** A whole record around these elements. */
export function encodeRecord(elements: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${elements.length}\r\n`)];
  for (const element of elements) {
    const bytes = typeof element === 'string' ? Buffer.from(element) : element;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  const payload = Buffer.concat(parts);
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32c(payload), 4);
  return Buffer.concat([header, payload]);
}

/** The beginning of a log file: magic and first record. */
export function encodeLogStart({ birthId, firstLsn, firstRound }: LogStart): Buffer {
  return Buffer.concat([MAGIC_V2, encodeRecord([LOG, birthId, String(firstLsn), String(firstRound)])]);
}

export function encodeRound({ number, synced, participants }: RoundRecord): Buffer {
  const ends = participants.flatMap(({ shard, endLsn }) => [String(shard), String(endLsn)]);
  return encodeRecord([ROUND, String(number), String(synced), String(participants.length), ...ends]);
}

export type Internal =
  | { readonly kind: 'log'; readonly start: LogStart }
  | { readonly kind: 'round'; readonly round: RoundRecord }
  | { readonly kind: 'begin' | 'commit' }
  /** A record of a version that this one does not know, or one of ours that is not as it should be. */
  | { readonly kind: 'unknown'; readonly name: string };

/** What an internal record says. @param payload One sound multibulk. */
export function decodeInternal(payload: Uint8Array): Internal {
  const [name, ...words] = elementsOf(payload);
  const unknown: Internal = { kind: 'unknown', name: name.slice(1, 65) };
  switch (name) {
    case TXN_BEGIN:
      return { kind: 'begin' };
    case TXN_COMMIT:
      return { kind: 'commit' };
    case LOG: {
      const [birthId, firstLsn, firstRound] = words;
      const numbers = [firstLsn, firstRound].map(numberOf);
      if (words.length !== 3 || !/^[0-9a-f]{32}$/.test(birthId) || numbers.some(Number.isNaN)) return unknown;
      return { kind: 'log', start: { birthId, firstLsn: numbers[0], firstRound: numbers[1] } };
    }
    case ROUND: {
      const numbers = words.map(numberOf);
      const [number, synced, count, ...ends] = numbers;
      if (numbers.some(Number.isNaN) || ends.length !== count * 2 || count === 0) return unknown;
      const participants = Array.from({ length: count }, (_, i) => ({ shard: ends[i * 2], endLsn: ends[i * 2 + 1] }));
      return { kind: 'round', round: { number, synced, participants } };
    }
    default:
      return unknown;
  }
}

/** Digits that a number holds exactly, else NaN. */
function numberOf(text: string | undefined): number {
  const value = /^(0|[1-9]\d{0,15})$/.test(text ?? '') ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** The elements of a sound multibulk, one character per byte. */
function elementsOf(payload: Uint8Array): string[] {
  const text = Buffer.from(payload).toString('latin1');
  const elements: string[] = [];
  let at = text.indexOf('\r\n') + 2;
  while (at < text.length) {
    const line = text.indexOf('\r\n', at);
    const length = Number(text.slice(at + 1, line));
    elements.push(text.slice(line + 2, line + 2 + length));
    at = line + 4 + length;
  }
  return elements;
}

export const logName = (shard: number): string => `aof-${shard}.aof`;
export const dumpName = (shard: number): string => `dump-${shard}.rdb`;

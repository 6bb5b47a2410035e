// The snapshot file `dump-{i}.rdb`, format KEVYSNAP: its numbers, its header and its trailer. docs/formats.md has the file
// byte by byte. assembly/snapshot/ops.ts has the same numbers; tests/unit/dump-format.test.ts compares the two.
//
//   header    "KEVYSNAP" · version u8
//   entries   [op u8][ttl: 0, or 1 and u64][key: u32 and bytes][payload] ... OP_END
//   trailer   "LATCHKY" · version u8, once more · birth id 16 · round u64 · crc64 u64
//
// kevy's files end with OP_END. The checksum is over everything from behind the header's version byte up to itself: that
// byte is known only when all entries are written, and stands in the trailer once more, under the checksum.
import type { Crc64 } from './crc64.js';

export const DUMP_MAGIC = 'KEVYSNAP';
export const DUMP_HEADER_BYTES = 9;
/** Where the header's version byte lies. */
export const DUMP_VERSION_AT = 8;

export const OP_END = 0;
export const OP_STRING = 1;
export const OP_HASH = 2;
export const OP_LIST = 3;
export const OP_SET = 4;
export const OP_ZSET = 5;
export const OP_STREAM = 6;
// Our own, only in files of VERSION_OWN.
/** u32: the database that the entries behind it belong to. Before the first one: 0. */
export const OP_DATABASE = 0xa0;
/** As OP_HASH, with a u64 in front of each field: its deadline in Unix ms, all ones for none. */
export const OP_HASH_DEADLINES = 0xa2;
/** As OP_STREAM, with a group's entries-read (i64, -1: not known) behind its last ID, and deliveries as u64. */
export const OP_STREAM_READ = 0xa6;

/** Time to live in ms, not a time. */
export const VERSION_REMAINING = 2;
/** Streams have no groups up to here. */
export const VERSION_NO_GROUPS = 3;
export const VERSION_KEVY = 4;
/** 'L': kevy refuses it by name, whatever version it has got to. */
export const VERSION_OWN = 0x4c;

/** How a version is called in messages. */
export function dumpVersionName(version: number): string {
  return version === VERSION_OWN ? "Latchkey's own version 1" : `version ${version}`;
}
export function dumpVersionKnown(version: number): boolean {
  return version === VERSION_OWN || (version >= VERSION_REMAINING && version <= VERSION_KEVY);
}

const TRAILER_MAGIC = 'LATCHKY';
export const TRAILER_BYTES = 40;
export const BIRTH_ID_BYTES = 16;
const TRAILER_VERSION_AT = 7;
const TRAILER_BIRTH_AT = 8;
const TRAILER_ROUND_AT = 24;
/** Where the trailer's checksum lies. */
export const TRAILER_CRC_AT = 32;

export interface DumpTrailer {
  version: number;
  /** Of the log that the dump belongs to; all zero: there was none. */
  birthId: Uint8Array;
  /** The last round that the dump covers. */
  round: number;
}

export function encodeDumpHeader(version: number): Uint8Array {
  const header = new Uint8Array(DUMP_HEADER_BYTES);
  new TextEncoder().encodeInto(DUMP_MAGIC, header);
  header[DUMP_VERSION_AT] = version;
  return header;
}

/** The trailer behind OP_END. @param crc Of everything from behind the header's version byte up to here; it goes on. */
export function encodeDumpTrailer(trailer: DumpTrailer, crc: Crc64): Uint8Array {
  const bytes = new Uint8Array(TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(TRAILER_MAGIC, bytes);
  bytes[TRAILER_VERSION_AT] = trailer.version;
  bytes.set(trailer.birthId.subarray(0, BIRTH_ID_BYTES), TRAILER_BIRTH_AT);
  view.setUint32(TRAILER_ROUND_AT, trailer.round >>> 0, true);
  view.setUint32(TRAILER_ROUND_AT + 4, Math.floor(trailer.round / 2 ** 32), true);
  crc.update(bytes.subarray(0, TRAILER_CRC_AT)).write(view, TRAILER_CRC_AT);
  return bytes;
}

/**
 * Reads a trailer.
 * @param bytes Exactly what lies behind OP_END.
 * @param crc Of everything from behind the header's version byte up to here; it goes on.
 * @returns the trailer, or what is wrong with it.
 */
export function decodeDumpTrailer(bytes: Uint8Array, version: number, crc: Crc64): DumpTrailer | string {
  if (bytes.length !== TRAILER_BYTES)
    return `${bytes.length} bytes behind the end, where a trailer has ${TRAILER_BYTES}`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (new TextDecoder('latin1').decode(bytes.subarray(0, TRAILER_VERSION_AT)) !== TRAILER_MAGIC)
    return 'no trailer behind the end';
  if (!crc.update(bytes.subarray(0, TRAILER_CRC_AT)).equals(view, TRAILER_CRC_AT)) return 'the checksum is wrong';
  if (bytes[TRAILER_VERSION_AT] !== version) return 'header and trailer name different versions';
  return {
    version,
    birthId: bytes.slice(TRAILER_BIRTH_AT, TRAILER_ROUND_AT),
    round: view.getUint32(TRAILER_ROUND_AT, true) + view.getUint32(TRAILER_ROUND_AT + 4, true) * 2 ** 32,
  };
}

// What travels: a key with its value as RDB writes it. Sources yield items, sinks take them.
import { Crc64 } from '../persistence/crc64.js';

export interface Item {
  readonly db: number;
  readonly key: Buffer;
  /** RDB's type byte, and the body that belongs to it. The body is borrowed: good until the next item is asked for. */
  readonly type: number;
  readonly body: Uint8Array;
  /** Unix milliseconds, more than 0; 0: none. */
  readonly expiresMs: bigint;
  /** Since the last access, if the source knows. */
  readonly idleSeconds?: number;
  /** LFU counter, 0..255, if the source knows. */
  readonly frequency?: number;
}

/** Where items go. */
export interface Sink {
  /** Takes one item in. Awaited before the next one: whoever writes slowly is waited for. */
  put(item: Item): void | Promise<void>;
  /** Everything has come: resolves when it is where it belongs. */
  finish(): Promise<void>;
}

/** The RDB version that says everything in the types up to 19. */
export const RDB_VERSION = 10;
/** Of a payload with a value of this type: 20 and 21 came with version 11. */
export const payloadVersion = (type: number): number => (type > 19 ? RDB_VERSION + 1 : RDB_VERSION);
const FOOTER_BYTES = 10;
const CRC_BYTES = 8;

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** A DUMP payload, as RESTORE wants it: type byte, body, version, checksum. */
export function payloadOf({ type, body }: Pick<Item, 'type' | 'body'>): Buffer {
  const payload = Buffer.allocUnsafe(1 + body.length + FOOTER_BYTES);
  payload[0] = type;
  payload.set(body, 1);
  payload.writeUInt16LE(payloadVersion(type), 1 + body.length);
  const end = payload.length - CRC_BYTES;
  new Crc64().update(payload.subarray(0, end)).write(viewOf(payload), end);
  return payload;
}

/** Type and body of a DUMP payload, which share its memory; undefined: its checksum is wrong. */
export function partsOf(payload: Buffer): { type: number; body: Buffer; version: number } | undefined {
  const end = payload.length - FOOTER_BYTES;
  if (end < 1) return undefined;
  const crc = new Crc64().update(payload.subarray(0, end + 2));
  if (!crc.equals(viewOf(payload), end + 2)) return undefined;
  return { type: payload[0], body: payload.subarray(1, end), version: payload.readUInt16LE(end) };
}

/** A key as messages show it. */
export function shown(key: Uint8Array): string {
  const text = Buffer.from(key.subarray(0, 60)).toString('latin1');
  const ascii = text.replace(/[^ -~]|["\\]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${ascii}"${key.length > 60 ? '…' : ''}`;
}

// Frames for the kernel, written by the thousand: into one buffer that is used again, without a part of them in between.
import { Crc64 } from '../persistence/crc64.js';
import { type Item, payloadVersion } from './item.js';

const FOOTER_BYTES = 10;
/** Digits and line ends of one length. */
const LENGTH_BYTES_MAX = 24;
const RESTORE = Buffer.from('*6\r\n$7\r\nRESTORE\r\n');
const REPLACE_ABSTTL = Buffer.from('\r\n$7\r\nREPLACE\r\n$6\r\nABSTTL\r\n');
const PEXPIRETIME = Buffer.from('*2\r\n$11\r\nPEXPIRETIME\r\n');
const DUMP = Buffer.from('*2\r\n$4\r\nDUMP\r\n');
const [CR, LF, DOLLAR, ZERO] = [13, 10, 0x24, 0x30];

export class Frames {
  #bytes = Buffer.allocUnsafe(1 << 16);
  #at = 0;

  /** RESTORE key deadline payload REPLACE ABSTTL. The frame is good until the next one is written. */
  restore(item: Item): Buffer {
    const { key, body } = item;
    const deadline = item.expiresMs === 0n ? '0' : String(item.expiresMs);
    this.#begin(key.length + body.length + 256);
    this.#copy(RESTORE);
    this.#bulk(key);
    this.#length(deadline.length);
    for (let i = 0; i < deadline.length; i++) this.#bytes[this.#at++] = deadline.charCodeAt(i);
    this.#lineEnd();
    this.#length(1 + body.length + FOOTER_BYTES);
    const payload = this.#at;
    this.#bytes[this.#at++] = item.type;
    this.#copy(body);
    this.#bytes[this.#at++] = payloadVersion(item.type);
    this.#bytes[this.#at++] = 0;
    const crc = new Crc64().update(this.#bytes.subarray(payload, this.#at));
    crc.write(new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at), 0);
    this.#at += 8;
    this.#copy(REPLACE_ABSTTL);
    return this.#bytes.subarray(0, this.#at);
  }

  /** PEXPIRETIME key and DUMP key: two frames, good until the next ones are written. */
  read(key: Uint8Array): Buffer {
    this.#begin(key.length * 2 + 128);
    for (const head of [PEXPIRETIME, DUMP]) {
      this.#copy(head);
      this.#bulk(key);
    }
    return this.#bytes.subarray(0, this.#at);
  }

  #begin(bytes: number): void {
    if (bytes + LENGTH_BYTES_MAX > this.#bytes.length) this.#bytes = Buffer.allocUnsafe(bytes * 2);
    this.#at = 0;
  }

  #copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #lineEnd(): void {
    this.#bytes[this.#at++] = CR;
    this.#bytes[this.#at++] = LF;
  }

  #bulk(bytes: Uint8Array): void {
    this.#length(bytes.length);
    this.#copy(bytes);
    this.#lineEnd();
  }

  #length(value: number): void {
    this.#bytes[this.#at++] = DOLLAR;
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    let rest = value;
    for (let i = this.#at + digits - 1; i >= this.#at; i--) {
      this.#bytes[i] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    this.#at += digits;
    this.#lineEnd();
  }
}

// Request frames in TypeScript: building them, and reading whole ones that the kernel's window could not hold.

import { splitWords } from '../words.js';

const CRLF = Buffer.from('\r\n');

/** A multibulk frame from its arguments. */
export function encodeRequest(argv: readonly Uint8Array[]): Buffer {
  let bytes = 16;
  for (const arg of argv) bytes += arg.length + 16;
  const out = Buffer.allocUnsafe(bytes);
  let at = out.write(`*${argv.length}\r\n`, 0, 'latin1');
  for (const arg of argv) {
    at += out.write(`$${arg.length}\r\n`, at, 'latin1');
    out.set(arg, at);
    at += arg.length;
    at += out.write('\r\n', at, 'latin1');
  }
  return out.subarray(0, at);
}

/** Arguments of one whole, well-formed multibulk frame. They share its memory. */
export function decodeRequest(frame: Buffer): Buffer[] {
  let at = frame.indexOf(CRLF);
  const count = Number(frame.toString('latin1', 1, at));
  at += 2;
  const argv: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const end = frame.indexOf(CRLF, at);
    const length = Number(frame.toString('latin1', at + 1, end));
    argv.push(frame.subarray(end + 2, end + 2 + length));
    at = end + 4 + length;
  }
  return argv;
}

/** Arguments of the frame that bytes begin with, which is whole; empty lines in front of it count for nothing. */
export function firstRequest(bytes: Buffer): Buffer[] {
  let at = 0;
  while (bytes[at] === 13 || bytes[at] === 10) at++;
  if (bytes[at] === 0x2a) return decodeRequest(bytes.subarray(at));
  const line = bytes.toString('latin1', at, bytes.indexOf(10, at));
  return (splitWords(line) ?? []).map((word) => Buffer.from(word, 'latin1'));
}

/** What a frame that breaks the rules says to its client. */
export class ProtocolError extends Error {}

const HEADER_BYTES_MAX = 64 * 1024;

/**
 * Gathers one multibulk frame that outgrew the window: chunks are kept as they come and only headers are looked at, so
 * the work is linear in the frame's size. The rules are the kernel parser's.
 */
export class BigFrame {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes of the frame that are accounted for by headers read so far. */
  #known = 0;
  #argsLeft = -1;
  #header: number[] = [];

  constructor(readonly bulkBytesMax: number) {}

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a chunk in. Answers null while the frame is incomplete; else the frame, and in `rest` what followed it.
   * @throws ProtocolError with Redis's text.
   */
  push(chunk: Buffer): { frame: Buffer; rest: Buffer } | null {
    const start = this.#bytes;
    this.#bytes += chunk.length;
    let at = Math.max(0, this.#known - start);
    while (this.#argsLeft !== 0) {
      if (at >= chunk.length) {
        this.#chunks.push(chunk);
        return null;
      }
      // Inside a header line: byte by byte up to LF.
      const byte = chunk[at++];
      this.#known = start + at;
      if (byte !== 10) {
        this.#header.push(byte);
        if (this.#header.length > HEADER_BYTES_MAX) {
          throw new ProtocolError(
            this.#argsLeft < 0
              ? 'Protocol error: too big mbulk count string'
              : 'Protocol error: too big bulk count string',
          );
        }
        continue;
      }
      const text = Buffer.from(this.#header).toString('latin1');
      this.#header = [];
      this.#takeHeader(text.endsWith('\r') ? text.slice(0, -1) : text);
      at = Math.max(at, this.#known - start);
    }
    // All arguments are announced; the last one's bytes may still be missing.
    if (this.#bytes < this.#known) {
      this.#chunks.push(chunk);
      return null;
    }
    const cut = this.#known - start;
    this.#chunks.push(chunk.subarray(0, cut));
    return { frame: Buffer.concat(this.#chunks), rest: chunk.subarray(cut) };
  }

  #takeHeader(text: string): void {
    const digits = text.slice(1);
    const number = /^(0|-?[1-9][0-9]{0,17})$/.test(digits) ? Number(digits) : Number.NaN;
    if (this.#argsLeft < 0) {
      if (text[0] !== '*' || !(number <= 0x7fffffff))
        throw new ProtocolError('Protocol error: invalid multibulk length');
      this.#argsLeft = Math.max(0, number);
      return;
    }
    if (text[0] !== '$') throw new ProtocolError(`Protocol error: expected '$', got '${text[0] ?? '\r'}'`);
    if (!(number >= 0 && number <= this.bulkBytesMax)) throw new ProtocolError('Protocol error: invalid bulk length');
    this.#argsLeft--;
    this.#known += number + 2;
  }
}

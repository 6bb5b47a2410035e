// Takes a server's RESP2 replies apart as they come, whatever the pieces.

/** An error reply: what the server said. */
export class ReplyError extends Error {}

export type ReplyValue = Buffer | string | number | null | ReplyError | ReplyValue[];

const LINE_BYTES_MAX = 65536;
const DEPTH_MAX = 16;

/** A place in the bytes where a value ended; undefined: it is not all there. */
interface Read {
  value: ReplyValue;
  next: number;
}

export class ReplyReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Fewer bytes than this hold no whole reply: so a long one is not looked at for each chunk of it. */
  #wanted = 1;

  /** Takes bytes in; the replies that are whole now. @throws Error: this is no RESP. */
  push(chunk: Buffer): ReplyValue[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const replies: ReplyValue[] = [];
    if (this.#bytes < this.#wanted) return replies;
    const bytes = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    let at = 0;
    this.#wanted = 1;
    while (at < bytes.length) {
      const read = this.#value(bytes, at, 0);
      if (!read) break;
      replies.push(read.value);
      at = read.next;
    }
    const rest = bytes.subarray(at);
    this.#wanted = Math.max(this.#wanted - at, rest.length + 1);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    return replies;
  }

  /** Needs bytes up to `end`: says so if they are not there. */
  #has(bytes: Buffer, end: number): boolean {
    if (end <= bytes.length) return true;
    this.#wanted = Math.max(end, this.#wanted);
    return false;
  }

  #value(bytes: Buffer, at: number, depth: number): Read | undefined {
    const end = bytes.indexOf(13, at);
    if (end < 0 || end + 1 >= bytes.length) {
      if (bytes.length - at > LINE_BYTES_MAX) throw new Error('a reply without an end');
      return undefined;
    }
    const text = bytes.toString('utf8', at + 1, end);
    const next = end + 2;
    switch (bytes[at]) {
      case 0x2b:
        return { value: text, next };
      case 0x2d:
        return { value: new ReplyError(text), next };
      case 0x3a:
        return { value: Number(text), next };
      case 0x24:
        return this.#bulk(bytes, next, length(text));
      case 0x2a:
        return this.#array(bytes, next, length(text), depth);
      default:
        throw new Error(`a reply begins with byte ${bytes[at]}`);
    }
  }

  #bulk(bytes: Buffer, at: number, count: number): Read | undefined {
    if (count < 0) return { value: null, next: at };
    if (!this.#has(bytes, at + count + 2)) return undefined;
    return { value: bytes.subarray(at, at + count), next: at + count + 2 };
  }

  #array(bytes: Buffer, at: number, count: number, depth: number): Read | undefined {
    if (count < 0) return { value: null, next: at };
    if (depth >= DEPTH_MAX) throw new Error('a reply is nested too deep');
    const value: ReplyValue[] = [];
    let next = at;
    for (let i = 0; i < count; i++) {
      const read = next < bytes.length ? this.#value(bytes, next, depth + 1) : undefined;
      if (!read) return undefined;
      value.push(read.value);
      next = read.next;
    }
    return { value, next };
  }
}

function length(text: string): number {
  if (!/^(-1|\d{1,15})$/.test(text)) throw new Error(`a reply of length ${JSON.stringify(text)}`);
  return Number(text);
}

// A client that keeps the exact bytes of every reply, for tests that compare bytes. It frames RESP2 and RESP3 replies
// without interpreting them; `decode` interprets one when a test wants values.
import { connect, type Socket } from 'node:net';

/** An argument of a command. Strings are sent as UTF-8, numbers in decimal. */
export type Arg = string | number | bigint | Uint8Array;

/** What `raw` collected. */
export type RawReply = { bytes: Buffer; closed: boolean };

/** Why a pipeline got fewer replies than it sent commands. */
export class RepliesMissing extends Error {
  constructor(
    message: string,
    /** The whole replies that did arrive, in order. */
    readonly replies: Buffer[],
    readonly reason: 'closed' | 'timeout' | 'malformed',
  ) {
    super(message);
  }
}

type Waiter = {
  count: number;
  replies: Buffer[];
  timer: NodeJS.Timeout;
  resolve(replies: Buffer[]): void;
  reject(reason: Error): void;
};

const DEFAULT_TIMEOUT_MS = 30_000;

export class RespClient {
  /** Replies that answer no call: RESP3 pushes, and RESP2 pub/sub messages. Oldest first; take them with `nextPush`. */
  readonly pushes: Buffer[] = [];
  /** Resolves when the connection has ended, whoever ended it and however. Never rejects. */
  readonly closed: Promise<void>;
  /** How long a call or pipeline waits for its replies. */
  timeoutMs: number;
  #socket: Socket;
  #framer = new ReplyFramer();
  #waiters: Waiter[] = [];
  #raw: ((chunk: Buffer) => void) | undefined;
  #onPush: (() => void) | undefined;
  #isClosed = false;
  #failure = '';

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.timeoutMs = timeoutMs;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        this.#failAll('closed', `the connection was closed${this.#failure}`);
        resolve();
      });
    });
    socket.on('error', (error) => {
      this.#failure = ` (${error.message})`;
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.setNoDelay(true);
  }

  /** Connects to a loopback port, or to a Unix socket when given a path. */
  static connect(target: number | string, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<RespClient> {
    return new Promise((resolve, reject) => {
      const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RespClient(socket, timeoutMs));
      });
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends one command; the exact bytes of its one reply. */
  async call(...args: Arg[]): Promise<Buffer> {
    return (await this.pipeline([args]))[0];
  }

  /** Sends one command and decodes its reply; an error reply comes back as a ReplyError value, it is not thrown. */
  async ask(...args: Arg[]): Promise<Decoded> {
    return decode(await this.call(...args));
  }

  /**
   * Sends commands in one write; the exact bytes of each reply, in order.
   * @throws RepliesMissing when the connection ends, times out or sends what is no RESP before the last reply.
   */
  pipeline(commands: readonly (readonly Arg[])[]): Promise<Buffer[]> {
    if (commands.length === 0) return Promise.resolve([]);
    return this.exchange(encodeCommands(commands), commands.length);
  }

  /** Sends bytes that the server will answer with `count` replies; the exact bytes of each. Throws as `pipeline`. */
  exchange(bytes: Uint8Array, count: number): Promise<Buffer[]> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new RepliesMissing(`the connection was closed before this call${this.#failure}`, [], 'closed'));
        return;
      }
      const timer = setTimeout(() => this.#failAll('timeout', `no reply within ${this.timeoutMs} ms`), this.timeoutMs);
      this.#waiters.push({ count, replies: [], timer, resolve, reject });
      this.#socket.write(bytes);
    });
  }

  /** Writes bytes and waits for nothing; replies to them land in `pushes`. */
  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The oldest push, waiting for one if none has arrived. */
  async nextPush(timeoutMs = this.timeoutMs): Promise<Buffer> {
    if (this.pushes.length === 0) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no push within ${timeoutMs} ms`)), timeoutMs);
        this.#onPush = () => {
          clearTimeout(timer);
          this.#onPush = undefined;
          resolve();
        };
      });
    }
    return this.pushes.shift()!;
  }

  /**
   * Writes arbitrary bytes and collects whatever comes back, unframed.
   * It returns when the server has closed; or once nothing has come for `quietMs`, at least `atLeastBytes` have come and
   * `untilClosed` is not set; or after `withinMs` in any case.
   */
  async raw(
    bytes: string | Uint8Array,
    { quietMs = 100, atLeastBytes = 0, untilClosed = false, withinMs = 5_000 } = {},
  ): Promise<RawReply> {
    if (this.#raw || this.#waiters.length > 0) throw new Error('raw() cannot share the connection with a call');
    const chunks: Buffer[] = [];
    let count = 0;
    await new Promise<void>((resolve) => {
      let quiet: NodeJS.Timeout | undefined;
      const settled = () => {
        clearTimeout(quiet);
        clearTimeout(deadline);
        resolve();
      };
      const deadline = setTimeout(settled, withinMs);
      const watch = () => {
        clearTimeout(quiet);
        if (count >= atLeastBytes && !untilClosed) quiet = setTimeout(settled, quietMs);
      };
      this.#raw = (chunk) => {
        chunks.push(chunk);
        count += chunk.length;
        watch();
      };
      this.closed.then(settled);
      watch();
      this.#socket.write(bytes);
    });
    this.#raw = undefined;
    return { bytes: Buffer.concat(chunks), closed: this.#isClosed };
  }

  /** From now on everything that comes goes to `take`, unframed. */
  listen(take: (chunk: Buffer) => void): void {
    this.#raw = take;
  }

  /** The port of our end. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Ends our side of the connection; the server may still answer what it has read. */
  end(): void {
    this.#socket.end();
  }

  /** Drops the connection at once. */
  async close(): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }

  #receive(chunk: Buffer): void {
    if (this.#raw) {
      this.#raw(chunk);
      return;
    }
    try {
      this.#framer.push(chunk);
      for (let reply = this.#framer.next(); reply; reply = this.#framer.next()) this.#deliver(reply);
    } catch (error) {
      this.#failAll('malformed', String(error));
      this.#socket.destroy();
    }
  }

  #deliver(reply: Buffer): void {
    const waiter = this.#waiters[0];
    if (!waiter || reply[0] === PUSH) {
      this.pushes.push(reply);
      this.#onPush?.();
      return;
    }
    waiter.replies.push(reply);
    if (waiter.replies.length < waiter.count) return;
    this.#waiters.shift();
    clearTimeout(waiter.timer);
    waiter.resolve(waiter.replies);
  }

  #failAll(reason: RepliesMissing['reason'], message: string): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      clearTimeout(waiter.timer);
      const got = `${message}; ${waiter.replies.length} of ${waiter.count} replies had arrived`;
      waiter.reject(new RepliesMissing(got, waiter.replies, reason));
    }
    // After a timeout a late reply would be taken for the next call's, so this connection is of no more use.
    if (reason === 'timeout') this.#socket.destroy();
  }
}

const CR = 13;
const LF = 10;
const PUSH = '>'.charCodeAt(0);

/**
 * Cuts a byte stream into whole replies, RESP2 and RESP3, whatever sizes its chunks have. Each byte is looked at once
 * and moved an amortised constant number of times, so a reply of many megabytes costs what it weighs.
 */
export class ReplyFramer {
  // buffer[start..pos) is the parsed part of the current reply, buffer[pos..end) has arrived and is yet to be parsed.
  #buffer = Buffer.allocUnsafe(1 << 16);
  #start = 0;
  #pos = 0;
  #end = 0;
  /** Elements that the current reply still lacks; nesting does not matter for where it ends. */
  #outstanding = 1;
  /** Where the search for the end of the line at `pos` goes on. */
  #scanned = 0;

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next whole reply, in memory of its own, or undefined until more bytes are pushed. */
  next(): Buffer | undefined {
    while (this.#outstanding > 0) {
      if (!this.#element()) return undefined;
    }
    const reply = Buffer.from(this.#buffer.subarray(this.#start, this.#pos));
    this.#start = this.#pos;
    this.#outstanding = 1;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#pos = 0;
      this.#scanned = 0;
      this.#end = 0;
    }
    return reply;
  }

  /** Takes one scalar or one aggregate's header; false when it has not arrived in full. */
  #element(): boolean {
    const lineEnd = this.#lineEnd();
    if (lineEnd < 0) return false;
    const after = lineEnd + 2;
    switch (String.fromCharCode(this.#buffer[this.#pos])) {
      case '+':
      case '-':
      case ':':
      case '_':
      case '#':
      case ',':
      case '(':
        return this.#take(after, -1);
      case '$':
      case '!':
      case '=': {
        const length = this.#number(lineEnd);
        if (length < 0) return this.#take(after, -1);
        if (this.#end < after + length + 2) return false;
        if (this.#buffer[after + length] !== CR || this.#buffer[after + length + 1] !== LF) this.#malformed();
        return this.#take(after + length + 2, -1);
      }
      case '*':
      case '~':
      case '>':
        return this.#take(after, Math.max(this.#number(lineEnd), 0) - 1);
      case '%':
        return this.#take(after, 2 * this.#number(lineEnd) - 1);
      case '|':
        // Attributes come before the element they describe and do not count as one.
        return this.#take(after, 2 * this.#number(lineEnd));
      default:
        return this.#malformed();
    }
  }

  #take(end: number, outstandingChange: number): true {
    this.#pos = end;
    this.#scanned = end;
    this.#outstanding += outstandingChange;
    return true;
  }

  #lineEnd(): number {
    for (let at = this.#scanned; at + 1 < this.#end; at++) {
      if (this.#buffer[at] === CR && this.#buffer[at + 1] === LF) {
        this.#scanned = at;
        return at;
      }
    }
    this.#scanned = Math.max(this.#pos, this.#end - 1);
    return -1;
  }

  #number(lineEnd: number): number {
    const text = this.#buffer.toString('latin1', this.#pos + 1, lineEnd);
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < -1) this.#malformed();
    return value;
  }

  #malformed(): never {
    const excerpt = this.#buffer.toString('latin1', this.#pos, Math.min(this.#end, this.#pos + 80));
    throw new Error(`not RESP: ${JSON.stringify(excerpt)}`);
  }

  #makeRoom(more: number): void {
    const used = this.#end - this.#start;
    const target = used + more > this.#buffer.length / 2 ? Buffer.allocUnsafe(2 * (used + more)) : this.#buffer;
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#buffer = target;
    this.#pos -= this.#start;
    this.#scanned -= this.#start;
    this.#end = used;
    this.#start = 0;
  }
}

/** The bytes of commands as RESP arrays of bulk strings, one after the other. */
export function encodeCommands(commands: readonly (readonly Arg[])[]): Buffer {
  const parts: (string | Uint8Array)[] = [];
  let text = '';
  for (const args of commands) {
    text += `*${args.length}\r\n`;
    for (const arg of args) {
      if (arg instanceof Uint8Array) {
        parts.push(`${text}$${arg.length}\r\n`, arg);
        text = '\r\n';
      } else {
        const value = String(arg);
        text += `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
      }
    }
  }
  parts.push(text);
  let size = 0;
  for (const part of parts) size += typeof part === 'string' ? Buffer.byteLength(part) : part.length;
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') at += bytes.write(part, at);
    else {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

/** An error reply as a value: `code` is its first word. */
export class ReplyError extends Error {
  get code(): string {
    return this.message.split(' ', 1)[0];
  }
}

export type Decoded =
  | null
  | string
  | number
  | bigint
  | boolean
  | Buffer
  | ReplyError
  | Decoded[]
  | Set<Decoded>
  | Map<Decoded, Decoded>;

/**
 * The value of one whole reply. Bulk strings come as UTF-8 text, or as Buffers with `binary`; integers as numbers, or
 * bigints beyond 2^53; pushes as arrays; attributes are dropped.
 */
export function decode(reply: Buffer, { binary = false } = {}): Decoded {
  let pos = 0;
  const line = (): string => {
    const end = reply.indexOf('\r\n', pos);
    const text = reply.toString('utf8', pos, end);
    pos = end + 2;
    return text;
  };
  const many = (count: number): Decoded[] => Array.from({ length: count }, element);
  const pairs = (count: number): [Decoded, Decoded][] =>
    Array.from({ length: count }, () => [element(), element()] as [Decoded, Decoded]);
  const bulk = (length: number): Buffer => {
    const bytes = reply.subarray(pos, pos + length);
    pos += length + 2;
    return bytes;
  };
  const element = (): Decoded => {
    const header = line();
    const rest = header.slice(1);
    switch (header[0]) {
      case '+':
        return rest;
      case '-':
        return new ReplyError(rest);
      case ':':
        return Number.isSafeInteger(Number(rest)) ? Number(rest) : BigInt(rest);
      case '(':
        return BigInt(rest);
      case '_':
        return null;
      case '#':
        return rest === 't';
      case ',':
        return rest === 'inf' ? Infinity : rest === '-inf' ? -Infinity : Number(rest);
      case '$': {
        if (rest === '-1') return null;
        const bytes = bulk(Number(rest));
        return binary ? Buffer.from(bytes) : bytes.toString();
      }
      case '!':
        return new ReplyError(bulk(Number(rest)).toString());
      case '=':
        return bulk(Number(rest)).toString('utf8', 4);
      case '*':
        return rest === '-1' ? null : many(Number(rest));
      case '>':
        return many(Number(rest));
      case '~':
        return new Set(many(Number(rest)));
      case '%':
        return new Map(pairs(Number(rest)));
      case '|':
        pairs(Number(rest));
        return element();
      default:
        throw new Error(`not RESP: ${JSON.stringify(header)}`);
    }
  };
  const value = element();
  if (pos !== reply.length) throw new Error(`${reply.length - pos} bytes follow the reply`);
  return value;
}

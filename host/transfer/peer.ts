// A server at the other end of a connection, spoken to in RESP2. How the bytes get there is the shell's affair.
import { LatchkeyError, type LatchkeyErrorCode } from '../errors.js';
import { encodeRequest } from '../resp/request.js';
import { ReplyError, ReplyReader, type ReplyValue } from './reply-reader.js';

/** A connection, as `host/cli/redis-connection.ts` makes one of a socket. */
export interface Wire {
  /** What messages call the server. */
  readonly where: string;
  write(bytes: Uint8Array): void;
  close(): void;
  /** Set by whoever listens. */
  onBytes: (chunk: Buffer) => void;
  /** Called once, when the connection has ended, whoever ended it. */
  onEnd: (reason: string) => void;
}

export type Arg = string | number | bigint | Uint8Array;

interface Waiting {
  resolve(value: ReplyValue): void;
  reject(error: Error): void;
}

export class Peer {
  readonly #wire: Wire;
  readonly #reader = new ReplyReader();
  /** In the order of what was sent. */
  #waiting: Waiting[] = [];
  #next = 0;
  #ended: string | undefined;

  /** @param code Of the errors: is the server the source, or the target? */
  constructor(
    wire: Wire,
    readonly code: Extract<LatchkeyErrorCode, 'BAD_SOURCE' | 'BAD_TARGET'>,
  ) {
    this.#wire = wire;
    wire.onBytes = (chunk) => this.#receive(chunk);
    wire.onEnd = (reason) => this.#end(reason);
  }

  get where(): string {
    return this.#wire.where;
  }

  /** Sends a command; its reply, which for an error reply is a ReplyError. @throws when the connection ends first. */
  send(...argv: Arg[]): Promise<ReplyValue> {
    if (this.#ended !== undefined) return Promise.reject(this.failure(this.#ended));
    const bytes = encodeRequest(argv.map((arg) => (arg instanceof Uint8Array ? arg : Buffer.from(String(arg)))));
    const reply = new Promise<ReplyValue>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#wire.write(bytes);
    return reply;
  }

  /** The same; an error reply is thrown. */
  async ask(...argv: Arg[]): Promise<Exclude<ReplyValue, ReplyError>> {
    const reply = await this.send(...argv);
    if (reply instanceof ReplyError) throw this.failure(`${String(argv[0]).toUpperCase()}: ${reply.message}`);
    return reply;
  }

  /** Logs in, if there is something to log in with. */
  async login(user: string, password: string): Promise<void> {
    if (password !== '') await this.ask('AUTH', ...(user === '' ? [password] : [user, password]));
  }

  /** Numbers of the databases that hold keys, ascending, and how many. */
  async databases(): Promise<Map<number, number>> {
    const info = String(await this.ask('INFO', 'keyspace'));
    const found = [...info.matchAll(/^db(\d+):keys=(\d+)/gm)].map(
      ([, db, keys]) => [Number(db), Number(keys)] as const,
    );
    return new Map(found.filter(([, keys]) => keys > 0).sort(([a], [b]) => a - b));
  }

  /** Keys of a database, or of all. */
  async keys(db?: number): Promise<number> {
    const counts = await this.databases();
    return db === undefined ? [...counts.values()].reduce((sum, keys) => sum + keys, 0) : (counts.get(db) ?? 0);
  }

  failure(reason: string): LatchkeyError {
    return new LatchkeyError(this.code, `${this.where}: ${reason}`);
  }

  close(): void {
    this.#wire.close();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const reply of this.#reader.push(chunk)) this.#answer(reply);
    } catch (error) {
      this.#end(`this is no Redis server: ${(error as Error).message}`);
      this.#wire.close();
    }
  }

  #answer(reply: ReplyValue): void {
    const waiting = this.#waiting[this.#next++];
    if (!waiting) throw new Error('a reply that nobody asked for');
    if (this.#next > 1024) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    waiting.resolve(reply);
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    const waiting = this.#waiting.slice(this.#next);
    this.#waiting = [];
    this.#next = 0;
    for (const { reject } of waiting) reject(this.failure(this.#ended));
  }
}

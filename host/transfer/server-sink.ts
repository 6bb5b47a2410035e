// Keys go to a running server, by RESTORE: many at a time are on their way, within a bound.
import { LatchkeyError } from '../errors.js';
import { type Item, payloadOf, type Sink, shown } from './item.js';
import type { Peer } from './peer.js';
import { ReplyError } from './reply-reader.js';

const UNDERWAY_BYTES_MAX = 8 << 20;
const UNDERWAY_KEYS_MAX = 2000;

export class ServerSink implements Sink {
  readonly #peer: Peer;
  #db = -1;
  #bytes = 0;
  #keys = 0;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  private constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** @param replaces Keys that the server holds may be replaced; otherwise it must be empty. */
  static async open(peer: Peer, replaces: boolean): Promise<ServerSink> {
    const [db] = replaces ? [] : (await peer.databases()).keys();
    if (db !== undefined)
      throw new LatchkeyError(
        'BAD_TARGET',
        `${peer.where}: database ${db} is not empty; --replace puts keys beside and over it`,
      );
    return new ServerSink(peer);
  }

  put(item: Item): Promise<void> | void {
    if (this.#failure) throw this.#failure;
    if (item.db !== this.#db) {
      this.#db = item.db;
      this.#send(64, `database ${item.db}`, ['SELECT', item.db]);
    }
    const payload = payloadOf(item);
    const options: (string | number)[] = ['REPLACE', 'ABSTTL'];
    if (item.frequency !== undefined) options.push('FREQ', item.frequency);
    else if (item.idleSeconds !== undefined) options.push('IDLETIME', item.idleSeconds);
    const argv = ['RESTORE', item.key, item.expiresMs, payload, ...options];
    this.#send(payload.length, `key ${shown(item.key)} of database ${item.db}`, argv);
    if (this.#bytes > UNDERWAY_BYTES_MAX || this.#keys > UNDERWAY_KEYS_MAX) return this.#below(0.5);
  }

  #send(bytes: number, what: string, argv: (string | number | bigint | Uint8Array)[]): void {
    this.#bytes += bytes;
    this.#keys++;
    this.#peer.send(...argv).then(
      (reply) => {
        this.#bytes -= bytes;
        this.#keys--;
        if (reply instanceof ReplyError)
          this.#failure ??= new LatchkeyError(
            'BAD_TARGET',
            `${this.#peer.where}: ${what} was refused: ${reply.message}`,
          );
        this.#wake();
      },
      (error) => {
        this.#failure ??= error as Error;
        this.#wake();
      },
    );
  }

  /** Resolves when no more than this part of the bounds is on its way. */
  async #below(part: number): Promise<void> {
    while (!this.#failure && (this.#bytes > part * UNDERWAY_BYTES_MAX || this.#keys > part * UNDERWAY_KEYS_MAX))
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#failure) throw this.#failure;
  }

  async finish(): Promise<void> {
    await this.#below(0);
  }
}

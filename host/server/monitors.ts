// MONITOR: the clients of one thread that see every command, and the lines that all threads write for them. A line goes to
// this thread's own clients and, by letter, to each other thread that has some.
import type { Connection } from '../worker/connection.js';
import { MAIL_MONITOR, type Mailbox } from '../worker/mailbox.js';
import { unixMicroseconds } from './commands/server.js';
import type { Client } from './context.js';

const ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** Bytes between quotes, as Redis writes them for people. */
function quoted(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) {
    if (ESCAPES[byte] !== undefined) text += ESCAPES[byte];
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `${text}"`;
}

/** What a client of MONITOR is told of a command. */
export function monitorLine(argv: readonly Uint8Array[], { db, address, unix }: Client, nowUs: bigint): string {
  const fraction = String(nowUs % 1_000_000n).padStart(6, '0');
  // Unix sockets are addressed as path:0.
  const from = unix ? `unix:${address.slice(0, -2)}` : address;
  return `+${nowUs / 1_000_000n}.${fraction} [${db} ${from}] ${argv.map(quoted).join(' ')}\r\n`;
}

export class Monitors {
  readonly #here = new Set<Connection>();
  /** Other threads with clients of MONITOR. */
  #elsewhere: readonly number[] = [];

  /** @param tell Writes bytes to a connection, behind what it has been answered so far. */
  constructor(
    readonly mailbox: Mailbox,
    readonly tell: (connection: Connection, bytes: Uint8Array) => void,
  ) {
    mailbox.on(MAIL_MONITOR, (_from, body) => this.#tellHere(body));
  }

  get count(): number {
    return this.#here.size;
  }
  /** Whether anybody is to be fed, here or elsewhere. */
  get any(): boolean {
    return this.#here.size !== 0 || this.#elsewhere.length !== 0;
  }
  has(connection: Connection): boolean {
    return this.#here.has(connection);
  }
  add(connection: Connection): void {
    this.#here.add(connection);
  }
  remove(connection: Connection): boolean {
    return this.#here.delete(connection);
  }
  /** @param threads Those that have clients of MONITOR. */
  spread(threads: readonly number[]): void {
    this.#elsewhere = threads.filter((thread) => thread !== this.mailbox.thread);
  }

  readonly feed = (argv: readonly Uint8Array[], client: Client): void => {
    const line = Buffer.from(monitorLine(argv, client, unixMicroseconds()), 'latin1');
    this.#tellHere(line);
    for (const thread of this.#elsewhere) this.mailbox.post(thread, MAIL_MONITOR, line);
  };

  #tellHere(line: Uint8Array): void {
    for (const connection of this.#here) if (!connection.closed) this.tell(connection, line);
  }
}

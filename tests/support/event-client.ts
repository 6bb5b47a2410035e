// A client that keeps replies and messages in the one order in which they come, for tests of that very order.
import { type Arg, type Decoded, decode, encodeCommands, ReplyFramer, RespClient } from './resp-client.js';

/** Longer than any claim works at: what has not come by then does not come. */
const WITHIN_MS = 20_000;

export class EventClient {
  /** What has come and is not taken yet. */
  #events: Decoded[] = [];
  #wake = (): void => {};

  private constructor(readonly client: RespClient) {
    const framer = new ReplyFramer();
    client.listen((chunk) => {
      framer.push(chunk);
      for (let reply = framer.next(); reply; reply = framer.next()) this.#events.push(decode(reply));
      this.#wake();
    });
    void client.closed.then(() => this.#wake());
  }

  /** @param proto RESP3 is asked for, and its answer taken. */
  static async connect(port: number, proto: 2 | 3 = 2): Promise<EventClient> {
    const client = new EventClient(await RespClient.connect(port));
    if (proto === 3) await client.ask('HELLO', 3);
    return client;
  }

  send(...args: Arg[]): void {
    this.client.send(encodeCommands([args]));
  }

  /** Commands in one write. */
  sendAll(commands: readonly (readonly Arg[])[]): void {
    this.client.send(encodeCommands(commands));
  }

  /** What comes next, waiting for it. */
  async next(): Promise<Decoded> {
    while (this.#events.length === 0) await this.#more();
    return this.#events.shift()!;
  }

  /** The reply to a command of a connection that nothing else is sent to. */
  async ask(...args: Arg[]): Promise<Decoded> {
    this.send(...args);
    return this.next();
  }

  /** All that comes, up to and with the first that `isLast` is true of. */
  async until(isLast: (event: Decoded) => boolean): Promise<Decoded[]> {
    for (let from = 0; ; ) {
      for (; from < this.#events.length; from++)
        if (isLast(this.#events[from])) return this.#events.splice(0, from + 1);
      await this.#more();
    }
  }

  /** What has come by now. */
  take(): Decoded[] {
    return this.#events.splice(0);
  }

  close(): Promise<void> {
    return this.client.close();
  }

  #more(): Promise<void> {
    if (this.client.isClosed) throw new Error('the server has closed the connection');
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing more within ${WITHIN_MS} ms`)), WITHIN_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

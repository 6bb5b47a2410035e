// Publish and subscribe between the workers of a store.
//
// A subscription is told to all other workers, and its reply waits until all of them have acknowledged it: whoever publishes
// after that reply, on any worker, reaches the subscriber and counts it. A message is posted once to each worker that has
// subscribers, which hands it on; it is written once for each protocol, and all its receivers share those bytes. Messages
// to a worker, its own included, are handed on in the order in which they were published (mailbox.ts).
//
// Slow lanes have no subscribers and do not know any: what they publish goes to worker 0, which publishes it.
import type { Epochs } from '../kernel/epochs.js';
import { MAIL_ACKNOWLEDGED, MAIL_PUBLISH, MAIL_RELAY, MAIL_SUBSCRIBED, type Mailbox } from './mailbox.js';
import {
  CHANNEL,
  KINDS,
  type Kind,
  PREFIX,
  type SHARD_CHANNEL,
  type Subscribed,
  Subscriptions,
  TRACKER,
} from './subscriptions.js';

/** A connection, as far as messages go. */
export interface Subscriber {
  readonly proto: 2 | 3;
  readonly subscribed: Subscribed;
}

const CRLF = Buffer.from('\r\n');
const bulk = (bytes: Uint8Array): Buffer[] => [Buffer.from(`$${bytes.length}\r\n`), bytes as Buffer, CRLF];

/** An array of bulk strings; a push under RESP3. */
export function pushOf(proto: number, kind: string, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.from(`${proto === 3 ? '>' : '*'}${parts.length + 1}\r\n$${kind.length}\r\n${kind}\r\n`);
  return Buffer.concat([head, ...parts.flatMap(bulk)]);
}

/** Head of MAIL_PUBLISH and MAIL_RELAY: epoch f64, kind u32, bytes of the channel u32; channel and message follow. */
const PUBLISH_HEAD_BYTES = 16;

function letterOf(epoch: number, kind: Kind, channel: Uint8Array, message: Uint8Array): Buffer {
  const letter = Buffer.allocUnsafe(PUBLISH_HEAD_BYTES + channel.length + message.length);
  letter.writeDoubleLE(epoch, 0);
  letter.writeUInt32LE(kind, 8);
  letter.writeUInt32LE(channel.length, 12);
  letter.set(channel, PUBLISH_HEAD_BYTES);
  letter.set(message, PUBLISH_HEAD_BYTES + channel.length);
  return letter;
}

function readLetter(body: Uint8Array) {
  const letter = Buffer.from(body.buffer, body.byteOffset, body.length);
  const from = PUBLISH_HEAD_BYTES + letter.readUInt32LE(12);
  return {
    epoch: letter.readDoubleLE(0),
    kind: letter.readUInt32LE(8) as typeof CHANNEL | typeof SHARD_CHANNEL,
    channel: letter.subarray(PUBLISH_HEAD_BYTES, from),
    message: letter.subarray(from),
  };
}

/** What a lane publishes with. */
export function relay(mailbox: Mailbox, epochs: Epochs) {
  return (channel: Uint8Array, message: Uint8Array): void => {
    mailbox.post(0, MAIL_RELAY, letterOf(epochs.seen, CHANNEL, channel, message));
  };
}

interface Change {
  readonly kind: Kind;
  readonly name: string;
  readonly by: number;
}

export class PubSub<S extends Subscriber> {
  readonly subscriptions: Subscriptions<S>;
  readonly #unacknowledged = new Map<number, { left: number; resolve: () => void }>();
  readonly #counts: Uint32Array;
  #lastId = 0;

  /**
   * @param workers How many there are; their threads are the first of the mailbox.
   * @param push Hands bytes to a subscriber of this worker. They are shared with others, and never change.
   */
  constructor(
    readonly worker: number,
    readonly workers: number,
    readonly mailbox: Mailbox,
    readonly epochs: Epochs,
    readonly push: (subscriber: S, bytes: Buffer) => void,
  ) {
    this.subscriptions = new Subscriptions(worker, workers);
    this.#counts = new Uint32Array(workers);
    mailbox.on(MAIL_SUBSCRIBED, (from, body) => this.#changed(from, body));
    mailbox.on(MAIL_ACKNOWLEDGED, (_, body) => this.#acknowledged(body));
    mailbox.on(MAIL_PUBLISH, (_, body) => {
      const { epoch, kind, channel, message } = readLetter(body);
      this.epochs.note(epoch);
      this.#deliver(kind, channel, message);
    });
    mailbox.on(MAIL_RELAY, (_, body) => {
      const { epoch, kind, channel, message } = readLetter(body);
      this.epochs.note(epoch);
      this.publish(channel, message, kind);
    });
  }

  /** Subscribes; resolves once every worker knows. Names that it has already change nothing. */
  subscribe(subscriber: S, kind: Kind, names: readonly string[]): Promise<void> | undefined {
    const changes: Change[] = [];
    for (const name of names) {
      if (subscriber.subscribed[kind].has(name)) continue;
      subscriber.subscribed[kind].add(name);
      this.subscriptions.add(kind, name, subscriber);
      changes.push({ kind, name, by: 1 });
    }
    return this.#tell(changes);
  }

  /** The same for the end of subscriptions. */
  unsubscribe(subscriber: S, kind: Kind, names: readonly string[]): Promise<void> | undefined {
    const changes: Change[] = [];
    for (const name of names) {
      if (!subscriber.subscribed[kind].delete(name)) continue;
      this.subscriptions.remove(kind, name, subscriber);
      changes.push({ kind, name, by: -1 });
    }
    return this.#tell(changes);
  }

  /** All subscriptions of a connection end. */
  forget(subscriber: S): Promise<void> | undefined {
    const told = ([...KINDS, PREFIX, TRACKER] as const).map((kind) =>
      this.unsubscribe(subscriber, kind, [...subscriber.subscribed[kind]]),
    );
    const waits = told.filter((each) => each !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
  }

  #tell(changes: readonly Change[]): Promise<void> | undefined {
    if (changes.length === 0 || this.workers === 1) return undefined;
    const id = ++this.#lastId;
    const body = Buffer.from(JSON.stringify({ id, changes }));
    for (let to = 0; to < this.workers; to++) if (to !== this.worker) this.mailbox.post(to, MAIL_SUBSCRIBED, body);
    return new Promise((resolve) => this.#unacknowledged.set(id, { left: this.workers - 1, resolve }));
  }

  #changed(from: number, body: Uint8Array): void {
    const { id, changes } = JSON.parse(Buffer.from(body).toString()) as { id: number; changes: Change[] };
    for (const { kind, name, by } of changes) this.subscriptions.change(kind, name, from, by);
    this.mailbox.post(from, MAIL_ACKNOWLEDGED, Buffer.from(String(id)));
  }

  #acknowledged(body: Uint8Array): void {
    const id = Number(Buffer.from(body).toString());
    const waiting = this.#unacknowledged.get(id)!;
    if (--waiting.left > 0) return;
    this.#unacknowledged.delete(id);
    waiting.resolve();
  }

  /** Sends a message to all subscribers, and answers how many they are. Never waits: a latch may be held. */
  publish(channel: Buffer, message: Buffer, kind: typeof CHANNEL | typeof SHARD_CHANNEL = CHANNEL): number {
    const counts = this.#counts.fill(0);
    this.subscriptions.receivers(kind, channel.toString('latin1'), counts);
    let letter: Buffer | undefined;
    let sum = 0;
    for (let worker = 0; worker < counts.length; worker++) {
      if (counts[worker] === 0) continue;
      sum += counts[worker];
      // Nothing that was posted here before is overtaken.
      if (worker === this.worker && this.mailbox.isUpToDate) {
        this.#deliver(kind, channel, message);
        continue;
      }
      letter ??= letterOf(this.epochs.seen, kind, channel, message);
      this.mailbox.post(worker, MAIL_PUBLISH, letter);
    }
    return sum;
  }

  #deliver(kind: typeof CHANNEL | typeof SHARD_CHANNEL, channel: Buffer, message: Buffer): void {
    const name = channel.toString('latin1');
    const direct = this.subscriptions.own(kind, name);
    if (direct)
      this.#each(direct, (proto) => pushOf(proto, kind === CHANNEL ? 'message' : 'smessage', channel, message));
    if (kind !== CHANNEL) return;
    for (const [pattern, subscribers] of this.subscriptions.ownMatching(name)) {
      const bytes = Buffer.from(pattern, 'latin1');
      this.#each(subscribers, (proto) => pushOf(proto, 'pmessage', bytes, channel, message));
    }
  }

  #each(subscribers: ReadonlySet<S>, write: (proto: number) => Buffer): void {
    let two: Buffer | undefined;
    let three: Buffer | undefined;
    for (const subscriber of subscribers) {
      if (subscriber.proto === 2) {
        two ??= write(2);
        this.push(subscriber, two);
      } else {
        three ??= write(3);
        this.push(subscriber, three);
      }
    }
  }
}

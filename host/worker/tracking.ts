// Client-side caching: clients are told that keys have changed which they may have cached. Behaviour: redis-server 7.0's
// tracking.c.
//
// In the default mode a shard remembers, for each key that a client has read, which workers have such clients
// (assembly/events/interest.ts), and the worker which ones they are. The first change of the key is told to these workers
// and forgotten. In BCAST mode all changes are told to the workers whose clients ask for a prefix of the key; which those
// are is known as for channels (subscriptions.ts). What a client is told is a push under RESP3, or a message to the
// connection that it redirects to, on whatever worker that is.
import type { Epochs } from '../kernel/epochs.js';
import { EVENTS_WANTED, ShardKernel } from '../kernel/kernel.js';
import { withKey } from '../kernel/with-key.js';
import { EVENT_FLUSHED, EVENT_INVALIDATE, type KeyEvent } from './key-events.js';
import { MAIL_INVALIDATE, MAIL_REDIRECT, type Mailbox } from './mailbox.js';
import { PREFIX, type Subscribed, type Subscriptions, TRACKER } from './subscriptions.js';

/** What a connection has asked for. */
export interface Tracked {
  readonly bcast: boolean;
  readonly optin: boolean;
  readonly optout: boolean;
  readonly noloop: boolean;
  /** The connection that is told instead, and its worker; id 0: there is none. */
  readonly redirect: { readonly id: number; readonly worker: number };
  /** CLIENT CACHING: of the next command, or the transaction. */
  caching: boolean;
  /** Nobody is at the other end of `redirect`. */
  broken: boolean;
}

/** A connection, as far as this goes. */
export interface Tracker {
  readonly id: number;
  readonly proto: 2 | 3;
  readonly subscribed: Subscribed;
  readonly tracked: Tracked | undefined;
}

/** Bits of a shard's word that says what is asked for: WANT_* of assembly/events/events.ts. */
const WANT_MODIFIED = 0x10000;
const WANT_FLUSHED = 0x20000;

/** MAIL_INVALIDATE: epoch f64, the writing client f64, kind u32, db u32; the key follows. */
const HEAD_BYTES = 24;
const BY_READERS = 0;
const BY_PREFIX = 1;
const ALL_KEYS = 2;

const CHANNEL = '__redis__:invalidate';
const BROKEN = Buffer.from('>2\r\n$21\r\ntracking-redir-broken\r\n:');

/** The names of keys that are stale; undefined: all of them. */
function invalidationOf(proto: number, keys: readonly Buffer[] | undefined, redirected: boolean): Buffer {
  const body = keys
    ? Buffer.concat([
        Buffer.from(`*${keys.length}\r\n`),
        ...keys.flatMap((key) => [Buffer.from(`$${key.length}\r\n`), key, Buffer.from('\r\n')]),
      ])
    : Buffer.from(proto === 3 ? '_\r\n' : '$-1\r\n');
  const head =
    redirected && proto === 2
      ? `*3\r\n$7\r\nmessage\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n`
      : '>2\r\n$10\r\ninvalidate\r\n';
  return Buffer.concat([Buffer.from(head), body]);
}

export class Tracking<S extends Tracker> {
  /** Clients that have read a key, by database and key. */
  readonly #readers = new Map<string, Set<S>>();
  /** What BCAST clients are told at the end of the turn. */
  readonly #stale = new Map<S, Set<string>>();
  /** The client whose command is being executed outside of its turn; 0: see `inHand`. */
  writer = 0;

  constructor(
    readonly worker: number,
    readonly shards: readonly ShardKernel[],
    readonly subscriptions: Subscriptions<S>,
    readonly mailbox: Mailbox,
    readonly epochs: Epochs,
    /** Pushes bytes to a client; with `after`, behind the reply to the command that it has in hand. */
    readonly push: (client: S, bytes: Buffer, after: boolean) => void,
    readonly clientOf: (id: number) => S | undefined,
    /** The client whose frames are being executed. */
    readonly inHand: () => number,
  ) {
    subscriptions.onChange = () => this.#ask();
    mailbox.on(MAIL_INVALIDATE, (_, body) => {
      const letter = Buffer.from(body.buffer, body.byteOffset, body.length);
      this.epochs.note(letter.readDoubleLE(0));
      const [kind, db] = [letter.readUInt32LE(16), letter.readUInt32LE(20)];
      this.#told(kind, db, letter.subarray(HEAD_BYTES), letter.readDoubleLE(8));
    });
    mailbox.on(MAIL_REDIRECT, (from, body) => this.#redirected(from, body));
  }

  /** Says in the shards' memory what is asked for over all workers. */
  #ask(): void {
    const wanted =
      (this.subscriptions.size(PREFIX) !== 0 ? WANT_MODIFIED : 0) |
      (this.subscriptions.size(TRACKER) !== 0 ? WANT_FLUSHED : 0);
    const at = ShardKernel.headerIndex(EVENTS_WANTED);
    for (const { words } of this.shards) {
      Atomics.or(words, at, wanted);
      Atomics.and(words, at, wanted | ~(WANT_MODIFIED | WANT_FLUSHED));
    }
  }

  /** A client has read keys, and may cache them. Their shards' latches are held. */
  read(client: S, db: number, keys: readonly Buffer[], route: (key: Buffer) => number): void {
    for (const key of keys) {
      const shard = this.shards[route(key)];
      const kept = withKey(shard, key, (ptr, bytes) => shard.calls.cacheKey(db, ptr, bytes, this.worker), 0);
      if (kept === 0) {
        // What cannot be remembered is stale at once.
        this.#tell(client, [key]);
        continue;
      }
      const name = `${db}:${key.toString('latin1')}`;
      const readers = this.#readers.get(name);
      if (readers) readers.add(client);
      else this.#readers.set(name, new Set([client]));
    }
  }

  /** A client is gone, or tracks no longer. */
  forget(client: S): void {
    this.#stale.delete(client);
    // Its keys stay in the table until they change: nobody is told then.
  }

  /** A shard says that a key has changed; its latch is held, and what it logged is published. */
  modified(event: KeyEvent): void {
    const { kind, db, key } = event;
    if (kind === EVENT_FLUSHED)
      this.#post(ALL_KEYS, db, key, (worker) => this.subscriptions.countAt(TRACKER, '', worker) !== 0);
    else if (kind === EVENT_INVALIDATE) this.#post(BY_READERS, db, key, (worker) => concerns(event, worker));
    else {
      const name = key.toString('latin1');
      this.#post(BY_PREFIX, db, key, (worker) => this.subscriptions.hasPrefixOf(name, worker));
    }
  }

  #post(kind: number, db: number, key: Buffer, isFor: (worker: number) => boolean): void {
    let letter: Buffer | undefined;
    for (let worker = 0; worker < this.subscriptions.workers; worker++) {
      if (!isFor(worker)) continue;
      if (worker === this.worker) {
        this.#told(kind, db, key, this.writer || this.inHand());
        continue;
      }
      letter ??= letterOf(this.epochs.seen, this.writer || this.inHand(), kind, db, key);
      this.mailbox.post(worker, MAIL_INVALIDATE, letter);
    }
  }

  /** Events were lost: whatever is cached may be stale. */
  lost(): void {
    this.#post(ALL_KEYS, 0, Buffer.alloc(0), (worker) => this.subscriptions.countAt(TRACKER, '', worker) !== 0);
  }

  #told(kind: number, db: number, key: Buffer, writer: number): void {
    if (kind === ALL_KEYS) {
      this.#readers.clear();
      for (const client of this.subscriptions.own(TRACKER, '') ?? []) this.#tell(client, undefined);
      return;
    }
    if (kind === BY_READERS) {
      const name = `${db}:${key.toString('latin1')}`;
      const readers = this.#readers.get(name);
      this.#readers.delete(name);
      for (const client of readers ?? []) {
        if (client.tracked && !client.tracked.bcast && !(client.tracked.noloop && client.id === writer))
          this.#tell(client, [key]);
      }
      return;
    }
    const name = key.toString('latin1');
    for (const client of this.subscriptions.ownWithPrefixOf(name)) {
      if (client.tracked?.noloop && client.id === writer) continue;
      if (this.#stale.size === 0) setImmediate(this.#tellStale);
      const stale = this.#stale.get(client);
      if (stale) stale.add(name);
      else this.#stale.set(client, new Set([name]));
    }
  }

  readonly #tellStale = (): void => {
    const told = [...this.#stale];
    this.#stale.clear();
    for (const [client, names] of told)
      this.#tell(
        client,
        [...names].sort().map((name) => Buffer.from(name, 'latin1')),
      );
  };

  #tell(client: S, keys: readonly Buffer[] | undefined): void {
    const { tracked } = client;
    if (!tracked) return;
    const { redirect } = tracked;
    if (redirect.id === 0) {
      if (client.proto === 3)
        this.push(client, invalidationOf(3, keys, false), client.id === (this.writer || this.inHand()));
      return;
    }
    const body = Buffer.from(
      JSON.stringify({ to: redirect.id, from: client.id, keys: keys?.map((key) => key.toString('latin1')) ?? null }),
    );
    this.mailbox.post(redirect.worker, MAIL_REDIRECT, body);
  }

  /** A letter for a client here: what another one's keys are; or that nobody is there any more. */
  #redirected(from: number, body: Uint8Array): void {
    const {
      to,
      from: tracker,
      keys,
    } = JSON.parse(Buffer.from(body).toString()) as {
      to: number;
      from: number;
      keys: string[] | null | 'gone';
    };
    const client = this.clientOf(to);
    if (keys === 'gone') {
      if (!client?.tracked || client.tracked.broken) return;
      client.tracked.broken = true;
      if (client.proto === 3) this.push(client, Buffer.concat([BROKEN, Buffer.from(`${tracker}\r\n`)]), false);
      return;
    }
    if (!client) {
      this.mailbox.post(from, MAIL_REDIRECT, Buffer.from(JSON.stringify({ to: tracker, from: to, keys: 'gone' })));
      return;
    }
    const isSubscribed = client.subscribed.some((names) => names.size !== 0);
    if (client.proto === 2 && !isSubscribed) return;
    const names = keys?.map((key) => Buffer.from(key, 'latin1'));
    this.push(client, invalidationOf(client.proto, names, true), false);
  }
}

/** What a lane tells of changes: workers sort out whom it concerns. */
export function trackingRelay(mailbox: Mailbox, epochs: Epochs, workers: number) {
  const post = (kind: number, db: number, key: Buffer, isFor = (_worker: number): boolean => true): void => {
    const letter = letterOf(epochs.seen, 0, kind, db, key);
    for (let worker = 0; worker < workers; worker++) if (isFor(worker)) mailbox.post(worker, MAIL_INVALIDATE, letter);
  };
  return {
    modified(event: KeyEvent): void {
      const { kind, db, key } = event;
      if (kind === EVENT_INVALIDATE) post(BY_READERS, db, key, (worker) => concerns(event, worker));
      else post(kind === EVENT_FLUSHED ? ALL_KEYS : BY_PREFIX, db, key);
    },
    lost: () => post(ALL_KEYS, 0, Buffer.alloc(0)),
  };
}

/** Whether clients of a worker may have cached the key of an EVENT_INVALIDATE. */
function concerns({ class: low, event: high }: KeyEvent, worker: number): boolean {
  return ((worker < 32 ? low >>> worker : high >>> Math.min(worker - 32, 31)) & 1) !== 0;
}

function letterOf(epoch: number, writer: number, kind: number, db: number, key: Buffer): Buffer {
  const letter = Buffer.allocUnsafe(HEAD_BYTES + key.length);
  letter.writeDoubleLE(epoch, 0);
  letter.writeDoubleLE(writer, 8);
  letter.writeUInt32LE(kind, 16);
  letter.writeUInt32LE(db, 20);
  letter.set(key, HEAD_BYTES);
  return letter;
}

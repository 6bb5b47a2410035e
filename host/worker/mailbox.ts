// Letters between the threads of a store. Each ordered pair of threads has a ring of bytes in shared memory, written by the
// one and read by the other alone; each thread has a doorbell, a futex word that it sleeps on. What is posted to a thread is
// handed out in the order in which it was posted, whoever posted it; posting never blocks and never fails, so it may be
// done under a latch.
//
// A ring is a stream: u32 kind, u32 length, u32 number and the body of one letter after the other, in as many pieces as
// there is room for. What finds no room waits with its sender, who says so (`wants`) and is rung when the receiver has read.
//
// Letters to a thread are numbered without gaps, over all senders. So the receiver knows which is next, and that one is on
// its way while it is not there: whoever posts after another has posted, under the same latch or after its reply, has a
// higher number, and is not handed out before it, whichever ring is read first.
//
// No wake-up is lost, since both sides write first and then look. The receiver says that it sleeps and looks at its rings
// once more; a sender moves its ring's head and then looks whether the receiver sleeps. The same between `wants` and tail. `wants` is the
// sender's to write: a receiver that took it back could do so for room that has been used up since, and find the sender
// not asleep yet.
// tests/model/mailbox.test.ts runs these steps in every order.
//
//   words of a store's post, for n threads
//     0        n      bell of each thread
//     n        n      asleep: 1 while the thread sleeps, or is about to
//     2n       n      posted: letters ever numbered for the thread, mod 2^32
//     3n       n*n*3  of the ring from i to j, at i * n + j: head, tail (bytes ever written and read, mod 2^32), wants
//   then the rings' bytes, in the same order. Those of a thread to itself are not used.

/** What letters are about; the receiver's handler for it reads the body. */
export const MAIL_PUBLISH = 1;
export const MAIL_SUBSCRIBED = 2;
export const MAIL_ACKNOWLEDGED = 3;
export const MAIL_SERVED = 4;
export const MAIL_INVALIDATE = 5;
export const MAIL_MONITOR = 6;
export const MAIL_MOVE = 7;
export const MAIL_RELAY = 8;
export const MAIL_REDIRECT = 9;

/** @param from The thread that posted. @param body The handler's own from now on. */
export type MailHandler = (from: number, body: Uint8Array) => void;

/** One thread's end of the post. Threads are numbered from 0: workers first, then the slow lanes. */
export interface Mailbox {
  readonly thread: number;
  readonly threadCount: number;
  /**
   * Posts a letter. Never blocks: what the receiver has no room for waits here.
   * @param body Copied before this returns.
   */
  post(to: number, kind: number, body: Uint8Array): void;
  /** Says who reads letters of a kind. To be called before `open`. */
  on(kind: number, handler: MailHandler): void;
  /** Begins to read: letters are handed out in turns of the event loop, in the order in which they were posted. */
  open(): void;
  /** Letters ever posted here. Whoever posts while `isBehind` should post no more before `caughtUp` resolves. */
  readonly posted: number;
  /** Whether receivers, this thread among them, have more to take from here than may pile up. */
  readonly isBehind: boolean;
  caughtUp(): Promise<void>;
  /** Whether all that has been posted to this thread by now has been handed out, or is being so. */
  readonly isUpToDate: boolean;
}

/** The shared part of a store's post. It can be posted to other threads. */
export interface Post {
  readonly threadCount: number;
  /** A power of two. */
  readonly ringBytes: number;
  readonly buffer: SharedArrayBuffer;
}

const HEAD_BYTES = 12;
/** Bytes read from rings in one turn of the event loop before sockets have theirs. */
const TURN_BYTES = 1 << 20;
/** What a sender's letters may weigh that are here and not next: its ring is not read beyond that. */
const EARLY_BYTES_MAX = 1 << 20;
/** Bytes that may wait for their receivers before senders should stop. */
const BACKLOG_BYTES_MAX = 1 << 20;
/** A missed bell would be a bug; this bounds what it costs. */
const SLEEP_MS_MAX = 1000;

type AsyncWait = { async: false; value: string } | { async: true; value: Promise<string> };
const waitAsync = (Atomics as unknown as { waitAsync(a: Int32Array, i: number, v: number, ms: number): AsyncWait })
  .waitAsync;

const wordsOf = (threads: number): number => 3 * threads + 3 * threads * threads;

export function newPost(
  threadCount: number,
  ringBytes = threadCount <= 8 ? 1 << 16 : threadCount <= 32 ? 1 << 14 : 1 << 12,
): Post {
  const bytes = wordsOf(threadCount) * 4 + threadCount * threadCount * ringBytes;
  return { threadCount, ringBytes, buffer: new SharedArrayBuffer(bytes) };
}

export function openMailbox(post: Post, thread: number): Mailbox {
  return new RingMailbox(post, thread);
}

interface Letter {
  readonly kind: number;
  readonly from: number;
  readonly body: Uint8Array;
}

/** What has been read of a letter that is not complete. */
interface Unread {
  readonly head: Buffer;
  headBytes: number;
  body: Buffer | undefined;
  bodyBytes: number;
}

class RingMailbox implements Mailbox {
  readonly threadCount: number;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #mask: number;
  readonly #handlers = new Map<number, MailHandler>();
  /** What waits for room, by receiver; of the first piece, `#sent` bytes are gone already. */
  readonly #backlog: Uint8Array[][];
  readonly #sent: number[];
  readonly #unread: Unread[];
  /** Letters that are here, those of this thread to itself among them, by number. */
  readonly #letters = new Map<number, Letter>();
  /** What they weigh, by sender. */
  readonly #early: number[];
  /** Number of the letter to be handed out next. */
  #next = 0;
  posted = 0;
  /** What all of #backlog weighs. */
  #backlogBytes = 0;
  #waitingForRoom: (() => void)[] = [];
  #isOpen = false;
  #turn: NodeJS.Immediate | undefined;
  /** A wait for the bell is pending. */
  #waits = false;

  constructor(
    post: Post,
    readonly thread: number,
  ) {
    const { threadCount, ringBytes, buffer } = post;
    this.threadCount = threadCount;
    this.#words = new Int32Array(buffer, 0, wordsOf(threadCount));
    this.#bytes = Buffer.from(buffer as unknown as ArrayBuffer, wordsOf(threadCount) * 4);
    this.#mask = ringBytes - 1;
    this.#backlog = Array.from({ length: threadCount }, () => []);
    this.#sent = new Array<number>(threadCount).fill(0);
    this.#early = new Array<number>(threadCount).fill(0);
    this.#unread = Array.from({ length: threadCount }, () => ({
      ...{ head: Buffer.alloc(HEAD_BYTES), headBytes: 0, body: undefined, bodyBytes: 0 },
    }));
  }

  /** First word of the ring from one thread to another. */
  #ring(from: number, to: number): number {
    return 3 * this.threadCount + 3 * (from * this.threadCount + to);
  }
  #bytesOf(from: number, to: number): number {
    return (from * this.threadCount + to) * (this.#mask + 1);
  }

  on(kind: number, handler: MailHandler): void {
    this.#handlers.set(kind, handler);
  }

  open(): void {
    this.#isOpen = true;
    this.#soon();
  }

  get isUpToDate(): boolean {
    return Atomics.load(this.#words, 2 * this.threadCount + this.thread) === this.#next;
  }

  get isBehind(): boolean {
    return this.#backlogBytes + this.#early[this.thread] > BACKLOG_BYTES_MAX;
  }

  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#waitingForRoom.push(resolve);
      this.#tellOfRoom();
    });
  }

  #tellOfRoom(): void {
    if (this.#waitingForRoom.length === 0 || this.isBehind) return;
    for (const resolve of this.#waitingForRoom.splice(0)) resolve();
  }

  post(to: number, kind: number, body: Uint8Array): void {
    const number = Atomics.add(this.#words, 2 * this.threadCount + to, 1);
    this.posted++;
    if (to === this.thread) {
      this.#keep(number, { kind, from: to, body: Uint8Array.prototype.slice.call(body) });
      if (this.#isOpen) this.#soon();
      return;
    }
    const letter = Buffer.allocUnsafe(HEAD_BYTES + body.length);
    letter.writeUInt32LE(kind, 0);
    letter.writeUInt32LE(body.length, 4);
    letter.writeInt32LE(number, 8);
    letter.set(body, HEAD_BYTES);
    this.#backlog[to].push(letter);
    this.#backlogBytes += letter.length;
    if (this.#backlog[to].length === 1) this.#pump(to);
  }

  /** Writes what waits for a receiver, as far as there is room. */
  #pump(to: number): void {
    const words = this.#words;
    const ring = this.#ring(this.thread, to);
    const backlog = this.#backlog[to];
    while (backlog.length !== 0) {
      if (this.#write(to, ring) !== 0) continue;
      Atomics.store(words, ring + 2, 1);
      // Said first, looked at once more after: the receiver moves its tail first and reads this after.
      if (this.#write(to, ring) === 0) return;
    }
    if (words[ring + 2] !== 0) Atomics.store(words, ring + 2, 0);
  }

  /** Writes as much of the first piece as there is room for; bytes. */
  #write(to: number, ring: number): number {
    const words = this.#words;
    const [piece] = this.#backlog[to];
    const head = words[ring];
    const room = this.#mask + 1 - ((head - Atomics.load(words, ring + 1)) | 0);
    const count = Math.min(room, piece.length - this.#sent[to]);
    if (count === 0) return 0;
    const base = this.#bytesOf(this.thread, to);
    const at = head & this.#mask;
    const straight = Math.min(count, this.#mask + 1 - at);
    const from = this.#sent[to];
    this.#bytes.set(piece.subarray(from, from + straight), base + at);
    if (straight < count) this.#bytes.set(piece.subarray(from + straight, from + count), base);
    this.#sent[to] = from + count;
    this.#backlogBytes -= count;
    if (this.#sent[to] === piece.length) {
      this.#backlog[to].shift();
      this.#sent[to] = 0;
    }
    // Publishes the bytes written above; whether the receiver sleeps is looked at after.
    Atomics.store(words, ring, (head + count) | 0);
    this.#wake(to);
    return count;
  }

  #wake(to: number): void {
    const words = this.#words;
    const asleep = this.threadCount + to;
    if (Atomics.load(words, asleep) === 0 || Atomics.compareExchange(words, asleep, 1, 0) !== 1) return;
    Atomics.add(words, to, 1);
    Atomics.notify(words, to);
  }

  #soon(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#read();
    });
  }

  /** One turn: what has come is handed out; then the thread sleeps until the bell, or has another turn. */
  #read(): void {
    let left = TURN_BYTES;
    for (let from = 0; from < this.threadCount; from++) {
      if (from === this.thread) continue;
      left -= this.#take(from);
      if (this.#backlog[from].length !== 0) this.#pump(from);
    }
    this.#handOut();
    this.#tellOfRoom();
    if (left <= 0 || this.#letters.has(this.#next)) this.#soon();
    else this.#sleep();
  }

  #keep(number: number, letter: Letter): void {
    this.#letters.set(number, letter);
    this.#early[letter.from] += HEAD_BYTES + letter.body.length;
  }

  /**
   * Whether a ring is left unread for now: letters from there are here, and not next. What is next comes from elsewhere,
   * since a sender's letters come in the order of their numbers.
   */
  #isFull(from: number): boolean {
    return this.#early[from] > EARLY_BYTES_MAX;
  }

  /** Hands out what is here and next, but what comes meanwhile. */
  #handOut(): void {
    const letters = this.#letters;
    for (let left = letters.size; left > 0; left--) {
      const letter = letters.get(this.#next);
      if (!letter) return;
      letters.delete(this.#next);
      this.#early[letter.from] -= HEAD_BYTES + letter.body.length;
      this.#next = (this.#next + 1) | 0;
      this.#handlers.get(letter.kind)?.(letter.from, letter.body);
    }
  }

  #sleep(): void {
    const words = this.#words;
    const asleep = this.threadCount + this.thread;
    const bell = Atomics.load(words, this.thread);
    Atomics.store(words, asleep, 1);
    if (this.#hasMail()) {
      Atomics.store(words, asleep, 0);
      this.#soon();
      return;
    }
    // A wait that is pending hears the bell, whatever it read before it.
    if (this.#waits) return;
    const result = waitAsync(words, this.thread, bell, SLEEP_MS_MAX);
    if (!result.async) {
      this.#soon();
      return;
    }
    this.#waits = true;
    result.value.then(() => {
      this.#waits = false;
      Atomics.store(words, asleep, 0);
      // Whoever has posted to oneself meanwhile has asked for a turn already.
      if (this.#turn === undefined) this.#read();
    });
  }

  /** Has a ring something to read, or got room for what waits here? */
  #hasMail(): boolean {
    for (let other = 0; other < this.threadCount; other++) {
      if (other === this.thread) continue;
      const ring = this.#ring(other, this.thread);
      if (Atomics.load(this.#words, ring) !== this.#words[ring + 1] && !this.#isFull(other)) return true;
      if (this.#backlog[other].length === 0) continue;
      const out = this.#ring(this.thread, other);
      if (((this.#words[out] - Atomics.load(this.#words, out + 1)) | 0) <= this.#mask) return true;
    }
    return false;
  }

  /** Reads what a sender's ring holds; bytes. */
  #take(from: number): number {
    if (this.#isFull(from)) return 0;
    const words = this.#words;
    const ring = this.#ring(from, this.thread);
    const tail = words[ring + 1];
    const count = (Atomics.load(words, ring) - tail) | 0;
    if (count === 0) return 0;
    const base = this.#bytesOf(from, this.thread);
    const at = tail & this.#mask;
    const straight = Math.min(count, this.#mask + 1 - at);
    const bytes = Buffer.allocUnsafe(count);
    bytes.set(this.#bytes.subarray(base + at, base + at + straight));
    if (straight < count) bytes.set(this.#bytes.subarray(base, base + count - straight), straight);
    // Gives the room back; whether the sender waits for it is looked at after.
    Atomics.store(words, ring + 1, (tail + count) | 0);
    if (Atomics.load(words, ring + 2) !== 0) this.#wake(from);
    this.#parse(from, bytes);
    return count;
  }

  #parse(from: number, bytes: Buffer): void {
    const unread = this.#unread[from];
    let at = 0;
    while (at < bytes.length) {
      if (!unread.body) {
        const some = Math.min(HEAD_BYTES - unread.headBytes, bytes.length - at);
        bytes.copy(unread.head, unread.headBytes, at, at + some);
        unread.headBytes += some;
        at += some;
        if (unread.headBytes < HEAD_BYTES) return;
        unread.body = Buffer.allocUnsafe(unread.head.readUInt32LE(4));
        unread.bodyBytes = 0;
      }
      const some = Math.min(unread.body.length - unread.bodyBytes, bytes.length - at);
      bytes.copy(unread.body, unread.bodyBytes, at, at + some);
      unread.bodyBytes += some;
      at += some;
      if (unread.bodyBytes < unread.body.length) return;
      const { body } = unread;
      unread.body = undefined;
      unread.headBytes = 0;
      this.#keep(unread.head.readInt32LE(8), { kind: unread.head.readUInt32LE(0), from, body });
    }
  }
}

// Cuts the encoded entries of a snapshot's walk apart, as they come in pieces: where each begins and ends, its database and
// its key. An entry that lies whole in a piece is handed over whole; of one that does not, the parts are handed over as
// they come, so that no value has to be held in memory. Database selections are taken out: whoever writes the entries
// somewhere else makes its own.
import {
  OP_DATABASE,
  OP_HASH,
  OP_HASH_DEADLINES,
  OP_LIST,
  OP_SET,
  OP_STREAM,
  OP_STREAM_READ,
  OP_STRING,
  OP_ZSET,
} from './dump-format.js';

export interface EntrySink {
  /** An entry begins. `key` is a view, good for the call. */
  begin(database: number, op: number, key: Uint8Array): void;
  /** Bytes of it, good for the call. */
  bytes(bytes: Uint8Array): void;
  /** It is complete. */
  end(): void;
}

/** Not all of it is there. */
const PART = -1;
/** What a skipper asks for: a u32; else so many bytes to be passed. */
const ASK_U32 = -1;

export class EntryStream {
  #database = 0;
  /** Beginning of an entry whose key is not there as a whole. */
  #head = new Uint8Array(0);
  /** The payload that is under way, and what it waits for. */
  #skipper: Generator<number, void, number> | undefined;
  #skip = 0;
  #u32 = { bytes: new Uint8Array(4), have: 0 };

  constructor(readonly sink: EntrySink) {}

  /** Takes the next piece. Borrowed for the call. */
  push(piece: Uint8Array): void {
    let bytes = piece;
    if (this.#head.length > 0) {
      bytes = new Uint8Array(this.#head.length + piece.length);
      bytes.set(this.#head);
      bytes.set(piece, this.#head.length);
      this.#head = new Uint8Array(0);
    }
    let at = this.#skipper ? this.#goOn(bytes, 0) : 0;
    while (at < bytes.length) {
      const next = this.#entry(bytes, at);
      if (next === PART) {
        this.#head = bytes.slice(at);
        return;
      }
      at = next;
    }
  }

  /** Nothing more comes. @throws Error when an entry is not complete: our own walk cannot leave one. */
  finish(): void {
    if (this.#skipper || this.#head.length > 0) throw new Error('the walk ended in the middle of an entry');
  }

  /** Hands over what there is of the entry at `at`. @returns where the next one begins, or PART: not even the key is there. */
  #entry(bytes: Uint8Array, at: number): number {
    const op = bytes[at];
    if (op === OP_DATABASE) {
      if (bytes.length - at < 5) return PART;
      this.#database = u32At(bytes, at + 1);
      return at + 5;
    }
    if (bytes.length - at < 2) return PART;
    const keyLengthAt = at + 2 + (bytes[at + 1] === 1 ? 8 : 0);
    if (keyLengthAt + 4 > bytes.length) return PART;
    const keyAt = keyLengthAt + 4;
    const payload = keyAt + u32At(bytes, keyLengthAt);
    if (payload > bytes.length) return PART;
    this.sink.begin(this.#database, op, bytes.subarray(keyAt, payload));
    if (op === OP_STRING && payload + 4 <= bytes.length) {
      const end = payload + 4 + u32At(bytes, payload);
      if (end <= bytes.length) {
        this.sink.bytes(bytes.subarray(at, end));
        this.sink.end();
        return end;
      }
    }
    this.#skipper = payloadOf(op);
    this.#ask(this.#skipper.next());
    return this.#goOn(bytes, payload, at);
  }

  #ask({ done, value }: IteratorResult<number, void>): void {
    if (done) this.#skipper = undefined;
    else if (value === ASK_U32) this.#u32.have = 0;
    this.#skip = done ? 0 : (value as number);
  }

  /** Passes the payload that is under way, from `at` on. @returns where it ends, or the end of the bytes. */
  #goOn(bytes: Uint8Array, at: number, from = at): number {
    const u32 = this.#u32;
    while (this.#skipper && (at < bytes.length || this.#skip === 0)) {
      if (this.#skip !== ASK_U32) {
        const part = Math.min(this.#skip, bytes.length - at);
        at += part;
        this.#skip -= part;
        if (this.#skip === 0) this.#ask(this.#skipper.next(0));
      } else if (u32.have === 0 && at + 4 <= bytes.length) {
        this.#ask(this.#skipper.next(u32At(bytes, at)));
        at += 4;
      } else {
        u32.bytes[u32.have++] = bytes[at++];
        if (u32.have === 4) this.#ask(this.#skipper.next(u32At(u32.bytes, 0)));
      }
    }
    if (at > from) this.sink.bytes(bytes.subarray(from, at));
    if (!this.#skipper) this.sink.end();
    return at;
  }
}

function u32At(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** What follows the key, as what a reader passes: see dump-format.ts. The walk writes the newest form of everything. */
function* payloadOf(op: number): Generator<number, void, number> {
  switch (op) {
    case OP_STRING:
      yield yield ASK_U32;
      break;
    case OP_LIST:
    case OP_SET:
      for (let left = yield ASK_U32; left > 0; left--) yield yield ASK_U32;
      break;
    case OP_ZSET:
      for (let left = yield ASK_U32; left > 0; left--) yield (yield ASK_U32) + 8;
      break;
    case OP_HASH:
    case OP_HASH_DEADLINES:
      for (let left = yield ASK_U32; left > 0; left--) {
        if (op === OP_HASH_DEADLINES) yield 8;
        yield yield ASK_U32;
        yield yield ASK_U32;
      }
      break;
    case OP_STREAM:
    case OP_STREAM_READ:
      yield* streamPayload(op === OP_STREAM_READ ? 8 : 0);
      break;
    default:
      throw new Error(`the walk wrote an entry of type ${op}`);
  }
}

/** @param more Bytes that the form with entries-read has more, in a group; and half of them in a pending entry. */
function* streamPayload(more: number): Generator<number, void, number> {
  yield 40;
  for (let entries = yield ASK_U32; entries > 0; entries--) {
    yield 16;
    for (let texts = (yield ASK_U32) * 2; texts > 0; texts--) yield yield ASK_U32;
  }
  for (let groups = yield ASK_U32; groups > 0; groups--) {
    yield (yield ASK_U32) + 16 + more;
    for (let consumers = yield ASK_U32; consumers > 0; consumers--) yield (yield ASK_U32) + 8;
    for (let pending = yield ASK_U32; pending > 0; pending--) {
      yield 16;
      yield (yield ASK_U32) + 12 + more / 2;
    }
  }
}

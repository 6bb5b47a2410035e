// From the events that a shard has queued (assembly/events/events.ts) to the messages of keyspace notifications: each
// event that notifications name is published on the key's own channel, on the event's, or on both.
import { EVENTS_WANTED, ShardKernel } from '../kernel/kernel.js';
import { KEY_EVENT_NAMES } from './key-event-names.js';

/** Classes of notifications: NOTIFY_* of assembly/events/events.ts, which are Redis's own bits. */
export const NOTIFY_KEYSPACE = 1;
export const NOTIFY_KEYEVENT = 2;
/** All bits of notifications in the word that says what is asked for; others of it are not theirs. */
const NOTIFY_BITS = 0xffff;

/** Kinds of queued events. */
export const EVENT_NOTIFY = 1;
export const EVENT_MODIFIED = 2;
export const EVENT_INVALIDATE = 3;
export const EVENT_FLUSHED = 4;
export const EVENT_HEAD_BYTES = 24;

/** A queued event, copied out. */
export interface KeyEvent {
  /** EVENT_NOTIFY, EVENT_MODIFIED or EVENT_INVALIDATE. */
  readonly kind: number;
  readonly db: number;
  readonly key: Buffer;
  /** EVENT_NOTIFY: the class. EVENT_INVALIDATE: workers 0 to 31, a bit each. */
  readonly class: number;
  /** EVENT_NOTIFY: the number of the name. EVENT_INVALIDATE: workers 32 to 63. */
  readonly event: number;
}

/** Takes the first event off a shard's queue (latched); undefined: there is none. */
export function takeEvent(shard: ShardKernel): KeyEvent | undefined {
  const at = shard.calls.eventFirst() >>> 0;
  if (at === 0) return undefined;
  const head = Buffer.from(shard.view(at, EVENT_HEAD_BYTES));
  const taken = {
    kind: head[4],
    db: head.readUInt16LE(6),
    key: Buffer.from(shard.view(at + EVENT_HEAD_BYTES, head.readUInt32LE(8))),
    class: head.readUInt32LE(12),
    event: head.readUInt32LE(16),
  };
  shard.calls.eventDrop();
  return taken;
}

/** Publishes one message. Called with a latch held: it may not wait. */
export type Publish = (channel: Buffer, message: Buffer) => void;

const NAMES = KEY_EVENT_NAMES.map((name) => Buffer.from(name, 'latin1'));

/**
 * Publishes what notifications say of an event, as far as it is asked for.
 * @param wanted The shard's word, see `notificationsWanted`.
 */
export function publishEvent({ kind, db, key, event }: KeyEvent, wanted: number, publish: Publish): void {
  if (kind !== EVENT_NOTIFY) return;
  const name = NAMES[event];
  if (wanted & NOTIFY_KEYSPACE) publish(Buffer.concat([Buffer.from(`__keyspace@${db}__:`), key]), name);
  if (wanted & NOTIFY_KEYEVENT) publish(Buffer.from(`__keyevent@${db}__:${KEY_EVENT_NAMES[event]}`), key);
}

/** Classes that a shard's notifications are asked for in, with NOTIFY_KEYSPACE and NOTIFY_KEYEVENT. */
export function notificationsWanted(shard: ShardKernel): number {
  return Atomics.load(shard.words, ShardKernel.headerIndex(EVENTS_WANTED)) & NOTIFY_BITS;
}

/**
 * Says which notifications are asked for, in a shard's memory: in one piece, and beside what else is asked for there.
 * @param classes Bits; without any channel to publish on, none counts.
 */
export function askNotifications(buffer: ArrayBufferLike, classes: number): void {
  const words = new Int32Array(buffer);
  const at = ShardKernel.headerIndex(EVENTS_WANTED);
  const asked = classes & (NOTIFY_KEYSPACE | NOTIFY_KEYEVENT) ? classes & NOTIFY_BITS : 0;
  for (;;) {
    const present = Atomics.load(words, at);
    if (Atomics.compareExchange(words, at, present, (present & ~NOTIFY_BITS) | asked) === present) return;
  }
}

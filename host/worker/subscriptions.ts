// Who subscribes to what, over all workers: this worker's own subscribers, and how many each other worker has. The figures
// of the others are kept by letters (pubsub.ts), so that whoever publishes knows at once whom to tell and how many it is.
import { globMatch } from '../commands/glob.js';

/** Channels, patterns, and channels of shards. */
export const CHANNEL = 0;
export const PATTERN = 1;
export const SHARD_CHANNEL = 2;
/** Prefixes of keys that BCAST clients are told of; and, under the name '', the clients that track keys at all. */
export const PREFIX = 3;
export const TRACKER = 4;
export type MessageKind = typeof CHANNEL | typeof PATTERN | typeof SHARD_CHANNEL;
export type Kind = MessageKind | typeof PREFIX | typeof TRACKER;
/** Those that make a connection a subscriber. */
export const KINDS: readonly MessageKind[] = [CHANNEL, PATTERN, SHARD_CHANNEL];
const ALL_KINDS: readonly Kind[] = [...KINDS, PREFIX, TRACKER];

/** What a connection subscribes to: names by kind, one character per byte. */
export type Subscribed = readonly [Set<string>, Set<string>, Set<string>, Set<string>, Set<string>];
export const noSubscriptions = (): Subscribed => [new Set(), new Set(), new Set(), new Set(), new Set()];
/** Whether a connection can be sent messages. */
export const isSubscriber = (subscribed: Subscribed): boolean => KINDS.some((kind) => subscribed[kind].size !== 0);

export class Subscriptions<S> {
  readonly #own: readonly Map<string, Set<S>>[] = ALL_KINDS.map(() => new Map());
  /** Subscribers of each worker by name; a name that nobody subscribes to is not there. */
  readonly #counts: readonly Map<string, Uint32Array>[] = ALL_KINDS.map(() => new Map());
  /** Called when a name comes or goes. */
  onChange = (): void => {};

  /** @param worker This one. */
  constructor(
    readonly worker: number,
    readonly workers: number,
  ) {}

  /** A subscriber of this worker comes. */
  add(kind: Kind, name: string, subscriber: S): void {
    const own = this.#own[kind];
    const subscribers = own.get(name);
    if (subscribers) subscribers.add(subscriber);
    else own.set(name, new Set([subscriber]));
    this.change(kind, name, this.worker, 1);
  }

  /** One goes. */
  remove(kind: Kind, name: string, subscriber: S): void {
    const subscribers = this.#own[kind].get(name);
    if (!subscribers?.delete(subscriber)) return;
    if (subscribers.size === 0) this.#own[kind].delete(name);
    this.change(kind, name, this.worker, -1);
  }

  /** A worker has more or fewer subscribers. */
  change(kind: Kind, name: string, worker: number, by: number): void {
    const counts = this.#counts[kind];
    let of = counts.get(name);
    const names = counts.size;
    if (!of) {
      of = new Uint32Array(this.workers);
      counts.set(name, of);
    }
    of[worker] += by;
    if (of.every((count) => count === 0)) counts.delete(name);
    if (counts.size !== names) this.onChange();
  }

  /** This worker's subscribers. */
  own(kind: Kind, name: string): ReadonlySet<S> | undefined {
    return this.#own[kind].get(name);
  }
  /** This worker's patterns that match a channel, with their subscribers. */
  *ownMatching(channel: string): Generator<[string, ReadonlySet<S>]> {
    for (const entry of this.#own[PATTERN]) if (globMatch(entry[0], channel)) yield entry;
  }

  /** Adds to `into` how many subscribers each worker has that a message goes to. */
  receivers(kind: typeof CHANNEL | typeof SHARD_CHANNEL, channel: string, into: Uint32Array): void {
    const direct = this.#counts[kind].get(channel);
    if (direct) for (let worker = 0; worker < into.length; worker++) into[worker] += direct[worker];
    if (kind === SHARD_CHANNEL) return;
    for (const [pattern, counts] of this.#counts[PATTERN]) {
      if (!globMatch(pattern, channel)) continue;
      for (let worker = 0; worker < into.length; worker++) into[worker] += counts[worker];
    }
  }

  /** Whether a worker has clients that ask for a prefix of the key. */
  hasPrefixOf(key: string, worker: number): boolean {
    for (const [prefix, counts] of this.#counts[PREFIX])
      if (counts[worker] !== 0 && key.startsWith(prefix)) return true;
    return false;
  }
  /** This worker's. */
  *ownWithPrefixOf(key: string): Generator<S> {
    for (const [prefix, clients] of this.#own[PREFIX]) if (key.startsWith(prefix)) yield* clients;
  }
  countAt(kind: Kind, name: string, worker: number): number {
    return this.#counts[kind].get(name)?.[worker] ?? 0;
  }

  /** Subscribers over all workers. */
  count(kind: Kind, name: string): number {
    return this.#counts[kind].get(name)?.reduce((sum, count) => sum + count, 0) ?? 0;
  }
  /** Names that have subscribers, over all workers. */
  names(kind: Kind): string[] {
    return [...this.#counts[kind].keys()];
  }
  size(kind: Kind): number {
    return this.#counts[kind].size;
  }
}

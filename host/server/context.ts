// What host commands see of the server: the client that called, and the services of the thread it is connected to.
// `host/worker` implements it, `host/server/commands` uses it; neither knows the other's insides.
import type { Command, Reply } from '../commands/index.js';
import type { ShardKernel } from '../kernel/kernel.js';
import type { Series } from '../worker/latency-events.js';
import type { PubSub } from '../worker/pubsub.js';
import type { Queue } from '../worker/queue.js';
import type { SlotKeys } from '../worker/slot-walk.js';
import type { SlowEntry } from '../worker/slow-commands.js';
import type { Stats } from '../worker/stats.js';
import type { Kind, Subscribed } from '../worker/subscriptions.js';
import type { Tracked } from '../worker/tracking.js';
import type { Watched } from '../worker/watches.js';
import type { Config } from './config.js';
import type { Observer } from './observer.js';

/** One connection, as commands see it. Fields that are not readonly are theirs to set; the next frame obeys them. */
export interface Client {
  /** Unique in the process, rising. */
  readonly id: number;
  /** `ip:port` of the peer, `[ip]:port` for IPv6 as Redis writes it; `path:0` for a Unix socket. */
  readonly address: string;
  readonly localAddress: string;
  readonly fd: number;
  readonly unix: boolean;
  /** The shard whose cluster port it is connected to; -1: the main port or the Unix socket. */
  readonly clusterShard: number;
  /** Unix milliseconds. */
  readonly createdMs: number;
  readonly lastActiveMs: number;
  /** Bytes received and not executed; bytes of replies that the socket has not taken. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Commands executed, kernel's and host's, and bytes in and out over its life. */
  readonly commandCount: number;
  readonly netInputBytes: number;
  readonly netOutputBytes: number;
  /** Full name of the command executed last (`get`, `client|list`); NULL before the first. */
  lastCommand: string;
  name: string;
  libName: string;
  libVersion: string;
  db: number;
  proto: 2 | 3;
  authenticated: boolean;
  noEvict: boolean;
  noTouch: boolean;
  /** CLIENT REPLY: `skipNext` drops the reply of the command after this one. */
  replyMode: 'on' | 'off' | 'skipNext';
  /** Close once the replies so far have been handed to the system. */
  closeAfterReply: boolean;
  /** Between MULTI and EXEC: what is queued. */
  multi: Queue | undefined;
  /** Its transaction is being executed: nothing is queued, and nothing waits. */
  executing: boolean;
  watched: readonly Watched[];
  readonly subscribed: Subscribed;
  /** CLIENT TRACKING. */
  tracked: Tracked | undefined;
  /** Reasons why every frame is looked at by the host first. */
  eachFrame: number;
}

/** A client in a list over all workers: a plain copy that can cross threads. */
export interface ClientFacts
  extends Omit<Client, 'multi' | 'executing' | 'watched' | 'eachFrame' | 'subscribed' | 'tracked'> {
  /** Frames queued in a transaction; -1: there is none. */
  readonly queued: number;
  /** Channels, patterns and shard channels that it subscribes to. */
  readonly subscriptions: readonly [number, number, number];
  /** What it has asked for with CLIENT TRACKING. */
  readonly tracked: Pick<Tracked, 'bcast' | 'broken' | 'redirect'> | undefined;
  readonly workerIndex: number;
  /** It sees every command: MONITOR. */
  readonly monitor: boolean;
  /** It is waiting for a latch, the slow lane, or the end of CLIENT PAUSE. */
  readonly blocked: boolean;
}

/** Which clients CLIENT KILL means. Every filter given must hold. */
export interface KillFilter {
  id?: number;
  address?: string;
  localAddress?: string;
  type?: 'normal' | 'master' | 'replica' | 'pubsub';
  user?: string;
  /** Id of a client that is spared (SKIPME). */
  exceptId?: number;
  maxAgeSeconds?: number;
}

/** What a request for a snapshot or a rewrite led to; `busy` names what is under way instead. */
export type Begun = 'started' | 'scheduled' | { readonly busy: 'snapshot' | 'rewrite' };

/** The persistence engine, as commands see it. It lives on a thread of its own. */
export interface PersistenceServices {
  /** Takes a snapshot. Resolved: it is in place and synced. `failed`: why it is not. */
  save(): Promise<Begun | { readonly failed: string }>;
  /** @param schedule Take it later if something is under way. */
  bgsave(schedule: boolean): Promise<Begun>;
  bgrewriteaof(): Promise<Begun>;
  /** Unix seconds. */
  lastSave(): Promise<number>;
  /**
   * Waits until everything executed before the call is synced.
   * @param timeoutMs 0: for ever; negative: not at all.
   * @returns whether it is; undefined: there is no log.
   */
  waitSynced(timeoutMs: number): Promise<boolean | undefined>;
  /** Fields of INFO persistence. */
  info(): Promise<readonly (readonly [name: string, value: string | number])[]>;
}

/** Where the server listens, and how connections reach the workers: said in INFO and in the start-up line. */
export interface ListeningFacts {
  readonly tcpPort: number;
  readonly spread: string;
  /** By shard; none without cluster ports. */
  readonly clusterPorts: readonly number[];
}

/** What one thread offers to host commands. */
export interface Services {
  readonly workerIndex: number;
  readonly workerCount: number;
  readonly config: Config;
  readonly stats: Stats;
  /** All shards; this thread's own instances. Counters may be read without a latch, roughly. */
  readonly shards: readonly ShardKernel[];
  readonly startedMs: number;
  /** 40 hex digits, random per process. */
  readonly runId: string;
  readonly listening: ListeningFacts;
  /** Undefined without a directory. */
  readonly persistence: PersistenceServices | undefined;

  /** Clients of all workers, in order of id. */
  clients(): Promise<ClientFacts[]>;
  /** Facts of one client of this thread, without asking the others. */
  factsOf(client: Client): ClientFacts;
  /** Closes the clients that match; answers how many there were. The caller itself is closed after its reply. */
  kill(filter: KillFilter, caller: Client): Promise<number>;
  /** CLIENT PAUSE for all workers; `untilMs` in the past ends it. */
  pause(untilMs: number, writesOnly: boolean): void;
  /** Applies parameters that `config.check` has accepted, on every thread. Resolved: they are in force everywhere. */
  configure(pairs: readonly (readonly [name: string, value: string])[]): Promise<void>;
  /** DEBUG SET-ACTIVE-EXPIRE, on every thread. */
  setActiveExpire(on: boolean): Promise<void>;
  /** CONFIG RESETSTAT. */
  resetStats(): void;
  /**
   * Ends the process in order; never resolves.
   * @param save Whether a snapshot is taken first; undefined: if there are save points.
   */
  shutdown(save?: boolean): Promise<never>;
  /** Frames for the kernel, under the latches they need: what a client would get for `argv`. */
  call(argv: readonly Uint8Array[], client: Client): Promise<Buffer>;
  /** Redis Cluster's slot of a key. */
  readonly slotOf: (key: Uint8Array) => number;
  /** Keys of a slot that a shard has, in the client's database: how many, and at most `most` of them. */
  keysInSlot(shard: number, slot: number, most: number, client: Client): Promise<SlotKeys>;
  /** The same, answered at once if nothing has to be waited for. */
  run(argv: readonly Uint8Array[], client: Client): Buffer | Promise<Buffer>;
  /** Why a frame may not be queued now, in an error's words: memory, or the log; undefined: it may. */
  refusal(command: Command): string | undefined;
  /** Executes what the client has queued, which is no longer queued then, nor is anything watched. */
  exec(client: Client): Encoded | Reply | Promise<Encoded | Reply>;
  /** Watches further keys. The reply. */
  watch(keys: readonly Buffer[], client: Client): Reply | Promise<Reply>;
  /** Watches nothing any more. */
  unwatch(client: Client): void;
  readonly pubsub: PubSub<Client>;
  /** CLIENT TRACKING: what the client wants from now on; undefined: nothing. @param prefixes Further ones, of BCAST. */
  track(client: Client, tracked: Tracked | undefined, prefixes: readonly string[]): Promise<void>;
  /** Subscribes the client; resolves once all workers know. Undefined: they do. */
  subscribe(client: Client, kind: Kind, names: readonly string[]): Promise<void> | undefined;
  unsubscribe(client: Client, kind: Kind, names: readonly string[]): Promise<void> | undefined;
  /** A command that may wait for keys. */
  block(argv: readonly Buffer[], client: Client, command: Command): Encoded | Reply | Promise<Encoded | Reply>;
  /** Waits for a time, or for CLIENT UNBLOCK; 0: for ever. */
  pass(timeoutMs: number, client: Client, reply: Buffer): Promise<Encoded>;
  /** CLIENT UNBLOCK. Whether the client was waiting. */
  unblock(clientId: number, withError: boolean): Promise<boolean>;
  /** Told of commands by whoever runs them. */
  readonly observer: Observer;
  /** Resolved: the client sees every command from now on. */
  monitor(client: Client): Promise<void>;
  isMonitor(client: Client): boolean;
  unmonitor(client: Client): void;
  /** The log of slow commands over all threads, newest first; and what empties it. */
  slowEntries(): Promise<SlowEntry[]>;
  resetSlow(): Promise<void>;
  /** Events that took long, over all threads; and what forgets kinds of them, all if none is named. */
  latencySeries(): Promise<Series[]>;
  resetLatency(events: readonly string[]): Promise<number>;
  /** Writes the configuration into the file that it came from; what is wrong, or null. */
  rewriteConfig(): Promise<string | null>;
  /** Brings the counters of this thread up to date. */
  harvest(): void;
  /** Blocks this thread: DEBUG SLEEP. */
  sleep(ms: number): void;
  /** DEBUG PANIC: dies while holding the latch of shard 0. */
  panic(): never;
  /** Gives back memory that shards hold in reserve; answers bytes. */
  purge(): number;
}

/** Bytes of a reply that are encoded already. */
export interface Encoded {
  readonly encoded: Uint8Array;
}
/** No reply at all (CLIENT REPLY OFF, SHUTDOWN). */
export const NO_REPLY: Encoded = { encoded: new Uint8Array(0) };

/**
 * A host command.
 * @param argv    The whole frame; borrowed until the handler has returned or its promise has settled.
 * @param command The table's entry: the subcommand where the frame names one. Its arity has been checked.
 */
export type HostHandler = (
  argv: readonly Buffer[],
  client: Client,
  services: Services,
  command: Command,
) => Reply | Encoded | Promise<Reply | Encoded>;

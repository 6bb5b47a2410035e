// The control channel between the supervisor and its threads: small messages over comlink, never data.
import type { MessagePort } from 'node:worker_threads';
import type { Series } from '../worker/latency-events.js';
import type { SlowEntry } from '../worker/slow-commands.js';
import type { StoreParts } from '../worker/store-parts.js';
import type { ClientFacts, KillFilter, ListeningFacts } from './context.js';
import type { SharedListener } from './listener.js';

/** What a thread offers to the supervisor. */
export interface ThreadApi {
  clientsHere(): ClientFacts[];
  /** Closes this thread's clients that match, but never `callerId`; answers how many. */
  killHere(filter: KillFilter, callerId: number): number;
  unblockHere(clientId: number, withError: boolean): boolean;
  pauseHere(untilMs: number, writesOnly: boolean): void;
  /** Takes parameters over that have been checked. */
  configureHere(pairs: readonly (readonly [string, string])[]): void;
  setActiveExpireHere(on: boolean): void;
  /** MONITOR is watched by clients of these threads. */
  monitorsHere(threads: readonly number[]): void;
  /** This thread's part of SLOWLOG, and of LATENCY's events; and what forgets it. */
  slowHere(): SlowEntry[];
  resetSlowHere(): void;
  latencyHere(): Series[];
  resetLatencyHere(events: readonly string[]): string[];
  /** Accepts no more, and closes connections once what they asked for is answered and taken. */
  stop(): Promise<void>;
}

/** What the supervisor offers to a thread: the same over all threads, and the lanes. */
export interface SupervisorApi {
  /** A port to a lane of the slow lane, whose thread is started if need be. */
  lane(lane: number): Promise<MessagePort>;
  clients(): Promise<ClientFacts[]>;
  kill(filter: KillFilter, callerId: number): Promise<number>;
  /** Whether some thread's client was waiting. */
  unblock(clientId: number, withError: boolean): Promise<boolean>;
  pause(untilMs: number, writesOnly: boolean): Promise<void>;
  configure(pairs: readonly (readonly [string, string])[]): Promise<void>;
  setActiveExpire(on: boolean): Promise<void>;
  /** A thread has so many clients of MONITOR. Resolved: every thread feeds them. */
  monitors(thread: number, count: number): Promise<void>;
  slowEntries(): Promise<SlowEntry[]>;
  resetSlow(): Promise<void>;
  latencySeries(): Promise<Series[]>;
  /** How many kinds of events were forgotten. */
  resetLatency(events: readonly string[]): Promise<number>;
  /** Writes the configuration into its file; what is wrong, or null. */
  rewriteConfig(): Promise<string | null>;
  /** Ends the process. `save`: see Services. */
  shutdown(save?: boolean): Promise<void>;
}

/** All a thread is born with; it can be posted. */
export interface ThreadSetup {
  readonly store: StoreParts;
  readonly threadIndex: number;
  readonly threadCount: number;
  /** `Config` in its postable form. */
  readonly config: unknown;
  readonly statsBuffer: SharedArrayBuffer;
  readonly startedMs: number;
  readonly runId: string;
  readonly listening: ListeningFacts;
  readonly listeners: readonly SharedListener[];
  /** The runtime passed the self-test of direct-read.ts. */
  readonly readsDirectly: boolean;
}

// The state of one connection: what its client set, what it sent and is not executed, and why it waits.
import { COMMANDS } from '../commands/index.js';
import * as abi from '../kernel/abi.js';
import type { BigFrame } from '../resp/request.js';
import { InputQueue } from './input-queue.js';
import type { Sink } from './output.js';
import type { Queue } from './queue.js';
import { noSubscriptions, type Subscribed } from './subscriptions.js';
import type { Tracked } from './tracking.js';
import type { Watched } from './watches.js';

/** What a connection is to the system: a socket, or whatever takes its place in a test. */
export interface Transport extends Sink {
  readonly address: string;
  readonly localAddress: string;
  readonly fd: number;
  readonly unix: boolean;
  /** Bytes handed over that the system has not taken. */
  readonly pendingBytes: number;
  /** Stops and goes on delivering bytes. */
  pause(): void;
  resume(): void;
  /** Closes after what was written has been taken. */
  end(): void;
  /** Closes now. */
  destroy(): void;
}

/** Flags of the calls of a connection to a shard's cluster port; for the main port (-1) there are none. */
export function clusterFlags(shard: number): number {
  return shard < 0 ? 0 : abi.CALL_CLUSTER | (shard << abi.PORT_SHARD_SHIFT);
}

/** Why a connection waits: its later frames stay in its queue meanwhile. */
export const WAIT_NONE = 0;
export const WAIT_LATCH = 1;
export const WAIT_HOST = 2;
export const WAIT_SLOW = 3;
export const WAIT_PAUSE = 4;

const NAMES: string[] = [];
for (const command of COMMANDS) NAMES[command.opcode] = command.name;

export class Connection implements Sink {
  /** The shard whose cluster port it came in at; -1: the main port, which serves all. */
  clusterShard = -1;
  readonly createdMs: number;
  lastActiveMs: number;
  commandCount = 0;
  netInputBytes = 0;
  netOutputBytes = 0;
  name = '';
  libName = '';
  libVersion = '';
  db = 0;
  proto: 2 | 3 = 2;
  authenticated: boolean;
  noEvict = false;
  noTouch = false;
  replyMode: 'on' | 'off' | 'skipNext' = 'on';
  closeAfterReply = false;
  /** Channels, patterns and shard channels. */
  readonly subscribed: Subscribed = noSubscriptions();
  tracked: Tracked | undefined;
  /** Messages that leave with the end of the turn, or in front of the next reply. */
  pushes: Buffer[] = [];
  /** Messages that leave behind the reply to the command in hand. */
  afterReply: Buffer[] = [];
  /** They wait for the confirmation of a subscription. */
  holdsPushes = false;
  /** Why every frame goes to the host before anything is executed: a transaction, a subscription, … Counts the reasons. */
  eachFrame = 0;
  /** What is queued between MULTI and EXEC: host/server/transactions.ts. */
  multi: Queue | undefined;
  executing = false;
  watched: readonly Watched[] = [];
  /** Called once, when the connection is gone. */
  readonly atEnd = new Set<() => void>();
  /** Parts of replies that are held until what they could have seen is synced: see gate.ts. */
  heldParts = 0;

  readonly input = new InputQueue();
  /** Bytes that the frame at the queue's front has at least: nothing is tried before they are there. */
  needBytes = 1;
  /** Gathers a frame that no window can hold. */
  big: BigFrame | undefined;
  waiting = WAIT_NONE;
  /** With WAIT_LATCH: the shard that was busy, and since when, in ms of performance.now. */
  parkedOn = -1;
  parkedSinceMs = 0;
  /** The transport was told to stop delivering. */
  readPaused = false;
  closed = false;
  /** Since when the output is over its soft limit, Unix milliseconds; 0: it is not. */
  overSoftSinceMs = 0;
  #lastName = 'NULL';
  #lastOpcode = 0;

  constructor(
    readonly id: number,
    readonly transport: Transport,
    nowMs: number,
    authenticated: boolean,
  ) {
    this.createdMs = nowMs;
    this.lastActiveMs = nowMs;
    this.authenticated = authenticated;
  }

  write(bytes: Uint8Array): boolean {
    return this.transport.write(bytes);
  }
  get address(): string {
    return this.transport.address;
  }
  get localAddress(): string {
    return this.transport.localAddress;
  }
  get fd(): number {
    return this.transport.fd;
  }
  get unix(): boolean {
    return this.transport.unix;
  }
  get inputBytes(): number {
    return this.input.bytes + (this.big?.bytes ?? 0);
  }
  get outputBytes(): number {
    return this.transport.pendingBytes;
  }

  /** Full name of the command executed last, `NULL` before the first. */
  get lastCommand(): string {
    return this.#lastOpcode !== 0 ? (NAMES[this.#lastOpcode] ?? 'NULL') : this.#lastName;
  }
  set lastCommand(fullName: string) {
    this.#lastName = fullName;
    this.#lastOpcode = 0;
  }
  /** The same for the kernel's commands, which are told by number. */
  set lastOpcode(opcode: number) {
    this.#lastOpcode = opcode;
  }

  /** Flags that every kernel call for this connection carries. */
  get callFlags(): number {
    let flags = 0;
    if (!this.authenticated) flags |= abi.CALL_HOST_ALL;
    if (this.eachFrame !== 0) flags |= abi.CALL_EACH;
    if (this.noTouch) flags |= abi.CALL_NO_TOUCH;
    if (this.clusterShard >= 0) flags |= clusterFlags(this.clusterShard);
    if (this.replyMode !== 'on') flags |= abi.CALL_REPLY_OFF;
    return flags;
  }
}

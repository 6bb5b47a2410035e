// From bytes to replies, for the connections of one thread. What arrives is copied into the window of the home shard,
// cut into frames there, executed in place under the latches of the shards concerned, and answered in order with one
// write. A connection that cannot go on (a latch is busy, a command is slow, the host has to think, clients are paused)
// is parked: its later bytes wait in its queue, and the thread serves the others.
import * as abi from '../kernel/abi.js';
import { type Epochs, POLICY_LATER } from '../kernel/epochs.js';
import { EVENTS_WAITING, EVENTS_WANTED, type ShardKernel } from '../kernel/kernel.js';
import { BigFrame, decodeRequest, firstRequest, ProtocolError } from '../resp/request.js';
import {
  type Connection,
  clusterFlags,
  WAIT_HOST,
  WAIT_LATCH,
  WAIT_NONE,
  WAIT_PAUSE,
  WAIT_SLOW,
} from './connection.js';
import { BATCH_MAX, type Evictor } from './evictor.js';
import { type CallContext, type Clock, type FrameRunner, misconf } from './frame-runner.js';
import { Gate } from './gate.js';
import { GroupRunner } from './group-runner.js';
import { type Latches, RESERVE_AFTER_MS, SPINS } from './latches.js';
import type { Mailbox } from './mailbox.js';
import { Output, Releases, WAITING_BYTES_MAX } from './output.js';
import type { SlowReply } from './slow-lane.js';
import { STAT, type Stats } from './stats.js';
import { isSubscriber } from './subscriptions.js';

/** Bytes of output that a client may leave lying. */
export interface OutputLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

/** Limits in force, read afresh each time they matter. */
export interface Limits {
  readonly protoMaxBulkLen: number;
  readonly clientQueryBufferLimit: number;
  readonly clientOutputBufferLimit: {
    readonly normal: OutputLimit;
    readonly pubsub: OutputLimit;
  };
}

/** What the thread does for frames that are not simply the kernel's. */
export interface FrameHooks {
  /**
   * Answers a frame that is the host's, or one that fits no window. The encoded reply, or a promise of it. Must not
   * throw on any input, and its promise must not reject: either is a bug of ours and ends the process.
   */
  hostCommand(argv: Buffer[], connection: Connection): Uint8Array | Promise<Uint8Array>;
  /** Runs a slow command in the slow lane. */
  slowCommand(argv: Buffer[], context: CallContext): Promise<SlowReply>;
  /**
   * Told of commands that the kernel has run: of each, where they run one by one; else of those that took `slowBatchMs`.
   * @param argv     The first of them.
   * @param commands How many ran together.
   */
  ran?(argv: Buffer[], commands: number, connection: Connection, ms: number): void;
}

/** Bytes that a waiting connection may pile up before its transport is told to stop. */
const HELD_BYTES_MAX = 1 << 20;
/** The engine wakes who waits for it; this bounds what a missed wake-up costs. */
const ENGINE_WAIT_MS_MAX = 20;
/** At most so much is read at once. */
const READ_BYTES = 1 << 16;

/** What is to happen after a piece of the window: go on with the rest of it, or leave the connection for now. */
const GO_ON = true;
const LEAVE = false;

export class FrameServer {
  /** Bytes that a shard's log may have waiting before writers have to wait for the engine. */
  backlogBytesMax = 64 << 20;
  /** Bytes of replies that may wait for a sync before frames have to wait, too. */
  unsyncedBytesMax = 64 << 20;
  /** What takes so long is told of. */
  slowBatchMs = Number.POSITIVE_INFINITY;
  /** Commands run one by one, each told of. */
  oneByOne = false;
  readonly releases: Releases;
  readonly #home: ShardKernel;
  readonly #out = new Output<Connection>();
  readonly #groups: GroupRunner;
  readonly #parked: Set<Connection>[];
  readonly #paused = new Set<Connection>();
  /** Those that have posted more to other threads than may pile up, and wait until these have taken it. */
  readonly #outrunning = new Set<Connection>();
  /** Those that wait for the persistence engine to catch up. */
  readonly #behind = new Set<Connection>();
  #flushing: NodeJS.Immediate | undefined;
  #pausedUntilMs = 0;
  #pausedWritesOnly = false;
  #pauseTimer: NodeJS.Timeout | undefined;
  #nowMs = 0;
  /** CALL_EVICTED or CALL_OOM for the next call, and how many commands it may execute: see #makeRoom. */
  #roomFlag = 0;
  #roomCommands: number = abi.FRAMES_MAX;
  readonly #evictor: Evictor;
  readonly #epochs: Epochs;
  /** Holds replies back under `appendfsync always`. */
  readonly gate: Gate;
  /** The connection whose frames are being executed: what it is pushed goes in front of its next reply. */
  #inHand: Connection | undefined;
  /** Those that have been pushed something in this turn. */
  #pushing: Connection[] = [];
  /** Offset in the home window's input of the first byte that is not executed. */
  #from = 0;

  constructor(
    readonly shards: readonly ShardKernel[],
    readonly homeIndex: number,
    readonly latches: Latches,
    readonly runner: FrameRunner,
    readonly clock: Clock,
    readonly stats: Stats,
    readonly limits: Limits,
    readonly hooks: FrameHooks,
    /** What is told to other threads of what is executed. */
    readonly mailbox: Pick<Mailbox, 'posted' | 'isBehind' | 'caughtUp'>,
  ) {
    this.#home = shards[homeIndex];
    this.#evictor = runner.evictor;
    this.#epochs = this.#home.epochs;
    this.gate = new Gate(this.#epochs);
    this.releases = new Releases(latches.owner);
    this.#groups = new GroupRunner(shards, homeIndex, latches, this.#out, this.releases, (shard) =>
      countErrorKinds(shard, stats),
    );
    this.#parked = shards.map(() => new Set());
  }

  /** Where bytes may be read to by whoever calls `receiveInPlace` next: the home shard's window, shared memory. */
  get place(): Uint8Array {
    return new Uint8Array(this.#home.memory.buffer, this.#home.input, Math.min(READ_BYTES, this.#home.layout.inBytes));
  }

  /** As `receive`, for `count` bytes that were read to `place` a moment ago. */
  receiveInPlace(connection: Connection, count: number): void {
    const home = this.#home;
    const waits = connection.waiting !== WAIT_NONE || this.pausing || this.gate.bytes > this.unsyncedBytesMax;
    if (!waits && connection.input.bytes === 0 && !connection.big) {
      if (connection.closed || connection.closeAfterReply) return;
      this.#arrived(connection, count);
      this.#begin(connection);
      connection.needBytes = 1;
      const goOn = this.#window(connection, count);
      if (goOn === GO_ON && this.#from === count) {
        this.#write(connection);
        return;
      }
      // What is left waits in the queue: the window is for the next connection.
      const rest = Buffer.from(home.bytes.subarray(home.input + this.#from, home.input + count));
      if (connection.big) this.#gather(connection, [rest]);
      else if (rest.length !== 0) connection.input.push(rest);
      this.#serve(connection);
      return;
    }
    this.receive(connection, Buffer.from(home.bytes.subarray(home.input, home.input + count)));
  }

  #arrived(connection: Connection, count: number): void {
    this.#nowMs = this.clock.nowMs();
    connection.lastActiveMs = this.#nowMs;
    connection.netInputBytes += count;
    this.stats.add(STAT.netInput, count);
    this.stats.add(STAT.reads, 1);
  }

  /** Takes bytes that arrived; executes what can be, and writes the replies. The chunk is the server's from now on. */
  receive(connection: Connection, chunk: Uint8Array): void {
    if (connection.closed || connection.closeAfterReply) return;
    this.#arrived(connection, chunk.length);
    if (connection.big) this.#gather(connection, [chunk]);
    else connection.input.push(chunk);
    if (connection.waiting === WAIT_NONE) {
      if (connection.input.bytes >= connection.needBytes) this.#serve(connection);
    } else if (connection.input.bytes > HELD_BYTES_MAX && !connection.readPaused) {
      connection.readPaused = true;
      connection.transport.pause();
    }
    if (connection.inputBytes > this.limits.clientQueryBufferLimit) this.#giveUp(connection);
  }

  /** Forgets a connection whose transport is gone. */
  forget(connection: Connection): void {
    connection.closed = true;
    for (const end of connection.atEnd) end();
    connection.atEnd.clear();
    this.#paused.delete(connection);
    this.#behind.delete(connection);
    this.#outrunning.delete(connection);
    if (connection.waiting !== WAIT_LATCH) return;
    this.#parked[connection.parkedOn].delete(connection);
    this.stats.add(STAT.parked, -1);
    // It may have reserved shards other than the one that it waited for last.
    this.latches.unreserve();
  }

  /** CLIENT PAUSE for this thread: all commands, or those that write, wait until `untilMs`. In the past: ends it. */
  pause(untilMs: number, writesOnly: boolean): void {
    const nowMs = this.clock.nowMs();
    if (untilMs > nowMs && this.#pausedUntilMs > nowMs) {
      // A pause on top of a pause neither shortens nor weakens it.
      untilMs = Math.max(untilMs, this.#pausedUntilMs);
      writesOnly = writesOnly && this.#pausedWritesOnly;
    }
    this.#pausedUntilMs = untilMs;
    this.#pausedWritesOnly = writesOnly;
    clearTimeout(this.#pauseTimer);
    if (untilMs > nowMs) this.#pauseTimer = setTimeout(this.#pauseOver, Math.min(untilMs - nowMs + 1, 0x7fffffff));
    else this.#pauseOver();
  }

  readonly #pauseOver = (): void => {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.#pausedUntilMs) {
      this.#pauseTimer = setTimeout(this.#pauseOver, Math.min(this.#pausedUntilMs - nowMs + 1, 0x7fffffff));
      return;
    }
    // In a turn of their own: this may be called by a command in the middle of another connection's window.
    const waiting = [...this.#paused];
    this.#paused.clear();
    setImmediate(() => {
      for (const connection of waiting) this.#resume(connection);
    });
  };

  /** Whether a command that the host executes has to wait: clients are paused, or the engine is behind. */
  holdsUp(writes: boolean): boolean {
    if (this.#pausedUntilMs !== 0) this.#nowMs = this.clock.nowMs();
    if (this.pausing && (writes || !this.#pausedWritesOnly)) return true;
    return writes && this.#isBehind();
  }

  /** Resolves once `holdsUp` may answer otherwise. */
  async heldUp(): Promise<void> {
    if (this.pausing) {
      const leftMs = Math.min(this.#pausedUntilMs - this.clock.nowMs(), 50);
      await new Promise((resolve) => setTimeout(resolve, Math.max(leftMs, 1)));
      return;
    }
    this.#epochs.awaitWritten();
    await this.#epochs.changed(this.#epochs.wakeCount, ENGINE_WAIT_MS_MAX);
  }

  get pausing(): boolean {
    return this.#pausedUntilMs !== 0 && this.#nowMs < this.#pausedUntilMs;
  }

  #giveUp(connection: Connection): void {
    if (connection.closed) return;
    this.forget(connection);
    connection.transport.destroy();
  }

  /** Goes on with a connection that waited. */
  #resume(connection: Connection): void {
    if (connection.closed) return;
    connection.waiting = WAIT_NONE;
    this.#nowMs = this.clock.nowMs();
    this.#serve(connection);
  }

  #serve(connection: Connection): void {
    const home = this.#home;
    const { input } = connection;
    this.#begin(connection);
    while (input.bytes >= connection.needBytes && connection.waiting === WAIT_NONE && !connection.closeAfterReply) {
      if (this.pausing && !this.#pausedWritesOnly) {
        this.#waitForPause(connection);
        break;
      }
      if (this.gate.bytes > this.unsyncedBytesMax) {
        this.#waitForEngine(connection);
        break;
      }
      const loaded = input.peek(home.bytes, home.input, home.layout.inBytes);
      connection.needBytes = 1;
      const goOn = this.#window(connection, loaded);
      input.drop(this.#from);
      if (connection.big) this.#gather(connection, input.takeAll());
      if (goOn === LEAVE && connection.needBytes > 1 && input.bytes < connection.needBytes) break;
    }
    if (connection.readPaused && connection.waiting === WAIT_NONE) {
      connection.readPaused = false;
      connection.transport.resume();
    }
    this.#write(connection);
  }

  /** The connection whose frames are being executed; 0: none. */
  get inHand(): number {
    return this.#inHand?.id ?? 0;
  }

  /** Frames of this connection are about to be executed, until `#write`. */
  #begin(connection: Connection): void {
    this.#inHand = connection;
    if (connection.pushes.length === 0 || connection.holdsPushes) return;
    for (const bytes of connection.pushes) this.#out.push(bytes);
    connection.pushes = [];
  }

  /**
   * Hands a message to a connection, which is not its reply: in front of whatever is answered next, at the end of the turn
   * at the latest.
   * @param bytes May be shared with other connections: they must never change.
   */
  push(connection: Connection, bytes: Buffer): void {
    if (connection.closed) return;
    if (connection === this.#inHand && !connection.holdsPushes) {
      this.#out.push(bytes);
      return;
    }
    if (connection.pushes.length === 0) this.#pushing.push(connection);
    connection.pushes.push(bytes);
    this.#flushing ??= setImmediate(this.#flush);
  }

  /** What was pushed goes to those whom it was pushed to. */
  #gatherPushes(): void {
    const pushing = this.#pushing;
    this.#pushing = [];
    let last: readonly Buffer[] = [];
    let joined: Buffer = Buffer.alloc(0);
    for (const connection of pushing) {
      const { pushes } = connection;
      if (connection.closed || pushes.length === 0) continue;
      if (connection.holdsPushes) {
        this.#pushing.push(connection);
        continue;
      }
      connection.pushes = [];
      // Subscribers of one channel are pushed the same, and share it.
      if (!isSame(pushes, last)) joined = pushes.length === 1 ? pushes[0] : Buffer.concat(pushes);
      last = pushes;
      this.#out.add(connection, joined);
      connection.netOutputBytes += joined.length;
      this.stats.add(STAT.netOutput, joined.length);
    }
  }

  /** The replies of this connection are complete for now: they leave at the end of the turn. */
  #write(connection: Connection): void {
    this.#inHand = undefined;
    if (connection.closed) {
      this.#out.drop();
      return;
    }
    const { bytes } = this.#out;
    if (bytes !== 0) {
      connection.netOutputBytes += bytes;
      this.stats.add(STAT.netOutput, bytes);
      this.#out.finish(connection);
      if (this.#flushing === undefined) this.#flushing = setImmediate(this.#flush);
      if (this.#out.waitingBytes > WAITING_BYTES_MAX) this.#flush();
    }
    if (connection.closeAfterReply && connection.waiting === WAIT_NONE) {
      this.#flush();
      this.forget(connection);
      // What it is to be told may have to wait, and so has its end.
      if (connection.heldParts !== 0) this.gate.hold(0, 0, () => connection.transport.end());
      else connection.transport.end();
      return;
    }
    if (this.releases.count !== 0) this.releases.drain(SPINS);
  }

  /** Hands over what waits for the end of the turn. */
  flush(): void {
    this.#flush();
  }

  readonly #flush = (): void => {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#pushing.length !== 0) this.#gatherPushes();
    const seen = this.#epochs.takeSeen();
    const { waitingBytes } = this.#out;
    if (waitingBytes !== 0 && (this.gate.mustWait(seen) || this.#overtakes())) {
      const { sinks, parts } = this.#out.detach();
      for (const connection of sinks) connection.heldParts++;
      this.gate.hold(seen, waitingBytes, () => {
        for (let i = 0; i < parts.length; i++) {
          sinks[i].heldParts--;
          if (!sinks[i].write(parts[i])) this.checkOutput(sinks[i]);
        }
      });
      return;
    }
    for (const connection of this.#out.flush()) this.checkOutput(connection);
  };

  /** Whether a part of what is to be handed over is for a connection for which something is held. */
  #overtakes(): boolean {
    return this.gate.holding && this.#out.sinks.some(({ heldParts }) => heldParts !== 0);
  }

  /** Closes the connection if its client does not read what it asked for. To be called now and then as well. */
  checkOutput(connection: Connection, pending = connection.transport.pendingBytes): void {
    const limits = this.limits.clientOutputBufferLimit;
    const { hardBytes, softBytes, softSeconds } = isSubscriber(connection.subscribed) ? limits.pubsub : limits.normal;
    const over = softBytes !== 0 && pending > softBytes;
    if (!over) connection.overSoftSinceMs = 0;
    else if (connection.overSoftSinceMs === 0) connection.overSoftSinceMs = this.clock.nowMs();
    const overLong = over && this.clock.nowMs() - connection.overSoftSinceMs > softSeconds * 1000;
    if ((hardBytes !== 0 && pending > hardBytes) || overLong) this.#giveUp(connection);
  }

  /**
   * Time, clocks, and what the connection brings, for the next call on a shard.
   * @param holdsWrites Whether commands that may write are stopped at.
   */
  #stamp(shard: ShardKernel, connection: Connection, holdsWrites: boolean): void {
    shard.stamp(
      this.#nowMs,
      this.clock.lruClock(this.#nowMs),
      connection.db,
      connection.proto,
      connection.callFlags | (holdsWrites ? abi.CALL_NO_WRITES : 0) | this.#roomFlag,
      connection.replyMode === 'skipNext' || this.oneByOne ? 1 : this.#roomCommands,
      this.limits.protoMaxBulkLen,
    );
  }

  /**
   * Whether commands that may write are stopped at: clients are paused, or the log cannot take what they would say. It is
   * asked once for all shards of a read, since what is cut to be executed together cannot stop on one of them.
   */
  #holdsWrites(): boolean {
    return this.pausing || this.#epochs.failed || this.#isBehind();
  }

  /** Whether some shard has clients that wait, or is asked for what happens to keys. */
  #isWatched(): boolean {
    for (const shard of this.shards)
      if ((shard.header(EVENTS_WAITING) | shard.header(EVENTS_WANTED)) !== 0) return true;
    return false;
  }

  /** Whether the engine has more to write for some shard than may pile up. */
  #isBehind(): boolean {
    if (this.#epochs.policy < POLICY_LATER) return false;
    for (const { backlog } of this.shards) if (backlog > this.backlogBytesMax) return true;
    return false;
  }

  /** Counts what a call executed. */
  #account(connection: Connection, commands: number, opcode: number, errors: number): void {
    if (commands === 0) return;
    connection.commandCount += commands;
    connection.lastOpcode = opcode;
    if (connection.replyMode === 'skipNext') connection.replyMode = 'on';
    connection.parkedSinceMs = 0;
    this.stats.add(STAT.commands, commands);
    if (errors !== 0) this.stats.add(STAT.errors, errors);
  }

  /**
   * Counts the time of commands that ran together: those of the frames from #from to `end`.
   * @param opcode Of the first. @param mixed 0: of all of them.
   */
  #ran(connection: Connection, opcode: number, mixed: number, commands: number, end: number, ms: number): void {
    const { times } = this.stats;
    if (mixed === 0) times.add(opcode, commands, ms);
    else times.addMixed(commands, ms);
    if (ms < this.slowBatchMs && !this.oneByOne) return;
    const home = this.#home;
    const frame = Buffer.from(home.bytes.subarray(home.input + this.#from, home.input + end));
    this.hooks.ran?.(firstRequest(frame), commands, connection, ms);
  }

  /** Executes what is in the window, as far as it can be. */
  #window(connection: Connection, loaded: number): boolean {
    const { posted } = this.mailbox;
    this.#from = 0;
    const goOn = this.shards.length === 1 ? this.#runWindow(connection, loaded) : this.#cutWindow(connection, loaded);
    const outruns = this.mailbox.isBehind && this.mailbox.posted !== posted;
    if (outruns && connection.waiting === WAIT_NONE) this.#waitForReceivers(connection);
    return goOn;
  }

  /** One shard: everything is executed straight from the window. */
  #runWindow(connection: Connection, loaded: number): boolean {
    const shard = this.#home;
    for (;;) {
      this.#stamp(shard, connection, this.#holdsWrites());
      const beganMs = performance.now();
      const status = shard.run(this.#from, loaded, this.latches.owner, SPINS);
      const tookMs = performance.now() - beganMs;
      this.#askAgain();
      if (status === abi.STATUS_BUSY) return this.#park(connection, this.homeIndex);
      const held = shard.control(abi.CONTROL_HELD) !== 0;
      if (!held) this.latches.hadTurn(this.homeIndex);
      const ran = shard.control(abi.CONTROL_RAN);
      if (ran !== 0) {
        const commands = shard.control(abi.CONTROL_COMMANDS) - shard.control(abi.CONTROL_REJECTED);
        const end = this.#from + shard.control(abi.CONTROL_CONSUMED);
        this.#ran(connection, ran, shard.control(abi.CONTROL_MIXED), commands, end, tookMs);
      }
      this.#from += shard.control(abi.CONTROL_CONSUMED);
      this.#account(
        connection,
        shard.control(abi.CONTROL_COMMANDS),
        shard.control(abi.CONTROL_OPCODE),
        shard.control(abi.CONTROL_ERRORS),
      );
      if (shard.control(abi.CONTROL_ERRORS) !== 0) countErrorKinds(shard, this.stats);
      this.#out.takeFrom(shard, this.releases);
      // Somebody is to be told or served first; the frame that it stopped before, if any, is not looked at.
      if (held) this.latches.release(this.homeIndex);
      if (status === abi.STATUS_DONE) return GO_ON;
      if (this.#stopped(connection, status, shard, loaded) === LEAVE) return LEAVE;
    }
  }

  /** Several shards: the window is cut into frames, which are sorted by shard, executed, and their replies merged. */
  #cutWindow(connection: Connection, loaded: number): boolean {
    const home = this.#home;
    while (this.#from < loaded) {
      const holdsWrites = this.#holdsWrites();
      this.#stamp(home, connection, holdsWrites);
      // Somebody waits, or wants to be told in order: then one frame is executed at a time.
      if (this.#isWatched()) home.setControl(abi.CONTROL_COMMANDS_MAX, 1);
      const cut = home.calls.cut(home.window, this.#from, loaded);
      const frames = home.control(abi.CONTROL_COMMANDS);
      const end = home.control(abi.CONTROL_CONSUMED);
      if (frames === 0) {
        this.#from = end;
        if (cut === abi.STATUS_DONE) continue;
        if (cut === abi.STATUS_MALFORMED) this.#out.takeFrom(home, this.releases);
        if (this.#stopped(connection, cut, home, loaded) === LEAVE) return LEAVE;
        continue;
      }
      const single = home.control(abi.CONTROL_GROUPS) === 1;
      const local = this.shards.length;
      if (single && home.control(abi.CONTROL_GROUP) !== this.homeIndex && home.control(abi.CONTROL_GROUP) !== local) {
        this.#stamp(this.shards[home.control(abi.CONTROL_GROUP)], connection, holdsWrites);
      } else if (!single) {
        const involved = this.#groups.involved();
        if (this.#roomFlag === 0 && this.#evictor.isOver(involved)) {
          this.#makeRoom();
          // What is executed together cannot stop in the middle: so it is cut anew, into less.
          if (this.#roomFlag !== 0) continue;
          // Eviction has used the control blocks.
          this.#stamp(home, connection, holdsWrites);
        }
        this.#stampGroups(connection, involved, holdsWrites);
      }
      const beganMs = performance.now();
      const done = single ? this.#groups.runOne(this.#from, end) : this.#groups.runAll(frames);
      const tookMs = performance.now() - beganMs;
      this.#askAgain();
      if (done.status === abi.STATUS_BUSY) return this.#park(connection, done.shard);
      const next = single ? this.#from + done.consumed : done.consumed;
      if (done.ran !== 0) this.#ran(connection, done.ran, done.mixed, done.commands - done.rejected, next, tookMs);
      this.#from = next;
      this.#account(connection, done.commands, done.opcode, done.errors);
      if (done.status === abi.STATUS_DONE || done.status === abi.STATUS_FULL) continue;
      if (this.#stopped(connection, done.status, this.shards[done.shard], loaded) === LEAVE) return LEAVE;
    }
    return GO_ON;
  }

  #stampGroups(connection: Connection, involved: readonly number[], holdsWrites: boolean): void {
    for (const index of involved) {
      if (index !== this.homeIndex) this.#stamp(this.shards[index], connection, holdsWrites);
    }
  }

  /**
   * A shard has used up its part of maxmemory. Sees to it that there is room, or says with the next call what is to
   * become of commands that make the data grow.
   */
  #makeRoom(): void {
    const room = this.#evictor.makeRoom();
    if (room === 'room') return;
    this.#roomFlag = room === 'none' ? abi.CALL_OOM : abi.CALL_EVICTED;
    // One shard knows by itself when a command in the batch has made room again; several have to be added up anew.
    if (room === 'later') this.#roomCommands = BATCH_MAX;
    else if (this.shards.length > 1) this.#roomCommands = 1;
  }

  /** What #makeRoom found holds for one call. */
  #askAgain(): void {
    if (this.#roomFlag === 0) return;
    this.#roomFlag = 0;
    this.#roomCommands = abi.FRAMES_MAX;
  }

  /** A call stopped at the frame at #from for a reason. `shard`'s control block and argument table describe the frame. */
  #stopped(connection: Connection, status: number, shard: ShardKernel, loaded: number): boolean {
    switch (status) {
      case abi.STATUS_FULL:
        return GO_ON;
      case abi.STATUS_NEED_MORE:
        return this.#needMore(connection, shard.control(abi.CONTROL_NEED), loaded);
      case abi.STATUS_HOST:
        return this.#host(connection, this.#takeFrame(shard));
      case abi.STATUS_MANY:
        return this.#many(connection, shard);
      case abi.STATUS_SLOW:
        return this.#slow(connection, this.#takeFrame(shard));
      case abi.STATUS_EVICT:
        this.#makeRoom();
        return GO_ON;
      case abi.STATUS_MALFORMED:
        this.stats.add(STAT.protocolErrors, 1);
        connection.closeAfterReply = true;
        return LEAVE;
      case abi.STATUS_BIG:
        connection.big = new BigFrame(this.limits.protoMaxBulkLen);
        return LEAVE;
      case abi.STATUS_WRITE:
        return this.#refused(connection, shard);
      default:
        throw new Error(`the kernel answered status ${status} to a window`);
    }
  }

  #needMore(connection: Connection, needBytes: number, loaded: number): boolean {
    const room = this.#home.layout.inBytes;
    if (needBytes > room || (this.#from === 0 && loaded === room)) {
      connection.big = new BigFrame(this.limits.protoMaxBulkLen);
    } else connection.needBytes = Math.max(needBytes, loaded - this.#from + 1);
    return LEAVE;
  }

  /** A frame that may write, where writes are held: it waits, or is answered with what is wrong. */
  #refused(connection: Connection, shard: ShardKernel): boolean {
    if (this.pausing) this.#waitForPause(connection);
    else if (this.#epochs.failed) {
      this.#from += shard.control(abi.CONTROL_FRAME_BYTES);
      this.stats.times.addRejected(shard.control(abi.CONTROL_OPCODE), 1);
      this.#answered(connection, shard.control(abi.CONTROL_OPCODE), misconf(this.#epochs));
      return GO_ON;
    } else this.#waitForEngine(connection);
    return LEAVE;
  }

  /** More waits to be written or synced than may pile up: the connection goes on when the engine has moved. */
  #waitForEngine(connection: Connection): void {
    connection.waiting = WAIT_PAUSE;
    this.latches.unreserve();
    this.#behind.add(connection);
    if (this.#behind.size > 1) return;
    this.#epochs.awaitWritten();
    const { wakeCount } = this.#epochs;
    const waitMs = this.#isBehind() ? ENGINE_WAIT_MS_MAX : 0;
    void this.#epochs.changed(wakeCount, waitMs).then(() => {
      const waiting = [...this.#behind];
      this.#behind.clear();
      for (const each of waiting) this.#resume(each);
    });
  }

  /** What it has others told is more than they have taken by now: memory would grow without end. */
  #waitForReceivers(connection: Connection): void {
    connection.waiting = WAIT_PAUSE;
    this.#outrunning.add(connection);
    if (this.#outrunning.size > 1) return;
    void this.mailbox.caughtUp().then(() => {
      const waiting = [...this.#outrunning];
      this.#outrunning.clear();
      for (const each of waiting) this.#resume(each);
    });
  }

  #waitForPause(connection: Connection): void {
    connection.waiting = WAIT_PAUSE;
    this.latches.unreserve();
    this.#paused.add(connection);
  }

  /** Arguments of the frame in hand, copied out; the frame counts as consumed. */
  #takeFrame(shard: ShardKernel): Buffer[] {
    const argv = argumentsOf(shard);
    this.#from += shard.control(abi.CONTROL_FRAME_BYTES);
    return argv;
  }

  #host(connection: Connection, argv: Buffer[]): boolean {
    const wasOff = connection.replyMode === 'off';
    const wasSkipped = connection.replyMode === 'skipNext';
    if (wasSkipped) connection.replyMode = 'on';
    const reply = this.hooks.hostCommand(argv, connection);
    connection.commandCount++;
    this.stats.add(STAT.commands, 1);
    const take = (bytes: Uint8Array): void => {
      // CLIENT REPLY ON answers even when it ends the silence.
      const silent = wasOff
        ? connection.replyMode === 'off'
        : wasSkipped && !(connection.lastCommand === 'client|reply' && bytes[0] === 0x2b);
      if (bytes[0] === 0x2d) this.stats.addErrorReply(bytes);
      if (!silent) this.#out.push(bytes);
      if (connection.afterReply.length === 0) return;
      for (const each of connection.afterReply) this.#out.push(each);
      connection.afterReply = [];
    };
    if (reply instanceof Uint8Array) {
      take(reply);
      return connection.closeAfterReply || this.pausing ? LEAVE : GO_ON;
    }
    this.#await(connection, WAIT_HOST, reply, take);
    return LEAVE;
  }

  /** Parks the connection until a promise has its reply. */
  #await<Done>(connection: Connection, why: number, reply: Promise<Done>, take: (done: Done) => void): void {
    connection.waiting = why;
    void reply.then((done) => {
      if (connection.closed) return;
      take(done);
      this.#resume(connection);
    });
  }

  #contextOf(connection: Connection): CallContext {
    return {
      db: connection.db,
      proto: connection.proto,
      callFlags: (connection.noTouch ? abi.CALL_NO_TOUCH : 0) | clusterFlags(connection.clusterShard),
      bulkBytesMax: this.limits.protoMaxBulkLen,
    };
  }

  #many(connection: Connection, shard: ShardKernel): boolean {
    const argv = argumentsOf(shard);
    const frameBytes = shard.control(abi.CONTROL_FRAME_BYTES);
    const opcode = shard.control(abi.CONTROL_OPCODE);
    const outcome = this.runner.run(argv, this.#contextOf(connection));
    if ('busy' in outcome) return this.#park(connection, outcome.busy);
    this.#from += frameBytes;
    if ('slow' in outcome) return this.#slow(connection, argv);
    this.#counted(connection, opcode, argv, outcome.reply, this.runner.tookMs);
    return GO_ON;
  }

  #slow(connection: Connection, argv: Buffer[]): boolean {
    this.stats.add(STAT.slow, 1);
    const opcode = this.runner.opcodeOf(argv);
    this.#await(connection, WAIT_SLOW, this.hooks.slowCommand(argv, this.#contextOf(connection)), ({ reply, tookMs }) =>
      this.#counted(connection, opcode, argv, reply, tookMs),
    );
    return LEAVE;
  }

  /** One command was executed outside the window. */
  #counted(connection: Connection, opcode: number, argv: Buffer[], reply: Uint8Array, tookMs: number): void {
    this.stats.addCalls(opcode, 1);
    this.stats.times.add(opcode, 1, tookMs);
    if (reply[0] === 0x2d) this.stats.times.addFailed(opcode, 1);
    if (tookMs >= this.slowBatchMs || this.oneByOne) this.hooks.ran?.(argv, 1, connection, tookMs);
    this.#answered(connection, opcode, reply);
  }

  #answered(connection: Connection, opcode: number, reply: Uint8Array): void {
    connection.commandCount++;
    connection.lastOpcode = opcode;
    connection.parkedSinceMs = 0;
    this.stats.add(STAT.commands, 1);
    if (reply[0] === 0x2d) this.stats.addErrorReply(reply);
    if (connection.replyMode === 'on') this.#out.push(reply);
    else if (connection.replyMode === 'skipNext') connection.replyMode = 'on';
  }

  #park(connection: Connection, shard: number): boolean {
    const nowMs = performance.now();
    if (connection.parkedSinceMs === 0) connection.parkedSinceMs = nowMs;
    else if (nowMs - connection.parkedSinceMs > RESERVE_AFTER_MS) this.latches.reserve(shard);
    connection.waiting = WAIT_LATCH;
    connection.parkedOn = shard;
    this.stats.add(STAT.parked, 1);
    const parked = this.#parked[shard];
    parked.add(connection);
    if (parked.size === 1) this.latches.wait(shard, this.#wake);
    return LEAVE;
  }

  /** The latch of a shard may be free: those that wait for it try again, in order of arrival. */
  readonly #wake = (shard: number): void => {
    const parked = this.#parked[shard];
    const waiting = [...parked];
    parked.clear();
    this.stats.add(STAT.parked, -waiting.length);
    for (const connection of waiting) this.#resume(connection);
  };

  /** Feeds a frame that no window holds; once it is whole, the host runs it. */
  #gather(connection: Connection, chunks: Uint8Array[]): void {
    for (const chunk of chunks) {
      const { big } = connection;
      if (!big) {
        connection.input.push(chunk);
        continue;
      }
      try {
        const whole = big.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        if (!whole) continue;
        connection.big = undefined;
        if (whole.rest.length !== 0) connection.input.push(whole.rest);
        this.#host(connection, decodeRequest(whole.frame));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        connection.big = undefined;
        connection.closeAfterReply = true;
        this.stats.add(STAT.protocolErrors, 1);
        this.#out.push(Buffer.from(`-ERR ${error.message}\r\n`, 'latin1'));
      }
    }
    if (connection.waiting === WAIT_NONE) this.#write(connection);
  }
}

const isSame = (a: readonly Buffer[], b: readonly Buffer[]): boolean =>
  a.length === b.length && a.every((bytes, i) => bytes === b[i]);

/** Carries the error replies of the shard's last call over to the figures, by their first words. */
export function countErrorKinds(shard: ShardKernel, stats: Stats): void {
  for (let kind = 0; kind < abi.ERROR_KINDS; kind++) {
    const count = shard.control(abi.CONTROL_ERROR_KINDS + kind * 4);
    if (count !== 0) stats.addErrors(kind, count);
  }
}

/** Arguments of the frame that stopped the shard's last call, copied out of shared memory. */
export function argumentsOf(shard: ShardKernel): Buffer[] {
  const count = shard.control(abi.CONTROL_ARGC);
  const { words } = shard;
  const argv = new Array<Buffer>(count);
  for (let i = 0, row = shard.argv >> 2; i < count; i++, row += 2) {
    const ptr = words[row] >>> 0;
    argv[i] = Buffer.from(shard.bytes.subarray(ptr, ptr + (words[row + 1] >>> 0)));
  }
  return argv;
}

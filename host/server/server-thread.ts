// One thread of the server: its connections, its instances of the kernel, its share of the housekeeping, and what it
// offers to host commands. The first thread is the process's main thread, where the supervisor lives too.
import type { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import type { Command, Reply } from '../commands/index.js';
import { POLICY_ALWAYS } from '../kernel/epochs.js';
import type { ShardKernel } from '../kernel/kernel.js';
import { Attendant } from '../worker/attendant.js';
import { Claims } from '../worker/claims.js';
import { SystemClock } from '../worker/clock.js';
import { Connection, WAIT_NONE } from '../worker/connection.js';
import { Defragmenter } from '../worker/defragmenter.js';
import { Evictor } from '../worker/evictor.js';
import { type CallContext, FrameRunner } from '../worker/frame-runner.js';
import { FrameServer } from '../worker/frame-server.js';
import { Housekeeper } from '../worker/housekeeper.js';
import { Latches } from '../worker/latches.js';
import type { Series } from '../worker/latency-events.js';
import { Later } from '../worker/later.js';
import { type Mailbox, openMailbox } from '../worker/mailbox.js';
import { PubSub } from '../worker/pubsub.js';
import { Sampler } from '../worker/sampler.js';
import { type SlotKeys, walkSlot } from '../worker/slot-walk.js';
import type { SlowEntry } from '../worker/slow-commands.js';
import { laneCount, SlowLane, type SlowReply } from '../worker/slow-lane.js';
import { STAT, Stats } from '../worker/stats.js';
import { openShards } from '../worker/store-parts.js';
import { isSubscriber, type Kind } from '../worker/subscriptions.js';
import { type Tracked, Tracking } from '../worker/tracking.js';
import { Waiters } from '../worker/waiters.js';
import { Watches } from '../worker/watches.js';
import { executeHostCommand } from './commands/index.js';
import { isSubscribed } from './commands/pubsub.js';
import { Config } from './config.js';
import type { Client, ClientFacts, Encoded, KillFilter, PersistenceServices, Services } from './context.js';
import type { SupervisorApi, ThreadApi, ThreadSetup } from './control.js';
import { takeOver } from './direct-read.js';
import { encoded, KeyedCommands } from './keyed-commands.js';
import type { Door } from './listener.js';
import { log } from './log.js';
import { Messages } from './messages.js';
import { Monitors } from './monitors.js';
import { NetTransport } from './net-transport.js';
import { Observer } from './observer.js';
import { Transactions } from './transactions.js';

/** Patience with clients that do not take their last replies. */
const STOP_MS_MAX = 1000;
const TOO_MANY = Buffer.from('-ERR max number of clients reached\r\n');
const PROTECTED = Buffer.from(
  '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. ' +
    'In this mode connections are only accepted from the loopback interface. If you want to connect from external computers ' +
    'to Redis you may adopt one of the following solutions: ' +
    "1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis " +
    'from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. ' +
    'Use CONFIG REWRITE to make this change permanent. ' +
    "2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. " +
    "3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. " +
    '4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.\r\n',
);

function isLoopback(ip: string | undefined): boolean {
  return ip !== undefined && (ip === '::1' || ip.startsWith('127.') || ip.startsWith('::ffff:127.'));
}

export class ServerThread implements ThreadApi, Services {
  readonly config: Config;
  readonly stats: Stats;
  readonly shards: readonly ShardKernel[];
  readonly workerIndex: number;
  readonly workerCount: number;
  readonly startedMs: number;
  readonly runId: string;
  readonly listening: ThreadSetup['listening'];
  /** Sockets are read straight into the home shard's window: see direct-read.ts. */
  readonly readsDirectly: boolean;
  readonly frames: FrameServer;
  readonly #latches: Latches;
  readonly #evictor: Evictor;
  readonly #runner: FrameRunner;
  readonly #lane: SlowLane;
  readonly #housekeeper: Housekeeper;
  readonly #defragmenter: Defragmenter;
  readonly #connections = new Map<number, Connection>();
  readonly #sampler: Sampler;
  readonly #mailbox: Mailbox;
  readonly pubsub: PubSub<Client>;
  readonly #tracking: Tracking<Client>;
  readonly #waiters: Waiters;
  readonly #keyed: KeyedCommands;
  readonly #messages: Messages;
  readonly #place: Uint8Array;
  readonly observer: Observer;
  readonly #monitors: Monitors;
  #stopping = false;
  #evicting = false;

  constructor(
    setup: ThreadSetup,
    readonly supervisor: SupervisorApi,
    readonly persistence: PersistenceServices | undefined,
  ) {
    const { store, threadIndex } = setup;
    this.workerIndex = threadIndex;
    this.workerCount = setup.threadCount;
    this.startedMs = setup.startedMs;
    this.runId = setup.runId;
    this.listening = setup.listening;
    this.readsDirectly = setup.readsDirectly;
    this.config = Config.from(setup.config);
    this.stats = new Stats(setup.statsBuffer, setup.threadCount, threadIndex);
    this.shards = openShards(store, threadIndex);
    const clock = new SystemClock(this.shards[0]);
    this.#latches = new Latches(this.shards, threadIndex + 1);
    this.#evictor = new Evictor(this.shards, this.#latches, clock, (isOver) =>
      this.stats.noteExceeded(isOver, Date.now()),
    );
    this.#runner = new FrameRunner(this.shards, this.#latches, clock, false, this.#evictor);
    this.#lane = new SlowLane(laneCount(this.shards.length), (lane) => supervisor.lane(lane), this.shards[0].epochs);
    this.#mailbox = openMailbox(store.post, threadIndex);
    this.frames = new FrameServer(
      this.shards,
      threadIndex % this.shards.length,
      this.#latches,
      this.#runner,
      clock,
      this.stats,
      this.config.values,
      {
        hostCommand: (argv, connection) => this.#hostCommand(argv, connection),
        slowCommand: (argv, context) => this.#slowCommand(argv, context),
        ran: (argv, commands, connection, ms) => this.observer.ranTogether(argv, commands, connection, ms),
      },
      this.#mailbox,
    );
    this.#place = this.frames.place;
    this.observer = new Observer(this.config, this.stats, this.frames);
    const later = new Later(this.#latches);
    const claims = new Claims(store.claims);
    const [{ epochs }] = this.shards;
    const bulkBytesMax = () => this.config.values.protoMaxBulkLen;
    this.pubsub = new PubSub(
      ...([threadIndex, setup.threadCount, this.#mailbox, epochs] as const),
      (client: Client, bytes: Buffer) => this.frames.push(client as Connection, bytes),
    );
    this.#tracking = new Tracking(
      ...([threadIndex, this.shards, this.pubsub.subscriptions, this.#mailbox, epochs] as const),
      (client, bytes, after) => {
        if (after) (client as Connection).afterReply.push(bytes);
        else this.frames.push(client as Connection, bytes);
      },
      (id) => this.#connections.get(id),
      () => this.frames.inHand,
    );
    const watches = new Watches(this.shards, this.#runner, later);
    this.#messages = new Messages(this.pubsub, this.#tracking);
    this.#waiters = new Waiters(
      ...([threadIndex, this.shards, this.#latches, this.#runner, claims, epochs, later, this.#mailbox] as const),
    );
    this.#keyed = new KeyedCommands(
      {
        ...{ shards: this.shards, frames: this.frames, latches: this.#latches, runner: this.#runner },
        ...{ evictor: this.#evictor, watches, waiters: this.#waiters, tracking: this.#tracking },
        transactions: new Transactions(this.#runner, watches, this.#lane, bulkBytesMax),
        slowCommand: (argv, context) => this.#slowCommand(argv, context),
      },
      this,
    );
    this.#latches.attendant = new Attendant(
      ...([this.shards, this.#latches, this.#runner, claims, this.#mailbox, epochs, bulkBytesMax] as const),
      {
        publish: (channel, message) => void this.pubsub.publish(channel, message),
        modified: (event) => this.#tracking.modified(event),
        lost: () => this.#tracking.lost(),
      },
    );
    this.#monitors = new Monitors(this.#mailbox, (connection, bytes) =>
      this.frames.push(connection, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
    );
    this.#mailbox.open();
    const own = this.shards.filter((_, index) => index % setup.threadCount === threadIndex);
    this.#housekeeper = new Housekeeper(own, this.shards, this.#latches, clock, this.stats);
    this.#defragmenter = new Defragmenter(own, this.shards, this.#latches, this.stats, this.config.values);
    this.#sampler = new Sampler(this.stats, this.shards, Date.now());
    this.#nextHouse();
  }

  /** Takes a socket that came in. */
  readonly accept = (socket: Socket, { socketPath, clusterShard }: Door): void => {
    const { values } = this.config;
    socket.on('error', () => {});
    if (this.#stopping || !this.stats.admit(values.maxclients)) {
      this.stats.add(STAT.rejected, 1);
      socket.end(TOO_MANY);
      return;
    }
    this.stats.add(STAT.connections, 1);
    const open = values.requirepass === '';
    if (values.protectedMode && open && socketPath === undefined && !isLoopback(socket.remoteAddress)) {
      this.stats.leave();
      this.stats.add(STAT.rejected, 1);
      socket.end(PROTECTED);
      return;
    }
    if (values.tcpKeepalive > 0 && socketPath === undefined) socket.setKeepAlive(true, values.tcpKeepalive * 1000);
    let connection: Connection;
    const direct = this.readsDirectly
      ? takeOver(socket, this.#place, (count) => this.frames.receiveInPlace(connection, count))
      : socket;
    const transport = new NetTransport(direct, socketPath);
    connection = new Connection(this.stats.nextClientId(), transport, Date.now(), open);
    connection.clusterShard = clusterShard;
    this.#connections.set(connection.id, connection);
    connection.atEnd.add(() => this.#ended(connection));
    this.stats.add(STAT.clients, 1);
    if (this.readsDirectly) direct.resume();
    else direct.on('data', (chunk: Buffer) => this.frames.receive(connection, chunk));
    direct.once('close', () => {
      this.#connections.delete(connection.id);
      this.frames.forget(connection);
      this.stats.add(STAT.clients, -1);
      this.stats.leave();
    });
  };

  #hostCommand(argv: Buffer[], connection: Connection): Uint8Array | Promise<Uint8Array> {
    const reply = executeHostCommand(argv, connection, this);
    const { tracked } = connection;
    // CLIENT CACHING is for the next command, or for a whole transaction.
    if (tracked?.caching && !connection.multi && !connection.lastCommand.startsWith('client|')) tracked.caching = false;
    return reply instanceof Promise
      ? reply.then((value) => this.#encode(value, connection))
      : this.#encode(reply, connection);
  }

  /** A host command may have looked at any shard. */
  #encode(reply: Reply | Encoded, { proto }: Connection): Uint8Array {
    const [{ epochs }] = this.shards;
    if (epochs.policy === POLICY_ALWAYS) for (const shard of this.shards) epochs.noteShard(shard);
    return encoded(reply, proto);
  }

  #slowCommand(argv: readonly Uint8Array[], context: CallContext): Promise<SlowReply> {
    return this.#lane.run(argv, context, this.#runner.homeOf(argv as Buffer[]));
  }

  /** Again and again, `hz` times a second. */
  #nextHouse(): void {
    setTimeout(() => {
      this.shards[0].epochs.untold(() => this.#keepHouse());
      this.#nextHouse();
    }, 1000 / this.config.values.hz).unref();
  }

  #keepHouse(): void {
    this.#housekeeper.tick();
    this.#defragmenter.tick(1000 / this.config.values.hz);
    if (this.workerIndex === 0) {
      this.#sampler.tick(Date.now());
      this.keepLimit();
    }
    this.frames.releases.drain(0);
    const nowMs = Date.now();
    const { timeout } = this.config.values;
    let inputBytes = 0;
    let outputBytes = 0;
    for (const connection of this.#connections.values()) {
      inputBytes += connection.inputBytes;
      outputBytes += connection.outputBytes;
      this.frames.checkOutput(connection);
      const quiet = connection.waiting === WAIT_NONE && !isSubscriber(connection.subscribed);
      const idle = timeout > 0 && quiet && nowMs - connection.lastActiveMs > timeout * 1000;
      if (idle) connection.transport.destroy();
    }
    this.stats.set(STAT.inputBuffers, inputBytes);
    this.stats.set(STAT.outputBuffers, outputBytes);
  }

  /** Evicts if the limit is exceeded though nobody writes: it has been lowered, say. Goes on until it is kept. */
  keepLimit(): void {
    if (this.#evicting || this.#stopping || !this.#evictor.limit.exists) return;
    if (this.#evictor.makeRoom() !== 'later') return;
    this.#evicting = true;
    setImmediate(() => {
      this.#evicting = false;
      this.keepLimit();
    });
  }

  // Asked by the supervisor.

  clientsHere(): ClientFacts[] {
    return [...this.#connections.values()].map((connection) => this.factsOf(connection));
  }

  killHere(filter: KillFilter, callerId: number): number {
    let killed = 0;
    for (const connection of this.#connections.values()) {
      if (connection.closed || !matches(filter, connection)) continue;
      killed++;
      if (connection.id === callerId) connection.closeAfterReply = true;
      else {
        connection.transport.destroy();
        this.frames.forget(connection);
      }
    }
    return killed;
  }

  pauseHere(untilMs: number, writesOnly: boolean): void {
    this.frames.pause(untilMs, writesOnly);
  }

  configureHere(pairs: readonly (readonly [string, string])[]): void {
    this.config.apply(pairs);
    this.observer.configured();
    if (this.workerIndex === 0) this.keepLimit();
  }

  monitorsHere(threads: readonly number[]): void {
    this.#monitors.spread(threads);
    this.observer.feed = this.#monitors.any ? this.#monitors.feed : undefined;
    this.observer.configured();
  }

  slowHere(): SlowEntry[] {
    return [...this.observer.slow.entries];
  }

  resetSlowHere(): void {
    this.observer.slow.reset();
  }

  latencyHere(): Series[] {
    return this.observer.events.all;
  }

  resetLatencyHere(events: readonly string[]): string[] {
    return this.observer.events.reset(events);
  }

  setActiveExpireHere(on: boolean): void {
    this.#housekeeper.activeExpire = on;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    // Not in the middle of a connection's window: SHUTDOWN may be in hand, with replies gathered before it.
    await new Promise((resolve) => setImmediate(resolve));
    this.frames.flush();
    const open = [...this.#connections.values()];
    for (const connection of open) {
      connection.transport.pause();
      // Whoever waits for an answer gets it: the promise behind it closes the connection then.
      if (connection.waiting === WAIT_NONE) connection.transport.end();
      else connection.closeAfterReply = true;
    }
    const deadlineMs = Date.now() + STOP_MS_MAX;
    while (
      Date.now() < deadlineMs &&
      (this.frames.gate.holding || open.some(({ closed, transport }) => !closed && transport.pendingBytes !== 0))
    ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  // Services: asked by host commands.

  async monitor(client: Client): Promise<void> {
    const connection = client as Connection;
    this.#monitors.add(connection);
    try {
      await this.supervisor.monitors(this.workerIndex, this.#monitors.count);
    } finally {
      if (connection.closed) this.unmonitor(connection);
    }
  }

  isMonitor(client: Client): boolean {
    return this.#monitors.has(client as Connection);
  }

  unmonitor(client: Client): void {
    if (!this.#monitors.remove(client as Connection)) return;
    void this.supervisor.monitors(this.workerIndex, this.#monitors.count);
  }

  slowEntries(): Promise<SlowEntry[]> {
    return this.supervisor.slowEntries();
  }

  resetSlow(): Promise<void> {
    return this.supervisor.resetSlow();
  }

  latencySeries(): Promise<Series[]> {
    return this.supervisor.latencySeries();
  }

  resetLatency(events: readonly string[]): Promise<number> {
    return this.supervisor.resetLatency(events);
  }

  rewriteConfig(): Promise<string | null> {
    return this.supervisor.rewriteConfig();
  }

  harvest(): void {
    this.#housekeeper.harvest();
  }

  clients(): Promise<ClientFacts[]> {
    return this.supervisor.clients();
  }

  factsOf(client: Client): ClientFacts {
    const connection = client as Connection;
    const { id, address, localAddress, fd, unix, clusterShard, createdMs, lastActiveMs, inputBytes, outputBytes } =
      connection;
    const { commandCount, netInputBytes, netOutputBytes, lastCommand, name, libName, libVersion } = connection;
    const { db, proto, authenticated, noEvict, noTouch, replyMode, closeAfterReply } = connection;
    return {
      ...{ id, address, localAddress, fd, unix, clusterShard, createdMs, lastActiveMs, inputBytes, outputBytes },
      ...{ commandCount, netInputBytes, netOutputBytes, lastCommand, name, libName, libVersion },
      ...{ db, proto, authenticated, noEvict, noTouch, replyMode, closeAfterReply },
      workerIndex: this.workerIndex,
      monitor: this.#monitors.has(connection),
      subscriptions: [connection.subscribed[0].size, connection.subscribed[1].size, connection.subscribed[2].size],
      tracked: connection.tracked,
      queued: connection.multi?.frames.length ?? -1,
      blocked: connection.waiting !== WAIT_NONE,
    };
  }

  kill(filter: KillFilter, caller: Client): Promise<number> {
    return this.supervisor.kill(filter, caller.id);
  }

  pause(untilMs: number, writesOnly: boolean): void {
    // Here at once, so that the caller's own next command obeys; elsewhere as soon as the message is there.
    this.pauseHere(untilMs, writesOnly);
    void this.supervisor.pause(untilMs, writesOnly);
  }

  configure(pairs: readonly (readonly [name: string, value: string])[]): Promise<void> {
    return this.supervisor.configure(pairs);
  }

  setActiveExpire(on: boolean): Promise<void> {
    return this.supervisor.setActiveExpire(on);
  }

  resetStats(): void {
    this.#housekeeper.resetShardCounters();
    this.stats.reset();
  }

  async shutdown(save?: boolean): Promise<never> {
    await this.supervisor.shutdown(save);
    return new Promise(() => {});
  }

  readonly slotOf = (key: Uint8Array): number => this.#runner.slotOf(key);

  keysInSlot(shard: number, slot: number, most: number, client: Client): Promise<SlotKeys> {
    return walkSlot(this.#runner, this.#latches, { shard, slot, most }, this.#keyed.contextOf(client));
  }

  // Commands on keys: keyed-commands.ts. Subscriptions: messages.ts.

  readonly call = async (argv: readonly Uint8Array[], client: Client): Promise<Buffer> =>
    this.#keyed.call(argv, client);
  readonly run = (argv: readonly Uint8Array[], client: Client) => this.#keyed.run(argv, client);
  readonly refusal = (command: Command) => this.#keyed.refusal(command);
  readonly exec = (client: Client) => this.#keyed.exec(client);
  readonly watch = (keys: readonly Buffer[], client: Client) => this.#keyed.watch(keys, client);
  readonly unwatch = (client: Client) => this.#keyed.unwatch(client);
  readonly block = (argv: readonly Buffer[], client: Client, command: Command) =>
    this.#keyed.block(argv, client, command);
  readonly pass = (timeoutMs: number, client: Client, reply: Buffer) => this.#keyed.pass(timeoutMs, client, reply);
  readonly subscribe = (client: Client, kind: Kind, names: readonly string[]) =>
    this.#messages.subscribe(client, kind, names);
  readonly unsubscribe = (client: Client, kind: Kind, names: readonly string[]) =>
    this.#messages.unsubscribe(client, kind, names);
  readonly track = (client: Client, tracked: Tracked | undefined, prefixes: readonly string[]) =>
    this.#messages.track(client, tracked, prefixes);

  unblock(clientId: number, withError: boolean): Promise<boolean> {
    return this.supervisor.unblock(clientId, withError);
  }

  unblockHere(clientId: number, withError: boolean): boolean {
    return this.#waiters.unblock(clientId, withError);
  }

  /** A connection is gone: it leaves nothing behind. */
  #ended(connection: Connection): void {
    this.unwatch(connection);
    this.#messages.forget(connection);
    this.#waiters.forget(connection.id);
    this.unmonitor(connection);
  }

  sleep(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }

  panic(): never {
    while (!this.#latches.tryOne(0));
    // Another thread's end is seen and told by the supervisor; here it ends together with the thread.
    if (isMainThread)
      log.warning('Worker 0 ended unexpectedly (panic); the shards cannot be trusted any more, exiting');
    process.exit(1);
  }

  purge(): number {
    return this.#housekeeper.purge();
  }
}

function matches(filter: KillFilter, connection: Connection): boolean {
  const { id, address, localAddress, type, user, exceptId, maxAgeSeconds } = filter;
  if (id !== undefined && connection.id !== id) return false;
  if (address !== undefined && connection.address !== address) return false;
  if (localAddress !== undefined && connection.localAddress !== localAddress) return false;
  if (type !== undefined && type !== (isSubscribed(connection) ? 'pubsub' : 'normal')) return false;
  if (user !== undefined && user !== 'default') return false;
  if (maxAgeSeconds !== undefined && Date.now() - connection.createdMs < maxAgeSeconds * 1000) return false;
  return connection.id !== exceptId;
}

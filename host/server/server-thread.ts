// One thread of the server: its connections, its instances of the kernel, its share of the housekeeping, and what it
// offers to host commands. The first thread is the process's main thread, where the supervisor lives too.
import type { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { type Command, commandOf, keysTouched, type Reply } from '../commands/index.js';
import { CALL_NO_TOUCH } from '../kernel/abi.js';
import { POLICY_ALWAYS } from '../kernel/epochs.js';
import type { ShardKernel } from '../kernel/kernel.js';
import { encodeReply, isError } from '../resp/reply.js';
import { Attendant } from '../worker/attendant.js';
import { type Blocking, blockingOf, foundNothing, TimeoutError } from '../worker/blocking.js';
import { Claims } from '../worker/claims.js';
import { SystemClock } from '../worker/clock.js';
import { Connection, clusterFlags, WAIT_NONE } from '../worker/connection.js';
import { Defragmenter } from '../worker/defragmenter.js';
import { Evictor } from '../worker/evictor.js';
import { type CallContext, FrameRunner, misconf, type Outcome } from '../worker/frame-runner.js';
import { FrameServer } from '../worker/frame-server.js';
import { Housekeeper } from '../worker/housekeeper.js';
import { Latches, RESERVE_AFTER_MS } from '../worker/latches.js';
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
import { isSubscriber, type Kind, PREFIX, TRACKER } from '../worker/subscriptions.js';
import { type Tracked, Tracking } from '../worker/tracking.js';
import { Waiters } from '../worker/waiters.js';
import { type Watched, Watches } from '../worker/watches.js';
import { executeHostCommand, isHostCommand } from './commands/index.js';
import { isSubscribed } from './commands/pubsub.js';
import { remembers } from './commands/tracking.js';
import { Config } from './config.js';
import type { Client, ClientFacts, Encoded, KillFilter, PersistenceServices, Services } from './context.js';
import type { SupervisorApi, ThreadApi, ThreadSetup } from './control.js';
import { takeOver } from './direct-read.js';
import type { Door } from './listener.js';
import { log } from './log.js';
import { Monitors } from './monitors.js';
import { NetTransport } from './net-transport.js';
import { Observer } from './observer.js';
import { type Step, Transactions } from './transactions.js';

const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
const LAST_ID = Buffer.from('$');
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
  readonly #watches: Watches;
  readonly #waiters: Waiters;
  readonly #transactions: Transactions;
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
    );
    this.#place = this.frames.place;
    this.observer = new Observer(this.config, this.stats, this.frames);
    const later = new Later(this.#latches);
    const claims = new Claims(store.claims);
    const [{ epochs }] = this.shards;
    const bulkBytesMax = () => this.config.values.protoMaxBulkLen;
    this.#mailbox = openMailbox(store.post, threadIndex);
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
    this.#watches = new Watches(this.shards, this.#runner, later);
    this.#waiters = new Waiters(
      ...([threadIndex, this.shards, this.#latches, this.#runner, claims, epochs, later, this.#mailbox] as const),
    );
    this.#transactions = new Transactions(this.#runner, this.#watches, this.#lane, bulkBytesMax);
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

  #contextOf({ db, proto, noTouch, clusterShard }: Client): CallContext {
    const callFlags = (noTouch ? CALL_NO_TOUCH : 0) | clusterFlags(clusterShard);
    return { db, proto, callFlags, bulkBytesMax: this.config.values.protoMaxBulkLen };
  }

  readonly slotOf = (key: Uint8Array): number => this.#runner.slotOf(key);

  keysInSlot(shard: number, slot: number, most: number, client: Client): Promise<SlotKeys> {
    return walkSlot(this.#runner, this.#latches, { shard, slot, most }, this.#contextOf(client));
  }

  async call(argv: readonly Uint8Array[], client: Client): Promise<Buffer> {
    return this.#run(argv, client);
  }

  run(argv: readonly Uint8Array[], client: Client): Buffer | Promise<Buffer> {
    const command = commandOf(argv)!;
    return this.#run(argv, client, (reply, ms) => this.observer.ran(command, argv, client, ms, isError(reply)));
  }

  /** @param told Called once it has run, with its own time. */
  #run(
    argv: readonly Uint8Array[],
    client: Client,
    told?: (reply: Buffer, ms: number) => void,
  ): Buffer | Promise<Buffer> {
    const frame = argv as Buffer[];
    this.stats.addCalls(this.#runner.opcodeOf(frame), 1);
    const command = commandOf(frame);
    const writes = command?.flags.includes('write') ?? false;
    const caches = command !== undefined && remembers(client, command.flags.includes('readonly'));
    return this.#untilFree<Buffer>(writes, () => {
      const context = this.#contextOf(client);
      const outcome = caches
        ? this.#runAndCache(command, frame, client, context)
        : this.#runFor(client, frame, context);
      if ('reply' in outcome) {
        told?.(outcome.reply, this.#runner.tookMs);
        return outcome.reply;
      }
      if (!('slow' in outcome)) return outcome;
      return this.#slowCommand(frame, context).then(({ reply, tookMs }) => {
        told?.(Buffer.from(reply), tookMs);
        return Buffer.from(reply);
      });
    });
  }

  /** NOLOOP: whoever changes a key is not told of it. */
  #runFor(client: Client, frame: readonly Buffer[], context: CallContext): Outcome {
    this.#tracking.writer = client.id;
    const outcome = this.#runner.run(frame, context);
    this.#tracking.writer = 0;
    return outcome;
  }

  /** A client reads what it may cache: the next change of its keys is told to it, from before it reads. */
  #runAndCache(command: Command, frame: readonly Buffer[], client: Client, context: CallContext): Outcome {
    const keys = keysTouched(command, frame).map(({ position }) => frame[position]);
    const cache = (): Outcome => {
      this.#tracking.read(client, client.db, keys, (key) => this.#runner.route(key));
      return this.#runner.looksLong(frame, context) ? { slow: true } : this.#runner.run(frame, context);
    };
    if (this.#runner.holding) return cache();
    const outcome = this.#runner.together(this.#runner.shardsTogether(command, frame), cache);
    return 'busy' in outcome ? outcome : outcome.value;
  }

  /**
   * Does what needs latches, again and again until it gets them: at once if it can. Within a transaction it has them.
   * @param attempt Answers `busy` with nothing done; else what is to be answered.
   */
  #untilFree<T extends object>(writes: boolean, attempt: () => T | Busy | Promise<T>): T | Promise<T> {
    if (this.#runner.holding) return attempt() as T;
    if (!this.frames.holdsUp(writes)) {
      const first = attempt();
      if (!isBusy(first)) return first;
      return this.#wait(first.busy).then(() => this.#tryOn(writes, attempt));
    }
    return this.#tryOn(writes, attempt);
  }

  async #tryOn<T extends object>(writes: boolean, attempt: () => T | Busy | Promise<T>): Promise<T> {
    const sinceMs = performance.now();
    for (;;) {
      while (this.frames.holdsUp(writes)) await this.frames.heldUp();
      const outcome = await attempt();
      if (!isBusy(outcome)) return outcome;
      if (performance.now() - sinceMs > RESERVE_AFTER_MS) this.#latches.reserve(outcome.busy);
      await this.#wait(outcome.busy);
    }
  }

  #wait(shard: number): Promise<unknown> {
    return new Promise((resolve) => this.#latches.wait(shard, resolve));
  }

  // Transactions.

  refusal(command: Command): string | undefined {
    const [{ epochs }] = this.shards;
    if (command.flags.includes('denyoom') && this.#isOutOfMemory()) return OUT_OF_MEMORY;
    if (command.flags.includes('write') && epochs.failed) return misconf(epochs).toString().slice(1, -2);
    return undefined;
  }

  #isOutOfMemory(): boolean {
    return this.#evictor.limit.exists && this.#evictor.makeRoom() === 'none';
  }

  exec(client: Client): Encoded | Reply | Promise<Encoded | Reply> {
    const { frames, failed } = client.multi!;
    const { watched } = client;
    client.multi = undefined;
    client.eachFrame--;
    client.watched = [];
    const end = <T>(reply: T): T => {
      this.#watches.drop(watched);
      return reply;
    };
    if (failed) return end({ error: 'EXECABORT Transaction discarded because of previous errors.' });
    const commands = frames.map((argv) => commandOf(argv)!);
    for (const command of commands) {
      const why = this.refusal(command);
      if (why) return end({ error: `EXECABORT Transaction discarded because of: ${why}` });
    }
    this.stats.add(STAT.commands, frames.length);
    const execute = (argv: Buffer[]): Reply | Encoded | Promise<Reply | Encoded> => {
      client.executing = true;
      const reply = executeHostCommand(argv, client, this);
      client.executing = false;
      // RESP may change in the middle: what is there already is written in the protocol that it was given in.
      return reply instanceof Promise ? reply : { encoded: encoded(reply, client.proto) };
    };
    const writes = commands.some((command) => command.flags.includes('write'));
    const outcome = this.#untilFree<Said>(writes, () => {
      const tried = this.#transactions.try(frames, watched, client, execute);
      if (tried === 'long') {
        return this.#transactions.inLane(frames, watched, client, (argv) => this.#stepOf(argv), execute).then(said);
      }
      return typeof tried === 'object' && 'busy' in tried ? tried : said(tried);
    });
    const finish = (done: Said): Encoded | Promise<Encoded> => {
      end(undefined);
      if (done.replies === 'changed') return { encoded: nullArray(client.proto) };
      return this.#together(done.replies, client);
    };
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome);
  }

  /** The replies of a transaction as one. */
  #together(
    replies: readonly (Reply | Encoded | Promise<Reply | Encoded>)[],
    { proto }: Client,
  ): Encoded | Promise<Encoded> {
    const head = Buffer.from(`*${replies.length}\r\n`);
    const join = (all: readonly (Reply | Encoded)[]): Encoded => ({
      encoded: Buffer.concat([head, ...all.map((reply) => encoded(reply, proto))]),
    });
    if (replies.some((reply) => reply instanceof Promise)) return Promise.all(replies).then(join);
    return join(replies as (Reply | Encoded)[]);
  }

  /** What a frame is to a lane that executes the kernel's part of a transaction. */
  #stepOf(argv: Buffer[]): Step | undefined {
    const command = commandOf(argv)!;
    const blocking = blockingOrError(command.name, argv);
    if (blocking && !('error' in blocking)) return { argv: blocking.attempt, shape: blocking.shape };
    return isHostCommand(command) ? undefined : { argv, shape: (reply) => reply };
  }

  watch(keys: readonly Buffer[], client: Client): Reply | Promise<Reply> {
    const { db } = client;
    const fresh = keys.filter((key) => !client.watched.some((each) => each.db === db && each.key.equals(key)));
    const shards = [...new Set(fresh.map((key) => this.#runner.route(key)))].sort((a, b) => a - b);
    const outcome = this.#untilFree<{ added: Watched[] | undefined }>(false, () => {
      const done = this.#runner.together(shards, () => this.#watches.add(fresh, db));
      return 'busy' in done ? done : { added: done.value };
    });
    const finish = ({ added }: { added: Watched[] | undefined }): Reply => {
      if (!added) return { error: OUT_OF_MEMORY };
      if ((client as Connection).closed) this.#watches.drop(added);
      else client.watched = [...client.watched, ...added];
      return { status: 'OK' };
    };
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome);
  }

  unwatch(client: Client): void {
    this.#watches.drop(client.watched);
    client.watched = [];
  }

  // Subscriptions.

  subscribe(client: Client, kind: Kind, names: readonly string[]): Promise<void> | undefined {
    const wasSubscribed = isSubscribed(client);
    const told = this.pubsub.subscribe(client, kind, names);
    if (!wasSubscribed && isSubscribed(client)) client.eachFrame++;
    return this.#confirmed(client as Connection, told);
  }

  unsubscribe(client: Client, kind: Kind, names: readonly string[]): Promise<void> | undefined {
    const wasSubscribed = isSubscribed(client);
    const told = this.pubsub.unsubscribe(client, kind, names);
    if (wasSubscribed && !isSubscribed(client)) client.eachFrame--;
    return this.#confirmed(client as Connection, told);
  }

  /** Messages wait until the subscription that they come by is confirmed. */
  #confirmed(connection: Connection, told: Promise<void> | undefined): Promise<void> | undefined {
    if (!told) return undefined;
    connection.holdsPushes = true;
    return told.then(() => {
      connection.holdsPushes = false;
    });
  }

  async track(client: Client, tracked: Tracked | undefined, prefixes: readonly string[]): Promise<void> {
    const was = client.tracked !== undefined;
    client.tracked = tracked;
    if (!tracked) {
      this.#tracking.forget(client);
      if (was) client.eachFrame--;
      await this.pubsub.unsubscribe(client, PREFIX, [...client.subscribed[PREFIX]]);
      await this.pubsub.unsubscribe(client, TRACKER, ['']);
      return;
    }
    if (!was) client.eachFrame++;
    await this.pubsub.subscribe(client, TRACKER, ['']);
    await this.pubsub.subscribe(client, PREFIX, prefixes);
  }

  // Commands that wait.

  block(argv: readonly Buffer[], client: Client, command: Command): Encoded | Reply | Promise<Encoded | Reply> {
    const frame = argv as Buffer[];
    const blocking = blockingOrError(command.name, frame);
    if (!blocking) return encodedLater(this.#run(frame, client));
    if ('error' in blocking) return blocking;
    const attempt = blocking.attempt as Buffer[];
    if (client.executing || blocking.timeoutMs < 0) {
      return encodedLater(this.#run(attempt, client), blocking.shape);
    }
    const context = this.#contextOf(client);
    const outcome = this.#untilFree<Buffer>(command.flags.includes('write'), () => {
      const shards = this.#runner.shardsTogether(commandOf(attempt)!, attempt);
      const done = this.#runner.together(shards, () => {
        if (this.#runner.looksLong(attempt, context)) return 'long' as const;
        const tried = this.#runner.run(attempt, context);
        if (!('reply' in tried)) throw new Error('a command under latches did not come to its end');
        if (!foundNothing(tried.reply) || isError(tried.reply)) return tried.reply;
        return this.#waiters.wait(
          client.id,
          blockingOf(command.name, frame, (key) => this.#lastId(key, context))!,
          context,
        );
      });
      if ('busy' in done) return done;
      if (done.value === 'long') return this.#slowCommand(attempt, context).then(({ reply }) => Buffer.from(reply));
      return done.value;
    });
    return encodedLater(outcome, blocking.shape);
  }

  /** What `$` stands for, within `together`. */
  #lastId(key: Buffer, context: CallContext): Buffer {
    const argv = [Buffer.from('XINFO'), Buffer.from('STREAM'), key];
    const outcome = this.#runner.run(argv, { ...context, proto: 2 });
    const text = 'reply' in outcome ? outcome.reply.toString('latin1') : '';
    return Buffer.from(/last-generated-id\r\n\$\d+\r\n(\d+-\d+)/.exec(text)?.[1] ?? '0-0');
  }

  pass(timeoutMs: number, client: Client, reply: Buffer): Promise<Encoded> {
    const context = this.#contextOf(client);
    const waited = this.#waiters.pass(client.id, timeoutMs, context, reply);
    return Promise.resolve(waited).then((bytes) => ({ encoded: bytes }));
  }

  unblock(clientId: number, withError: boolean): Promise<boolean> {
    return this.supervisor.unblock(clientId, withError);
  }

  unblockHere(clientId: number, withError: boolean): boolean {
    return this.#waiters.unblock(clientId, withError);
  }

  /** A connection is gone: it leaves nothing behind. */
  #ended(connection: Connection): void {
    this.unwatch(connection);
    void this.pubsub.forget(connection);
    this.#tracking.forget(connection);
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

/** A shard's latch could not be had, and nothing was done. */
interface Busy {
  readonly busy: number;
}
const isBusy = (outcome: object): outcome is Busy => 'busy' in outcome;

interface Said {
  readonly replies: readonly (Reply | Encoded | Promise<Reply | Encoded>)[] | 'changed';
}
/** What came of a transaction, as an object that can be told from `busy`. */
const said = (tried: Said['replies']): Said => ({ replies: tried });

const nullArray = (proto: number): Buffer => Buffer.from(proto === 3 ? '_\r\n' : '*-1\r\n');

/** What a command that may wait comes down to, if its timeout is right. */
function blockingOrError(name: string, argv: readonly Buffer[]): Blocking | { error: string } | undefined {
  try {
    return blockingOf(name, argv, () => LAST_ID);
  } catch (error) {
    if (error instanceof TimeoutError) return { error: error.message };
    throw error;
  }
}

function encodedLater(
  reply: Buffer | Promise<Buffer>,
  shape = (bytes: Buffer): Buffer => bytes,
): Encoded | Promise<Encoded> {
  if (reply instanceof Promise) return reply.then((bytes) => ({ encoded: shape(bytes) }));
  return { encoded: shape(reply) };
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

function encoded(reply: Reply | Encoded, proto: number): Uint8Array {
  return isEncoded(reply) ? reply.encoded : encodeReply(reply, proto);
}
function isEncoded(reply: Reply | Encoded): reply is Encoded {
  return typeof reply === 'object' && reply !== null && 'encoded' in reply;
}

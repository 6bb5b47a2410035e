// Starts and ends the server: makes the store, opens the addresses, starts a thread per core, and watches them. It lives
// in the process's main thread, which is the first worker at the same time: so a server answers as soon as it can.
import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import Comlink, { type Endpoint, type Remote } from 'comlink';
import { LatchkeyError } from '../errors.js';
import type { LaneData } from '../worker/lane-main.js';
import { type Series, together } from '../worker/latency-events.js';
import { newestOf, type SlowEntry } from '../worker/slow-commands.js';
import { Stats } from '../worker/stats.js';
import type { StoreParts } from '../worker/store-parts.js';
import type { Config } from './config.js';
import { rewriteFile } from './config-rewrite.js';
import type { ClientFacts, KillFilter, PersistenceServices } from './context.js';
import type { SupervisorApi, ThreadApi, ThreadSetup } from './control.js';
import { canReadDirectly } from './direct-read.js';
import { type Door, type Listening, openListeners } from './listener.js';
import { log } from './log.js';
import { configureShards, makeStore } from './make-store.js';
import { PersistenceHost, persistenceAt } from './persistence-host.js';
import { ServerThread } from './server-thread.js';
import type { ThreadData } from './thread-main.js';

/** Starts a server in this process. Resolved: every thread accepts connections. */
export async function startServer(config: Config): Promise<Supervisor> {
  const supervisor = new Supervisor(config);
  await supervisor.start();
  return supervisor;
}

export class Supervisor implements SupervisorApi {
  #store!: StoreParts;
  #persistence: PersistenceHost | undefined;
  readonly #lanes: (Worker | undefined)[] = [];
  readonly #threads: (ThreadApi | Remote<ThreadApi>)[] = [];
  #ending = false;

  constructor(readonly config: Config) {}

  async start(): Promise<void> {
    const { config } = this;
    await this.#openStore();
    const { threads, shards, routing } = config.values;
    this.#statsBuffer = Stats.newBuffer(threads);
    // Asks libuv to take one connection per wake-up, which spreads them better over threads that share a descriptor.
    process.env.UV_TCP_SINGLE_ACCEPT ??= '1';
    this.#readsDirectly = await canReadDirectly();
    // Connections may come before the first thread is built, which wants to know where we listen.
    const early: [Socket, Door][] = [];
    let accept = (socket: Socket, door: Door): void => void early.push([socket, door]);
    const listening = await openListeners(config.values, threads, (socket, door) => accept(socket, door));
    const first = new ServerThread(
      this.#setup(0, listening),
      this,
      this.#engineFor(await this.#persistence?.connect()),
    );
    this.#threads.push(first);
    accept = first.accept;
    for (const [socket, door] of early) first.accept(socket, door);
    await Promise.all(Array.from({ length: threads - 1 }, (_, i) => this.#startThread(i + 1, listening)));
    const store = `${threads} worker${threads === 1 ? '' : 's'}, ${shards} shard${shards === 1 ? '' : 's'} (${routing})`;
    log.notice(`Ready to accept connections on ${listening.places.join(', ')}: ${store}, ${listening.spread}`);
  }

  /** In memory; or with what the directory holds. */
  async #openStore(): Promise<void> {
    if (this.config.values.dir === '') {
      this.#store = makeStore(this.config);
      return;
    }
    const { host, store } = await PersistenceHost.open(this.config);
    this.#store = store;
    this.#persistence = host;
    await this.#checkRouting(host);
    host.onEnd((reason) => {
      if (this.#ending) return;
      this.#ending = true;
      log.warning(`${reason}; nothing can be promised any more, exiting`);
      process.exit(1);
    });
  }

  /** Only an explicit flag changes a layout, and cluster ports need the one by slots. */
  async #checkRouting(host: PersistenceHost): Promise<void> {
    const { clusterEnabled, routing, dir } = this.config.values;
    if (!clusterEnabled || routing === 'slots') return;
    this.#ending = true;
    await host.close(false);
    const why = `${dir} is laid out by kevyhash, and cluster ports need slots: say --routing slots to lay it out anew`;
    throw new LatchkeyError('BAD_CONFIG', why);
  }

  #engineFor(port: MessagePort | undefined): PersistenceServices | undefined {
    return port && persistenceAt(port);
  }

  #statsBuffer!: SharedArrayBuffer;
  readonly #runId = randomBytes(20).toString('hex');
  readonly #startedMs = Date.now();
  #readsDirectly = false;

  #setup(threadIndex: number, listening: Listening): ThreadSetup {
    const { tcpPort, spread, clusterPorts, shared } = listening;
    return {
      store: this.#store,
      threadIndex,
      threadCount: this.config.values.threads,
      config: this.config.toJSON(),
      statsBuffer: this.#statsBuffer,
      startedMs: this.#startedMs,
      runId: this.#runId,
      listening: { tcpPort, spread, clusterPorts },
      listeners: shared,
      readsDirectly: this.#readsDirectly,
    };
  }

  async #startThread(index: number, listening: Listening): Promise<void> {
    const control = new MessageChannel();
    const own = new MessageChannel();
    Comlink.expose(this.#apiFor(), own.port1 as unknown as Endpoint);
    const enginePort = await this.#persistence?.connect();
    const data: ThreadData = {
      setup: this.#setup(index, listening),
      supervisorPort: own.port2,
      threadPort: control.port2,
      enginePort,
    };
    const worker = new Worker(new URL('./thread-main.js', import.meta.url), {
      workerData: data,
      transferList: [own.port2, control.port2, ...(enginePort ? [enginePort] : [])],
    });
    this.#watch(worker, `Worker ${index}`);
    this.#threads[index] = Comlink.wrap<ThreadApi>(control.port1 as unknown as Endpoint);
    await new Promise<void>((resolve) => worker.once('message', () => resolve()));
  }

  /** What a thread may ask, over its channel. */
  #apiFor(): SupervisorApi {
    return {
      lane: async (lane) => {
        const port = await this.lane(lane);
        return Comlink.transfer(port, [port as unknown as Transferable]);
      },
      clients: () => this.clients(),
      kill: (filter, callerId) => this.kill(filter, callerId),
      unblock: (clientId, withError) => this.unblock(clientId, withError),
      pause: (untilMs, writesOnly) => this.pause(untilMs, writesOnly),
      configure: (pairs) => this.configure(pairs),
      setActiveExpire: (on) => this.setActiveExpire(on),
      monitors: (thread, count) => this.monitors(thread, count),
      slowEntries: () => this.slowEntries(),
      resetSlow: () => this.resetSlow(),
      latencySeries: () => this.latencySeries(),
      resetLatency: (events) => this.resetLatency(events),
      rewriteConfig: () => this.rewriteConfig(),
      shutdown: (save) => this.shutdown(save),
    };
  }

  /**
   * A thread that ends by itself may have held a latch, and its shards may be half changed: nothing may be answered from
   * them any more, so the process ends.
   */
  #watch(worker: Worker, name: string): void {
    let reason = 'it exited';
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => {
      if (this.#ending) return;
      this.#ending = true;
      log.warning(`${name} ended unexpectedly (${reason}); the shards cannot be trusted any more, exiting`);
      process.exit(1);
    });
  }

  // SupervisorApi

  async lane(lane: number): Promise<MessagePort> {
    let worker = this.#lanes[lane];
    if (!worker) {
      const { threads } = this.config.values;
      const data: LaneData = {
        store: this.#store,
        windowIndex: threads + lane,
        owner: threads + lane + 1,
        workers: threads,
      };
      worker = new Worker(new URL('../worker/lane-main.js', import.meta.url), { workerData: data });
      this.#watch(worker, `Slow lane ${lane}`);
      this.#lanes[lane] = worker;
    }
    const { port1, port2 } = new MessageChannel();
    worker.postMessage(port1, [port1]);
    return port2;
  }

  async clients(): Promise<ClientFacts[]> {
    const lists = await Promise.all(this.#threads.map((thread) => thread.clientsHere()));
    return lists.flat().sort((a, b) => a.id - b.id);
  }

  async kill(filter: KillFilter, callerId: number): Promise<number> {
    const counts = await Promise.all(this.#threads.map((thread) => thread.killHere(filter, callerId)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async unblock(clientId: number, withError: boolean): Promise<boolean> {
    const done = await Promise.all(this.#threads.map((thread) => thread.unblockHere(clientId, withError)));
    return done.includes(true);
  }

  async pause(untilMs: number, writesOnly: boolean): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.pauseHere(untilMs, writesOnly)));
  }

  async configure(pairs: readonly (readonly [string, string])[]): Promise<void> {
    this.config.apply(pairs);
    configureShards(this.#store, this.config);
    await this.#persistence?.configure(pairs);
    await Promise.all(this.#threads.map((thread) => thread.configureHere(pairs)));
  }

  async setActiveExpire(on: boolean): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.setActiveExpireHere(on)));
  }

  /** Clients of MONITOR by thread. */
  readonly #monitors = new Map<number, number>();

  async monitors(thread: number, count: number): Promise<void> {
    this.#monitors.set(thread, count);
    const threads = [...this.#monitors].filter(([, clients]) => clients !== 0).map(([index]) => index);
    await Promise.all(this.#threads.map((each) => each.monitorsHere(threads)));
  }

  async slowEntries(): Promise<SlowEntry[]> {
    const logs = await Promise.all(this.#threads.map((thread) => thread.slowHere()));
    return newestOf(logs, this.config.values.slowlogMaxLen);
  }

  async resetSlow(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.resetSlowHere()));
  }

  async latencySeries(): Promise<Series[]> {
    return together((await Promise.all(this.#threads.map((thread) => thread.latencyHere()))).flat());
  }

  async resetLatency(events: readonly string[]): Promise<number> {
    const gone = await Promise.all(this.#threads.map((thread) => thread.resetLatencyHere(events)));
    return new Set(gone.flat()).size;
  }

  async rewriteConfig(): Promise<string | null> {
    return rewriteFile(this.config);
  }

  /** SHUTDOWN, SIGTERM, SIGINT: answers what was accepted, as far as clients take it, and ends the process. */
  async shutdown(save?: boolean): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    await Promise.all(this.#threads.map((thread) => thread.stop()));
    await this.#persistence?.close(save);
    const { unixsocket } = this.config.values;
    if (unixsocket) {
      try {
        unlinkSync(unixsocket);
      } catch {
        // Somebody has removed it already.
      }
    }
    log.notice('Latchkey is now ready to exit, bye bye...');
    process.exit(0);
  }
}

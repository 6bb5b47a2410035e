// Starts and ends the server: makes the store, opens the addresses, starts a thread per core, and watches them. It lives
// in the process's main thread, which is the first worker at the same time: so a server answers as soon as it can.
import { randomBytes } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import Comlink, { type Endpoint, type Remote } from 'comlink';
import { LatchkeyError } from '../errors.js';
import {
  HEADER_FLAG_LFU,
  HEADER_FLAGS,
  HEADER_LFU_DECAY,
  HEADER_LFU_LOG_FACTOR,
  ROUTING_KEVYHASH,
  ROUTING_SLOTS,
  SERVER_LAYOUT,
  ShardKernel,
  type ShardLayout,
} from '../kernel/kernel.js';
import type { LaneData } from '../worker/lane-main.js';
import { configureMaxmemory } from '../worker/memory-limit.js';
import { laneCount } from '../worker/slow-lane.js';
import { Stats } from '../worker/stats.js';
import { newStore, type StoreParts } from '../worker/store-parts.js';
import type { Config } from './config.js';
import { configureLimits } from './config-limits.js';
import type { ClientFacts, KillFilter } from './context.js';
import type { SupervisorApi, ThreadApi, ThreadSetup } from './control.js';
import { canReadDirectly } from './direct-read.js';
import { type Listening, openListeners } from './listener.js';
import { log } from './log.js';
import { ServerThread } from './server-thread.js';
import type { ThreadData } from './thread-main.js';

const KERNEL = new URL('../../kernel.shared.wasm', import.meta.url);

/** Starts a server in this process. Resolved: every thread accepts connections. */
export async function startServer(config: Config): Promise<Supervisor> {
  const supervisor = new Supervisor(config);
  await supervisor.start();
  return supervisor;
}

export class Supervisor implements SupervisorApi {
  readonly #store: StoreParts;
  readonly #lanes: (Worker | undefined)[];
  readonly #threads: (ThreadApi | Remote<ThreadApi>)[] = [];
  #ending = false;

  constructor(readonly config: Config) {
    this.#store = makeStore(config);
    this.#lanes = new Array(laneCount(config.values.shards));
  }

  async start(): Promise<void> {
    const { config } = this;
    const { threads, shards, routing } = config.values;
    // Asks libuv to take one connection per wake-up, which spreads them better over threads that share a descriptor.
    process.env.UV_TCP_SINGLE_ACCEPT ??= '1';
    this.#readsDirectly = await canReadDirectly();
    // Connections may come before the first thread is built, which wants to know where we listen.
    const early: [Socket, string | undefined][] = [];
    let accept = (socket: Socket, path: string | undefined): void => void early.push([socket, path]);
    const listening = await openListeners(config.values, threads, (socket, path) => accept(socket, path));
    const first = new ServerThread(this.#setup(0, listening), this);
    this.#threads.push(first);
    accept = first.accept;
    for (const [socket, path] of early) first.accept(socket, path);
    await Promise.all(Array.from({ length: threads - 1 }, (_, i) => this.#startThread(i + 1, listening)));
    const store = `${threads} worker${threads === 1 ? '' : 's'}, ${shards} shard${shards === 1 ? '' : 's'} (${routing})`;
    log.notice(`Ready to accept connections on ${listening.places.join(', ')}: ${store}, ${listening.spread}`);
  }

  readonly #statsBuffer = Stats.newBuffer(256);
  readonly #runId = randomBytes(20).toString('hex');
  readonly #startedMs = Date.now();
  #readsDirectly = false;

  #setup(threadIndex: number, listening: Listening): ThreadSetup {
    const { tcpPort, spread, shared } = listening;
    return {
      store: this.#store,
      threadIndex,
      threadCount: this.config.values.threads,
      config: this.config.toJSON(),
      statsBuffer: this.#statsBuffer,
      startedMs: this.#startedMs,
      runId: this.#runId,
      listening: { tcpPort, spread },
      listeners: shared,
      readsDirectly: this.#readsDirectly,
    };
  }

  async #startThread(index: number, listening: Listening): Promise<void> {
    const control = new MessageChannel();
    const own = new MessageChannel();
    Comlink.expose(this.#apiFor(), own.port1 as unknown as Endpoint);
    const data: ThreadData = {
      setup: this.#setup(index, listening),
      supervisorPort: own.port2,
      threadPort: control.port2,
    };
    const worker = new Worker(new URL('./thread-main.js', import.meta.url), {
      workerData: data,
      transferList: [own.port2, control.port2],
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
      pause: (untilMs, writesOnly) => this.pause(untilMs, writesOnly),
      configure: (pairs) => this.configure(pairs),
      setActiveExpire: (on) => this.setActiveExpire(on),
      shutdown: () => this.shutdown(),
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
      const data: LaneData = { store: this.#store, windowIndex: threads + lane, owner: threads + lane + 1 };
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

  async pause(untilMs: number, writesOnly: boolean): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.pauseHere(untilMs, writesOnly)));
  }

  async configure(pairs: readonly (readonly [string, string])[]): Promise<void> {
    this.config.apply(pairs);
    configureShards(this.#store, this.config);
    await Promise.all(this.#threads.map((thread) => thread.configureHere(pairs)));
  }

  async setActiveExpire(on: boolean): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.setActiveExpireHere(on)));
  }

  /** SHUTDOWN, SIGTERM, SIGINT: answers what was accepted, as far as clients take it, and ends the process. */
  async shutdown(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    await Promise.all(this.#threads.map((thread) => thread.stop()));
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

function makeStore(config: Config): StoreParts {
  const { threads, shards, databases, routing } = config.values;
  const layout: ShardLayout = {
    ...SERVER_LAYOUT,
    shardCount: shards,
    routing: routing === 'slots' ? ROUTING_SLOTS : ROUTING_KEVYHASH,
    databases,
    windowCount: threads + laneCount(shards),
  };
  try {
    const store = newStore(new WebAssembly.Module(readFileSync(KERNEL)), layout);
    configureShards(store, config);
    return store;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LatchkeyError('OUT_OF_MEMORY', `Cannot make ${shards} shards: ${why}`, { cause: error });
  }
}

/** Parameters that live in the shards' headers. Single words, so no latch is needed. */
function configureShards(store: StoreParts, config: Config): void {
  const { maxmemoryPolicy, lfuLogFactor, lfuDecayTime } = config.values;
  for (const memory of store.memories) {
    const words = new Int32Array(memory.buffer);
    const flags = ShardKernel.headerIndex(HEADER_FLAGS);
    if (maxmemoryPolicy.endsWith('-lfu')) Atomics.or(words, flags, HEADER_FLAG_LFU);
    else Atomics.and(words, flags, ~HEADER_FLAG_LFU);
    Atomics.store(words, ShardKernel.headerIndex(HEADER_LFU_LOG_FACTOR), lfuLogFactor);
    Atomics.store(words, ShardKernel.headerIndex(HEADER_LFU_DECAY), lfuDecayTime);
  }
  configureLimits(store.memories, (name) => config.get(name)!);
  configureMaxmemory(store.memories, config.values);
}

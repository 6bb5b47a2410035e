// The supervisor's side of the persistence engine, which lives on a thread of its own: starts the thread, which opens the
// directory and makes the store, and hands every worker a channel to it.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import Comlink, { type Endpoint, type Remote } from 'comlink';
import { LatchkeyError } from '../errors.js';
import type { StoreParts } from '../worker/store-parts.js';
import type { Config } from './config.js';
import type { PersistenceServices } from './context.js';
import { log } from './log.js';
import type { Opening, PersistenceMessage, PersistenceThreadApi } from './persistence-thread.js';

export class PersistenceHost {
  readonly #worker: Worker;
  readonly #api: Remote<PersistenceThreadApi>;

  private constructor(worker: Worker, api: Remote<PersistenceThreadApi>) {
    this.#worker = worker;
    this.#api = api;
  }

  /**
   * Opens the directory that the configuration names, and recovers what is in it.
   * @returns the host, and the store with the data in it; the configuration has the directory's layout then.
   * @throws LatchkeyError if the directory cannot be used: one line that says why. Nothing in it was changed then.
   */
  static async open(config: Config): Promise<{ host: PersistenceHost; store: StoreParts }> {
    const worker = new Worker(new URL('./persistence-main.js', import.meta.url));
    const { port1, port2 } = new MessageChannel();
    worker.postMessage(port2, [port2]);
    const api = Comlink.wrap<PersistenceThreadApi>(port1 as unknown as Endpoint);
    const failed = new Promise<never>((_, reject) => worker.once('error', reject));
    const given = { shards: config.isGiven('shards'), routing: config.isGiven('routing') };
    const opening: Opening = await Promise.race([api.open(config.toJSON(), given), failed]);
    if ('refused' in opening) {
      await worker.terminate();
      throw new LatchkeyError(opening.refused.code, opening.refused.message);
    }
    config.adoptLayout(opening.shards, opening.routing);
    return { host: new PersistenceHost(worker, api), store: opening.store };
  }

  /** Tells when the engine gave up for good, or its thread ended by itself. */
  onEnd(ended: (reason: string) => void): void {
    let reason = 'it exited';
    this.#worker.on('message', (message: PersistenceMessage) => ended(message.fatal));
    this.#worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    this.#worker.on('exit', () => ended(`the persistence thread ended unexpectedly (${reason})`));
  }

  /** A channel of one thread's own; its other end answers as `PersistenceServices`. */
  async connect(): Promise<MessagePort> {
    const { port1, port2 } = new MessageChannel();
    await this.#api.serve(Comlink.transfer(port1, [port1 as unknown as Transferable]));
    return port2;
  }

  async configure(pairs: readonly (readonly [string, string])[]): Promise<void> {
    await this.#api.configure(pairs);
  }

  /**
   * Writes and syncs what was executed, and lets go of the directory.
   * @param save Whether a snapshot is taken first; undefined: if there are save points.
   */
  async close(save: boolean | undefined): Promise<void> {
    const problem = await this.#api.close(save);
    if (problem !== undefined) log.warning(problem);
  }
}

/** The engine behind a channel. */
export function persistenceAt(port: MessagePort): PersistenceServices {
  return Comlink.wrap<PersistenceServices>(port as unknown as Endpoint) as unknown as PersistenceServices;
}

// What the thread of the persistence engine does: opens the directory, brings the store back, and then answers for the
// engine, to the supervisor and to every worker.
import { type MessagePort, parentPort } from 'node:worker_threads';
import Comlink, { type Endpoint } from 'comlink';
import { LatchkeyError, type LatchkeyErrorCode } from '../errors.js';
import { Engine, type EngineOptions } from '../persistence/engine.js';
import { KernelShard } from '../persistence/kernel-shard.js';
import { changeLine, ensureLayout, type Prepared } from '../persistence/layout.js';
import { acquireLock, type Lock } from '../persistence/lock.js';
import { type Layout, layoutText } from '../persistence/meta.js';
import { type Recovered, recover, shardLine } from '../persistence/recover.js';
import type { DamagePolicy } from '../persistence/recovery-plan.js';
import { layoutCrewFor, shardCrewFor } from '../persistence/threads/recovery-crew.js';
import { NodeStorage } from '../storage/node-fs.js';
import { StorageError } from '../storage/port.js';
import type { Progress } from '../transfer/import.js';
import { Latches } from '../worker/latches.js';
import { openShards, type StoreParts } from '../worker/store-parts.js';
import { Config } from './config.js';
import type { PersistenceServices } from './context.js';
import { kernelModule } from './kernel-module.js';
import { log } from './log.js';
import { engineWindow, makeStore } from './make-store.js';
import { progressLine } from './progress.js';

/** Which parts of the layout were asked for; what was not is as the directory has it. */
export interface GivenLayout {
  readonly shards: boolean;
  readonly routing: boolean;
}

/** What opening a directory came to. */
export type Opening =
  | { readonly refused: { readonly code: LatchkeyErrorCode; readonly message: string } }
  | ({ readonly store: StoreParts } & Layout);

/** Said without being asked. */
export interface PersistenceMessage {
  /** The engine has given up: no reply may leave any more. */
  readonly fatal: string;
}

/** What the supervisor asks of the thread. */
export interface PersistenceThreadApi {
  open(config: unknown, given: GivenLayout): Promise<Opening>;
  /** Answers as `PersistenceServices` at this port, too. */
  serve(port: MessagePort): void;
  configure(pairs: readonly (readonly [string, string])[]): Promise<void>;
  /** @returns what went wrong. */
  close(save: boolean | undefined): Promise<string | undefined>;
}

export class PersistenceThread implements PersistenceThreadApi {
  #config!: Config;
  #engine!: Engine;
  #lock: Lock | undefined;

  async open(json: unknown, given: GivenLayout): Promise<Opening> {
    const config = Config.from(json);
    this.#config = config;
    log.use(config.values);
    try {
      return await this.#open(config, given);
    } catch (error) {
      this.#lock?.release();
      const refused = refusalOf(error);
      if (refused) return { refused };
      throw error;
    }
  }

  async #open(config: Config, given: GivenLayout): Promise<Opening> {
    const { dir, shards, routing, databases } = config.values;
    const storage = NodeStorage.open(dir, { create: true });
    this.#lock = await acquireLock(dir);
    const module = kernelModule();
    const damage = damagePolicy(config);
    const nowMs = Date.now();
    const startedMs = performance.now();

    const layoutCrew = await layoutCrewFor(storage, module, databases);
    const prepared = await shown('Changing the layout', (progress) =>
      ensureLayout(storage, layoutCrew, {
        wanted: { ...(given.shards ? { shards } : {}), ...(given.routing ? { routing } : {}) },
        fallback: { shards, routing },
        damage,
        nowMs,
        progress,
      }),
    );
    tellLayout(prepared);
    const { layout } = prepared;
    config.adoptLayout(layout.shards, layout.routing);

    const store = makeStore(config, module);
    const window = engineWindow(config.values);
    const own = openShards(store, window);
    const crew = await shardCrewFor(storage, store, window);
    const recovered = await shown('Loading', (progress) => recover(storage, crew, { damage, nowMs, progress }));
    tellRecovered(recovered, (performance.now() - startedMs) / 1000);

    const [{ epochs }] = own;
    const latches = new Latches(own, window + 1);
    this.#engine = await Engine.start({
      storage,
      shards: own.map((_, index) => new KernelShard(latches, index)),
      epochs,
      options: engineOptions(config),
      recovered: recovered.shards,
      loaded: recovered.shards.reduce(
        (sum, { keys, expired }) => ({ keys: sum.keys + keys, expired: sum.expired + expired }),
        { keys: 0, expired: 0 },
      ),
      log,
      fatal: (fatal) => parentPort!.postMessage({ fatal } satisfies PersistenceMessage),
    });
    return { store, ...layout };
  }

  serve(port: MessagePort): void {
    const engine = this.#engine;
    const services: PersistenceServices = {
      save: () => engine.save(),
      bgsave: (schedule) => engine.bgsave(schedule),
      bgrewriteaof: () => engine.bgrewriteaof(),
      lastSave: () => engine.lastSave(),
      waitSynced: (timeoutMs) => engine.waitSynced(timeoutMs),
      info: () => engine.info(),
    };
    Comlink.expose(services, port as unknown as Endpoint);
  }

  async configure(pairs: readonly (readonly [string, string])[]): Promise<void> {
    this.#config.apply(pairs);
    log.use(this.#config.values);
    await this.#engine.configure(engineOptions(this.#config));
  }

  async close(save: boolean | undefined): Promise<string | undefined> {
    const problems: string[] = [];
    if (save ?? this.#config.values.save.length > 0) {
      const saved = await this.#engine.save();
      if (typeof saved === 'object') {
        const why = 'failed' in saved ? saved.failed : 'another one is under way';
        problems.push(`The snapshot before the end was not taken: ${why}`);
      }
    }
    const problem = await this.#engine.flushAndClose();
    if (problem !== undefined) problems.push(`The end of the log may be lost: ${problem}`);
    this.#lock?.release();
    return problems.length === 0 ? undefined : problems.join('. ');
  }
}

/** Shows on a terminal how far something is, for as long as it takes. */
async function shown<T>(what: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const { progress, clear } = progressLine(what, 1);
  try {
    return await work(progress);
  } finally {
    clear();
  }
}

function damagePolicy({ values }: Config): DamagePolicy {
  return values.replayResync ? 'resync' : values.replayTruncate ? 'truncate' : 'stop';
}

function engineOptions({ values }: Config): EngineOptions {
  const { appendonly, appendfsync, save, autoAofRewritePercentage, autoAofRewriteMinSize } = values;
  return { appendonly, appendfsync, save, autoAofRewritePercentage, autoAofRewriteMinSize };
}

/** What a person can do something about; undefined: a bug of ours. */
function refusalOf(error: unknown): { code: LatchkeyErrorCode; message: string } | undefined {
  if (error instanceof LatchkeyError) return { code: error.code, message: error.message };
  if (error instanceof StorageError) return { code: 'DIRECTORY_UNUSABLE', message: error.message };
  return undefined;
}

function tellLayout({ change, finished }: Prepared): void {
  if (finished) {
    const { stamp, shards, routing } = finished;
    log.notice(
      `A layout change that was interrupted is finished: ${layoutText({ shards, routing })}; the old files end in .premigration.${stamp}`,
    );
  }
  if (change) log.notice(changeLine(change));
}

function tellRecovered({ shards, lost }: Recovered, seconds: number): void {
  let keys = 0;
  let commands = 0;
  for (const shard of shards) {
    keys += shard.keys;
    commands += shard.commands;
    if (shard.verdict === 'new') continue;
    const isSound = shard.verdict === 'whole' || shard.verdict === 'tail';
    const line = shardLine(shard);
    if (isSound && shard.errors === 0) log.notice(line);
    else log.warning(line);
  }
  if (lost) log.warning(`Round ${lost.round}, which had been synced, is lost: it was asked to go on without it`);
  if (keys + commands > 0)
    log.notice(`DB loaded in ${seconds.toFixed(3)} seconds: ${keys} keys from dumps, ${commands} commands from logs`);
}

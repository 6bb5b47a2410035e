// The persistence engine of one store: writes rounds, syncs them, takes snapshots, cuts logs, and keeps going when the
// world fails. One thread runs it, alone with the directory; everything it knows of shards it knows through ShardPort.
//
// The log is in one of these states:
//   off       nothing is logged. Logs that were there before are at rest: the next snapshot that goes into place removes
//             them in the same commit, so they are never replayed over what is newer, and until then nothing is lost.
//   starting  new logs exist under passing names, and get every round; nobody is promised anything. Dumps and logs take
//             their places in one commit.
//   on        rounds are written and synced as the policy says.
//   broken    a sync has failed, so nobody knows what the logs hold. Writers are refused until new logs have been started.
import { randomBytes } from 'node:crypto';
import { POLICY_ALWAYS, POLICY_LATER, POLICY_SNAPSHOTS } from '../kernel/epochs.js';
import { type Storage, StorageError } from '../storage/port.js';
import { engineInfo, type InfoField } from './engine-info.js';
import { createLog, logTemp } from './log-cut.js';
import { LogFile } from './log-file.js';
import { dumpName, logName } from './log-format.js';
import { Rounds, storageReason } from './rounds.js';
import { rewriteIsDue, type SavePoint, snapshotIsDue } from './save-points.js';
import { type EngineEpochs, latched, type ShardPort } from './shard-port.js';
import { Snapshots } from './snapshots.js';
import { Syncer, type SyncPolicy } from './syncer.js';
import { SYSTEM_TIMING, type Timing } from './timing.js';

/**
 * From one round to the next at least, unless somebody waits for a sync: the longest that a record waits. When nothing has
 * waited at its end, the engine sleeps, and the first record wakes it.
 */
const LOOK_MS = 3;
const HOUSE_MS = 100;
/** After a write that failed. */
const RETRY_MS = 1000;
/** After new logs could not be started. */
const START_RETRY_MS = 5000;

export interface EngineOptions {
  readonly appendonly: boolean;
  readonly appendfsync: SyncPolicy;
  readonly save: readonly SavePoint[];
  /** 0: never. */
  readonly autoAofRewritePercentage: number;
  readonly autoAofRewriteMinSize: number;
}

/** What recovery has found for one shard, and left in its files. */
export interface RecoveredShard {
  /** 32 hex digits, of a log of ours that is to be gone on with; undefined: there is none. */
  readonly birthId: string | undefined;
  /** Bytes of that log, and LSN of what comes there. */
  readonly endOffset: number;
  readonly endLsn: number;
  /** The number of the next round; the same for all shards. */
  readonly nextRound: number;
}

export interface EngineParts {
  readonly storage: Storage;
  readonly shards: readonly ShardPort[];
  readonly epochs: EngineEpochs;
  readonly options: EngineOptions;
  /** One per shard; none: the directory is new. */
  readonly recovered?: readonly RecoveredShard[];
  /** Keys that recovery has loaded from dumps, and not loaded since they had expired. */
  readonly loaded?: { readonly keys: number; readonly expired: number };
  readonly log?: { notice(text: string): void; warning(text: string): void };
  /** A sync has failed under `always`, or the engine itself has: the process is to end without another reply. */
  readonly fatal: (reason: string) => void;
  readonly timing?: Timing;
  /** 32 hex digits. */
  readonly newBirthId?: () => string;
}

/** What a request for a snapshot or a rewrite led to; `busy` names what is under way instead. */
export type Begun = 'started' | 'scheduled' | { readonly busy: 'snapshot' | 'rewrite' };
export type LogState = 'off' | 'starting' | 'on' | 'broken';

export class Engine {
  readonly storage: Storage;
  readonly shards: readonly ShardPort[];
  readonly epochs: EngineEpochs;
  readonly timing: Timing;
  readonly rounds: Rounds;
  readonly syncer: Syncer;
  readonly snapshots: Snapshots;
  readonly log: { notice(text: string): void; warning(text: string): void };
  options: EngineOptions;
  state: LogState = 'off';
  birthId = '';
  /** Bytes of dumps that belong to the logs, and of both together after the last rewrite. */
  dumpBytes = 0;
  baseBytes = 0;
  writeFailed = false;
  loaded = { keys: 0, expired: 0 };
  scheduled: 'snapshot' | 'rewrite' | undefined;
  readonly #fatal: (reason: string) => void;
  readonly #newBirthId: () => string;
  #retryMs = 0;
  #nextStartMs = 0;
  #nextHouseMs = 0;
  #dirtySinceMs = 0;
  /** The engine is being ended. */
  closing = false;
  /** The last change of options: they are made one after the other. */
  #configuring: Promise<void> = Promise.resolve();
  #stopping = false;
  #ended = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(parts: EngineParts) {
    const { storage, shards, epochs, timing = SYSTEM_TIMING } = parts;
    this.storage = storage;
    this.shards = shards;
    this.epochs = epochs;
    this.timing = timing;
    this.options = parts.options;
    this.log = parts.log ?? { notice() {}, warning() {} };
    this.loaded = parts.loaded ?? this.loaded;
    this.#fatal = parts.fatal;
    this.#newBirthId = parts.newBirthId ?? (() => randomBytes(16).toString('hex'));
    this.rounds = new Rounds(shards, epochs, timing, () => this.syncer.synced);
    this.syncer = new Syncer(
      this.rounds,
      epochs,
      timing,
      () => this.#soon(),
      (error) => this.#syncFailed(error),
    );
    this.snapshots = new Snapshots(this);
  }

  /**
   * Takes a store over. Resolved: if there is to be a log, everything is in it or in a dump, durably. Until then no other
   * thread may use the store.
   * @throws Error with one line for a person if that cannot be had.
   */
  static async start(parts: EngineParts): Promise<Engine> {
    const engine = new Engine(parts);
    await engine.#open(parts.recovered);
    engine.#loop = engine.#run();
    return engine;
  }

  async #open(recovered: readonly RecoveredShard[] | undefined): Promise<void> {
    const { epochs, shards, storage, options } = this;
    const next = recovered?.reduce((most, { nextRound }) => Math.max(most, nextRound), 1) ?? 1;
    for (const [index, shard] of shards.entries()) shard.begin(recovered?.[index].endLsn ?? 0, next);
    epochs.epoch = next;
    epochs.written = next - 1;
    epochs.synced = next - 1;
    epochs.policy = POLICY_SNAPSHOTS;
    this.rounds.written = next - 1;
    this.syncer.policy = options.appendfsync;
    const names = new Set(await storage.list());
    await this.#measureDumps(names);
    if (!options.appendonly) return;
    const [first] = recovered ?? [];
    if (first?.birthId !== undefined && recovered!.every(({ birthId }) => birthId === first.birthId)) {
      this.birthId = first.birthId;
      await this.#goOn(recovered!, next);
    } else if ([...names].some((name) => /^(aof-\d+\.aof|dump-\d+\.rdb)$/.test(name))) {
      const problem = await this.snapshots.take('start');
      if (problem !== undefined) throw new Error(`${storage.where}: the log cannot be started: ${problem}`);
    } else await this.#createFirst();
    this.baseBytes = this.bytes;
  }

  async #measureDumps(names: ReadonlySet<string>): Promise<void> {
    for (let shard = 0; shard < this.shards.length; shard++) {
      if (!names.has(dumpName(shard))) continue;
      const file = await this.storage.open(dumpName(shard), 'read');
      this.dumpBytes += file.size();
      file.close();
    }
  }

  /** Opens logs that recovery has left in order. */
  async #goOn(recovered: readonly RecoveredShard[], next: number): Promise<void> {
    const logs: LogFile[] = [];
    for (const [shard, { endOffset, endLsn }] of recovered.entries()) {
      const file = await this.storage.open(logName(shard), 'write');
      if (file.size() !== endOffset) throw new Error(`${logName(shard)} changed since it was recovered`);
      logs.push(new LogFile(file, endOffset, endLsn));
    }
    // What was recovered may never have been synced, and it is about to be shown to clients.
    await Promise.all(logs.map((log) => log.sync()));
    await this.#logging(true);
    this.rounds.use(logs);
    this.enterOn(next - 1);
  }

  /** Logs where there has been nothing: a crash in the middle leaves logs without a record, which is nothing, too. */
  async #createFirst(): Promise<void> {
    const { storage } = this;
    this.birthId = this.newBirthId();
    const logs: LogFile[] = [];
    for (let shard = 0; shard < this.shards.length; shard++) {
      const [file, bytes] = await createLog(storage, shard, { birthId: this.birthId, firstLsn: 0, firstRound: 1 });
      logs.push(new LogFile(file, bytes, 0));
    }
    await Promise.all(logs.map((log) => log.sync()));
    for (let shard = 0; shard < logs.length; shard++) await storage.rename(logTemp(shard), logName(shard));
    await storage.syncDirectory();
    await this.#logging(true);
    this.rounds.use(logs);
    this.enterOn(0);
  }

  // For snapshots.ts: the parts of starting a log.

  newBirthId(): string {
    return this.#newBirthId();
  }

  /** Everything up to `synced` is durable, and from now on the policy is kept. */
  enterOn(synced: number): void {
    this.state = 'on';
    this.writeFailed = false;
    this.#retryMs = 0;
    this.syncer.begin(synced);
    this.epochs.policy = this.options.appendfsync === 'always' ? POLICY_ALWAYS : POLICY_LATER;
    if (this.epochs.failed) this.epochs.failed = false;
  }

  /** Logs begin that nobody is promised anything about yet. */
  async enterStarting(logs: readonly LogFile[]): Promise<void> {
    this.syncer.suspended = true;
    this.rounds.use(logs);
    this.state = 'starting';
  }

  /** Logs could not be started: as it was before. */
  async leaveStarting(before: 'off' | 'broken'): Promise<void> {
    this.state = before;
    this.#nextStartMs = this.timing.nowMs() + START_RETRY_MS;
    if (before === 'off') {
      await this.#logging(false);
      await this.rounds.forget();
      this.rounds.use([]);
    }
  }

  async #logging(on: boolean): Promise<void> {
    for (const shard of this.shards) await latched(shard, () => shard.setLogging(on));
  }
  startLogging(): Promise<void> {
    return this.#logging(true);
  }

  // The loop.

  async #run(): Promise<void> {
    while (!this.#ended) {
      const seen = this.epochs.wantCount;
      const { written } = this.rounds;
      await this.#look();
      if (this.#ended) break;
      // While a sync is under way, those who wait for one cannot be helped. From its end on they can.
      if (this.syncer.running) await Promise.race([this.syncer.idle(), this.timing.pause(LOOK_MS)]);
      else if (this.rounds.written !== written) await this.epochs.wanted(seen, LOOK_MS);
      else await this.#sleep(seen);
    }
  }

  async #sleep(seen: number): Promise<void> {
    this.epochs.asleep = true;
    // What is published from here on wakes it.
    await this.epochs.wanted(seen, this.rounds.unfinished ? LOOK_MS : HOUSE_MS);
    this.epochs.asleep = false;
  }

  #soon(): void {
    void this.#look();
  }

  async #look(): Promise<void> {
    try {
      const nowMs = this.timing.nowMs();
      if (this.#hasLog && nowMs >= this.#retryMs && this.#mayWrite(nowMs)) await this.#write();
      this.syncer.look();
      if (nowMs >= this.#nextHouseMs && !this.closing && !this.#ended) {
        this.#nextHouseMs = nowMs + HOUSE_MS;
        this.#keepHouse(nowMs);
      }
    } catch (error) {
      this.crash(error);
    }
  }

  /** A mistake of ours: nothing can be promised any more. */
  crash(error: unknown): void {
    this.#ended = true;
    this.#fatal(`the persistence engine failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }

  get #hasLog(): boolean {
    return !this.#ended && (this.state === 'on' || this.state === 'starting');
  }

  /** Under `always` a round gathers while the last one is being synced, but for no longer than LOOK_MS. */
  #mayWrite(nowMs: number): boolean {
    if (this.syncer.delays) return false;
    if (this.options.appendfsync !== 'always' || !this.syncer.running) return true;
    if (!this.rounds.dirty) return false;
    if (this.#dirtySinceMs === 0) this.#dirtySinceMs = nowMs;
    return nowMs - this.#dirtySinceMs >= LOOK_MS;
  }

  async #write(): Promise<void> {
    this.#dirtySinceMs = 0;
    try {
      if (await this.rounds.write()) this.#writeWorked();
    } catch (error) {
      this.noteWriteFailure(storageReason(error));
    }
  }

  #writeWorked(): void {
    if (!this.writeFailed) return;
    this.writeFailed = false;
    if (this.state !== 'on') return;
    this.epochs.failed = false;
    this.log.notice('The log can be written again: writes are accepted');
  }

  /** A round is taken back; it is tried again in a second. */
  noteWriteFailure(reason: string): void {
    this.#retryMs = this.timing.nowMs() + RETRY_MS;
    if (this.state === 'starting') this.snapshots.stop(reason);
    if (this.writeFailed) return;
    this.writeFailed = true;
    if (this.state !== 'on') return;
    this.epochs.fail(reason);
    this.log.warning(`The log cannot be written, writes are refused until it can: ${reason}`);
  }

  /** Nobody knows what the disk holds. */
  #syncFailed(error: unknown): void {
    if (!(error instanceof StorageError)) {
      this.crash(error);
      return;
    }
    const reason = error.message;
    if (this.options.appendfsync === 'always') {
      this.#ended = true;
      this.#fatal(`the log could not be synced: ${reason}`);
      return;
    }
    this.state = 'broken';
    this.writeFailed = true;
    this.epochs.fail(reason);
    this.#nextStartMs = this.timing.nowMs();
    this.snapshots.stop(`the log could not be synced: ${reason}`);
    this.log.warning(`The log could not be synced, writes are refused until a new one has been started: ${reason}`);
  }

  #keepHouse(nowMs: number): void {
    const { options, snapshots } = this;
    if (snapshots.running || this.#stopping) return;
    if (options.appendonly && this.state !== 'on') {
      if (nowMs >= this.#nextStartMs) void snapshots.take('start');
      return;
    }
    if (this.scheduled !== undefined) {
      const kind = this.scheduled;
      this.scheduled = undefined;
      void snapshots.take(kind);
      return;
    }
    if (snapshotIsDue(options.save, snapshots.saveState, nowMs)) {
      this.log.notice('A save point is reached: a snapshot begins');
      void snapshots.take('snapshot');
    } else if (this.state === 'on' && this.#rewriteDue(nowMs)) {
      this.log.notice(`The log has grown to ${this.bytes} bytes: it is rewritten`);
      void snapshots.take('rewrite');
    }
  }

  #rewriteDue(nowMs: number): boolean {
    const { autoAofRewritePercentage, autoAofRewriteMinSize } = this.options;
    return rewriteIsDue(autoAofRewritePercentage, autoAofRewriteMinSize, this.snapshots.rewriteState, nowMs);
  }

  /** Bytes of logs and dumps that a start would have to read. */
  get bytes(): number {
    return this.rounds.logs.reduce((sum, { size }) => sum + size, this.dumpBytes);
  }

  // What the server asks for.

  /**
   * Changes options. A log that is turned on begins in the background, with a snapshot. One that is turned off holds
   * everything up to a round that was written after the call, durably, when this resolves.
   */
  configure(changes: Partial<EngineOptions>): Promise<void> {
    this.#configuring = this.#configuring.then(() => this.#configure(changes));
    return this.#configuring;
  }

  async #configure(changes: Partial<EngineOptions>): Promise<void> {
    const before = this.options;
    this.options = { ...before, ...changes };
    const { appendonly, appendfsync } = this.options;
    this.syncer.policy = appendfsync;
    if (appendonly && !before.appendonly) this.#nextStartMs = 0;
    if (!appendonly && before.appendonly) {
      this.#stopping = true;
      await this.#stopLog();
      this.#stopping = false;
    }
    if (this.state === 'on') this.epochs.policy = appendfsync === 'always' ? POLICY_ALWAYS : POLICY_LATER;
    this.#nextHouseMs = 0;
    this.#soon();
  }

  async #stopLog(): Promise<void> {
    await this.snapshots.end('the log is being turned off');
    if (this.state === 'on') {
      const problem = await this.#finishLog();
      if (problem !== undefined) this.log.warning(`The end of the log may be lost: ${problem}`);
      if (this.#ended) return;
    }
    // The log ends with a whole round. What is logged behind it, while shard after shard stops, is dropped: parts of it
    // would be steps of which other parts were never logged.
    this.state = 'off';
    await this.syncer.stop();
    await this.#logging(false);
    await this.rounds.forget();
    for (const log of this.rounds.logs) log.close();
    this.rounds.use([]);
    this.epochs.policy = POLICY_SNAPSHOTS;
    this.epochs.synced = this.epochs.epoch;
    if (this.epochs.failed) this.epochs.failed = false;
    this.writeFailed = false;
  }

  /** Writes and syncs everything that was published before the call. @returns why that could not be had. */
  async #finishLog(): Promise<string | undefined> {
    const { rounds, syncer } = this;
    try {
      while (rounds.busy) await this.timing.turn();
      const last = rounds.lastRound;
      while (rounds.written < last) {
        if (!(await rounds.write())) await this.timing.turn();
      }
      const synced = syncer.wait(last, true);
      syncer.look();
      if (!(await synced)) return 'it could not be synced';
    } catch (error) {
      return storageReason(error);
    }
    return undefined;
  }

  /** Takes a snapshot. Resolved: it is in place and durable. `failed`: why it is not. */
  async save(): Promise<Begun | { readonly failed: string }> {
    for (;;) {
      await this.#configuring;
      const { running } = this.snapshots;
      if (!running) break;
      if (running.kind === 'snapshot') return { busy: 'snapshot' };
      await running.over;
    }
    const problem = await this.snapshots.take('snapshot');
    return problem === undefined ? 'started' : { failed: problem };
  }

  /** @param schedule Take it later if a rewrite is under way. */
  async bgsave(schedule: boolean): Promise<Begun> {
    await this.#configuring;
    return this.#begin('snapshot', schedule);
  }

  async bgrewriteaof(): Promise<Begun> {
    await this.#configuring;
    return this.#begin('rewrite', true);
  }

  #begin(kind: 'snapshot' | 'rewrite', schedule: boolean): Begun {
    const { running } = this.snapshots;
    if (!running) {
      void this.snapshots.take(kind);
      return 'started';
    }
    const busy = running.kind === 'snapshot' ? 'snapshot' : 'rewrite';
    if (busy === kind || !schedule) return { busy };
    this.scheduled = kind;
    return 'scheduled';
  }

  /** Unix seconds of the last snapshot that took its place; at first, of the start. */
  async lastSave(): Promise<number> {
    return Math.floor(this.snapshots.lastSaveMs / 1000);
  }

  /**
   * Waits until everything executed before the call is durable in the log.
   * @param timeoutMs 0: for ever; negative: not at all.
   * @returns whether it is; undefined: there is no log.
   */
  async waitSynced(timeoutMs: number): Promise<boolean | undefined> {
    if (this.state === 'off' && !this.options.appendonly) return undefined;
    while (this.rounds.busy) await this.timing.turn();
    // A log that has not begun yet begins with a round that is still to come.
    const round = this.state === 'off' ? this.epochs.epoch : this.rounds.lastRound;
    if (timeoutMs < 0) return round <= this.syncer.synced && this.state === 'on';
    const synced = this.syncer.wait(round, this.options.appendfsync === 'no', timeoutMs);
    this.#soon();
    return synced;
  }

  /** Fields of INFO persistence. */
  async info(): Promise<readonly InfoField[]> {
    return engineInfo(this);
  }

  /**
   * Ends the engine in order: everything published is written and synced. A snapshot under way is given up.
   * @returns why that could not be had.
   */
  async flushAndClose(): Promise<string | undefined> {
    await this.#configuring;
    this.closing = true;
    await this.snapshots.end('the server ends');
    let problem: string | undefined;
    if (this.#ended) problem = 'the persistence engine had failed before';
    else if (this.state === 'on') problem = await this.#finishLog();
    else if (this.state === 'broken') problem = 'the log is broken since a sync failed';
    this.#ended = true;
    await this.syncer.stop();
    for (const log of this.rounds.logs) log.close();
    this.rounds.use([]);
    await this.#loop;
    return problem;
  }

  get nowMs(): number {
    return this.timing.nowMs();
  }
}

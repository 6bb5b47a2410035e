// Snapshots of all shards, and what is done with them: with a log, the dumps take their places one by one and the logs are
// cut behind them; without one, all dumps take their places together; and where a log begins, dumps and logs do. One at
// a time.

import { StorageError } from '../storage/port.js';
import { commitFiles, removeIfThere } from './commit-set.js';
import { DumpSet, dumpTemp, SnapshotFailed } from './dump-set.js';
import type { Engine } from './engine.js';
import { createLog, cutLog, logTemp, settleLog } from './log-cut.js';
import { LogFile } from './log-file.js';
import { dumpName, logName } from './log-format.js';
import { storageReason } from './rounds.js';
import type { RewriteState, SaveState } from './save-points.js';

/** Between attempts to finish a commit that has been reached. */
const FINISH_RETRY_MS = 1000;

/** `start`: of a log. It counts as a rewrite. */
export type SnapshotKind = 'snapshot' | 'rewrite' | 'start';

interface Running {
  readonly kind: SnapshotKind;
  readonly set: DumpSet;
  readonly beganMs: number;
  readonly keysTotal: number;
  readonly over: Promise<unknown>;
}

/** The commit is reached, and its journal will be followed: nothing of it may be removed. */
class CommitPending extends SnapshotFailed {}

/** How snapshots of one kind have gone. */
export interface Record {
  ok: boolean;
  /** -1: there was none. */
  lastSeconds: number;
  done: number;
  failures: number;
  keptBytes: number;
}

const newRecord = (): Record => ({ ok: true, lastSeconds: -1, done: 0, failures: 0, keptBytes: 0 });

export class Snapshots {
  running: Running | undefined;
  readonly saves = newRecord();
  readonly rewrites = newRecord();
  lastSaveMs: number;
  #changesAtSave = 0;
  #lastTryMs = { saves: 0, rewrites: 0 };

  constructor(readonly engine: Engine) {
    this.lastSaveMs = engine.nowMs;
  }

  get changes(): number {
    return this.engine.shards.reduce((sum, shard) => sum + shard.changes(), 0) - this.#changesAtSave;
  }
  get saveState(): SaveState {
    const { lastSaveMs } = this;
    return { changes: this.changes, lastSaveMs, lastTryMs: this.#lastTryMs.saves, lastFailed: !this.saves.ok };
  }
  get rewriteState(): RewriteState {
    const { bytes, baseBytes } = this.engine;
    return { bytes, baseBytes, failures: this.rewrites.failures, lastTryMs: this.#lastTryMs.rewrites };
  }

  /** The one under way will fail, unless it is past the point where it could. */
  stop(reason: string): void {
    if (this.running) this.running.set.stopped ??= reason;
  }
  /** The same, and waits for it. */
  async end(reason: string): Promise<void> {
    this.stop(reason);
    await this.running?.over;
  }

  /** Takes a snapshot; none may be under way. @returns why it failed. */
  take(kind: SnapshotKind): Promise<string | undefined> {
    const { storage, shards, timing } = this.engine;
    const set = new DumpSet(storage, shards, timing, () => timing.turn());
    const keysTotal = shards.reduce((sum, shard) => sum + shard.keys(), 0);
    const beganMs = timing.nowMs();
    const which = kind === 'snapshot' ? 'saves' : 'rewrites';
    this.#lastTryMs[which] = beganMs;
    const over = this.#run(kind, set).then((problem) => {
      this.running = undefined;
      const record = this[which];
      record.ok = problem === undefined;
      record.lastSeconds = Math.floor((timing.nowMs() - beganMs) / 1000);
      record.keptBytes = set.figures.keptBytesPeak;
      record.failures = problem === undefined ? 0 : record.failures + 1;
      if (problem === undefined) record.done++;
      else this.engine.log.warning(`The ${kind === 'snapshot' ? 'snapshot' : 'rewrite of the log'} failed: ${problem}`);
      return problem;
    });
    this.running = { kind, set, beganMs, keysTotal, over };
    return over;
  }

  async #run(kind: SnapshotKind, set: DumpSet): Promise<string | undefined> {
    try {
      if (kind === 'start') await this.#start(set);
      else if (this.engine.state === 'on') await this.#withLog(set);
      else if (this.engine.state === 'off') await this.#withoutLog(set);
      else throw new SnapshotFailed('the log is broken; it is being started anew');
      return undefined;
    } catch (error) {
      if (error instanceof SnapshotFailed || error instanceof StorageError) return error.message;
      this.engine.crash(error);
      return String(error);
    }
  }

  /** Enters the snapshot and writes its dumps. After a failure nothing of it is left. */
  async #dumps(set: DumpSet, birthId: string | undefined) {
    const { engine } = this;
    let changes = 0;
    try {
      const round = await this.#enter(() => {
        changes = engine.shards.reduce((sum, shard) => sum + shard.changes(), 0);
      });
      const sizes = await set.write({ birthId, round: round.number });
      return { round, changes, bytes: sizes.reduce((sum, size) => sum + size, 0) };
    } catch (error) {
      await set.discard();
      throw error;
    }
  }

  async #enter(entered: () => void) {
    try {
      return await this.engine.rounds.beginSnapshot(entered);
    } catch (error) {
      this.engine.noteWriteFailure(storageReason(error));
      throw error;
    }
  }

  #inPlace(taken: { changes: number; bytes: number }): void {
    this.lastSaveMs = this.engine.nowMs;
    this.#changesAtSave = taken.changes;
    this.engine.dumpBytes = taken.bytes;
  }

  async #withLog(set: DumpSet): Promise<void> {
    const { engine } = this;
    const { storage, birthId, rounds, syncer, timing } = engine;
    const { logs } = rounds;
    for (const [shard, log] of logs.entries()) if (log.unsettled) await settleLog(storage, shard, log);
    const taken = await this.#dumps(set, birthId);
    try {
      // Behind the walk it may be synced already; if not, nobody waits for the next second.
      const synced = syncer.wait(taken.round.number, true);
      syncer.look();
      if (!(await synced)) throw new SnapshotFailed(set.stopped ?? 'the log could not be synced');
      for (const shard of logs.keys()) await storage.rename(dumpTemp(shard), dumpName(shard));
      // No log is cut before every dump durably has its name.
      await storage.syncDirectory();
    } catch (error) {
      await set.discard();
      throw error;
    }
    this.#inPlace(taken);
    for (const [shard, log] of logs.entries()) {
      if (set.stopped !== undefined) throw new SnapshotFailed(set.stopped);
      const { offset, endLsn } = taken.round.ends[shard];
      const start = { birthId, firstLsn: endLsn, firstRound: taken.round.number + 1 };
      await cutLog(storage, shard, log, offset, start, () => timing.turn());
    }
    engine.baseBytes = engine.bytes;
  }

  async #withoutLog(set: DumpSet): Promise<void> {
    const { storage } = this.engine;
    const taken = await this.#dumps(set, undefined);
    try {
      const removes = (await storage.list()).filter((name) => /^aof-\d+\.aof$/.test(name)).sort();
      await this.#commit(this.#dumpRenames(), removes);
    } catch (error) {
      if (!(error instanceof CommitPending)) await set.discard();
      throw error;
    }
    this.#inPlace(taken);
  }

  #dumpRenames() {
    return this.engine.shards.map((_, shard) => ({ from: dumpTemp(shard), to: dumpName(shard) }));
  }

  async #commit(renames: readonly { from: string; to: string }[], removes: readonly string[]): Promise<void> {
    const { storage, timing, log } = this.engine;
    const finish = await commitFiles(storage, { renames, removes });
    for (;;) {
      try {
        await finish();
        return;
      } catch (error) {
        const reason = storageReason(error);
        if (this.engine.closing) throw new CommitPending(`it takes its place at the next start: ${reason}`);
        log.warning(`A snapshot is complete, but cannot take its place yet: ${reason}`);
        await timing.pause(FINISH_RETRY_MS);
      }
    }
  }

  /** Starts logs: new ones, with a snapshot that they go on from. */
  async #start(set: DumpSet): Promise<void> {
    const { engine } = this;
    const { rounds, storage, syncer } = engine;
    const before = engine.state === 'broken' ? 'broken' : 'off';
    const birthId = engine.newBirthId();
    // A sync may still be under way on files that are about to be closed.
    await syncer.idle();
    if (before === 'off') {
      rounds.written = engine.epochs.epoch - 1;
      await engine.startLogging();
    }
    const old = rounds.logs;
    const logs: LogFile[] = [];
    try {
      for (const [shard, port] of engine.shards.entries()) {
        const firstLsn = before === 'off' ? port.published() : old[shard].endLsn;
        const [file, bytes] = await createLog(storage, shard, { birthId, firstLsn, firstRound: rounds.written + 1 });
        logs.push(new LogFile(file, bytes, firstLsn));
      }
      await engine.enterStarting(logs);
      const taken = await this.#dumps(set, birthId);
      const { written } = rounds;
      const results = await Promise.allSettled(logs.map((log) => log.sync()));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      if (set.stopped !== undefined) throw new SnapshotFailed(set.stopped);
      const logRenames = logs.map((_, shard) => ({ from: logTemp(shard), to: logName(shard) }));
      await this.#commit([...this.#dumpRenames(), ...logRenames], []);
      for (const log of old) log.close();
      this.#inPlace(taken);
      engine.birthId = birthId;
      engine.baseBytes = engine.bytes;
      engine.enterOn(written);
      engine.log.notice('The log has been started, with a snapshot in front of it');
    } catch (error) {
      if (error instanceof CommitPending) throw error;
      await set.discard();
      await engine.leaveStarting(before);
      if (before === 'off') for (const log of logs) log.close();
      else {
        // What was written into these has left the rings, so the next attempt begins where they end.
        for (const log of rounds.logs === logs ? old : logs) log.close();
      }
      for (const shard of engine.shards.keys()) await removeIfThere(storage, logTemp(shard)).catch(() => {});
      throw error;
    }
  }
}

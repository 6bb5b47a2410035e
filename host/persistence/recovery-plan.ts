// Decides, from what the files of all shards say, up to where each log is executed and where it is cut; or that a person
// has to decide. Nothing is read or changed here.
import { LatchkeyError } from '../errors.js';
import { dumpVersionName } from './dump-format.js';
import type { LogFileFacts, ShardFiles } from './inspect.js';
import { dumpName, encodeLogStart, logName } from './log-format.js';
import type { Gap, LogRound, LogScan } from './log-scan.js';
import { firstAbove, judge, type LostRound, type ShardFacts, type Verdict } from './verdict.js';

/** What to do where a log lacks what had been synced: ask, keep what is in front of it, or leave out only the damage. */
export type DamagePolicy = 'stop' | 'truncate' | 'resync';

/**
 * What has been found of a shard: `new`: nothing. `whole`: every byte is good. `tail`: what a crash leaves behind the last
 * complete round, or behind the last good record of a log of kevy's. `damaged`: more than that is lost, and it was asked
 * to go on all the same.
 */
export type ShardVerdict = 'new' | 'whole' | 'tail' | 'damaged';

export interface ShardPlan {
  readonly shard: number;
  readonly dump: { readonly version: number; readonly bytes: number } | undefined;
  /** What of the log is executed; undefined: there is no log. */
  readonly replay:
    | { readonly version: 1 | 2; readonly from: number; readonly to: number; readonly gaps: readonly Gap[] }
    | undefined;
  /** Nothing expires but by what the log says. */
  readonly clockStopped: boolean;
  /** Where the log is cut, if that is in front of its end. */
  readonly cutAt: number | undefined;
  /** The log as it will be: see RecoveredShard in engine.ts. */
  readonly birthId: string | undefined;
  readonly endOffset: number;
  readonly endLsn: number;
  readonly verdict: ShardVerdict;
  /** What is wrong, if anything is: a noun phrase, and where. */
  readonly damage: { readonly offset: number; readonly reason: string } | undefined;
}

export interface RecoveryPlan {
  readonly shards: readonly ShardPlan[];
  /** Number of the next round. */
  readonly nextRound: number;
  /** Rounds that were synced are lost, as it was asked for. */
  readonly lost: LostRound | undefined;
}

type Code = 'BAD_LAYOUT' | 'DAMAGED_FILE' | 'NEWER_FILE';

/**
 * @param where What messages call the directory.
 * @throws LatchkeyError `DAMAGED_FILE`, `NEWER_FILE`, `BAD_LAYOUT`: one line that names the file and says what to do.
 */
export function planRecovery(where: string, files: readonly ShardFiles[], policy: DamagePolicy): RecoveryPlan {
  return new Planner(where, files, policy).plan();
}

class Planner {
  constructor(
    readonly where: string,
    readonly files: readonly ShardFiles[],
    readonly policy: DamagePolicy,
  ) {}

  #refuse(code: Code, name: string, what: string): never {
    throw new LatchkeyError(code, `${this.where}: ${name}${what}`);
  }

  plan(): RecoveryPlan {
    for (const { shard, dump, log } of this.files) {
      if (dump) this.#checkDump(dumpName(shard), dump.verdict);
      if (log) this.#checkLog(logName(shard), log);
    }
    const birthId = this.#birthId();
    if (birthId === undefined) return this.#planStrange();
    this.#checkBelongs(birthId);
    const facts = this.files.map((files) => this.#factsOf(files));
    const verdict = judge(facts);
    if (verdict.lost && this.policy === 'stop') this.#refuseLoss(verdict.lost);
    return this.#planOurs(birthId, facts, verdict);
  }

  #checkDump(name: string, verdict: NonNullable<ShardFiles['dump']>['verdict']): void {
    if (verdict.kind === 'newer')
      this.#refuse(
        'NEWER_FILE',
        name,
        ` has ${dumpVersionName(verdict.version)} of the format: a newer release wrote it`,
      );
    if (verdict.kind !== 'damaged') return;
    const { offset, reason } = verdict;
    this.#refuse(
      'DAMAGED_FILE',
      name,
      `, offset ${offset}: ${reason}. Bring it back from a backup, or move it away to start without its keys`,
    );
  }

  #checkLog(name: string, { scan, beyond }: LogFileFacts): void {
    const unknown = scan.unknown ?? beyond?.unknown;
    if (unknown !== undefined)
      this.#refuse(
        'NEWER_FILE',
        name,
        ` holds ${JSON.stringify(unknown)}, which a newer release has written: use that one`,
      );
  }

  /** The one birth id of all files of ours; undefined: there is no log of ours and no dump that belongs to one. */
  #birthId(): string | undefined {
    let found: { readonly birthId: string; readonly name: string } | undefined;
    const note = (birthId: string | undefined, name: string): void => {
      if (birthId === undefined) return;
      if (found && found.birthId !== birthId) this.#strangers(name, found.name);
      found ??= { birthId, name };
    };
    for (const { shard, dump, log } of this.files) {
      note(log?.scan.start?.birthId, logName(shard));
      if (dump?.verdict.kind === 'ours') note(hexOf(dump.verdict.birthId), dumpName(shard));
    }
    return found?.birthId;
  }

  #strangers(name: string, other: string): never {
    this.#refuse(
      'DAMAGED_FILE',
      name,
      ` and ${other} are of different stores. Bring back the files that belong together, or move the others away`,
    );
  }

  /** In a store of ours each log is ours, all shards have one or none has, and each dump belongs to them. */
  #checkBelongs(birthId: string): void {
    const { files } = this;
    const hasLogs = files.some(({ log }) => log?.scan.start !== undefined);
    const hasRounds = files.some(({ dump, log }) => dump !== undefined || (log?.scan.rounds.length ?? 0) > 0);
    const rounds = new Set<number>();
    for (const { shard, dump, log } of files) {
      if (log && log.scan.start === undefined) this.#checkBeginning(shard, log);
      if (!log && hasLogs && hasRounds) this.#missing(shard);
      if (dump?.verdict.kind === 'kevy' || (dump?.verdict.kind === 'ours' && hexOf(dump.verdict.birthId) === undefined))
        this.#strangers(dumpName(shard), this.#nameOf(birthId));
      const covered = coveredBy(dump);
      rounds.add(covered);
      const start = log?.scan.start;
      if (start && start.firstRound > covered + 1)
        this.#refuse(
          'DAMAGED_FILE',
          dumpName(shard),
          dump
            ? ` is older than ${logName(shard)}, which goes on from round ${start.firstRound}. Bring back the dump that belongs to it`
            : ` is missing: ${logName(shard)} goes on from it. Bring it back from a backup`,
        );
    }
    // Dumps of one snapshot need no logs; dumps of two are a state only together with them.
    if (!hasLogs && rounds.size > 1) this.#missing(files.findIndex(({ log }) => !log));
  }

  #missing(shard: number): void {
    if (this.policy === 'stop')
      this.#refuse(
        'DAMAGED_FILE',
        logName(shard),
        ` is missing. Bring it back from a backup, ${this.#ways('', false)}`,
      );
  }

  #nameOf(birthId: string): string {
    for (const { shard, dump, log } of this.files) {
      if (log?.scan.start?.birthId === birthId) return logName(shard);
      if (dump?.verdict.kind === 'ours' && hexOf(dump.verdict.birthId) === birthId) return dumpName(shard);
    }
    return 'the other files';
  }

  /** A log of a store of ours whose beginning cannot be read. */
  #checkBeginning(shard: number, { scan }: LogFileFacts): void {
    if (scan.records > 0) this.#strangers(logName(shard), 'the other files');
    if (this.policy !== 'stop') return;
    const { offset, reason } = scan.damage ?? { offset: scan.bytes, reason: 'the file ends' };
    this.#refuse('DAMAGED_FILE', logName(shard), `, offset ${offset}: ${reason}. ${this.#ways('S', true)}`);
  }

  /** @param s How the sentence begins. */
  #ways(s: 'S' | '', both: boolean): string {
    const begin = s === 'S' ? 'Bring it back from a backup, ' : '';
    const truncate = 'start with --replay-truncate to keep what is in front of it';
    if (!both) return `${begin}or start with --replay-truncate to go on without it`;
    return `${begin}${truncate}, or with --replay-resync to leave out only what is damaged`;
  }

  // A store of ours.

  /** The log as the policy has it read. */
  #scanOf({ log }: ShardFiles): LogScan | undefined {
    return this.policy === 'resync' ? (log?.beyond ?? log?.scan) : log?.scan;
  }

  #factsOf(files: ShardFiles): ShardFacts & { readonly rounds: readonly LogRound[] } {
    const { dump, log, shard } = files;
    const rounds = this.#scanOf(files)?.rounds ?? [];
    let synced = 0;
    for (const scan of [log?.scan, log?.beyond]) {
      for (const round of scan?.rounds ?? []) {
        synced = Math.max(synced, round.synced);
        const stranger = round.shards.find((other) => other >= this.files.length);
        if (stranger !== undefined)
          this.#refuse(
            'BAD_LAYOUT',
            logName(shard),
            `: round ${round.number} is of shard ${stranger} as well, but the layout says ${this.files.length} shards. Bring shards.meta back`,
          );
      }
    }
    return { covered: coveredBy(dump), rounds, synced };
  }

  #refuseLoss({ round, shards }: LostRound): never {
    const { files } = this;
    const damaged = (shard: number): boolean => files[shard].log?.scan.damage !== undefined;
    const candidates = shards.length > 0 ? shards : files.map(({ shard }) => shard);
    const shard = candidates.find(damaged) ?? candidates[0];
    const scan = files[shard].log?.scan;
    const damage = scan?.damage;
    const what = `round ${round}, which had been synced,`;
    if (damage) {
      const place = `, offset ${damage.offset}: ${damage.reason}, and ${what} is behind it`;
      this.#refuse('DAMAGED_FILE', logName(shard), `${place}. ${this.#ways('S', true)}`);
    }
    const is =
      shards.length > 0 ? `ends at offset ${scan?.bytes ?? 0}, and ${what} is missing` : `: ${what} is in no log`;
    this.#refuse('DAMAGED_FILE', logName(shard), `${shards.length > 0 ? ' ' : ''}${is}. ${this.#ways('S', true)}`);
  }

  #planOurs(
    birthId: string,
    facts: readonly { readonly covered: number; readonly rounds: readonly LogRound[] }[],
    { cut, lost }: Verdict,
  ): RecoveryPlan {
    const isWhole = this.files.every(({ log }) => log?.scan.start !== undefined);
    const hops = this.files.some((files) => this.#hops(files, cut));
    // A log that lacks something in front of the cut cannot be gone on with: it would be found wanting at the next start.
    const mostCovered = facts.reduce((most, { covered }) => Math.max(most, covered), 0);
    const goesOn = isWhole && !hops && !(lost && lost.round <= mostCovered);
    const shards = this.files.map((files) => this.#shardOfOurs(files, facts[files.shard], cut, lost, goesOn, birthId));
    return { shards, nextRound: cut + 1, lost };
  }

  /** Are there gaps in the part that is executed? */
  #hops(files: ShardFiles, cut: number): boolean {
    const scan = this.#scanOf(files);
    const end = scan?.rounds[firstAbove(scan.rounds, cut) - 1]?.endOffset ?? 0;
    return scan?.gaps.some(({ from }) => from < end) ?? false;
  }

  #shardOfOurs(
    files: ShardFiles,
    { covered, rounds }: { readonly covered: number; readonly rounds: readonly LogRound[] },
    cut: number,
    lost: LostRound | undefined,
    goesOn: boolean,
    birthId: string,
  ): ShardPlan {
    const { shard, log } = files;
    const dump = dumpOf(files);
    const scan = this.#scanOf(files);
    const start = log?.scan.start;
    if (!log || !scan) {
      const verdict = lost ? 'damaged' : dump ? 'whole' : 'new';
      return { ...NOTHING, shard, dump, clockStopped: dump !== undefined, verdict };
    }
    const beginning = start ? encodeLogStart(start).length : log.scan.goodBytes;
    const last = rounds[firstAbove(rounds, cut) - 1];
    const from = rounds[firstAbove(rounds, covered) - 1]?.endOffset ?? beginning;
    const endOffset = last?.endOffset ?? beginning;
    const gaps = scan.gaps.filter((gap) => gap.from < endOffset);
    const isLost = gaps.length > 0 || start === undefined || (lost !== undefined && this.#lacks(files, lost));
    return {
      shard,
      dump,
      replay: { version: 2, from, to: Math.max(from, endOffset), gaps },
      clockStopped: true,
      cutAt: endOffset < log.bytes ? endOffset : undefined,
      birthId: goesOn ? birthId : undefined,
      endOffset,
      endLsn: last?.endLsn ?? start?.firstLsn ?? 0,
      verdict: isLost ? 'damaged' : endOffset < log.bytes ? 'tail' : 'whole',
      damage: log.scan.damage,
    };
  }

  #lacks({ shard, log }: ShardFiles, lost: LostRound): boolean {
    return lost.shards.includes(shard) || (lost.shards.length === 0 && log?.scan.damage !== undefined);
  }

  // A store of kevy's, or one that has no log.

  #planStrange(): RecoveryPlan {
    const shards = this.files.map((files): ShardPlan => {
      const { shard, log } = files;
      const dump = dumpOf(files);
      if (!log) return { ...NOTHING, shard, dump, verdict: dump ? 'whole' : 'new' };
      this.#checkStrangeBeginning(shard, log);
      const scan = this.policy === 'resync' ? (log.beyond ?? log.scan) : log.scan;
      const { version, firstOffset, goodBytes, gaps } = scan;
      const isTail = goodBytes < log.bytes;
      return {
        shard,
        dump,
        replay: { version, from: firstOffset, to: goodBytes, gaps },
        clockStopped: false,
        cutAt: isTail ? goodBytes : undefined,
        birthId: undefined,
        endOffset: goodBytes,
        endLsn: 0,
        verdict: gaps.some(({ why }) => why === 'damage') ? 'damaged' : isTail ? 'tail' : 'whole',
        damage:
          log.scan.damage ?? (isTail ? { offset: goodBytes, reason: 'a group that was never committed' } : undefined),
      };
    });
    return { shards, nextRound: 1, lost: undefined };
  }

  /** A log of which nothing can be read, though it is no mere beginning of one: that is no tail that a crash leaves. */
  #checkStrangeBeginning(shard: number, { scan, headless }: LogFileFacts): void {
    const { damage, records, firstOffset } = scan;
    if (!damage || records > 0 || damage.offset > firstOffset || this.policy !== 'stop') return;
    if (!headless && damage.torn) return;
    if (!headless && damage.kind !== 'magic') return;
    this.#refuse(
      'DAMAGED_FILE',
      logName(shard),
      `, offset ${damage.offset}: ${damage.reason}. ${this.#ways('S', true)}`,
    );
  }
}

const NOTHING = {
  replay: undefined,
  clockStopped: false,
  cutAt: undefined,
  birthId: undefined,
  endOffset: 0,
  endLsn: 0,
  damage: undefined,
} as const;

function dumpOf({ dump }: ShardFiles): ShardPlan['dump'] {
  if (dump?.verdict.kind !== 'ours' && dump?.verdict.kind !== 'kevy') return undefined;
  return { version: dump.verdict.version, bytes: dump.bytes };
}

function coveredBy(dump: ShardFiles['dump']): number {
  return dump?.verdict.kind === 'ours' && hexOf(dump.verdict.birthId) !== undefined ? dump.verdict.round : 0;
}

/** A birth id in hex digits; undefined: it is all zeros, for no log. */
function hexOf(birthId: Uint8Array): string | undefined {
  return birthId.every((byte) => byte === 0) ? undefined : Buffer.from(birthId).toString('hex');
}

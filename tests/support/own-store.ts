// A store whose files are written by hand, round by round, from what its kernels log: every state that recovery may come
// to is known. And stores that recovery fills.
import {
  HEADER_FLAG_CLOCK_STOPPED,
  HEADER_FLAG_LOG,
  HEADER_FLAGS,
  initShard,
  newShardMemory,
  ShardKernel,
} from '../../host/kernel/kernel.js';
import { ensureLayout, layoutCrew, type Prepared } from '../../host/persistence/layout.js';
import { dumpName, encodeLogStart, encodeRound, logName } from '../../host/persistence/log-format.js';
import type { Layout } from '../../host/persistence/meta.js';
import { crewOf, type Recovered, recover } from '../../host/persistence/recover.js';
import type { DamagePolicy } from '../../host/persistence/recovery-plan.js';
import type { Storage } from '../../host/storage/port.js';
import { encodeAll } from './dump-encode.js';
import { fileOf } from './dumps.js';
import { moduleFor, type TestKernel } from './kernel.js';
import type { Random } from './seed.js';
import { StoreInProcess } from './store-in-process.js';
import type { Build } from './wasm.js';

export const BIRTH_ID = '00112233445566778899aabbccddeeff';
/** Of rings and windows: small ones, since there are many stores. */
export const SMALL = { inBytes: 1 << 16, outBytes: 1 << 16, pagesMax: 4096 };

/** What a store holds, everything that has expired included: one line per database that holds something. */
export function contentOf(shards: readonly ShardKernel[], merged = false): string {
  const lines: string[] = [];
  const sums = new Map<number, bigint>();
  for (const shard of shards) {
    const flags = shard.header(HEADER_FLAGS);
    shard.setHeader(HEADER_FLAGS, flags | HEADER_FLAG_CLOCK_STOPPED);
    for (let db = 0; db < shard.layout.databases; db++) {
      const keys = shard.calls.databaseKeys(db) >>> 0;
      if (keys === 0) continue;
      const digest = BigInt.asUintN(64, shard.calls.digest(shard.window, db));
      lines.push(`shard ${shard.index}, database ${db}: ${keys} keys, ${digest.toString(16)}`);
      sums.set(db, BigInt.asUintN(64, (sums.get(db) ?? 0n) + digest));
    }
    shard.setHeader(HEADER_FLAGS, flags);
  }
  // A database's digest is a sum over its keys: that of all shards does not depend on where the keys lie.
  if (merged)
    return [...sums]
      .sort(([a], [b]) => a - b)
      .map(([db, sum]) => `${db}: ${sum.toString(16)}`)
      .join('\n');
  return lines.join('\n');
}

/** Some commands on all types, on one shard or several, in two databases. */
export function someCommands(store: StoreInProcess, random: Random, count: number, keys = 60): void {
  const key = (): string => `key:${random.below(keys)}`;
  for (let i = 0; i < count; i++) {
    store.db = random.oneIn(5) ? 3 : 0;
    const [a, b, c] = [key(), key(), key()];
    const tag = String(random.below(1000));
    store.call(
      ...random.pick<string[]>([
        ['SET', a, `value ${tag}`],
        ['SET', a, 'x'.repeat(random.below(300)), 'EX', '100000'],
        ['MSET', a, tag, b, tag, c, tag],
        ['DEL', a, b],
        ['APPEND', a, tag],
        ['DEL', `list:${a}`],
        ['RPUSH', `list:${a}`, ...Array.from({ length: random.below(9) + 1 }, (_, n) => `element ${n}`)],
        ['HSET', `hash:${a}`, `field ${tag}`, 'x'.repeat(random.below(50))],
        ['HPEXPIRE', `hash:${a}`, '900000000', 'FIELDS', '1', `field ${tag}`],
        ['SADD', `set:${a}`, tag, `member ${tag}`],
        ['ZADD', `zset:${a}`, String(random.below(1000) / 7), `member ${tag}`],
        ['XADD', `stream:${a}`, '*', 'field', tag],
        ['XGROUP', 'CREATE', `stream:${a}`, `group ${random.below(3)}`, '0', 'MKSTREAM'],
        ['RENAME', a, b],
        ['LPOP', `list:${a}`],
      ]),
    );
  }
}

/** Places in a log of which a crash may leave any: behind each round, and what the round holds. */
interface WrittenRound {
  readonly number: number;
  readonly shards: readonly number[];
}

export class OwnStore {
  readonly store: StoreInProcess;
  readonly logs: Buffer[][];
  readonly dumps: (Buffer | undefined)[];
  readonly covered: number[];
  /** What the store held at the end of each round; at 0 nothing. */
  readonly states: string[] = [''];
  readonly rounds: WrittenRound[] = [];
  /** Offset behind each round in each shard's log as it is now. */
  readonly ends: Map<number, number>[];

  constructor(
    readonly build: Build,
    readonly shardCount: number,
    routing = 0,
  ) {
    this.store = new StoreInProcess(build, shardCount, { ...SMALL, routing });
    for (const shard of this.store.shards) shard.setHeader(HEADER_FLAGS, shard.header(HEADER_FLAGS) | HEADER_FLAG_LOG);
    const start = encodeLogStart({ birthId: BIRTH_ID, firstLsn: 0, firstRound: 1 });
    this.logs = this.store.shards.map(() => [start]);
    this.dumps = this.store.shards.map(() => undefined);
    this.covered = this.store.shards.map(() => 0);
    this.ends = this.store.shards.map(() => new Map());
  }

  get lastRound(): number {
    return this.rounds.length;
  }
  lsn(shard: number): number {
    return Number(this.store.shards[shard].calls.logEndLsn());
  }

  /** Ends a round with what was executed since the last one. @returns its number, or undefined: nothing was logged. */
  round(synced: number): number | undefined {
    const taken = this.store.shards.map(takeRing);
    const shards = taken.flatMap((bytes, shard) => (bytes.length > 0 ? [shard] : []));
    if (shards.length === 0) return undefined;
    const number = this.rounds.length + 1;
    const participants = shards.map((shard) => ({ shard, endLsn: this.lsn(shard) }));
    const record = encodeRound({ number, synced, participants });
    for (const shard of shards) {
      this.logs[shard].push(taken[shard], record);
      this.ends[shard].set(number, this.logBytes(shard).length);
    }
    this.rounds.push({ number, shards });
    this.states.push(contentOf(this.store.shards));
    return number;
  }

  /** Takes a dump of each of these shards at the end of the last round, and cuts the logs of some of them. */
  snapshot(shards: readonly number[], cut: readonly number[]): void {
    const round = this.lastRound;
    for (const shard of shards) {
      this.dumps[shard] = dumpBytes(this.store.shards[shard], round);
      this.covered[shard] = round;
      if (!cut.includes(shard)) continue;
      const firstLsn = this.lsn(shard);
      this.logs[shard] = [encodeLogStart({ birthId: BIRTH_ID, firstLsn, firstRound: round + 1 })];
      this.ends[shard].clear();
    }
  }

  logBytes(shard: number): Buffer {
    return Buffer.concat(this.logs[shard]);
  }
  files(): Map<string, Uint8Array> {
    const files = new Map<string, Uint8Array>();
    for (let shard = 0; shard < this.shardCount; shard++) {
      files.set(logName(shard), this.logBytes(shard));
      const dump = this.dumps[shard];
      if (dump) files.set(dumpName(shard), dump);
    }
    return files;
  }
}

/** Everything in a shard's log ring; it is empty afterwards. */
export function takeRing(shard: ShardKernel): Buffer {
  const { calls } = shard;
  const parts: Buffer[] = [];
  for (let at = calls.logPeek() >>> 0; at !== 0; at = calls.logPeek() >>> 0) {
    const bytes = calls.logPeekBytes() >>> 0;
    if (bytes === 0) break;
    parts.push(Buffer.from(shard.view(at, bytes).slice()));
    calls.logConsume(bytes);
  }
  return Buffer.concat(parts);
}

/** A shard's dump; without a birth id: as it is written where there is no log. */
export function dumpBytes(shard: ShardKernel, round: number, birthId: string | undefined = BIRTH_ID): Buffer {
  const { bytes, own, failed } = encodeAll(kernelOf(shard));
  if (failed !== 0) throw new Error(`encoding failed: ${failed}`);
  return fileOf(bytes, { own, birthId: birthId === undefined ? undefined : Buffer.from(birthId, 'hex'), round }).bytes;
}

/** As much of a TestKernel as encodeAll needs. */
function kernelOf(shard: ShardKernel): TestKernel {
  return { shard, stamp: () => shard.stamp(0, 0, 0, 2, 0, 1, 0) } as unknown as TestKernel;
}

/** Fresh shards of a layout, for nobody else. */
export function shardMaker(build: Build): (layout: Layout, shard: number) => ShardKernel {
  return ({ shards, routing }, index) => {
    const layout = {
      ...SMALL,
      shardCount: shards,
      routing: routing === 'slots' ? 1 : 0,
      databases: 16,
      windowCount: 1,
      logBytes: 1 << 16,
    };
    const memory = newShardMemory(build.memory === 'shared', layout.pagesMax);
    initShard(moduleFor(build), memory, index, layout, new Uint8Array(104).fill(index + 1));
    return new ShardKernel(moduleFor(build), memory, index, 0, layout);
  };
}

export interface StartOptions extends Partial<Layout> {
  readonly damage?: DamagePolicy;
  readonly nowMs?: number;
}

/** A start: the layout that is wanted, then recovery. */
export async function startInProcess(
  build: Build,
  storage: Storage,
  options: StartOptions = {},
): Promise<RecoveredInProcess & { prepared: Prepared }> {
  const { damage = 'stop', nowMs = 1_700_000_000_000, shards, routing } = options;
  const wanted = { shards, routing };
  const fallback: Layout = { shards: 1, routing: 'kevyhash' };
  const crew = layoutCrew(storage, shardMaker(build));
  const prepared = await ensureLayout(storage, crew, { wanted, fallback, damage, nowMs });
  const { layout } = prepared;
  const code = layout.routing === 'slots' ? 1 : 0;
  return { prepared, ...(await recoverInProcess(build, storage, layout.shards, { damage, nowMs, routing: code })) };
}

export interface RecoveredInProcess {
  readonly store: StoreInProcess;
  readonly recovered: Recovered;
}

/** Recovers a directory into fresh kernels. */
export async function recoverInProcess(
  build: Build,
  storage: Storage,
  shardCount: number,
  options: { damage?: DamagePolicy; routing?: number; nowMs?: number } = {},
): Promise<RecoveredInProcess> {
  const store = new StoreInProcess(build, shardCount, { ...SMALL, routing: options.routing ?? 0 });
  const nowMs = options.nowMs ?? store.clock.now;
  const recovered = await recover(storage, crewOf(storage, store.shards), { damage: options.damage ?? 'stop', nowMs });
  store.clock.now = nowMs;
  return { store, recovered };
}

// Recovers what a persistence engine over fake shards has left in its files: a plain reading of DESIGN §6, apart from
// host/persistence's own.
import { finishDumps } from '../../host/persistence/commit-set.js';
import { readDump, verifyDump } from '../../host/persistence/dump-read.js';
import type { RecoveredShard } from '../../host/persistence/engine.js';
import {
  crc32c,
  decodeInternal,
  dumpName,
  logName,
  MAGIC_BYTES,
  type RoundRecord,
} from '../../host/persistence/log-format.js';
import { MemoryStorage } from '../../host/storage/memory.js';

export interface LogRead {
  readonly birthId: string;
  readonly firstLsn: number;
  readonly firstRound: number;
  readonly rounds: readonly (RoundRecord & {
    readonly endOffset: number;
    readonly endLsn: number;
    readonly steps: readonly number[];
  })[];
}

/** Reads a log up to its last whole round. */
export function readLog(bytes: Uint8Array): LogRead | undefined {
  const file = Buffer.from(bytes);
  let start: { birthId: string; firstLsn: number; firstRound: number } | undefined;
  const rounds: LogRead['rounds'][number][] = [];
  let steps: number[] = [];
  let lsn = 0;
  if (file.toString('latin1', 0, MAGIC_BYTES) !== 'KEVYAOF2\n') return undefined;
  for (let at = MAGIC_BYTES; at + 8 <= file.length; ) {
    const end = at + 8 + file.readUInt32LE(at);
    if (end > file.length || end === at + 8 || crc32c(file.subarray(at + 8, end)) !== file.readUInt32LE(at + 4)) break;
    const payload = file.subarray(at + 8, end);
    const step = /step:(\d+)\r\n/.exec(payload.toString('latin1'));
    if (step) {
      steps.push(Number(step[1]));
      lsn += end - at;
    } else {
      const internal = decodeInternal(payload);
      if (internal.kind === 'log') {
        start = internal.start;
        lsn = start.firstLsn;
      } else if (internal.kind === 'round') {
        rounds.push({ ...internal.round, endOffset: end, endLsn: lsn, steps });
        steps = [];
      } else throw new Error(`an internal record that nobody writes: ${JSON.stringify(internal)}`);
    }
    at = end;
  }
  return start && { ...start, rounds };
}

export interface Recovery {
  /** Steps of each shard, ascending. */
  readonly steps: readonly (readonly number[])[];
  /** For the next engine. */
  readonly recovered: readonly RecoveredShard[];
  /** The files, without what lies behind the last complete round. */
  readonly files: Map<string, Uint8Array>;
  readonly cut: number;
}

export async function recover(left: Map<string, Uint8Array>, shardCount: number): Promise<Recovery> {
  const storage = new MemoryStorage(left);
  await finishDumps(storage);
  const files = storage.files();
  for (const name of files.keys()) {
    if (!/^(aof-\d+\.aof|dump-\d+\.rdb)$/.test(name)) throw new Error(`${name} was left over`);
  }
  const logs = Array.from({ length: shardCount }, (_, i) => files.get(logName(i))).map(
    (bytes) => bytes && readLog(bytes),
  );
  const steps: number[][] = [];
  const covered: number[] = [];
  for (let shard = 0; shard < shardCount; shard++) {
    const log = logs[shard];
    const dump = await readSteps(storage, files, shard);
    if (log && dump && dump.birthId !== log.birthId) throw new Error(`shard ${shard}: log and dump are strangers`);
    steps.push(dump?.steps ?? []);
    covered.push(dump?.round ?? 0);
  }
  const hasLogs = logs.every((log) => log !== undefined);
  let cut = Math.max(...covered);
  if (hasLogs) {
    for (const log of logs) {
      for (let i = 1; i < log.rounds.length; i++) {
        if (log.rounds[i].number <= log.rounds[i - 1].number) throw new Error('rounds that are not in order');
      }
    }
    const complete = (number: number): boolean => {
      const all = logs.flatMap((log) => log!.rounds.filter((round) => round.number === number));
      return (
        all.length > 0 &&
        all[0].participants.every(({ shard, endLsn }) => {
          const here = logs[shard]!.rounds.find((round) => round.number === number);
          if (here && here.endLsn !== endLsn) throw new Error(`round ${number} ends elsewhere on shard ${shard}`);
          return covered[shard] >= number || here !== undefined;
        })
      );
    };
    while (complete(cut + 1)) cut++;
    const synced = Math.max(0, ...logs.flatMap((log) => log.rounds.map((round) => round.synced)));
    if (synced > cut) throw new Error(`round ${synced} had been synced, and round ${cut + 1} is lost`);
  }
  const recovered = logs.map((log, shard): RecoveredShard => {
    if (!hasLogs || !log) return { birthId: undefined, endOffset: 0, endLsn: 0, nextRound: cut + 1 };
    const kept = log.rounds.filter(({ number }) => number <= cut);
    for (const { number, steps: more } of kept) if (number > covered[shard]) steps[shard].push(...more);
    const bytes = files.get(logName(shard))!;
    const last = kept.at(-1);
    const endOffset = last?.endOffset ?? startBytes(bytes);
    files.set(logName(shard), bytes.subarray(0, endOffset));
    return { birthId: log.birthId, endOffset, endLsn: last?.endLsn ?? log.firstLsn, nextRound: cut + 1 };
  });
  for (const list of steps) list.sort((a, b) => a - b);
  return { steps, recovered, files, cut };
}

function startBytes(bytes: Uint8Array): number {
  return MAGIC_BYTES + 8 + Buffer.from(bytes).readUInt32LE(MAGIC_BYTES);
}

async function readSteps(storage: MemoryStorage, files: Map<string, Uint8Array>, shard: number) {
  if (!files.has(dumpName(shard))) return undefined;
  const file = await storage.open(dumpName(shard), 'read');
  const verdict = verifyDump(file);
  if (verdict.kind !== 'ours') throw new Error(`${dumpName(shard)} is in place and ${JSON.stringify(verdict)}`);
  const steps = [...readDump(file, verdict.version)].map(({ key }) => Number(Buffer.from(key).toString().slice(5)));
  return { steps, round: verdict.round, birthId: Buffer.from(verdict.birthId).toString('hex') };
}

// What the sub-commands print about files and shards: a line each.
import { dumpVersionName } from '../persistence/dump-format.js';
import type { DumpFile, LogFileFacts } from '../persistence/inspect.js';
import { VERDICT_WORDS } from '../persistence/recover.js';
import type { ShardPlan } from '../persistence/recovery-plan.js';

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** What a start does with a shard. */
export function planLine({ shard, dump, replay, verdict, damage }: ShardPlan): string {
  const parts: string[] = [];
  if (dump) parts.push(`a dump of ${count(dump.bytes, 'byte')}`);
  if (replay) parts.push(`${count(replay.to - replay.from, 'byte')} of log to execute`);
  const found = parts.length === 0 ? 'no files' : parts.join(' and ');
  return `shard ${shard}: ${found}: ${VERDICT_WORDS[verdict]}${damage ? `, from offset ${damage.offset}` : ''}`;
}

/** What was found of a dump. */
export function dumpLine(name: string, { bytes, verdict }: DumpFile): string {
  const size = `${name}: ${count(bytes, 'byte')}`;
  switch (verdict.kind) {
    case 'ours':
      return `${size}, whole${verdict.round > 0 ? `, up to round ${verdict.round}` : ''}`;
    case 'kevy':
      return `${size}, whole, without a checksum: kevy wrote it in ${dumpVersionName(verdict.version)}`;
    case 'newer':
      return `${size}, NOT KNOWN: ${dumpVersionName(verdict.version)} of the format`;
    case 'damaged':
      return `${size}, DAMAGED at offset ${verdict.offset}: ${verdict.reason}`;
  }
}

/** What was found of a log. */
export function logLine(name: string, { bytes, scan, beyond }: LogFileFacts): string {
  const { rounds, records, damage, goodBytes, unknown } = scan;
  const parts = [`${name}: ${count(bytes, 'byte')}`, count(records, 'command')];
  const [first, last] = [rounds[0], rounds[rounds.length - 1]];
  if (rounds.length === 1) parts.push(`round ${first.number}`);
  else if (rounds.length > 1) parts.push(`rounds ${first.number} to ${last.number}`);
  if (unknown !== undefined) parts.push(`NOT KNOWN from offset ${goodBytes}: ${JSON.stringify(unknown)}`);
  else if (damage) {
    const behind = (beyond?.records ?? 0) - records;
    const more = behind > 0 ? `, with ${count(behind, 'sound command')} behind it` : '';
    const word = damage.torn && behind <= 0 ? 'not whole' : 'DAMAGED';
    parts.push(`${word} from offset ${damage.offset}: ${damage.reason}${more}`);
  } else if (goodBytes < bytes) parts.push(`not whole from offset ${goodBytes}: a group that was never committed`);
  else parts.push('whole');
  return parts.join(', ');
}

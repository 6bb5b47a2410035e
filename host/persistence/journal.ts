// `reshard.journal`: the commit record of a change of layout. Once it is in place, the change is carried out, however often
// it takes to begin anew; before, nothing has happened. Text of kevy's, all five lines, in this order:
//
//   kevy-reshard-journal v1\n
//   stamp=1795436268032050422\n     the end of the names of the backups
//   prev_n=4\n                      shards before
//   n=2\n                           shards after
//   routing=kevyhash\n              routing after
import { SHARDS_MAX } from '../kernel/abi.js';
import type { Storage } from '../storage/port.js';
import { isRouting, type RoutingName, readText, writeText } from './meta.js';

export const JOURNAL_NAME = 'reshard.journal';
export const JOURNAL_TEMP = 'reshard.journal.tmp';
const JOURNAL_BYTES_MAX = 4096;

export interface Journal {
  /** Digits. */
  readonly stamp: string;
  readonly shardsBefore: number;
  readonly shards: number;
  readonly routing: RoutingName;
}

export type JournalState =
  | { readonly kind: 'complete'; readonly journal: Journal }
  /** A proper prefix of a journal: its writing was cut off. `stamp`: as far as it goes; `stampWhole`: all of it is there. */
  | { readonly kind: 'torn'; readonly stamp: string; readonly stampWhole: boolean }
  | { readonly kind: 'unreadable' };

export function encodeJournal({ stamp, shardsBefore, shards, routing }: Journal): Buffer {
  return Buffer.from(
    `kevy-reshard-journal v1\nstamp=${stamp}\nprev_n=${shardsBefore}\nn=${shards}\nrouting=${routing}\n`,
  );
}

/** What stands before each value, and what a value, or the beginning of one, looks like. */
const FIELDS: readonly (readonly [before: string, whole: RegExp, part: RegExp])[] = [
  ['kevy-reshard-journal v1\nstamp=', /^\d{1,40}$/, /^\d{0,40}$/],
  ['prev_n=', /^[1-9]\d{0,8}$/, /^([1-9]\d{0,8})?$/],
  ['n=', /^[1-9]\d{0,8}$/, /^([1-9]\d{0,8})?$/],
  ['routing=', /^(kevyhash|slots)$/, /^(k(e(v(y(h(a(sh?)?)?)?)?)?)?|s(l(o(ts?)?)?)?|kevyhash)?$/],
];

export function parseJournal(text: string): JournalState {
  const values: string[] = [];
  const torn: JournalState = { kind: 'torn', stamp: '', stampWhole: false };
  let at = 0;
  for (const [before, whole, part] of FIELDS) {
    const rest = text.slice(at);
    const soFar = { ...torn, stamp: values[0] ?? '', stampWhole: values.length > 0 };
    if (rest.length <= before.length && before.startsWith(rest)) return soFar;
    if (!rest.startsWith(before)) return { kind: 'unreadable' };
    const end = rest.indexOf('\n', before.length);
    const value = rest.slice(before.length, end < 0 ? undefined : end);
    if (end < 0) {
      if (!part.test(value)) return { kind: 'unreadable' };
      return values.length === 0 ? { ...torn, stamp: value } : soFar;
    }
    if (!whole.test(value)) return { kind: 'unreadable' };
    values.push(value);
    at += end + 1;
  }
  const [stamp, before, after, routing] = values;
  const [shardsBefore, shards] = [Number(before), Number(after)];
  const counts = shardsBefore <= SHARDS_MAX && shards <= SHARDS_MAX;
  if (at !== text.length || !counts || !isRouting(routing)) return { kind: 'unreadable' };
  return { kind: 'complete', journal: { stamp, shardsBefore, shards, routing } };
}

/** The journal of a directory; undefined: there is none. */
export async function readJournal(storage: Storage): Promise<JournalState | undefined> {
  const text = await readText(storage, JOURNAL_NAME, JOURNAL_BYTES_MAX);
  return text === undefined ? undefined : parseJournal(text);
}

/** Commits a change of layout; durable after syncDirectory. */
export function writeJournal(storage: Storage, journal: Journal): Promise<void> {
  return writeText(storage, JOURNAL_NAME, JOURNAL_TEMP, encodeJournal(journal));
}

const BACKUP = '.premigration.';
const QUARANTINE = '.corrupt-quarantine.';

export const backupName = (name: string, stamp: string): string => `${name}${BACKUP}${stamp}`;
export const quarantineName = (name: string, stamp: string): string => `${name}${QUARANTINE}${stamp}`;

/** The file that a backup was, and its stamp; undefined: it is no backup. */
export function backupOf(name: string): { readonly name: string; readonly stamp: string } | undefined {
  const at = name.lastIndexOf(BACKUP);
  return at <= 0 ? undefined : { name: name.slice(0, at), stamp: name.slice(at + BACKUP.length) };
}

/** Is it what a recovery has set aside? */
export function isQuarantine(name: string): boolean {
  return name.lastIndexOf(QUARANTINE) > 0;
}

/** A stamp that no name of a directory ends in: Unix time in ns, as kevy has it, or a little more. */
export function newStamp(names: readonly string[], nowMs: number): string {
  const taken = new Set(names.map((name) => name.slice(name.lastIndexOf('.') + 1)));
  let stamp = BigInt(Math.floor(nowMs)) * 1_000_000n;
  while (taken.has(String(stamp))) stamp++;
  return String(stamp);
}

// `shards.meta`: how many shards a directory has, and how keys are routed to them. Text of kevy's:
//
//   4\n            the number of shards
//   kevyhash\n     or `slots`; without this line: kevyhash, as kevy wrote it first
//
// Without the file, the directory itself says it: the highest index of any dump or log, plus one, by kevyhash.
import { LatchkeyError } from '../errors.js';
import { SHARDS_MAX } from '../kernel/abi.js';
import { type Storage, StorageError } from '../storage/port.js';

export const META_NAME = 'shards.meta';
export const META_TEMP = 'shards.meta.tmp';
/** More than any meta of ours or kevy's has. */
const META_BYTES_MAX = 4096;

export type RoutingName = 'kevyhash' | 'slots';

export interface Layout {
  readonly shards: number;
  readonly routing: RoutingName;
}

export function isRouting(text: string): text is RoutingName {
  return text === 'kevyhash' || text === 'slots';
}

export function layoutText({ shards, routing }: Layout): string {
  return `${shards} ${shards === 1 ? 'shard' : 'shards'} by ${routing}`;
}

export function sameLayout(a: Layout, b: Layout): boolean {
  return a.shards === b.shards && a.routing === b.routing;
}

/** A file that says what nobody can act upon. Nothing has been changed. */
export function badLayout(where: string, name: string, what: string): LatchkeyError {
  return new LatchkeyError('BAD_LAYOUT', `${where}: ${name} ${what}`);
}

export function encodeMeta({ shards, routing }: Layout): Buffer {
  return Buffer.from(`${shards}\n${routing}\n`);
}

/** @returns the layout, or what is wrong with the text. */
export function parseMeta(text: string): Layout | string {
  const lines = text.split('\n').map((line) => line.trim());
  while (lines.length > 1 && lines.at(-1) === '') lines.pop();
  const [count, routing = 'kevyhash'] = lines;
  if (!/^\d{1,9}$/.test(count)) return `begins with ${shown(count)}, where the number of shards is expected`;
  const shards = Number(count);
  if (shards < 1 || shards > SHARDS_MAX) return `says ${shards} shards; 1 to ${SHARDS_MAX} are possible`;
  if (!isRouting(routing)) return `names the routing ${shown(routing)}, which this version does not know`;
  if (lines.length > 2) return `goes on with ${shown(lines[2])}, which this version does not know`;
  return { shards, routing };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** The index in the name of a dump or a log, or undefined: it is neither. */
export function shardOfName(name: string): { readonly kind: 'dump' | 'log'; readonly shard: number } | undefined {
  const match = /^(?:(dump)-(0|[1-9]\d{0,8})\.rdb|aof-(0|[1-9]\d{0,8})\.aof)$/.exec(name);
  if (!match) return undefined;
  return match[1] ? { kind: 'dump', shard: Number(match[2]) } : { kind: 'log', shard: Number(match[3]) };
}

/** What a directory without `shards.meta` holds; undefined: nothing. */
export function inferLayout(names: Iterable<string>): Layout | undefined {
  let shards = 0;
  for (const name of names) shards = Math.max(shards, (shardOfName(name)?.shard ?? -1) + 1);
  return shards === 0 ? undefined : { shards, routing: 'kevyhash' };
}

/** The text of a small file; undefined: there is none. */
export async function readText(storage: Storage, name: string, bytesMax: number): Promise<string | undefined> {
  try {
    const file = await storage.open(name, 'read');
    try {
      const bytes = new Uint8Array(Math.min(file.size(), bytesMax));
      return Buffer.from(bytes.subarray(0, file.read(bytes, 0))).toString('latin1');
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * The layout that a directory records, or shows by its files; undefined: it is empty.
 * @throws LatchkeyError `BAD_LAYOUT`.
 */
export async function readLayout(storage: Storage): Promise<Layout | undefined> {
  const text = await readText(storage, META_NAME, META_BYTES_MAX);
  if (text !== undefined) {
    const layout = parseMeta(text);
    if (typeof layout === 'string')
      throw badLayout(storage.where, META_NAME, `${layout}; write the layout into it, or bring the file back`);
    return layout;
  }
  const layout = inferLayout(await storage.list());
  if (layout !== undefined && layout.shards > SHARDS_MAX)
    throw badLayout(
      storage.where,
      META_NAME,
      `is missing, and there is a file of shard ${layout.shards - 1}; 1 to ${SHARDS_MAX} shards are possible`,
    );
  return layout;
}

/** Writes a small file so that its name leads to the old text or to all of the new one; durable after syncDirectory. */
export async function writeText(storage: Storage, name: string, temp: string, text: Uint8Array): Promise<void> {
  const file = await storage.open(temp, 'create');
  try {
    file.write(text, 0);
    // Before the rename: after it the name must not lead to less than all of the text.
    await file.sync();
  } finally {
    file.close();
  }
  await storage.rename(temp, name);
}

/** Records a layout; durable after syncDirectory. */
export function writeMeta(storage: Storage, layout: Layout): Promise<void> {
  return writeText(storage, META_NAME, META_TEMP, encodeMeta(layout));
}

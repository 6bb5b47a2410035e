// Questions about a whole keyspace: full SCAN iterations, and a dump of all sixteen databases.
import type { Arg } from '../resp-client.js';
import { decode, ReplyError } from '../resp-client.js';
import { compareReplies, compareSets, ruleFor } from './compare.js';
import { escapeBytes, formatCommand, formatReply } from './escape.js';

/** What the generator needs of a connection. RespClient is one; tests put faulty ones in its place. */
export interface Connection {
  pipeline(commands: readonly (readonly Arg[])[]): Promise<Buffer[]>;
  close(): Promise<void>;
}

const DATABASES = 16;
const SCAN_CALLS_MAX = 10_000;

/** A SCAN iteration that never came back to cursor 0. */
export class EndlessScan extends Error {}

/**
 * All keys that one SCAN iteration with these options gives, each once. An error reply ends it and is the answer.
 * @throws EndlessScan when the iteration does not end.
 */
export async function scanAll(connection: Connection, options: readonly Arg[]): Promise<Buffer[] | ReplyError> {
  const keys = new Map<string, Buffer>();
  let cursor: Arg = '0';
  for (let calls = 0; calls < SCAN_CALLS_MAX; calls++) {
    const [reply] = await connection.pipeline([['SCAN', cursor, ...options]]);
    const decoded = decode(reply, { binary: true });
    if (decoded instanceof ReplyError) return decoded;
    const [next, found] = decoded as [Buffer, Buffer[]];
    for (const key of found) keys.set(key.toString('latin1'), key);
    if (next.toString() === '0') return [...keys.values()];
    cursor = next;
  }
  throw new EndlessScan(`SCAN did not come back to cursor 0 within ${SCAN_CALLS_MAX} calls`);
}

/** The commands that read a whole value, by its type. */
const READ: Record<string, (key: Buffer) => Arg[]> = {
  string: (key) => ['GET', key],
  list: (key) => ['LRANGE', key, 0, -1],
  hash: (key) => ['HGETALL', key],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, 0, -1, 'WITHSCORES'],
  stream: (key) => ['XRANGE', key, '-', '+'],
};
/** Types whose elements have no order of their own; a hash's replies are pairs. */
const UNORDERED: Record<string, number> = { set: 1, hash: 2 };

/**
 * What differs between the keyspaces behind two connections: keys, types, values, deadlines, encodings. Line by line,
 * empty when nothing does. Leaves both connections on database 0.
 */
export async function compareKeyspaces(left: Connection, right: Connection): Promise<string[]> {
  const listing = Array.from({ length: DATABASES }, (_, db): Arg[][] => [['SELECT', db], ['KEYS', '*'], ['DBSIZE']]);
  const [leftLists, rightLists] = await Promise.all([left, right].map((side) => side.pipeline(listing.flat())));
  const lines: string[] = [];
  for (let db = 0; db < DATABASES; db++) {
    const at = 3 * db;
    const [leftKeys, rightKeys] = [leftLists, rightLists].map((replies) => decode(replies[at + 1], { binary: true }));
    if (!Array.isArray(leftKeys) || !Array.isArray(rightKeys)) {
      lines.push(`db ${db}: KEYS * answers ${formatReply(leftLists[at + 1])} and ${formatReply(rightLists[at + 1])}`);
      continue;
    }
    const keyDifference = compareSets(leftKeys as Buffer[], rightKeys as Buffer[]);
    if (keyDifference) lines.push(`db ${db} keys: ${keyDifference}`);
    else if (!leftLists[at + 2].equals(rightLists[at + 2]))
      lines.push(`db ${db} DBSIZE: ${formatReply(leftLists[at + 2])} and ${formatReply(rightLists[at + 2])}`);
    if (leftKeys.length > 0 && !keyDifference)
      lines.push(...(await compareKeys(left, right, db, leftKeys as Buffer[])).map((line) => `db ${db} ${line}`));
  }
  await Promise.all([left, right].map((side) => side.pipeline([['SELECT', 0]])));
  return lines;
}

async function compareKeys(left: Connection, right: Connection, db: number, keys: Buffer[]): Promise<string[]> {
  const both = (commands: Arg[][]) => Promise.all([left, right].map((side) => side.pipeline(commands)));
  const types = await both([['SELECT', db], ...keys.map((key): Arg[] => ['TYPE', key])]);
  const names = keys.map((_, i) => String(decode(types[0][i + 1])));
  const commands = keys.flatMap((key, i): Arg[][] => [
    ['TYPE', key],
    READ[names[i]]?.(key) ?? ['TYPE', key],
    ['PTTL', key],
    ['OBJECT', 'ENCODING', key],
  ]);
  const [leftReplies, rightReplies] = await both(commands);
  const lines: string[] = [];
  commands.forEach((command, i) => {
    const group = i % 4 === 1 ? UNORDERED[names[Math.floor(i / 4)]] : undefined;
    const [a, b] = [leftReplies[i], rightReplies[i]].map((reply) => (group ? inOrder(reply, group) : reply));
    const why = compareReplies(group ? { kind: 'exact' } : ruleFor(command), a, b);
    if (why) lines.push(`${formatCommand(command)} answers ${formatReply(a)} and ${formatReply(b)}: ${why}`);
  });
  return lines;
}

/** A reply's elements sorted, `group` neighbours kept together, as bytes that compare equal when the contents do. */
function inOrder(reply: Buffer, group: number): Buffer {
  const decoded = decode(reply, { binary: true });
  let flat: unknown[];
  if (decoded instanceof Map) flat = [...decoded].flat();
  else if (decoded instanceof Set || Array.isArray(decoded)) flat = [...decoded];
  else return reply;
  const groups: string[] = [];
  for (let i = 0; i < flat.length; i += group)
    groups.push(
      flat
        .slice(i, i + group)
        .map((item) => escapeBytes(item as Buffer))
        .join(' => '),
    );
  return Buffer.from(groups.sort().join('\n'));
}

// How two servers' replies to one command are compared: byte for byte, except where a rule below says why not.
import { type Arg, decode } from '../resp-client.js';
import { firstDifference } from './escape.js';

/** An exception from byte-for-byte comparison. */
export type Rule =
  | { kind: 'exact' }
  /** An array, or a map, whose order is the server's own; `group` neighbours belong together. */
  | { kind: 'unordered'; group?: number }
  /** Elements drawn at random: only how many there are is comparable. */
  | { kind: 'count' }
  /** A cursor and elements, `group` neighbours belonging together: comparable as a whole when both cursors are 0. */
  | { kind: 'scan'; group: number }
  /** An integer that runs with the clock; negative ones are codes and compare exactly. */
  | { kind: 'near'; tolerance: number }
  /** Only the kind of reply, null or not, is comparable; errors compare exactly. */
  | { kind: 'kind' }
  /** Byte for byte but for the numbers that these match, the first group being what stands in front of them. */
  | { kind: 'masked'; numbers: readonly RegExp[] };

const EXACT: Rule = { kind: 'exact' };
/** Idle times and times of delivery, which run with the clock: behind an ID and perhaps a consumer, or behind their name. */
const PENDING_TIMES = [
  /(\*4\r\n\$\d+\r\n\d+-\d+\r\n\$\d+\r\n[\s\S]*?\r\n:)\d+(?=\r\n:\d+\r\n)/g,
  /(\*3\r\n\$\d+\r\n\d+-\d+\r\n:)\d+(?=\r\n:\d+\r\n)/g,
];
const NAMED_TIMES = [/((?:idle|seen-time)\r\n:)\d+/g];

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['keys', { kind: 'unordered' }],
  // redis-server's parameters lie in a table that is seeded anew by each process.
  ['config|get', { kind: 'unordered', group: 2 }],
  // Relative deadlines are set and asked for at moments that differ between the servers.
  ['ttl', { kind: 'near', tolerance: 2 }],
  ['pttl', { kind: 'near', tolerance: 2000 }],
  ['expiretime', { kind: 'near', tolerance: 2 }],
  ['pexpiretime', { kind: 'near', tolerance: 2000 }],
  ['randomkey', { kind: 'kind' }],
  // One call's cursor and share of the keys are the server's own; whole iterations are compared by scanAll.
  ['scan', { kind: 'kind' }],
  ['smembers', { kind: 'unordered' }],
  ['sinter', { kind: 'unordered' }],
  ['sunion', { kind: 'unordered' }],
  ['sdiff', { kind: 'unordered' }],
  ['spop', { kind: 'count' }],
  ['srandmember', { kind: 'count' }],
  ['sscan', { kind: 'scan', group: 1 }],
  ['hgetall', { kind: 'unordered', group: 2 }],
  ['hkeys', { kind: 'unordered' }],
  ['hvals', { kind: 'unordered' }],
  ['hrandfield', { kind: 'count' }],
  ['hscan', { kind: 'scan', group: 2 }],
  ['zrandmember', { kind: 'count' }],
  ['zscan', { kind: 'scan', group: 2 }],
  ['object|idletime', { kind: 'kind' }],
  ['memory|usage', { kind: 'kind' }],
  // What is packed may be packed otherwise; what it means is compared by restoring it.
  ['dump', { kind: 'kind' }],
  ['xpending', { kind: 'masked', numbers: PENDING_TIMES }],
  ['xinfo|consumers', { kind: 'masked', numbers: NAMED_TIMES }],
  ['xinfo|stream', { kind: 'masked', numbers: [...PENDING_TIMES, ...NAMED_TIMES] }],
]);

export function ruleFor(command: readonly Arg[]): Rule {
  const name = word(command[0]);
  return RULES.get(name) ?? (command.length > 1 ? RULES.get(`${name}|${word(command[1])}`) : undefined) ?? EXACT;
}

/** Why the two replies to a command differ, or undefined if they do not as far as the rule goes. */
export function compareReplies(rule: Rule, left: Buffer, right: Buffer): string | undefined {
  if (left.equals(right)) return undefined;
  const exact = `bytes differ from offset ${firstDifference(left, right)} on`;
  if (rule.kind === 'exact') return exact;
  if (rule.kind === 'masked') return masked(left, rule.numbers) === masked(right, rule.numbers) ? undefined : exact;
  if (replyKind(left) !== replyKind(right)) return `one is ${replyKind(left)}, the other ${replyKind(right)}`;
  if (replyKind(left) === 'an error' || replyKind(left) === 'null') return exact;
  switch (rule.kind) {
    case 'kind':
      return undefined;
    case 'near':
      return isNear(left, right, rule.tolerance) ? undefined : `differ by more than ${rule.tolerance}`;
    case 'unordered':
      return missing(left, right, rule.group ?? 1);
    case 'count':
      return header(left) === header(right) || left[0] === 0x24 ? undefined : exact;
    case 'scan':
      return missingInScan(left, right, rule.group);
  }
}

function word(arg: Arg): string {
  return Buffer.from(arg instanceof Uint8Array ? arg : String(arg))
    .toString('latin1')
    .toLowerCase();
}

function replyKind(reply: Buffer): string {
  const text = reply.toString('latin1', 0, 3);
  if (text[0] === '-' || text[0] === '!') return 'an error';
  if (text[0] === '_' || text === '$-1' || text === '*-1') return 'null';
  const kinds: Record<string, string> = {
    '+': 'a simple string',
    ':': 'an integer',
    $: 'a bulk string',
    '*': 'an array',
  };
  return kinds[text[0]] ?? `of type ${text[0]}`;
}

function masked(reply: Buffer, numbers: readonly RegExp[]): string {
  return numbers.reduce((text, number) => text.replace(number, '$1a time'), reply.toString('latin1'));
}

function isNear(left: Buffer, right: Buffer, tolerance: number): boolean {
  const [a, b] = [left, right].map((reply) => BigInt(reply.toString('latin1', 1, reply.length - 2)));
  if (a < 0n || b < 0n) return a === b;
  return (a > b ? a - b : b - a) <= BigInt(tolerance);
}

const header = (reply: Buffer): string => reply.toString('latin1', 0, reply.indexOf('\r\n'));

/** Elements of an array or a map, each `group` of them as one. */
function grouped(items: unknown, group: number): Buffer[] {
  const flat = (items instanceof Map ? [...items].flat() : [...(items as Iterable<Buffer>)]) as Buffer[];
  if (group === 1) return flat;
  return Array.from({ length: Math.ceil(flat.length / group) }, (_, i) =>
    Buffer.from(JSON.stringify(flat.slice(i * group, (i + 1) * group).map((item) => item.toString('latin1')))),
  );
}

function missing(left: Buffer, right: Buffer, group: number): string | undefined {
  const [a, b] = [left, right].map((reply) => grouped(decode(reply, { binary: true }), group));
  const difference = compareSets(a, b);
  return difference && `apart from order, ${difference}`;
}

function missingInScan(left: Buffer, right: Buffer, group: number): string | undefined {
  const [a, b] = [left, right].map((reply) => decode(reply, { binary: true }) as [Buffer, Buffer[]]);
  if (a[0].toString() !== '0' || b[0].toString() !== '0') return undefined;
  const difference = compareSets(grouped(a[1], group), grouped(b[1], group));
  return difference && `apart from order, ${difference}`;
}

/** What one collection of byte strings has and the other lacks, or undefined if they hold the same ones. */
export function compareSets(left: readonly Buffer[], right: readonly Buffer[]): string | undefined {
  const [a, b] = [left, right].map((items) => items.map((item) => item.toString('latin1')).sort());
  if (a.length === b.length && a.every((item, i) => item === b[i])) return undefined;
  const [inA, inB] = [new Set(a), new Set(b)];
  const list = (items: string[]) => items.map((item) => JSON.stringify(item)).join(', ') || 'nothing';
  const onlyA = list(a.filter((item) => !inB.has(item)));
  const onlyB = list(b.filter((item) => !inA.has(item)));
  return `only the first has ${onlyA}; only the second has ${onlyB} (${a.length} and ${b.length} in all)`;
}

// Memory per element of each data type: the growth of resident memory while values of ten elements are stored, and while
// one value of very many is, divided by the number of elements. Keys are counted in: ten elements share one.
import { markdownTable, median } from '../support/table.mjs';
import { send, shareOut } from './fill.mjs';
import { withServers } from './plan.mjs';
import { residentBytes } from './proc.mjs';
import { judged } from './samples.mjs';

const SMALL_ELEMENTS = 10;
const SMALL_AGAINST_REDIS = { atMost: 0.8 };
const ROUNDS_MAX = 3;
const WORDS_PER_COMMAND = 200;

const digits = (number) => String(number).padStart(9, '0');

/** A kind of value: the command that adds elements, and the words of element `i`. */
const KINDS = [
  {
    name: 'hash, 15-byte fields, 16-byte values',
    command: 'HSET',
    words: (i) => [`field-${digits(i)}`, `value--${digits(i)}`],
  },
  { name: 'list, 16 bytes', command: 'RPUSH', words: (i) => [`value--${digits(i)}`] },
  { name: 'set, 16 bytes', command: 'SADD', words: (i) => [`member-${digits(i)}`] },
  { name: 'set, integers', command: 'SADD', words: (i) => [String(i * 17)] },
  {
    name: 'sorted set, 16 bytes',
    command: 'ZADD',
    words: (i) => [String((i * 7919) % 1_000_003), `member-${digits(i)}`],
  },
];

/** Commands that store `count` elements, `perKey` to a key. */
function* commandsFor({ command, words }, prefix, count, perKey) {
  for (let first = 0; first < count; first += perKey) {
    const elements = Array.from({ length: Math.min(perKey, count - first) }, (_, i) => words(first + i)).flat();
    yield* shareOut([command, `${prefix}:${digits(first / perKey)}`], elements, WORDS_PER_COMMAND);
  }
}

/** Frames like those that store are asked for nothing first, until the young part of a managed heap has its full size. */
const WARM_UP_PASSES = 2;
/** A managed heap breathes by some ten megabytes: many elements make that small. */
const ELEMENTS_PER_KEY_OF_PLAN = 4;

/** Stores others of the same kind before and keeps them, so that buffers and compiled code are there already. */
function bytesPerElement(plan, server, kind, perKey) {
  return withServers(plan, [server], async ([running]) => {
    const count = plan.memoryKeys * ELEMENTS_PER_KEY_OF_PLAN;
    const others = Math.ceil(count / 8);
    for (let pass = 0; pass < WARM_UP_PASSES; pass++) {
      await send(running, commandsFor({ ...kind, command: 'EXISTS' }, 'value', plan.memoryKeys, perKey));
    }
    await send(running, commandsFor(kind, 'other', others, perKey));
    const before = residentBytes(running.pid);
    await send(running, commandsFor(kind, 'value', count, perKey));
    const keys = await running.client.call('DBSIZE');
    const wanted = Math.ceil(count / perKey) + Math.ceil(others / perKey);
    if (keys !== wanted) throw new Error(`${running.name} holds ${keys} keys, not ${wanted}`);
    return (residentBytes(running.pid) - before) / count;
  });
}

/** @param {import('./plan.mjs').Plan} plan @returns {Promise<string>} Markdown. */
export async function compareElements(plan) {
  const servers = [plan.rival, plan.subject(1, 1)];
  const known = await withServers(plan, [servers[1]], async ([subject]) => {
    const infos = await subject.client.call('COMMAND', 'INFO', ...KINDS.map(({ command }) => command));
    return KINDS.filter((_, i) => infos[i] !== null);
  });
  const rows = [];
  for (const [size, perKey] of [
    [`${SMALL_ELEMENTS} a key`, SMALL_ELEMENTS],
    [`${plan.memoryKeys * ELEMENTS_PER_KEY_OF_PLAN} in one`, plan.memoryKeys * ELEMENTS_PER_KEY_OF_PLAN],
  ]) {
    for (const kind of known) {
      const bytes = servers.map(() => []);
      for (let round = 0; round < Math.min(plan.rounds, ROUNDS_MAX); round++) {
        for (const [i, server] of servers.entries()) bytes[i].push(await bytesPerElement(plan, server, kind, perKey));
      }
      const [redis, ours] = bytes.map(median);
      const bound = perKey === SMALL_ELEMENTS ? SMALL_AGAINST_REDIS : undefined;
      rows.push([`${kind.name}, ${size}`, redis.toFixed(1), ours.toFixed(1), judged(ours / redis, bound)]);
      console.error(`  ${kind.name}, ${size}`);
    }
  }
  const missing = KINDS.filter((kind) => !known.includes(kind)).map(({ name }) => name);
  return [
    '## Memory per element',
    markdownTable(['bytes per element', 'redis', 'ours', 'ratio'], rows),
    `${plan.memoryKeys * ELEMENTS_PER_KEY_OF_PLAN} elements in all; growth of resident memory, keys included, medians.${
      missing.length > 0 ? ` Left out, since our server does not have their commands yet: ${missing.join('; ')}.` : ''
    }`,
  ].join('\n\n');
}

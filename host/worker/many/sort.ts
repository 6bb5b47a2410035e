// SORT with BY, GET or STORE: which keys it reads is known only from the elements. With every latch held, the elements
// are looked at, the keys that the patterns make of them brought in as guests, and the command executed where its result
// is to lie.
import { bulkOf, elementsOf, isError } from '../../resp/reply.js';
import { bringGuests } from './guests.js';
import { type Leader, SLOW_BYTES, Slow, silent, sizeOf, text, typeOf } from './leader.js';

/** Elements that may be looked at on a worker's own time. */
const SLOW_ELEMENTS = 1000;

const READERS: Readonly<Record<string, readonly string[]>> = {
  list: ['LRANGE', '0', '-1'],
  set: ['SMEMBERS'],
  zset: ['ZRANGE', '0', '-1'],
};

interface Options {
  target: Buffer | undefined;
  /** Patterns that make keys of elements: each holds a `*`. */
  patterns: Buffer[];
}

function optionsOf(argv: readonly Buffer[]): Options {
  const options: Options = { target: undefined, patterns: [] };
  for (let i = 2; i < argv.length; i++) {
    const word = argv[i].toString('latin1').toLowerCase();
    if (word === 'limit') i += 2;
    else if (i + 1 < argv.length && word === 'store') options.target = argv[++i];
    else if (i + 1 < argv.length && (word === 'by' || word === 'get')) {
      i++;
      if (argv[i].includes(0x2a)) options.patterns.push(argv[i]);
    }
  }
  return options;
}

/** The key that a pattern makes of an element; what follows `->` names a field of a hash and not the key. */
function keyOf(pattern: Buffer, element: Buffer): Buffer {
  const star = pattern.indexOf(0x2a);
  const arrow = pattern.indexOf('->', star + 1);
  // With nothing behind it, an arrow is part of the key.
  const end = arrow >= 0 && arrow + 2 < pattern.length ? arrow : pattern.length;
  return Buffer.concat([pattern.subarray(0, star), element, pattern.subarray(star + 1, end)]);
}

export function leadSort(lead: Leader): Buffer {
  const { argv, context } = lead;
  const source = argv[1];
  const { target, patterns } = optionsOf(argv);
  const home = lead.route(target ?? source);
  if (!lead.patient && sizeOf(lead, source) > SLOW_BYTES) throw new Slow();
  try {
    const guests = new Map([[source.toString('latin1'), source]]);
    const type = typeOf(lead, source);
    const reader = READERS[type];
    if (reader && patterns.length > 0) {
      const reply = lead.on(lead.route(source), [text(reader[0]), source, ...reader.slice(1).map(text)], {
        ...silent(context),
        proto: 2,
      });
      if (isError(reply)) return reply;
      const elements = elementsOf(reply);
      if (!lead.patient && elements.length > SLOW_ELEMENTS) throw new Slow();
      for (const element of elements) {
        for (const pattern of patterns) {
          const key = keyOf(pattern, bulkOf(element)!);
          guests.set(key.toString('latin1'), key);
        }
      }
    }
    const refused = bringGuests(lead, home, guests.values());
    if (refused) return refused;
    const reply = lead.on(home, argv);
    // What cannot be sorted is no reason to leave the set as it was: Redis finds out too late.
    const begun = !isError(reply) || reply.includes('into double');
    if (type === 'zset' && begun && lead.route(source) !== home)
      lead.on(lead.route(source), [text('\0SORTED'), source]);
    return reply;
  } finally {
    lead.guestsClear(home);
  }
}

// Keys as such: deleting, moving, expiring, listing, and asking about them.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

function expire(draw: Draw): Arg[] {
  const { random } = draw;
  const name = random.pick(['EXPIRE', 'PEXPIRE', 'EXPIREAT', 'PEXPIREAT']);
  const perSecond = name.startsWith('P') ? 1000 : 1;
  let when: Arg;
  if (random.oneIn(10)) when = draw.badExpiry();
  else if (!name.endsWith('AT')) when = random.oneIn(12) ? -5 : draw.relativeSeconds() * perSecond;
  else when = (random.oneIn(8) ? draw.pastSeconds() : draw.farSeconds()) * perSecond;
  const conditions = ['NX', 'XX', 'GT', 'LT', 'gt', 'lt'];
  const options: Arg[] = random.oneIn(2) ? [random.pick(conditions)] : [];
  if (random.oneIn(12)) options.push(random.pick([...conditions, 'nonsense']));
  return [name, draw.key(), when, ...options];
}

function copy(draw: Draw): Arg[] {
  const { random } = draw;
  const options: Arg[][] = [];
  if (random.oneIn(3)) options.push(['DB', draw.database()]);
  if (random.oneIn(2)) options.push(['REPLACE']);
  if (random.oneIn(15)) options.push([random.pick(['DB', 'REPLACE', 'nonsense'])]);
  return ['COPY', draw.key(), draw.key(), ...random.shuffled(options).flat()];
}

const keys = (draw: Draw): Arg[] => draw.some(1, 5, () => draw.key());

export const keyspaceFamilies: readonly Family[] = [
  {
    name: 'delete',
    weight: 3,
    makers: [
      [2, (draw) => ['DEL', ...keys(draw)]],
      [1, (draw) => ['UNLINK', ...keys(draw)]],
    ],
  },
  {
    name: 'exists',
    weight: 3,
    makers: [
      [2, (draw) => ['EXISTS', ...keys(draw)]],
      [2, (draw) => ['TYPE', draw.key()]],
      [1, (draw) => ['TOUCH', ...keys(draw)]],
    ],
  },
  {
    name: 'expire',
    weight: 5,
    makers: [
      [6, expire],
      [2, (draw) => ['PERSIST', draw.key()]],
      [5, (draw) => [draw.random.pick(['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME']), draw.key()]],
    ],
  },
  {
    name: 'rename',
    weight: 3,
    makers: [
      [2, (draw) => ['RENAME', draw.key(), draw.key()]],
      [2, (draw) => ['RENAMENX', draw.key(), draw.key()]],
      [3, copy],
    ],
  },
  {
    name: 'databases',
    weight: 2,
    makers: [
      [3, (draw) => ['SELECT', draw.database()]],
      [2, (draw) => ['MOVE', draw.key(), draw.database()]],
      [1, (draw) => ['SWAPDB', draw.database(), draw.database()]],
    ],
  },
  {
    name: 'list keys',
    weight: 2,
    makers: [
      [2, (draw) => ['KEYS', draw.pattern()]],
      [1, () => ['RANDOMKEY']],
      [3, () => ['DBSIZE']],
    ],
  },
  {
    name: 'objects',
    weight: 3,
    makers: [
      [5, (draw) => ['OBJECT', 'ENCODING', draw.key()]],
      [1, (draw) => ['OBJECT', draw.random.pick(['REFCOUNT', 'FREQ', 'IDLETIME', 'NONSENSE']), draw.key()]],
      [
        1,
        (draw) => {
          const samples: Arg[] = draw.random.oneIn(3) ? ['SAMPLES', draw.random.pick([0, 5, -1, 'abc'])] : [];
          return ['MEMORY', 'USAGE', draw.key(), ...samples];
        },
      ],
    ],
  },
];

// Places in sorted sets. Distances are made from the C library's sine and its relatives, whose last bit is the machine's
// own: so most of what is measured lies near by, and the distances that are stored are those to the very same spot.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

const MEMBERS = Array.from({ length: 40 }, (_, i) => (i % 5 === 0 ? String(i) : `place:${i}`));
const ODD_MEMBERS = ['', '-1', '007', '9223372036854775807', 'a\0b', '\xff\xfe', 'x'.repeat(70)];
/** Longitude and latitude that places lie around. */
const CENTRES = [
  [13.361389, 38.115556],
  [13.5, 38.2],
  [-0.0001, 0.0001],
  [-74.6, -33.7],
] as const;
const EDGES: readonly [Arg, Arg][] = [
  [180, 85.05112878],
  [-180, -85.05112878],
  [179.999, 84.9],
  [-179.999, -84.9],
  [0, 0],
  [0, 85],
];
const OFF_THE_MAP: readonly [Arg, Arg][] = [
  [181, 0],
  [-180.0001, 0],
  [0, 86],
  [0, -85.06],
  ['inf', 0],
  [0, '-inf'],
  ['nan', 0],
  ['1e300', '1e300'],
  ['abc', 0],
  [0, ''],
  [' 1', 1],
];
const UNITS = ['m', 'km', 'KM', 'ft', 'mi'] as const;

const member = (draw: Draw): Arg => (draw.random.oneIn(30) ? draw.random.pick(ODD_MEMBERS) : draw.random.pick(MEMBERS));

/** A number with a few decimals around another one. */
const around = (draw: Draw, centre: number, reach: number): string =>
  (centre + (draw.random.below(2001) - 1000) * (reach / 1000)).toFixed(draw.random.pick([3, 6, 9]));

function place(draw: Draw): [Arg, Arg] {
  const { random } = draw;
  if (random.oneIn(40)) return random.pick(OFF_THE_MAP);
  if (random.oneIn(25)) return random.pick(EDGES);
  const [longitude, latitude] = random.pick(CENTRES);
  const reach = random.pick([0, 0.0001, 0.01, 0.5]);
  return [around(draw, longitude, reach), around(draw, latitude, reach)];
}

const unit = (draw: Draw): Arg =>
  draw.random.oneIn(40) ? draw.random.pick(['', 'cm', 'm\0', 'k m']) : draw.random.pick(UNITS);

function size(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(25)) return random.pick(['-1', 'abc', '', 'nan', 'inf', '0', '-0', '1e-5']);
  return random.between(1, 9) * 10 ** random.between(-1, 5);
}

const COUNTED = (draw: Draw): Arg[] => {
  const { random } = draw;
  const args: Arg[] = [
    'COUNT',
    random.oneIn(12) ? random.pick<Arg>([0, -1, 'abc', '9223372036854775807']) : random.between(1, 12),
  ];
  if (random.oneIn(3)) args.push('ANY');
  return args;
};

/** Options that say what is answered, in any order. */
function answerOptions(draw: Draw): Arg[] {
  const { random } = draw;
  const parts: Arg[][] = [];
  if (random.oneIn(2)) parts.push([random.pick(['ASC', 'DESC', 'asc'])]);
  if (random.oneIn(3)) parts.push(COUNTED(draw));
  if (random.oneIn(40)) parts.push(['ANY']);
  return random.shuffled(parts).flat();
}

function withOptions(draw: Draw): Arg[] {
  const { random } = draw;
  return ['WITHDIST', 'WITHHASH', 'WITHCOORD'].filter(() => random.oneIn(3));
}

const centre = (draw: Draw): Arg[] =>
  draw.random.oneIn(2) ? ['FROMMEMBER', member(draw)] : ['FROMLONLAT', ...place(draw)];
const shape = (draw: Draw): Arg[] =>
  draw.random.oneIn(2) ? ['BYRADIUS', size(draw), unit(draw)] : ['BYBOX', size(draw), size(draw), unit(draw)];

/** Centre, shape and what else there is to say, mostly in the usual order, sometimes with one part twice or none. */
function search(draw: Draw, rest: Arg[]): Arg[] {
  const { random } = draw;
  const parts = [centre(draw), shape(draw), answerOptions(draw), rest];
  if (random.oneIn(25)) parts.splice(random.below(2), 1);
  if (random.oneIn(25)) parts.push(random.oneIn(2) ? centre(draw) : shape(draw));
  return (random.oneIn(3) ? random.shuffled(parts) : parts).flat();
}

/** Where GEORADIUS stores. */
const storeOptions = (draw: Draw): Arg[] => (draw.random.oneIn(3) ? ['STORE', draw.key()] : []);
/** A circle that only holds what is where its centre is. */
const SAME_SPOT: readonly Arg[] = ['0.01', 'm'];

export const geoFamilies: readonly Family[] = [
  {
    name: 'places',
    weight: 6,
    makers: [
      [
        6,
        (draw) => {
          const { random } = draw;
          const options = ['NX', 'XX', 'CH'].filter(() => random.oneIn(7));
          const places = draw.some(1, random.oneIn(4) ? 25 : 4, () => [...place(draw), member(draw)]);
          return ['GEOADD', draw.key(), ...options, ...places.flat()];
        },
      ],
      [2, (draw) => ['GEOPOS', draw.key(), ...draw.some(0, 4, () => member(draw))]],
      [2, (draw) => ['GEOHASH', draw.key(), ...draw.some(0, 4, () => member(draw))]],
      [3, (draw) => ['GEODIST', draw.key(), member(draw), member(draw), ...draw.some(0, 1, () => unit(draw))]],
    ],
  },
  {
    name: 'places near by',
    weight: 6,
    makers: [
      [6, (draw) => ['GEOSEARCH', draw.key(), ...search(draw, withOptions(draw))]],
      [
        2,
        (draw) => {
          const { random } = draw;
          if (random.oneIn(3)) {
            const same = ['FROMMEMBER', member(draw), 'BYRADIUS', ...SAME_SPOT, 'STOREDIST', ...answerOptions(draw)];
            return ['GEOSEARCHSTORE', draw.key(), draw.key(), ...same];
          }
          const rest = random.oneIn(20) ? withOptions(draw) : [];
          return ['GEOSEARCHSTORE', draw.key(), draw.key(), ...search(draw, rest)];
        },
      ],
      [
        2,
        (draw) => {
          const rest = draw.random.shuffled([answerOptions(draw), withOptions(draw), storeOptions(draw)]).flat();
          return ['GEORADIUS', draw.key(), ...place(draw), size(draw), unit(draw), ...rest];
        },
      ],
      [
        2,
        (draw) => {
          if (draw.random.oneIn(4)) {
            const same = [...SAME_SPOT, 'STOREDIST', draw.key(), ...answerOptions(draw)];
            return ['GEORADIUSBYMEMBER', draw.key(), member(draw), ...same];
          }
          const rest = draw.random.shuffled([answerOptions(draw), withOptions(draw), storeOptions(draw)]).flat();
          return ['GEORADIUSBYMEMBER', draw.key(), member(draw), size(draw), unit(draw), ...rest];
        },
      ],
      [
        1,
        (draw) => {
          const rest = [...answerOptions(draw), ...withOptions(draw), ...(draw.random.oneIn(20) ? ['STORE', 'k'] : [])];
          return ['GEORADIUS_RO', draw.key(), ...place(draw), size(draw), unit(draw), ...rest];
        },
      ],
      [
        1,
        (draw) => {
          const rest = [...answerOptions(draw), ...withOptions(draw), ...(draw.random.oneIn(20) ? ['STORE', 'k'] : [])];
          return ['GEORADIUSBYMEMBER_RO', draw.key(), member(draw), size(draw), unit(draw), ...rest];
        },
      ],
    ],
  },
];

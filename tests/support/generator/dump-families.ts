// RESTORE of payloads, most of them sound, and DUMP, whose bytes are compared elsewhere.
import { payloadOf } from '../crc64.js';
import { OLD } from '../payloads.js';
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

const SMALL = OLD.filter(({ body }) => body.length < 200);

function stringBody(draw: Draw): Buffer {
  const { random } = draw;
  const text = draw.value();
  const bytes = Buffer.from(text instanceof Uint8Array ? text : String(text)).subarray(0, 60);
  const forms: (() => Buffer)[] = [
    () => Buffer.concat([Buffer.from([0, bytes.length]), bytes]),
    () => Buffer.from([0, 0xc0, random.below(256)]),
    () => Buffer.from([0, 0xc1, random.below(256), random.below(256)]),
    () => Buffer.from([0, 0xc2, ...random.bytes(4)]),
    // LZF: "ab", then four bytes from two back.
    () => Buffer.from([0, 0xc3, 5, 6, 1, 0x61, 0x62, 0x40, 1]),
  ];
  return random.pick(forms)();
}

function payload(draw: Draw): Buffer {
  const { random } = draw;
  const body = random.oneIn(3) ? stringBody(draw) : random.pick(SMALL).body;
  const whole = payloadOf(body, random.oneIn(15) ? random.pick([0, 1, 12, 255, 65535]) : random.between(6, 10));
  if (random.oneIn(15)) whole[random.below(whole.length)] ^= 1;
  if (random.oneIn(25)) return whole.subarray(0, random.below(whole.length));
  return random.oneIn(25)
    ? payloadOf(random.pick([Buffer.alloc(0), Buffer.from([0]), Buffer.from([22, 1]), Buffer.from([1, 0])]))
    : whole;
}

/** No deadline, or one that cannot pass or come while a test runs. */
const PAST_MS = 1;

function time(draw: Draw): Arg[] {
  const { random } = draw;
  // Short relative times would pass at a moment that differs between the servers.
  if (random.oneIn(20)) return [random.pick<Arg>(['abc', '', -1, '1.5', '9223372036854775808', '9223372036854775807'])];
  if (random.oneIn(3)) return [0];
  return random.oneIn(2)
    ? [random.pick([4_102_444_800_000, PAST_MS, 1_000_000_000_000]), 'ABSTTL']
    : [0, random.pick(['ABSTTL', 'absttl'])];
}

function options(draw: Draw): Arg[] {
  const { random } = draw;
  const found: Arg[] = random.oneIn(3) ? [] : ['REPLACE'];
  if (random.oneIn(8)) found.push('IDLETIME', random.oneIn(3) ? draw.integer() : random.below(10_000));
  if (random.oneIn(8)) found.push('FREQ', random.oneIn(3) ? draw.integer() : random.below(256));
  if (random.oneIn(30)) found.push(draw.junk());
  return found;
}

export const dumpFamilies: readonly Family[] = [
  {
    name: 'payloads',
    weight: 2,
    makers: [
      [
        4,
        (draw) => {
          const [ttl, ...rest] = time(draw);
          const key = draw.key();
          // Bent, so that ABSTTL were lost, a deadline long past would be one in a millisecond.
          if (ttl === PAST_MS) draw.followUps = [['EXISTS', key]];
          return ['RESTORE', key, ttl, payload(draw), ...rest, ...options(draw)];
        },
      ],
      [1, (draw) => ['DUMP', draw.key()]],
      [1, (draw) => ['OBJECT', draw.random.pick(['ENCODING', 'REFCOUNT']), draw.key()]],
    ],
  },
];

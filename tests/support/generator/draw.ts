// What the command families draw from: keys that collide, values around every boundary, numbers valid and not.
import type { Arg } from '../resp-client.js';
import type { Random } from '../seed.js';

const ascii = (length: number) =>
  Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789'.repeat(length / 36 + 1)).subarray(0, length);

/** Every key that a stream uses on purpose. Few, so that commands meet each other's work. */
const KEYS: readonly Buffer[] = [
  ...['a', 'b', 'c', 'key:1', 'key:2', 'key:3', 'user:1000', '{tag}one', '{tag}two', '12345', '*?[a-c]', 'naïve'],
  ...['', ' ', 'with space', 'line\r\nbreak', '"quoted"', 'back\\slash'],
].map((key) => Buffer.from(key));
const ODD_KEYS: readonly Buffer[] = [
  Buffer.from([0]),
  Buffer.from('nul\0inside'),
  Buffer.from([0xff, 0xfe, 0x80]),
  ascii(44),
  ascii(300),
  Buffer.concat([ascii(64), Buffer.from([0])]),
];

const INTEGERS = [0, 1, -1, 2, 7, 8, 9, 10, 99, 127, 128, 255, 256, 9999, 10000, 10001, 65535, -32768] as const;
const I64_EDGES = [
  ...['9223372036854775807', '9223372036854775806', '-9223372036854775808', '-9223372036854775807'],
  ...['9223372036854775800', '-9223372036854775800', '4611686018427387904', '2147483648', '-2147483649', '4294967295'],
] as const;
/** Texts that look like numbers and are no integers in Redis's eyes, whatever the command. */
const NO_INTEGERS = [
  ...['abc', '', ' 1', '1 ', '+1', '0x10', '007', '-0', '1.5', '1e3', 'nan', 'inf', '-inf', '--1', '1\0', '-'],
  ...['9223372036854775808', '-9223372036854775809', '18446744073709551616', '99999999999999999999999'],
] as const;
const FLOATS = [
  ...[
    '0.1',
    '-0.1',
    '0.5',
    '1.5',
    '3.0',
    '3.0e3',
    '5.0e-2',
    '10.25',
    '-2.75',
    '1e10',
    '123456.789',
    '.5',
    '5.',
    '+0.25',
  ],
] as const;
const NO_FLOATS = ['abc', '', ' 1.5', '1.5 ', 'nan', 'inf', '-inf', '1.5.2', '1e', '0x', '1,5'] as const;
/** Around OBJECT ENCODING's switch at 44 bytes, and the sizes at which stores change how they keep a string. */
const BOUNDARY_LENGTHS = [1, 2, 7, 8, 15, 16, 20, 21, 31, 32, 43, 44, 45, 63, 64, 65, 127, 128, 129] as const;

/** Deadlines that cannot pass or come while a test runs, in Unix seconds; relative ones never reach this far. */
const FAR_SECONDS = [4_000_000_000, 4_102_444_800, 4_102_444_801, 9_000_000_000, 253_402_300_799] as const;
const PAST_SECONDS = [1, 1_000_000_000, 1_500_000_000] as const;
/** Prime, so that multiples of a number below it visit every remainder before one comes twice. */
const RELATIVE_STEPS = 1_000_003;

export interface Limits {
  /** Longest value drawn, bytes. */
  valueBytesMax: number;
  /** Highest byte offset that SETRANGE, SETBIT and BITFIELD write at. */
  offsetBytesMax: number;
}

export class Draw {
  readonly keys: readonly Buffer[];
  /** Commands that must follow the one being made before anything else looks at the keyspace. */
  followUps: Arg[][] = [];
  /** The kinds of values in this stream: some streams are all counters, some all text. */
  readonly #valueMakers: readonly (() => Arg)[];
  #relative = 0;

  constructor(
    readonly random: Random,
    readonly limits: Limits,
  ) {
    const all = random.shuffled([...KEYS, ...ODD_KEYS]);
    this.keys = all.slice(0, random.between(3, all.length));
    const makers: (() => Arg)[] = [
      () => random.pick(INTEGERS),
      () => random.pick(INTEGERS),
      () => random.pick(I64_EDGES),
      () => random.pick(NO_INTEGERS),
      () => random.pick(FLOATS),
      () => '',
      () => random.bytes(random.below(21)),
      () => this.text(random.pick(BOUNDARY_LENGTHS)),
      () => this.text(random.pick(BOUNDARY_LENGTHS)),
      () => random.pick(['hello world', 'ohmytext', 'mynewtext', 'foobar', 'abcabcabc', '\xff\xf0\x00', '\0\0\0']),
      () => this.text(random.between(0, random.oneIn(10) ? limits.valueBytesMax : 200)),
    ];
    this.#valueMakers = random.oneIn(2) ? makers : random.shuffled(makers).slice(0, random.between(1, 4));
  }

  key(): Buffer {
    return this.random.pick(this.keys);
  }

  /** Between `low` and `high` draws. */
  some<T>(low: number, high: number, draw: () => T): T[] {
    return Array.from({ length: this.random.between(low, high) }, draw);
  }

  value(): Arg {
    return this.#valueMakers[this.random.below(this.#valueMakers.length)]();
  }

  /** `length` bytes, at most the limit, that start at a random place of a fixed text. */
  text(length: number): Buffer {
    const start = this.random.below(26);
    return Buffer.from(ascii(start + Math.min(length, this.limits.valueBytesMax)).subarray(start));
  }

  /** An integer argument: mostly small and right, sometimes at the edge of 64 bits, rarely no integer at all. */
  integer(): Arg {
    const { random } = this;
    if (random.oneIn(12)) return random.pick(NO_INTEGERS);
    if (random.oneIn(5)) return random.pick(I64_EDGES);
    return random.pick(INTEGERS);
  }

  float(): Arg {
    const { random } = this;
    if (random.oneIn(10)) return random.pick(NO_FLOATS);
    if (random.oneIn(6)) return random.pick(INTEGERS);
    return random.pick(FLOATS);
  }

  /** An index into a string: near its ends, negative, far out, or wrong. */
  index(): Arg {
    const { random } = this;
    if (random.oneIn(25)) return random.pick(NO_INTEGERS);
    if (random.oneIn(15)) return random.pick(I64_EDGES);
    return random.oneIn(4) ? random.between(-300, 300) : random.between(-12, 12);
  }

  /** A byte offset to write at: small enough to hold, or so large that it must be refused. */
  byteOffset(): Arg {
    const { random } = this;
    if (random.oneIn(12)) return random.pick(['-1', '536870912', '9223372036854775807', 'abc', '1.5', '']);
    return random.between(0, random.oneIn(6) ? this.limits.offsetBytesMax : 60);
  }

  /** A bit offset to write at, as `byteOffset`. */
  bitOffset(): Arg {
    const { random } = this;
    if (random.oneIn(12)) return random.pick(['-1', '4294967296', '9223372036854775807', 'abc', '1.5', '', '#1']);
    return random.between(0, 8 * (random.oneIn(6) ? this.limits.offsetBytesMax : 20));
  }

  database(): Arg {
    const { random } = this;
    if (random.oneIn(12)) return random.pick(['16', '-1', 'abc', '', '9223372036854775808', '4294967296', '1.0']);
    return random.pick([0, 0, 0, 1, 1, 2, 9, 15]);
  }

  pattern(): Arg {
    const { random } = this;
    const fixed = [
      '*',
      '*',
      '?',
      '??',
      'key:*',
      'key:?',
      '[abc]',
      '[a-c]',
      '[^a]',
      '[c-a]',
      '*:*',
      'k*1',
      '',
      '\\*',
      '**',
    ];
    const broken = ['[', '[a', '[a-', '[]', '\\', '[^', '*[', '[\\]]', '\\*?*', '{tag}*', '*\r\n*', '*\0*', 'a*b*c*'];
    return random.oneIn(8) ? this.key() : random.pick(random.oneIn(3) ? broken : fixed);
  }

  /**
   * A span from now, in seconds: years ahead, and never the same one twice in a stream, so that no GT or LT depends on
   * how many milliseconds passed between two commands.
   */
  relativeSeconds(): number {
    this.#relative++;
    return 1_000_000 + ((this.#relative * 618_033) % RELATIVE_STEPS) * 1000;
  }

  /** A deadline in Unix seconds that no test lives to see. */
  farSeconds(): number {
    return this.random.pick(FAR_SECONDS);
  }

  /** A deadline in Unix seconds that has passed; see `touchExpired`. */
  pastSeconds(): number {
    return this.random.pick(PAST_SECONDS);
  }

  /** A span or deadline at or beyond the limits: refused by most commands, taken as past by some. */
  badExpiry(): Arg {
    return this.random.pick(['0', '-1', '-9223372036854775808', '9223372036854775807', 'abc', '', '1.5']);
  }

  /** An argument to put where it does not belong. No small positive number: it could become a short expiry. */
  junk(): Arg {
    return this.random.oneIn(3)
      ? this.random.pick(['-1', 'EX', 'GET', 'syntax', '*', this.text(200)])
      : this.random.pick(NO_INTEGERS);
  }

  /**
   * Says that a key may just have been given a deadline that has passed. When such a key leaves the keyspace is the
   * server's business; looking at it makes it leave at once, on both sides.
   */
  touchExpired(...keys: Arg[]): void {
    this.followUps.push(['EXISTS', ...keys]);
  }
}

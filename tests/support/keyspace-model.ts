// A plain model of the keyspace: a Map per database, strings and deadlines, and a clock that the test sets. It knows
// nothing of tables, encodings or memory; what it answers is what the kernel has to answer.
import type { Random } from './seed.js';

export type Command = readonly string[];

interface Entry {
  value: string;
  /** Unix milliseconds, -1: none. */
  expires: number;
}

const OK = '+OK\r\n';
const NULL = '$-1\r\n';
const int = (value: number | bigint) => `:${value}\r\n`;
const bulk = (value: string) => `$${value.length}\r\n${value}\r\n`;
const NOT_INTEGER = '-ERR value is not an integer or out of range\r\n';
const I64_MAX = 2n ** 63n - 1n;

/** Is this text exactly what a 64-bit integer is written as? */
function integerOf(text: string): bigint | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= I64_MAX && value >= -I64_MAX - 1n ? value : undefined;
}

export class KeyspaceModel {
  now = 1_700_000_000_000;
  db = 0;
  readonly databases: Map<string, Entry>[];

  constructor(count = 16) {
    this.databases = Array.from({ length: count }, () => new Map());
  }

  #live(key: string, db = this.db): Entry | undefined {
    const entry = this.databases[db].get(key);
    if (!entry || entry.expires === -1 || this.now <= entry.expires) return entry;
    this.databases[db].delete(key);
    return undefined;
  }

  #put(key: string, value: string, expires = -1, db = this.db): void {
    this.databases[db].set(key, { value, expires });
  }

  /** Forgets what has expired, as a pass of active expiry does. */
  expireAll(): void {
    for (let db = 0; db < this.databases.length; db++)
      for (const key of [...this.databases[db].keys()]) this.#live(key, db);
  }

  /** The reply to a command, errors included. */
  apply([name, ...args]: Command): string {
    const [key, a, b] = args;
    const space = this.databases[this.db];
    switch (name) {
      case 'SET':
        return this.#set(key, a, args.slice(2));
      case 'SETNX':
        if (this.#live(key)) return int(0);
        this.#put(key, a);
        return int(1);
      case 'SETEX':
        this.#put(key, b, this.now + Number(a) * 1000);
        return OK;
      case 'GET':
        return this.#reply(key);
      case 'GETSET': {
        const reply = this.#reply(key);
        this.#put(key, a);
        return reply;
      }
      case 'GETDEL': {
        const reply = this.#reply(key);
        space.delete(key);
        return reply;
      }
      case 'GETEX':
        return this.#getex(key, args.slice(1));
      case 'STRLEN':
        return int(this.#live(key)?.value.length ?? 0);
      case 'MGET':
        return `*${args.length}\r\n${args.map((each) => this.#reply(each)).join('')}`;
      case 'MSET':
        for (let i = 0; i < args.length; i += 2) this.#put(args[i], args[i + 1]);
        return OK;
      case 'MSETNX':
        for (let i = 0; i < args.length; i += 2) if (this.#live(args[i])) return int(0);
        for (let i = 0; i < args.length; i += 2) this.#put(args[i], args[i + 1]);
        return int(1);
      case 'APPEND': {
        const entry = this.#live(key) ?? { value: '', expires: -1 };
        entry.value += a;
        space.set(key, entry);
        return int(entry.value.length);
      }
      case 'SETRANGE': {
        const entry = this.#live(key);
        if (b === '') return int(entry?.value.length ?? 0);
        const old = entry?.value ?? '';
        const padded = old.padEnd(Number(a), '\0');
        const value = padded.slice(0, Number(a)) + b + padded.slice(Number(a) + b.length);
        this.#put(key, value, entry?.expires);
        return int(value.length);
      }
      case 'GETRANGE':
        return this.#getrange(this.#live(key)?.value ?? '', Number(a), Number(b));
      case 'INCRBY': {
        const entry = this.#live(key);
        const had = integerOf(entry?.value ?? '0');
        if (had === undefined) return NOT_INTEGER;
        const sum = had + BigInt(a);
        if (sum > I64_MAX || sum < -I64_MAX - 1n) return '-ERR increment or decrement would overflow\r\n';
        this.#put(key, String(sum), entry?.expires);
        return int(sum);
      }
      case 'DEL':
      case 'UNLINK':
        return int(args.filter((each) => this.#live(each) && space.delete(each)).length);
      case 'EXISTS':
        return int(args.filter((each) => this.#live(each)).length);
      case 'EXPIRE':
      case 'PEXPIRE':
      case 'EXPIREAT':
      case 'PEXPIREAT': {
        const unit = name[0] === 'P' ? 1 : 1000;
        return this.#expire(key, Number(a) * unit + (name.endsWith('AT') ? 0 : this.now), b);
      }
      case 'PTTL':
      case 'PEXPIRETIME': {
        const entry = this.#live(key);
        if (!entry) return int(-2);
        if (entry.expires === -1) return int(-1);
        return int(entry.expires - (name === 'PTTL' ? this.now : 0));
      }
      case 'PERSIST': {
        const entry = this.#live(key);
        if (!entry || entry.expires === -1) return int(0);
        entry.expires = -1;
        return int(1);
      }
      case 'RENAME':
      case 'RENAMENX': {
        const entry = this.#live(key);
        if (!entry) return '-ERR no such key\r\n';
        const only = name === 'RENAMENX';
        if (only && this.#live(a)) return int(0);
        space.delete(key);
        space.set(a, entry);
        return only ? int(1) : OK;
      }
      case 'COPY':
        return this.#copy(key, a, args.slice(2));
      case 'MOVE': {
        const target = Number(a);
        if (target === this.db) return '-ERR source and destination objects are the same\r\n';
        const entry = this.#live(key);
        if (!entry || this.#live(key, target)) return int(0);
        space.delete(key);
        this.databases[target].set(key, entry);
        return int(1);
      }
      case 'FLUSHDB':
        space.clear();
        return OK;
      case 'FLUSHALL':
        for (const each of this.databases) each.clear();
        return OK;
      case 'SWAPDB': {
        const [x, y] = [Number(key), Number(a)];
        [this.databases[x], this.databases[y]] = [this.databases[y], this.databases[x]];
        return OK;
      }
      default:
        throw new Error(`the model does not know ${name}`);
    }
  }

  #reply(key: string): string {
    const entry = this.#live(key);
    return entry ? bulk(entry.value) : NULL;
  }

  /** The deadline that an option with its value sets; undefined if it is no such option. */
  #deadline(option: string, value: string): number | undefined {
    const times: Record<string, number> = {
      EX: this.now + Number(value) * 1000,
      PX: this.now + Number(value),
      EXAT: Number(value) * 1000,
      PXAT: Number(value),
    };
    return times[option];
  }

  #set(key: string, value: string, options: string[]): string {
    const old = this.#live(key);
    const before = old ? bulk(old.value) : NULL;
    let expires = options.includes('KEEPTTL') ? (old?.expires ?? -1) : -1;
    options.forEach((option, i) => {
      expires = this.#deadline(option, options[i + 1]) ?? expires;
    });
    if ((options.includes('NX') && old) || (options.includes('XX') && !old))
      return options.includes('GET') ? before : NULL;
    this.#put(key, value, expires);
    return options.includes('GET') ? before : OK;
  }

  #getex(key: string, [option, value]: string[]): string {
    const entry = this.#live(key);
    if (!entry) return NULL;
    if (option === 'PERSIST') entry.expires = -1;
    else if (option) {
      entry.expires = this.#deadline(option, value)!;
      if (option.endsWith('AT') && entry.expires <= this.now) this.databases[this.db].delete(key);
    }
    return bulk(entry.value);
  }

  #getrange(value: string, from: number, to: number): string {
    const start = Math.max(from < 0 ? from + value.length : from, 0);
    const end = Math.min(Math.max(to < 0 ? to + value.length : to, 0), value.length - 1);
    return from < 0 && to < 0 && from > to ? bulk('') : bulk(start > end ? '' : value.slice(start, end + 1));
  }

  #expire(key: string, when: number, condition: string | undefined): string {
    const entry = this.#live(key);
    if (!entry) return int(0);
    const had = entry.expires;
    if (condition === 'NX' && had !== -1) return int(0);
    if (condition === 'XX' && had === -1) return int(0);
    if (condition === 'GT' && (had === -1 || when <= had)) return int(0);
    if (condition === 'LT' && had !== -1 && when >= had) return int(0);
    if (when <= this.now) this.databases[this.db].delete(key);
    else entry.expires = when;
    return int(1);
  }

  #copy(from: string, to: string, options: string[]): string {
    const at = options.indexOf('DB');
    const target = at === -1 ? this.db : Number(options[at + 1]);
    if (target === this.db && from === to) return '-ERR source and destination objects are the same\r\n';
    const entry = this.#live(from);
    if (!entry || (this.#live(to, target) && !options.includes('REPLACE'))) return int(0);
    this.databases[target].set(to, { ...entry });
    return int(1);
  }
}

/** Sizes on both sides of every way a string is kept, up to values that are pinned. */
const LENGTHS = [0, 1, 3, 7, 8, 15, 16, 17, 33, 44, 45, 120, 254, 255, 256, 300, 1000, 4000, 5000];
const LONG_LENGTHS = [65535, 65536, 70000, 200000];

/** Draws commands that the model knows, over few keys, so that they meet each other's work. */
export class CommandDraw {
  readonly #keys: string[];

  constructor(
    readonly random: Random,
    readonly model: KeyspaceModel,
    /** One value in so many is longer than a reply copies; 0 none. */
    readonly longOneIn = 60,
    keyCount = 60,
  ) {
    this.#keys = [
      '',
      '\0',
      'nul\0inside',
      'line\r\nbreak',
      `k${'x'.repeat(300)}`,
      'w'.repeat(65534),
      'w'.repeat(65535),
      'w'.repeat(70000),
    ];
    for (let i = this.#keys.length; i < keyCount; i++) this.#keys.push(`key:${i}`);
  }

  #key(): string {
    // The very long keys are rare, or nothing else would show in the time.
    return this.random.oneIn(40) ? this.random.pick(this.#keys) : this.random.pick(this.#keys.slice(8));
  }

  value(): string {
    const { random } = this;
    if (random.oneIn(3)) return String(random.pick([0, 1, -1, 42, 9999, 10000, 2 ** 40, random.word()]));
    const lengths = this.longOneIn !== 0 && random.oneIn(this.longOneIn) ? LONG_LENGTHS : LENGTHS;
    return String.fromCharCode(random.below(256)).repeat(random.pick(lengths));
  }

  #time(option: string): string {
    const ahead = this.random.pick([1, 5, 50, 1000, 3600]);
    const millis = option.startsWith('P') ? this.random.between(1, 50_000) : ahead * 1000;
    const at = option.endsWith('AT') ? this.model.now + (this.random.oneIn(6) ? -5000 : millis) : millis;
    return String(option.startsWith('P') ? at : Math.ceil(at / 1000));
  }

  #setOptions(): string[] {
    const { random } = this;
    const options: string[] = [];
    if (random.oneIn(2)) {
      const option = random.pick(['EX', 'PX', 'EXAT', 'PXAT', 'KEEPTTL']);
      options.push(option, ...(option === 'KEEPTTL' ? [] : [this.#time(option)]));
    }
    if (random.oneIn(5)) options.push(random.pick(['NX', 'XX']));
    if (random.oneIn(5)) options.push('GET');
    return options;
  }

  command(): Command {
    const { random } = this;
    const key = this.#key();
    const few = (most: number) => Array.from({ length: random.between(1, most) }, () => this.#key());
    const pairs = () => few(4).flatMap((each) => [each, this.value()]);
    const database = () => String(random.below(this.model.databases.length));
    const makers: [number, () => Command][] = [
      [20, () => ['SET', key, this.value(), ...this.#setOptions()]],
      [2, () => ['SETNX', key, this.value()]],
      [2, () => ['SETEX', key, String(random.between(1, 60)), this.value()]],
      [8, () => ['GET', key]],
      [2, () => ['GETSET', key, this.value()]],
      [2, () => ['GETDEL', key]],
      [4, () => this.#getexCommand(key)],
      [2, () => ['STRLEN', key]],
      [2, () => ['MGET', ...few(6)]],
      [2, () => ['MSET', ...pairs()]],
      [2, () => ['MSETNX', ...pairs()]],
      [6, () => ['APPEND', key, this.value()]],
      [4, () => ['SETRANGE', key, String(random.pick([0, 1, 10, 250, 300, 5000])), this.value()]],
      [2, () => ['GETRANGE', key, String(random.between(-20, 300)), String(random.between(-20, 300))]],
      [4, () => ['INCRBY', key, String(random.pick([1, -1, 100, '9223372036854775807', '-9223372036854775808']))]],
      [5, () => [random.pick(['DEL', 'UNLINK', 'EXISTS']), ...few(4)]],
      [8, () => this.#expireCommand(key)],
      [3, () => [random.pick(['PTTL', 'PEXPIRETIME', 'PERSIST']), key]],
      [4, () => [random.pick(['RENAME', 'RENAMENX']), key, this.#key()]],
      [4, () => this.#copyCommand(key)],
      [3, () => ['MOVE', key, database()]],
      [
        1,
        () =>
          random.oneIn(8) ? [random.pick(['FLUSHDB', 'FLUSHDB', 'FLUSHALL'])] : ['SWAPDB', database(), database()],
      ],
    ];
    return random.weighted(makers)();
  }

  #getexCommand(key: string): Command {
    const option = this.random.pick(['', 'PERSIST', 'EX', 'PX', 'EXAT', 'PXAT']);
    return ['GETEX', key, ...(option === '' ? [] : [option]), ...(/X/.test(option) ? [this.#time(option)] : [])];
  }

  #expireCommand(key: string): Command {
    const [name, option] = this.random.pick([
      ['EXPIRE', 'EX'],
      ['PEXPIRE', 'PX'],
      ['EXPIREAT', 'EXAT'],
      ['PEXPIREAT', 'PXAT'],
    ]);
    const time = this.random.oneIn(15) ? '-1' : this.#time(option);
    return [name, key, time, ...(this.random.oneIn(2) ? [this.random.pick(['NX', 'XX', 'GT', 'LT'])] : [])];
  }

  #copyCommand(key: string): Command {
    const { random } = this;
    const options = random.oneIn(2) ? ['REPLACE'] : [];
    if (random.oneIn(2)) options.push('DB', String(random.below(this.model.databases.length)));
    return ['COPY', key, random.oneIn(5) ? key : this.#key(), ...options];
  }
}

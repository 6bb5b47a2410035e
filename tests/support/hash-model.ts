// A plain model of hashes: Maps of Maps, a deadline per field, and a clock that the test sets. It knows nothing of forms
// or memory; of encodings it knows only the rule by which Redis names them.
import type { Random } from './seed.js';

export type Command = readonly string[];

interface Field {
  value: string;
  /** Unix milliseconds, -1: none. */
  expires: number;
}
interface Hash {
  fields: Map<string, Field>;
  /** Once over the limits, or once given a deadline to a field: for ever. */
  large: boolean;
  timed: boolean;
}

/** A reply: its bytes, or what it holds in whatever order; `ordered` says that a packed hash gives it in this order. */
export type Expected = string | { items: string[][]; head: string };

const int = (value: number | bigint) => `:${value}\r\n`;
const bulk = (value: string) => `$${Buffer.byteLength(value, 'latin1')}\r\n${value}\r\n`;
const NULL = '$-1\r\n';
const OK = '+OK\r\n';
const I64_MAX = 2n ** 63n - 1n;
const array = (items: string[]) => `*${items.length}\r\n${items.join('')}`;

function integerOf(text: string): bigint | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= I64_MAX && value >= -I64_MAX - 1n ? value : undefined;
}

export class HashModel {
  now = 1_700_000_000_000;
  readonly keys = new Map<string, Hash>();

  constructor(
    readonly entriesMax = 512,
    readonly valueMax = 64,
  ) {}

  /** The live hash of a key; fields whose time has come are forgotten on the way. */
  live(key: string): Hash | undefined {
    const hash = this.keys.get(key);
    if (!hash) return undefined;
    for (const [name, { expires }] of hash.fields) if (expires !== -1 && this.now > expires) hash.fields.delete(name);
    if (hash.fields.size > 0) return hash;
    this.keys.delete(key);
    return undefined;
  }

  encoding(key: string): string {
    const hash = this.live(key)!;
    if (hash.large) return 'hashtable';
    return hash.timed ? 'listpackex' : 'listpack';
  }

  #set(key: string, name: string, value: string, expires: number): boolean {
    let hash = this.live(key);
    if (!hash) {
      hash = { fields: new Map(), large: false, timed: false };
      this.keys.set(key, hash);
    }
    const created = !hash.fields.has(name);
    hash.fields.set(name, { value, expires });
    if (Math.max(name.length, value.length) > this.valueMax || hash.fields.size > this.entriesMax) hash.large = true;
    if (expires !== -1) hash.timed = true;
    return created;
  }

  #delete(key: string, name: string): boolean {
    const hash = this.live(key);
    if (!hash?.fields.delete(name)) return false;
    if (hash.fields.size === 0) this.keys.delete(key);
    return true;
  }

  #value(key: string, name: string): string {
    const field = this.live(key)?.fields.get(name);
    return field ? bulk(field.value) : NULL;
  }

  /** Gives a field that is there a deadline; one that has passed takes the field away. */
  #deadline(key: string, name: string, expires: number): void {
    if (expires <= this.now) {
      this.#delete(key, name);
      return;
    }
    const hash = this.live(key)!;
    hash.fields.get(name)!.expires = expires;
    hash.timed = true;
  }

  apply([name, key, ...args]: Command): Expected {
    const hash = this.live(key);
    const [a, b] = args;
    switch (name) {
      case 'HSET':
      case 'HMSET': {
        let created = 0;
        for (let i = 0; i < args.length; i += 2) if (this.#set(key, args[i], args[i + 1], -1)) created++;
        return name === 'HSET' ? int(created) : OK;
      }
      case 'HSETNX':
        if (hash?.fields.has(a)) return int(0);
        this.#set(key, a, b, -1);
        return int(1);
      case 'HGET':
        return this.#value(key, a);
      case 'HMGET':
        return array(args.map((each) => this.#value(key, each)));
      case 'HDEL':
        return int(args.filter((each) => this.#delete(key, each)).length);
      case 'HLEN':
        return int(hash?.fields.size ?? 0);
      case 'HEXISTS':
        return int(hash?.fields.has(a) ? 1 : 0);
      case 'HSTRLEN':
        return int(hash?.fields.get(a)?.value.length ?? 0);
      case 'HGETALL':
        return this.#all(hash, 2, (field, { value }) => [field, value]);
      case 'HKEYS':
        return this.#all(hash, 1, (field) => [field]);
      case 'HVALS':
        return this.#all(hash, 1, (_, { value }) => [value]);
      case 'HINCRBY':
        return this.#increment(key, a, BigInt(b));
      case 'HINCRBYFLOAT': {
        const field = hash?.fields.get(a);
        const had = Number(field?.value ?? '0');
        if (!/^-?\d{1,9}(\.\d+)?$/.test(field?.value ?? '0')) return '-ERR hash value is not a float\r\n';
        this.#set(key, a, String(had + Number(b)), field?.expires ?? -1);
        return bulk(String(had + Number(b)));
      }
      case 'HEXPIRE':
      case 'HPEXPIRE':
      case 'HEXPIREAT':
      case 'HPEXPIREAT': {
        const at = Number(a) * (name[1] === 'P' ? 1 : 1000) + (name.endsWith('AT') ? 0 : this.now);
        const condition = b === 'FIELDS' ? '' : b;
        return array(args.slice(b === 'FIELDS' ? 3 : 4).map((each) => int(this.#expire(key, each, at, condition))));
      }
      case 'HPTTL':
      case 'HTTL':
      case 'HPEXPIRETIME':
      case 'HEXPIRETIME':
        return array(args.slice(2).map((each) => int(this.#left(key, each, name))));
      case 'HPERSIST':
        return array(args.slice(2).map((each) => int(this.#persist(key, each))));
      case 'HGETDEL':
        return array(
          args.slice(2).map((each) => {
            const reply = this.#value(key, each);
            this.#delete(key, each);
            return reply;
          }),
        );
      case 'HGETEX':
        return this.#getex(key, args);
      case 'HSETEX':
        return this.#setex(key, args);
      case 'DEL':
        return int(this.keys.delete(key) ? 1 : 0);
      default:
        throw new Error(`the model does not know ${name}`);
    }
  }

  #all(hash: Hash | undefined, width: number, show: (name: string, field: Field) => string[]): Expected {
    const items = [...(hash?.fields ?? [])].map(([name, field]) => show(name, field));
    return { items, head: `*${items.length * width}\r\n` };
  }

  #increment(key: string, name: string, by: bigint): string {
    const field = this.live(key)?.fields.get(name);
    const had = integerOf(field?.value ?? '0');
    if (had === undefined) return '-ERR hash value is not an integer\r\n';
    const sum = had + by;
    if (sum > I64_MAX || sum < -I64_MAX - 1n) return '-ERR increment or decrement would overflow\r\n';
    this.#set(key, name, String(sum), field?.expires ?? -1);
    return int(sum);
  }

  #expire(key: string, name: string, at: number, condition: string): number {
    const field = this.live(key)?.fields.get(name);
    if (!field) return -2;
    const had = field.expires;
    if (condition === 'NX' && had !== -1) return 0;
    if (condition === 'XX' && had === -1) return 0;
    if (condition === 'GT' && (had === -1 || at <= had)) return 0;
    if (condition === 'LT' && had !== -1 && at >= had) return 0;
    this.#deadline(key, name, at);
    return at <= this.now ? 2 : 1;
  }

  #left(key: string, name: string, command: string): number {
    const field = this.live(key)?.fields.get(name);
    if (!field) return -2;
    if (field.expires === -1) return -1;
    const left = field.expires - (command.endsWith('TIME') ? 0 : this.now);
    return command.startsWith('HP') ? left : Math.floor((left + 999) / 1000);
  }

  #persist(key: string, name: string): number {
    const field = this.live(key)?.fields.get(name);
    if (!field) return -2;
    if (field.expires === -1) return -1;
    field.expires = -1;
    return 1;
  }

  /** The deadline that an option with its value sets. */
  #time(option: string, value: string): number {
    return Number(value) * (option[0] === 'E' ? 1000 : 1) + (option.endsWith('AT') ? 0 : this.now);
  }

  #getex(key: string, args: string[]): string {
    const at = args.indexOf('FIELDS');
    return array(
      args.slice(at + 2).map((each) => {
        const reply = this.#value(key, each);
        if (reply === NULL || at === 0) return reply;
        if (args[0] === 'PERSIST') this.live(key)!.fields.get(each)!.expires = -1;
        else this.#deadline(key, each, this.#time(args[0], args[1]));
        return reply;
      }),
    );
  }

  #setex(key: string, args: string[]): string {
    const at = args.indexOf('FIELDS');
    const options = args.slice(0, at);
    const pairs = args.slice(at + 2);
    const names = pairs.filter((_, i) => i % 2 === 0);
    const there = names.filter((each) => this.live(key)?.fields.has(each)).length;
    if (options.includes('FNX') && there > 0) return int(0);
    if (options.includes('FXX') && there < names.length) return int(0);
    const timed = options.findIndex((option) => /^(EX|PX|EXAT|PXAT)$/.test(option));
    const expires = timed === -1 ? -1 : this.#time(options[timed], options[timed + 1]);
    for (let i = 0; i < pairs.length; i += 2) {
      if (timed !== -1 && expires <= this.now) this.#delete(key, pairs[i]);
      else {
        const kept = options.includes('KEEPTTL') ? (this.live(key)?.fields.get(pairs[i])?.expires ?? -1) : expires;
        this.#set(key, pairs[i], pairs[i + 1], kept);
      }
    }
    return int(1);
  }
}

const LENGTHS = [0, 1, 2, 5, 8, 15, 16, 31, 63, 64];
/** Beyond hash-max-listpack-value, beyond what an entry holds, and beyond what a reply copies. */
const LONG_LENGTHS = [65, 100, 255, 256, 300, 4000, 70_000];

/** Draws commands that the model knows, over few keys and few fields, so that they meet each other's work. */
export class HashDraw {
  constructor(
    readonly random: Random,
    readonly model: HashModel,
    /** One value in so many is long; 0 none. */
    readonly longOneIn: number,
    readonly fieldCount: number,
    readonly keyCount = 4,
    /** Without deadlines nothing but HSET's own limits makes a table. */
    readonly deadlines = true,
  ) {}

  key(): string {
    return `hash:${this.random.below(this.keyCount)}`;
  }
  field(): string {
    const { random } = this;
    if (random.oneIn(20)) return random.pick(['', '\0', 'a\r\nb', '-1', '9223372036854775807', '007']);
    return random.oneIn(3) ? String(random.below(this.fieldCount)) : `field:${random.below(this.fieldCount)}`;
  }
  value(): string {
    const { random } = this;
    if (random.oneIn(3))
      return String(random.pick([0, 1, -1, 127, 4095, 4096, 2 ** 31, '123456789012345', random.word()]));
    const lengths = this.longOneIn !== 0 && random.oneIn(this.longOneIn) ? LONG_LENGTHS : LENGTHS;
    return String.fromCharCode(random.below(256)).repeat(random.pick(lengths));
  }
  #fields(most: number): string[] {
    return Array.from({ length: this.random.between(1, most) }, () => this.field());
  }
  #named(most: number): string[] {
    const fields = this.#fields(most);
    return ['FIELDS', String(fields.length), ...fields];
  }
  #pairs(most: number): string[] {
    return this.#fields(most).flatMap((each) => [each, this.value()]);
  }

  /** EX, PX, EXAT or PXAT with its value: mostly ahead, by anything from a millisecond to an hour. */
  #time(option: string): string {
    const { random } = this;
    const ahead = random.pick([1, 20, 500, 5_000, 60_000, 3_600_000]);
    const base = option.endsWith('AT') ? this.model.now : 0;
    const at = random.oneIn(8) ? 0 : base + ahead;
    return String(option[0] === 'E' ? Math.ceil(at / 1000) : at);
  }
  #option(): string[] {
    const option = this.random.pick(['EX', 'PX', 'EXAT', 'PXAT']);
    return [option, this.#time(option)];
  }

  #expire(): Command {
    const { random } = this;
    const [name, option] = random.pick([
      ['HEXPIRE', 'EX'],
      ['HPEXPIRE', 'PX'],
      ['HEXPIREAT', 'EXAT'],
      ['HPEXPIREAT', 'PXAT'],
    ]);
    const condition = random.oneIn(2) ? [random.pick(['NX', 'XX', 'GT', 'LT'])] : [];
    return [name, this.key(), this.#time(option), ...condition, ...this.#named(5)];
  }
  #setex(): Command {
    const { random } = this;
    const pairs = this.#pairs(4);
    const condition = random.oneIn(3) ? [random.pick(['FNX', 'FXX'])] : [];
    const time = random.oneIn(4) ? [] : random.oneIn(3) ? ['KEEPTTL'] : this.#option();
    return ['HSETEX', this.key(), ...condition, ...time, 'FIELDS', String(pairs.length / 2), ...pairs];
  }

  command(): Command {
    const { random } = this;
    const key = this.key();
    const makers: [number, () => Command][] = [
      [20, () => [random.pick(['HSET', 'HSET', 'HMSET']), key, ...this.#pairs(random.oneIn(6) ? 30 : 4)]],
      [3, () => ['HSETNX', key, this.field(), this.value()]],
      [6, () => ['HGET', key, this.field()]],
      [3, () => ['HMGET', key, ...this.#fields(5)]],
      [3, () => [random.pick(['HGETALL', 'HKEYS', 'HVALS']), key]],
      [8, () => ['HDEL', key, ...this.#fields(random.oneIn(4) ? 30 : 3)]],
      [4, () => [random.pick(['HEXISTS', 'HSTRLEN']), key, this.field()]],
      [3, () => ['HLEN', key]],
      [4, () => ['HINCRBY', key, this.field(), String(random.pick([1, -1, 1000, '9223372036854775807']))]],
      [2, () => ['HINCRBYFLOAT', key, `float:${random.below(3)}`, random.pick(['0.5', '-0.25', '3'])]],
      [1, () => ['DEL', key]],
    ];
    if (this.deadlines)
      makers.push(
        [8, () => this.#expire()],
        [4, () => [random.pick(['HTTL', 'HPTTL', 'HEXPIRETIME', 'HPEXPIRETIME']), key, ...this.#named(4)]],
        [2, () => ['HPERSIST', key, ...this.#named(4)]],
        [2, () => ['HGETDEL', key, ...this.#named(3)]],
        [3, () => ['HGETEX', key, ...random.pick([[], ['PERSIST'], this.#option()]), ...this.#named(3)]],
        [5, () => this.#setex()],
      );
    return random.weighted(makers)();
  }
}

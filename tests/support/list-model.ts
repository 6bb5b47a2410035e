// Lists as arrays of strings: what commands on lists answer, without a thought for nodes or memory. Arguments are right;
// wrong ones are what the differential tests are for.
import type { Random } from './seed.js';

export type ListCommand = (string | number)[];

const OK = '+OK\r\n';
const NULL = '$-1\r\n';
const NULL_ARRAY = '*-1\r\n';
const int = (value: number) => `:${value}\r\n`;
const bulk = (value: string) => `$${value.length}\r\n${value}\r\n`;
const array = (values: readonly string[]) => `*${values.length}\r\n${values.map(bulk).join('')}`;

/** The part of an array that two indexes of Redis name, the second included. */
function between(length: number, start: number, stop: number): [from: number, to: number] {
  const from = start < 0 ? Math.max(start + length, 0) : start;
  const to = Math.min(stop < 0 ? stop + length : stop, length - 1) + 1;
  return from < to ? [from, to] : [0, 0];
}

export class ListModel {
  readonly lists = new Map<string, string[]>();

  /** The reply to a command. */
  apply([name, ...args]: ListCommand): string {
    const key = String(args[0]);
    const words = args.map(String);
    const list = this.lists.get(key) ?? [];
    const before = list.length;
    const reply = this.#answer(String(name), words, list, key);
    if (list.length > 0 && before === 0) this.lists.set(key, list);
    this.#tidy();
    return reply;
  }

  #tidy(): void {
    for (const [key, list] of this.lists) if (list.length === 0) this.lists.delete(key);
  }

  #answer(name: string, words: string[], list: string[], key: string): string {
    const exists = this.lists.has(key);
    switch (name) {
      case 'LPUSH':
        list.unshift(...words.slice(1).reverse());
        return int(list.length);
      case 'RPUSH':
        list.push(...words.slice(1));
        return int(list.length);
      case 'LPUSHX':
        if (exists) list.unshift(...words.slice(1).reverse());
        return int(list.length);
      case 'RPUSHX':
        if (exists) list.push(...words.slice(1));
        return int(list.length);
      case 'LPOP':
      case 'RPOP': {
        if (!exists) return words.length > 1 ? NULL_ARRAY : NULL;
        const taken = this.#take(list, name === 'LPOP', words.length > 1 ? Number(words[1]) : 1);
        return words.length > 1 ? array(taken) : bulk(taken[0]);
      }
      case 'LLEN':
        return int(list.length);
      case 'LRANGE':
        return array(list.slice(...between(list.length, Number(words[1]), Number(words[2]))));
      case 'LINDEX': {
        const element = list.at(Number(words[1]));
        return element === undefined ? NULL : bulk(element);
      }
      case 'LSET': {
        if (!exists) return '-ERR no such key\r\n';
        const index = Number(words[1]) < 0 ? Number(words[1]) + list.length : Number(words[1]);
        if (!(index in list)) return '-ERR index out of range\r\n';
        list[index] = words[2];
        return OK;
      }
      case 'LINSERT': {
        if (!exists) return int(0);
        const at = list.indexOf(words[2]);
        if (at < 0) return int(-1);
        list.splice(words[1] === 'AFTER' ? at + 1 : at, 0, words[3]);
        return int(list.length);
      }
      case 'LREM':
        return int(this.#remove(list, Number(words[1]), words[2]));
      case 'LTRIM': {
        const [from, to] = between(list.length, Number(words[1]), Number(words[2]));
        list.splice(to);
        list.splice(0, from);
        return OK;
      }
      case 'LPOS':
        return this.#positions(list, words);
      case 'LMOVE':
        return this.#move(key, words[1], words[2] === 'LEFT', words[3] === 'LEFT');
      case 'RPOPLPUSH':
        return this.#move(key, words[1], false, true);
      case 'LMPOP':
        return this.#popOne(words);
      case 'DEL':
        this.lists.delete(key);
        return int(exists ? 1 : 0);
      default:
        throw new Error(`the model does not know ${name}`);
    }
  }

  #take(list: string[], atHead: boolean, count: number): string[] {
    return atHead ? list.splice(0, count) : list.splice(Math.max(list.length - count, 0)).reverse();
  }

  #remove(list: string[], count: number, element: string): number {
    const at = list.flatMap((value, i) => (value === element ? [i] : []));
    const gone = count === 0 ? at : count > 0 ? at.slice(0, count) : at.slice(count);
    for (const i of gone.reverse()) list.splice(i, 1);
    return gone.length;
  }

  #positions(list: string[], words: string[]): string {
    const option = (name: string, otherwise: number) => {
      const at = words.indexOf(name, 2);
      return at < 0 ? otherwise : Number(words[at + 1]);
    };
    const [rank, count, max] = [option('RANK', 1), option('COUNT', -1), option('MAXLEN', 0)];
    const order = rank < 0 ? [...list.keys()].reverse() : [...list.keys()];
    const found = order
      .slice(0, max === 0 ? undefined : max)
      .filter((i) => list[i] === words[1])
      .slice(Math.abs(rank) - 1);
    if (count === -1) return found.length > 0 ? int(found[0]) : NULL;
    const wanted = count === 0 ? found : found.slice(0, count);
    return `*${wanted.length}\r\n${wanted.map(int).join('')}`;
  }

  #move(from: string, to: string, fromHead: boolean, toHead: boolean): string {
    const source = this.lists.get(from);
    if (!source) return NULL;
    const [element] = this.#take(source, fromHead, 1);
    const target = this.lists.get(to) ?? [];
    this.lists.set(to, target);
    if (toHead) target.unshift(element);
    else target.push(element);
    return bulk(element);
  }

  #popOne(words: string[]): string {
    const keys = words.slice(1, 1 + Number(words[0]));
    const [side, , count] = words.slice(1 + keys.length);
    const key = keys.find((name) => this.lists.has(name));
    if (key === undefined) return NULL_ARRAY;
    const taken = this.#take(this.lists.get(key)!, side === 'LEFT', Number(count ?? 1));
    return `*2\r\n${bulk(key)}${array(taken)}`;
  }
}

/** Draws commands for a few keys whose lists grow and shrink by turns. */
export class ListDraw {
  readonly #keys = ['a', 'b', 'list:3'];
  #growing = true;

  constructor(
    readonly random: Random,
    readonly model: ListModel,
    /** Longest element; one in `longOneIn` elements may have it. */
    readonly elementBytesMax: number,
    readonly longOneIn: number,
    /** How long lists become, about. */
    readonly countMax: number,
  ) {}

  element(): string {
    const { random } = this;
    if (this.longOneIn > 0 && random.oneIn(this.longOneIn))
      return random.pick(['x', 'y', 'zz']).repeat(random.below(this.elementBytesMax));
    return random.weighted<() => string>([
      [6, () => String(random.between(-3, 12))],
      [2, () => String(random.between(-70_000, 70_000))],
      [1, () => `${random.word()}${random.word()}`.slice(0, 19)],
      [4, () => random.pick(['', 'a', 'b', 'foo', '007', '-', 'x'.repeat(70)])],
      [2, () => random.bytes(random.below(40)).toString('latin1')],
    ])();
  }

  #index(length: number): number {
    return this.random.between(-length - 2, length + 2);
  }

  command(): ListCommand {
    const { random } = this;
    const key = random.pick(this.#keys);
    const list = this.model.lists.get(key) ?? [];
    const known = () => (list.length > 0 && !random.oneIn(5) ? random.pick(list) : this.element());
    if (random.oneIn(200)) this.#growing = !this.#growing;
    if (list.length > this.countMax) this.#growing = false;
    const elements = () => Array.from({ length: random.between(1, random.oneIn(6) ? 40 : 4) }, () => this.element());
    const grow: ListCommand[] = [
      ['LPUSH', key, ...elements()],
      ['RPUSH', key, ...elements()],
      [random.pick(['LPUSHX', 'RPUSHX']), key, ...elements()],
      ['LINSERT', key, random.pick(['BEFORE', 'AFTER']), known(), this.element()],
    ];
    const shrink: ListCommand[] = [
      [random.pick(['LPOP', 'RPOP']), key],
      [random.pick(['LPOP', 'RPOP']), key, random.below(random.oneIn(4) ? list.length + 3 : 6)],
      ['LREM', key, random.between(-4, 4), known()],
      ['LTRIM', key, random.oneIn(2) ? random.below(5) : this.#index(list.length), -1 - random.below(5)],
      ['LTRIM', key, random.below(4), this.#index(list.length)],
      ['LMPOP', 2, random.pick(this.#keys), key, random.pick(['LEFT', 'RIGHT']), 'COUNT', random.between(1, 9)],
      ['LMPOP', 1, key, random.pick(['LEFT', 'RIGHT'])],
    ];
    if (random.oneIn(60)) return ['DEL', key];
    if (random.oneIn(2)) return random.pick(this.#growing === random.oneIn(8) ? shrink : grow);
    return random.pick<ListCommand>([
      ['LLEN', key],
      ['LRANGE', key, this.#index(list.length), this.#index(list.length)],
      ['LRANGE', key, 0, -1],
      ['LINDEX', key, this.#index(list.length)],
      ['LSET', key, this.#index(list.length), this.element()],
      ['LSET', key, this.#index(list.length), this.element()],
      ['LPOS', key, known()],
      this.#lpos(key, known()),
      ['LMOVE', key, random.pick(this.#keys), random.pick(['LEFT', 'RIGHT']), random.pick(['LEFT', 'RIGHT'])],
      ['RPOPLPUSH', key, random.pick(this.#keys)],
    ]);
  }

  #lpos(key: string, element: string): ListCommand {
    const { random } = this;
    const options: ListCommand[] = [];
    if (random.oneIn(2)) options.push(['RANK', random.pick([1, 2, 3, -1, -2, 50])]);
    if (random.oneIn(2)) options.push(['COUNT', random.below(4)]);
    if (random.oneIn(2)) options.push(['MAXLEN', random.below(30)]);
    return ['LPOS', key, element, ...random.shuffled(options).flat()];
  }
}

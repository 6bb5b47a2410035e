// Streams as arrays of entries and groups as maps: what the commands answer, without a thought for nodes, trees or memory.
// Arguments are right; wrong ones are what the differential tests are for.
import type { Random } from './seed.js';

export type StreamCommand = (string | number)[];
type Id = readonly [ms: number, seq: number];
type Entry = { id: Id; fields: string[] };
type Pending = { id: Id; consumer: string; deliveredMs: number; deliveries: number };
type Group = { last: Id; consumers: Set<string>; pending: Pending[] };
type Stream = { entries: Entry[]; last: Id; groups: Map<string, Group> };

const int = (value: number) => `:${value}\r\n`;
const bulk = (value: string | number) => `$${String(value).length}\r\n${value}\r\n`;
const array = (items: readonly string[]) => `*${items.length}\r\n${items.join('')}`;
const NULL = '$-1\r\n';
const NULL_ARRAY = '*-1\r\n';
const OK = '+OK\r\n';

const below = (a: Id, b: Id) => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
const same = (a: Id, b: Id) => a[0] === b[0] && a[1] === b[1];
const textOf = ([ms, seq]: Id) => `${ms}-${seq}`;
const MAX: Id = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

function idOf(text: string | number, missing = 0): Id {
  if (text === '-') return [0, 0];
  if (text === '+') return MAX;
  const [ms, seq] = String(text).split('-');
  return [Number(ms), seq === undefined ? missing : Number(seq)];
}
const entryText = (entry: Entry) => array([bulk(textOf(entry.id)), array(entry.fields.map(bulk))]);
const byId = (a: Pending, b: Pending) => (below(a.id, b.id) ? -1 : 1);

export class StreamModel {
  readonly streams = new Map<string, Stream>();
  now = 0;

  /** The reply to a command, in RESP2. */
  apply([name, ...args]: StreamCommand): string {
    const words = args.map(String);
    switch (name) {
      case 'XADD':
        return this.#add(words);
      case 'XLEN':
        return int(this.streams.get(words[0])?.entries.length ?? 0);
      case 'XRANGE':
        return this.#range(words[0], words[1], words[2], words[4]);
      case 'XREVRANGE':
        return this.#range(words[0], words[2], words[1], words[4], true);
      case 'XDEL':
        return this.#delete(words);
      case 'XTRIM':
        return int(this.#trim(this.streams.get(words[0]), words[1], words[3]));
      case 'DEL':
        return int(this.streams.delete(words[0]) ? 1 : 0);
      default:
        return this.#groupCommand(String(name), words);
    }
  }

  #add([key, ...rest]: string[]): string {
    const trim = rest[0] === 'MAXLEN' || rest[0] === 'MINID' ? rest.splice(0, 3) : undefined;
    const stream: Stream = this.streams.get(key) ?? { entries: [], last: [0, 0], groups: new Map() };
    const [idText, ...fields] = rest;
    let id: Id;
    if (idText === '*') id = this.now > stream.last[0] ? [this.now, 0] : [stream.last[0], stream.last[1] + 1];
    else if (idText.endsWith('-*')) {
      const ms = Number(idText.slice(0, -2));
      id = ms === stream.last[0] ? [ms, stream.last[1] + 1] : [ms, 0];
    } else id = idOf(idText);
    if (!below(stream.last, id))
      return '-ERR The ID specified in XADD is equal or smaller than the target stream top item\r\n';
    this.streams.set(key, stream);
    stream.entries.push({ id, fields });
    stream.last = id;
    if (trim) this.#trim(stream, trim[0], trim[2]);
    return bulk(textOf(id));
  }

  #trim(stream: Stream | undefined, how: string, threshold: string): number {
    if (!stream) return 0;
    const before = stream.entries.length;
    if (how === 'MAXLEN') stream.entries.splice(0, Math.max(0, before - Number(threshold)));
    else stream.entries = stream.entries.filter(({ id }) => !below(id, idOf(threshold)));
    return before - stream.entries.length;
  }

  #range(key: string, from: string, to: string, count: string | undefined, down = false): string {
    const [start, end] = [idOf(from), idOf(to, MAX[1])];
    const found = (this.streams.get(key)?.entries ?? []).filter(({ id }) => !below(id, start) && !below(end, id));
    if (down) found.reverse();
    return array(found.slice(0, count === undefined ? undefined : Number(count)).map(entryText));
  }

  #delete([key, ...ids]: string[]): string {
    const stream = this.streams.get(key);
    if (!stream) return int(0);
    const before = stream.entries.length;
    for (const text of ids) stream.entries = stream.entries.filter(({ id }) => !same(id, idOf(text)));
    return int(before - stream.entries.length);
  }

  #groupCommand(name: string, words: string[]): string {
    if (name === 'XGROUP') return this.#group(words);
    if (name === 'XREADGROUP') return this.#read(words);
    const stream = this.streams.get(words[0]);
    const group = stream?.groups.get(words[1]);
    if (name === 'XACK' && !group) return int(0);
    if (!stream || !group) return `-NOGROUP No such key '${words[0]}' or consumer group '${words[1]}'\r\n`;
    switch (name) {
      case 'XACK': {
        const before = group.pending.length;
        for (const text of words.slice(2)) group.pending = group.pending.filter(({ id }) => !same(id, idOf(text)));
        return int(before - group.pending.length);
      }
      case 'XPENDING':
        return words.length === 2 ? this.#summary(group) : this.#pending(group, words.slice(2));
      case 'XCLAIM':
        return this.#claim(stream, group, words.slice(2));
      case 'XAUTOCLAIM':
        return this.#autoclaim(stream, group, words.slice(2));
      default:
        throw new Error(`the model has no ${name}`);
    }
  }

  #group([what, key, name, third]: string[]): string {
    const stream = this.streams.get(key);
    if (what === 'CREATE') {
      const made: Stream = stream ?? { entries: [], last: [0, 0], groups: new Map() };
      if (made.groups.has(name)) return '-BUSYGROUP Consumer Group name already exists\r\n';
      this.streams.set(key, made);
      made.groups.set(name, { last: third === '$' ? made.last : idOf(third), consumers: new Set(), pending: [] });
      return OK;
    }
    if (!stream)
      return '-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.\r\n';
    if (what === 'DESTROY') return int(stream.groups.delete(name) ? 1 : 0);
    const group = stream.groups.get(name);
    if (!group) return `-NOGROUP No such consumer group '${name}' for key name '${key}'\r\n`;
    switch (what) {
      case 'SETID':
        group.last = third === '$' ? stream.last : idOf(third);
        return OK;
      case 'CREATECONSUMER': {
        const isNew = !group.consumers.has(third);
        group.consumers.add(third);
        return int(isNew ? 1 : 0);
      }
      default: {
        const before = group.pending.length;
        group.pending = group.pending.filter(({ consumer }) => consumer !== third);
        group.consumers.delete(third);
        return int(before - group.pending.length);
      }
    }
  }

  /** GROUP g c COUNT n [NOACK] STREAMS key id */
  #read(words: string[]): string {
    const [name, consumer] = [words[1], words[2]];
    const count = Number(words[4]);
    const noAck = words[5] === 'NOACK';
    const [key, from] = words.slice(-2);
    const stream = this.streams.get(key);
    const group = stream?.groups.get(name);
    if (!stream || !group)
      return `-NOGROUP No such key '${key}' or consumer group '${name}' in XREADGROUP with GROUP option\r\n`;
    if (from !== '>') return array([array([bulk(key), this.#history(stream, group, consumer, idOf(from), count)])]);
    const found = stream.entries.filter(({ id }) => below(group.last, id)).slice(0, count);
    if (found.length === 0) return NULL_ARRAY;
    group.consumers.add(consumer);
    group.last = found[found.length - 1].id;
    if (!noAck) {
      const taken = new Set(found.map(({ id }) => textOf(id)));
      group.pending = group.pending.filter(({ id }) => !taken.has(textOf(id)));
      group.pending.push(...found.map(({ id }) => ({ id, consumer, deliveredMs: this.now, deliveries: 1 })));
      group.pending.sort(byId);
    }
    return array([array([bulk(key), array(found.map(entryText))])]);
  }

  #history(stream: Stream, group: Group, consumer: string, from: Id, count: number): string {
    group.consumers.add(consumer);
    const own = group.pending.filter((pending) => pending.consumer === consumer && below(from, pending.id));
    return array(
      own.slice(0, count).map((pending) => {
        const entry = stream.entries.find(({ id }) => same(id, pending.id));
        if (!entry) return array([bulk(textOf(pending.id)), NULL_ARRAY]);
        pending.deliveredMs = this.now;
        pending.deliveries++;
        return entryText(entry);
      }),
    );
  }

  #summary(group: Group): string {
    const { pending } = group;
    if (pending.length === 0) return array([int(0), NULL, NULL, NULL_ARRAY]);
    const counts = [...group.consumers]
      .sort()
      .map((name) => ({ name, count: pending.filter(({ consumer }) => consumer === name).length }))
      .filter(({ count }) => count > 0);
    return array([
      int(pending.length),
      bulk(textOf(pending[0].id)),
      bulk(textOf(pending[pending.length - 1].id)),
      array(counts.map(({ name, count }) => array([bulk(name), bulk(count)]))),
    ]);
  }

  /** start end count [consumer] */
  #pending(group: Group, [from, to, count, consumer]: string[]): string {
    const [start, end] = [idOf(from), idOf(to, MAX[1])];
    const found = group.pending
      .filter(({ id }) => !below(id, start) && !below(end, id))
      .filter((pending) => consumer === undefined || pending.consumer === consumer);
    return array(
      found
        .slice(0, Number(count))
        .map(({ id, consumer: owner, deliveredMs, deliveries }) =>
          array([bulk(textOf(id)), bulk(owner), int(this.now - deliveredMs), int(deliveries)]),
        ),
    );
  }

  /** consumer min-idle ids... [FORCE] [JUSTID] */
  #claim(stream: Stream, group: Group, [consumer, minIdle, ...rest]: string[]): string {
    const force = rest.includes('FORCE');
    const justIds = rest.includes('JUSTID');
    const replies: string[] = [];
    for (const text of rest.filter((word) => /^\d/.test(word))) {
      const id = idOf(text);
      const entry = stream.entries.find((candidate) => same(candidate.id, id));
      let pending = group.pending.find((candidate) => same(candidate.id, id));
      if (!entry) {
        group.pending = group.pending.filter((candidate) => candidate !== pending);
        continue;
      }
      if (!pending && !force) continue;
      if (pending && Number(minIdle) > 0 && this.now - pending.deliveredMs < Number(minIdle)) continue;
      if (!pending) {
        pending = { id, consumer, deliveredMs: this.now, deliveries: 1 };
        group.pending.push(pending);
        group.pending.sort(byId);
      }
      group.consumers.add(consumer);
      this.#deliver(pending, consumer, justIds);
      replies.push(justIds ? bulk(textOf(id)) : entryText(entry));
    }
    return array(replies);
  }

  #deliver(pending: Pending, consumer: string, justIds: boolean): void {
    pending.consumer = consumer;
    pending.deliveredMs = this.now;
    if (!justIds) pending.deliveries++;
  }

  /** consumer min-idle start COUNT n [JUSTID] */
  #autoclaim(stream: Stream, group: Group, [consumer, minIdle, from, , countText, justId]: string[]): string {
    const start = idOf(from);
    const waiting = group.pending.filter(({ id }) => !below(id, start));
    const [claimed, gone]: [string[], string[]] = [[], []];
    let [count, looks, at] = [Number(countText), Number(countText) * 10, 0];
    for (; at < waiting.length && count > 0 && looks > 0; at++, looks--) {
      const pending = waiting[at];
      const entry = stream.entries.find(({ id }) => same(id, pending.id));
      if (!entry) {
        group.pending = group.pending.filter((candidate) => candidate !== pending);
        gone.push(bulk(textOf(pending.id)));
        count--;
      } else if (this.now - pending.deliveredMs >= Number(minIdle)) {
        group.consumers.add(consumer);
        this.#deliver(pending, consumer, justId !== undefined);
        claimed.push(justId !== undefined ? bulk(textOf(pending.id)) : entryText(entry));
        count--;
      }
    }
    const cursor = at < waiting.length ? textOf(waiting[at].id) : '0-0';
    return array([bulk(cursor), array(claimed), array(gone)]);
  }
}

const KEYS = ['s', 't', 'stream with a longer name'];
const GROUPS = ['g', 'h'];
const CONSUMERS = ['alice', 'bob', 'carol'];

/** Right commands whose IDs meet what the model's streams hold. */
export class StreamDraw {
  constructor(
    readonly random: Random,
    readonly model: StreamModel,
    readonly countMax: number,
    readonly valueBytesMax: number,
  ) {}

  command(): StreamCommand {
    const { random } = this;
    const key = random.pick(KEYS);
    const group = random.pick(GROUPS);
    const consumer = random.pick(CONSUMERS);
    const length = this.model.streams.get(key)?.entries.length ?? 0;
    const full = length >= this.countMax;
    return random.weighted<() => StreamCommand>([
      [
        full ? 2 : 30,
        () => ['XADD', key, ...(full ? ['MAXLEN', '=', random.below(length)] : []), ...this.#newEntry(key)],
      ],
      [1, () => ['XLEN', key]],
      [3, () => ['XRANGE', key, this.#id(key), '+', 'COUNT', random.between(1, 20)]],
      [2, () => ['XREVRANGE', key, this.#id(key), '-', 'COUNT', random.between(1, 20)]],
      [2, () => ['XRANGE', key, this.#id(key), this.#id(key)]],
      [5, () => ['XDEL', key, ...this.#ids(key)]],
      [random.oneIn(8) ? 1 : 0, () => ['XTRIM', key, 'MAXLEN', '=', random.below(length + 2)]],
      [random.oneIn(8) ? 1 : 0, () => ['XTRIM', key, 'MINID', '=', this.#id(key)]],
      [random.oneIn(20) ? 1 : 0, () => ['DEL', key]],
      [2, () => ['XGROUP', 'CREATE', key, group, random.pick<string | number>(['$', 0, this.#id(key)]), 'MKSTREAM']],
      [random.oneIn(4) ? 1 : 0, () => ['XGROUP', 'SETID', key, group, this.#id(key)]],
      [random.oneIn(10) ? 1 : 0, () => ['XGROUP', 'DESTROY', key, group]],
      [1, () => ['XGROUP', 'CREATECONSUMER', key, group, consumer]],
      [random.oneIn(4) ? 1 : 0, () => ['XGROUP', 'DELCONSUMER', key, group, consumer]],
      [10, () => this.#read(key, group, consumer)],
      [5, () => ['XACK', key, group, ...this.#ids(key)]],
      [1, () => ['XPENDING', key, group]],
      [
        2,
        () => [
          'XPENDING',
          key,
          group,
          this.#id(key),
          '+',
          random.between(1, 30),
          ...(random.oneIn(2) ? [consumer] : []),
        ],
      ],
      [3, () => this.#claim(key, group, consumer)],
      [2, () => this.#autoclaim(key, group, consumer)],
    ] as const)();
  }

  #newEntry(key: string): StreamCommand {
    const { random } = this;
    const last = this.model.streams.get(key)?.last ?? [0, 0];
    const id = random.pick([
      '*',
      `${last[0]}-*`,
      `${Math.max(1, last[0] + random.below(3))}-${last[1] + random.below(3)}`,
    ]);
    const names = random.oneIn(4) ? random.pick([['a'], ['a', 'b'], ['7'], ['']]) : ['field'];
    const bytes = random.oneIn(10) ? this.valueBytesMax : 20;
    return [
      id,
      ...names.flatMap((name) => [name, random.oneIn(3) ? random.below(10_000) : 'v'.repeat(random.below(bytes))]),
    ];
  }

  /** Mostly the ID of an entry, or of one that was there. */
  #id(key: string): string {
    const { random } = this;
    const stream = this.model.streams.get(key);
    if (!stream || stream.entries.length === 0 || random.oneIn(10)) return `${random.below(20)}-${random.below(5)}`;
    const pending = [...stream.groups.values()].flatMap((group) => group.pending);
    if (pending.length > 0 && random.oneIn(3)) return textOf(random.pick(pending).id);
    const near = random.oneIn(2) ? stream.entries.slice(-20) : stream.entries;
    return textOf(random.pick(near).id);
  }
  #ids(key: string): string[] {
    return Array.from({ length: this.random.between(1, 4) }, () => this.#id(key));
  }

  #read(key: string, group: string, consumer: string): StreamCommand {
    const { random } = this;
    const from = random.oneIn(4) ? this.#id(key) : '>';
    const noAck = random.oneIn(8) ? ['NOACK'] : [];
    return ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', random.between(1, 40), ...noAck, 'STREAMS', key, from];
  }
  #claim(key: string, group: string, consumer: string): StreamCommand {
    const { random } = this;
    const options = [...(random.oneIn(2) ? ['FORCE'] : []), ...(random.oneIn(2) ? ['JUSTID'] : [])];
    return ['XCLAIM', key, group, consumer, random.pick([0, 0, 5_000]), ...this.#ids(key), ...options];
  }
  #autoclaim(key: string, group: string, consumer: string): StreamCommand {
    const { random } = this;
    const idle = random.pick([0, 3_000]);
    const just = random.oneIn(2) ? ['JUSTID'] : [];
    return ['XAUTOCLAIM', key, group, consumer, idle, this.#id(key), 'COUNT', random.between(1, 20), ...just];
  }
}

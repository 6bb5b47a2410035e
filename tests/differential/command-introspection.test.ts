// Does COMMAND describe our commands as redis-server 7.0 does? Our replies are compared with the bytes of a real server,
// in both protocols. What differs on purpose is taken out of both sides: the order of subcommands (Redis keeps them in a hash table), subcommands that we do not have, and the wording of
// summaries and complexities.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  COMMANDS,
  type Command,
  commandDocsReply,
  commandFilter,
  commandGetKeysReply,
  commandInfoReply,
  deriveCommand,
  findByFullName,
  globMatch,
  type KeyFlag,
  type KeySpec,
  keysOfCommand,
  type Reply,
} from '../../host/commands/index.js';
import { encodeReply } from '../../host/resp/reply.js';

const found = /v=(7\.0\.\d+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? '');
const skipped = found === null && !process.env.CI;
const title = skipped
  ? 'command introspection against redis-server 7.0 (SKIPPED: redis-server 7.0 is not installed)'
  : 'command introspection against redis-server 7.0';

type Protocol = 2 | 3;
const PROTOCOLS = [2, 3] as const;

function encode(reply: Reply, protocol: Protocol): string {
  return encodeReply(reply, protocol).toString('latin1');
}

/** Bytes of one reply, kept as they came, with the tree of its parts. */
interface Node {
  readonly type: string;
  readonly text: string;
  readonly items: readonly Node[];
}

/** Parses one whole reply at `at`; undefined if more bytes are needed. */
function parse(bytes: string, at: number): { node: Node; end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const type = bytes[at];
  const text = bytes.slice(at + 1, lineEnd);
  let end = lineEnd + 2;
  if (type === '$' && text !== '-1') {
    const valueEnd = end + Number(text);
    if (bytes.length < valueEnd + 2) return undefined;
    return { node: { type, text: bytes.slice(end, valueEnd), items: [] }, end: valueEnd + 2 };
  }
  const items: Node[] = [];
  if ('*~%'.includes(type)) {
    for (let rest = Number(text) * (type === '%' ? 2 : 1); rest > 0; rest--) {
      const part = parse(bytes, end);
      if (part === undefined) return undefined;
      items.push(part.node);
      end = part.end;
    }
    return { node: { type, text: '', items }, end };
  }
  return { node: { type, text, items }, end };
}

function tree(bytes: string): Node {
  const parsed = parse(bytes, 0);
  expect(parsed?.end).toBe(bytes.length);
  return parsed!.node;
}

class Client {
  private pending = '';
  private readonly waiters: ((bytes: string) => void)[] = [];

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.pending += chunk.toString('latin1');
      for (let part = parse(this.pending, 0); part; part = parse(this.pending, 0)) {
        const bytes = this.pending.slice(0, part.end);
        this.pending = this.pending.slice(part.end);
        this.waiters.shift()?.(bytes);
      }
    });
  }

  static open(port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Client(socket)));
      socket.once('error', reject);
    });
  }

  /** Arguments hold one byte per character, and so does the reply. */
  call(...argv: string[]): Promise<string> {
    const frame = argv.map((argument) => `$${argument.length}\r\n${argument}\r\n`).join('');
    this.socket.write(Buffer.from(`*${argv.length}\r\n${frame}`, 'latin1'));
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  close(): void {
    this.socket.destroy();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

const bytesOf = (argv: readonly string[]) => argv.map((argument) => Buffer.from(argument, 'latin1'));

// A fixed generator: the same seed gives the same cases. LATCHKEY_SEED chooses another.
const seed = Number(process.env.LATCHKEY_SEED ?? 20261124);
let state = seed >>> 0;
function below(count: number): number {
  state = (state + 0x9e3779b9) >>> 0;
  let x = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) % count;
}
const pick = <T>(from: readonly T[]): T => from[below(from.length)];

const ALL = COMMANDS.flatMap((command) => [command, ...command.subcommands]);
/** Commands of Redis 7.2 and later, which a 7.0 server cannot confirm. completeness.test.ts says that there are no others. */
const NEWER = new Set(ALL.filter(({ since }) => /^(7\.[2-9]|[89]\.)/.test(since)).map(({ fullName }) => fullName));
const KNOWN = ALL.filter((command) => !NEWER.has(command.fullName));

describe.skipIf(skipped)(title, () => {
  let server: ChildProcess;
  let directory: string;
  const clients = {} as Record<Protocol, Client>;

  beforeAll(async () => {
    if (found === null) throw new Error('redis-server 7.0 must be installed where CI is set');
    directory = mkdtempSync(join(tmpdir(), 'latchkey-redis-'));
    const port = await freePort();
    const options = { port, bind: '127.0.0.1', save: '', appendonly: 'no', daemonize: 'no', dir: directory };
    const argv = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    server = spawn('redis-server', argv, { stdio: 'ignore' });
    for (let attempt = 0; ; attempt++) {
      try {
        clients[2] = await Client.open(port);
        break;
      } catch (error) {
        if (attempt === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    clients[3] = await Client.open(port);
    await clients[3].call('HELLO', '3');
  });

  afterAll(() => {
    clients[2]?.close();
    clients[3]?.close();
    server?.kill();
    if (directory) rmSync(directory, { recursive: true, force: true });
  });

  /** Drops subcommands we lack and sorts the others; `nameOf` finds a subcommand's full name in its node. */
  function comparableInfo(info: Node): Node {
    const subs = info.items[9];
    const kept = subs.items
      .filter((sub) => KNOWN.some(({ fullName }) => fullName === sub.items[0].text))
      .sort((a, b) => (a.items[0].text < b.items[0].text ? -1 : 1));
    return { ...info, items: info.items.with(9, { ...subs, items: kept }) };
  }

  test.each(PROTOCOLS)('COMMAND INFO of every command is the same, RESP%i', async (protocol) => {
    let compared = 0;
    for (const command of KNOWN) {
      const theirs = tree(await clients[protocol].call('COMMAND', 'INFO', command.fullName));
      const ours = tree(encode([commandInfoReply(command)], protocol));
      expect(ours.type).toBe(theirs.type);
      expect(comparableInfo(ours.items[0])).toEqual(comparableInfo(theirs.items[0]));
      compared++;
    }
    expect(compared).toBe(KNOWN.length);
    expect(compared).toBeGreaterThan(90);
  });

  test.each(PROTOCOLS)(
    'COMMAND INFO of a command without subcommands is the same byte for byte, RESP%i',
    async (protocol) => {
      const simple = KNOWN.filter(({ subcommands }) => subcommands.length === 0);
      for (const command of simple) {
        const theirs = await clients[protocol].call('COMMAND', 'INFO', command.fullName);
        expect(encode([commandInfoReply(command)], protocol)).toBe(theirs);
      }
      expect(simple.length).toBeGreaterThan(80);
    },
  );

  test.each(PROTOCOLS)('names that COMMAND INFO does not know are null for both, RESP%i', async (protocol) => {
    const names = [
      'nosuch',
      '',
      'get|x',
      'config|nosuch',
      'config|get|x',
      'config|',
      '|get',
      'get|',
      'OBJECT|freq',
      'SeT',
    ];
    const theirs = await clients[protocol].call('COMMAND', 'INFO', ...names);
    const ours = names.map((name) => commandInfoReply(findByFullName(name.toLowerCase())));
    expect(encode(ours, protocol)).toBe(theirs);
  });

  /** Fields of a docs map by name, in order; the wording of summary and complexity is reduced to their presence. */
  function comparableDocs(docs: Node): unknown {
    const fields: unknown[] = [];
    for (let i = 0; i < docs.items.length; i += 2) {
      const [name, value] = [docs.items[i].text, docs.items[i + 1]];
      if (name === 'summary' || name === 'complexity') fields.push([name, value.type]);
      else if (name === 'subcommands') {
        const subs: [string, unknown][] = [];
        for (let k = 0; k < value.items.length; k += 2) {
          const subName = value.items[k].text;
          if (KNOWN.some(({ fullName }) => fullName === subName))
            subs.push([subName, comparableDocs(value.items[k + 1])]);
        }
        fields.push([name, value.type, subs.sort(([a], [b]) => (a < b ? -1 : 1))]);
      } else fields.push([name, value]);
    }
    return [docs.type, fields];
  }

  test.each(PROTOCOLS)('COMMAND DOCS of every command is the same but for its wording, RESP%i', async (protocol) => {
    let compared = 0;
    for (const command of KNOWN) {
      const theirs = tree(await clients[protocol].call('COMMAND', 'DOCS', command.fullName));
      const ours = tree(encode({ pairs: [[command.fullName, commandDocsReply(command)]] }, protocol));
      expect(ours.type).toBe(theirs.type);
      expect(ours.items[0]).toEqual(theirs.items[0]);
      expect(comparableDocs(ours.items[1])).toEqual(comparableDocs(theirs.items[1]));
      compared++;
    }
    expect(compared).toBe(KNOWN.length);
  });

  test('no summary is worded as that of redis', async () => {
    for (const command of KNOWN) {
      const [, docs] = tree(await clients[2].call('COMMAND', 'DOCS', command.fullName)).items;
      expect(docs.items[1].text).not.toBe(command.summary);
    }
  });

  async function expectSameKeys(argv: readonly string[]): Promise<string> {
    let last = '';
    for (const protocol of PROTOCOLS) {
      for (const withFlags of [false, true]) {
        const theirs = await clients[protocol].call('COMMAND', withFlags ? 'GETKEYSANDFLAGS' : 'GETKEYS', ...argv);
        const ours = encode(commandGetKeysReply(bytesOf(argv), withFlags), protocol);
        expect({ argv, reply: ours }).toEqual({ argv, reply: theirs });
        last = theirs;
      }
    }
    return last;
  }

  test('COMMAND GETKEYS and GETKEYSANDFLAGS agree on every command with up to seven arguments', async () => {
    let asked = 0;
    let answered = 0;
    for (const command of KNOWN) {
      const words = command.fullName.split('|');
      for (let count = 0; count <= 7; count++) {
        // COMMAND GETKEYS itself wants two words at least.
        if (words.length + count < 2) continue;
        const argv = [...words, ...Array.from({ length: count }, (_, i) => `argument${i}`)];
        asked++;
        if (!(await expectSameKeys(argv)).startsWith('-')) answered++;
      }
    }
    const single = KNOWN.filter(({ fullName }) => !fullName.includes('|'));
    expect(asked).toBe(KNOWN.length * 8 - single.length);
    expect(answered).toBeGreaterThan(100);
  });

  test('COMMAND GETKEYS answers for containers, unknown names and odd letter case as redis does', async () => {
    const lines = [
      'OBJECT nosuch',
      'OBJECT HELP',
      'object nosuch k',
      'OBJECT EnCoDiNg k',
      'nosuch k',
      'get k extra',
      'GeT k',
      'get\0 k',
      'memory usage k',
      'MEMORY USAGE k SAMPLES 5',
      'config|get x',
      'object|freq k',
      'ping x',
      'command getkeys get k',
      '\0 k',
      `${'x'.repeat(100)} k`,
    ];
    for (const line of lines) {
      await expectSameKeys(line.split(' '));
    }
  });

  test(`keys that specs alone do not tell, or not their flags, are the same (seed ${seed})`, async () => {
    const words =
      'get GET Get get\0x getx set SET incrby INCRBY overflow OVERFLOW wrap u8 i5 0 #1 100 EX NX v by limit store STORE'.split(
        ' ',
      );
    const kinds = new Set<string>();
    for (let round = 0; round < 1500; round++) {
      const argv = [pick(['set', 'bitfield', 'BITFIELD', 'bitfield_ro', 'getex', 'sort', 'sort_ro'] as const), 'k'];
      for (let rest = below(9); rest > 0; rest--) argv.push(pick(words));
      kinds.add(await expectSameKeys(argv));
    }
    // Errors, RW, OW and RO at the least, or the generator has gone stale.
    expect(kinds.size).toBeGreaterThanOrEqual(4);
  });

  // Commands of Redis that our table may not have, for the rules that none of ours needs: keywords and counted keys.
  test(`redis's own key specs lead our rules to redis's keys (seed ${seed})`, async () => {
    const names =
      'xread xreadgroup zunionstore zinterstore zunion zintercard sintercard zdiff lmpop zmpop eval fcall object|freq';
    const specFlags = (node: Node) => node.items.map(({ text }) => text as KeyFlag);
    const field = (node: Node, name: string): Node => node.items[node.items.findIndex(({ text }) => text === name) + 1];
    const number = (node: Node, name: string) => Number(field(node, name).text);
    const specOf = (node: Node): KeySpec => {
      const begin = field(node, 'begin_search');
      const find = field(node, 'find_keys');
      const [beginSpec, findSpec] = [field(begin, 'spec'), field(find, 'spec')];
      const range = field(find, 'type').text === 'range';
      return {
        flags: specFlags(field(node, 'flags')),
        begin:
          field(begin, 'type').text === 'index'
            ? { index: number(beginSpec, 'index') }
            : { keyword: field(beginSpec, 'keyword').text, startFrom: number(beginSpec, 'startfrom') },
        find: range
          ? { last: number(findSpec, 'lastkey'), step: number(findSpec, 'keystep'), limit: number(findSpec, 'limit') }
          : {
              keyNumber: number(findSpec, 'keynumidx'),
              first: number(findSpec, 'firstkey'),
              step: number(findSpec, 'keystep'),
            },
      };
    };
    let found = 0;
    for (const name of names.split(' ')) {
      const info = tree(await clients[2].call('COMMAND', 'INFO', name)).items[0];
      const command: Command = deriveCommand(
        'generic',
        {
          name: name.split('|').at(-1)!,
          summary: '',
          since: '',
          arity: Number(info.items[1].text),
          flags: [],
          keys: info.items[8].items.map(specOf),
          where: 'host',
        },
        { name: '', opcode: 0 },
      );
      const words = ['1', '2', '3', '0', '-1', 'x', '99', 'STREAMS', 'streams', 'COUNT', 'a', 'b'];
      for (let round = 0; round < 150; round++) {
        const argv = name.split('|');
        for (let rest = 1 + below(9); rest > 0; rest--) argv.push(pick(words));
        const theirs = await clients[2].call('COMMAND', 'GETKEYS', ...argv);
        const keys = keysOfCommand(command, bytesOf(argv));
        if (theirs.startsWith('-ERR Invalid number')) continue;
        // For a frame of this family that its specs cannot make sense of, Redis has a function of its own.
        if (name.startsWith('xread') && keys.length === 0) continue;
        const ours = keys.length > 0 ? keys.map(({ position }) => argv[position]) : undefined;
        const expected =
          theirs.startsWith('*') && theirs !== '*0\r\n' ? tree(theirs).items.map(({ text }) => text) : undefined;
        expect({ argv, keys: ours }).toEqual({ argv, keys: expected });
        if (ours) found++;
      }
    }
    expect(found).toBeGreaterThan(100);
  });

  test('COMMAND COUNT counts as redis counts: commands without subcommands', async () => {
    const list = tree(await clients[2].call('COMMAND', 'LIST')).items.map(({ text }) => text);
    const count = Number(tree(await clients[2].call('COMMAND', 'COUNT')).text);
    expect(list.filter((name) => !name.includes('|')).length).toBe(count);
    const oursInTheirs = list.filter((name) => commandFilter().includes(name)).sort();
    expect(oursInTheirs).toEqual(KNOWN.map(({ fullName }) => fullName).sort());
  });

  test('COMMAND LIST filters alike', async () => {
    const categories = [
      'string',
      'STRING',
      'keyspace',
      'connection',
      'dangerous',
      'fast',
      'nosuch',
      '@read',
      '',
      'slow',
    ];
    const patterns = [
      '*',
      '',
      'get',
      'GET',
      'CONFIG|*',
      '*|*',
      '?et',
      '[sg]et*',
      '[^s]et*',
      '*x',
      'm[a-t]*',
      'x*y',
      '\\get',
    ];
    const filters = [
      ...categories.map((value) => ({ by: 'aclcat', value }) as const),
      ...patterns.map((value) => ({ by: 'pattern', value }) as const),
      { by: 'module', value: 'nosuch' } as const,
    ];
    let matches = 0;
    for (const filter of filters) {
      const reply = tree(await clients[2].call('COMMAND', 'LIST', 'FILTERBY', filter.by, filter.value));
      const theirs = reply.items
        .map(({ text }) => text)
        .filter((name) => KNOWN.some(({ fullName }) => fullName === name));
      const ours = commandFilter(filter).filter((name) => !NEWER.has(name));
      expect({ filter, names: ours.sort() }).toEqual({ filter, names: theirs.sort() });
      matches += ours.length;
    }
    expect(matches).toBeGreaterThan(300);
  });

  test(`glob patterns match the same keys, letter case counting (seed ${seed})`, async () => {
    const client = clients[2];
    const alphabet = ['a', 'b', 'C', '-', ']', '[', '^', '\\', '*', '?', '\xff'];
    const word = (longest: number) => Array.from({ length: below(longest + 1) }, () => pick(alphabet)).join('');
    const keys = [...new Set(['', 'a', '*', ...Array.from({ length: 150 }, () => word(6))])];
    await client.call('MSET', ...keys.flatMap((key) => [key, '1']));
    let matched = 0;
    for (let round = 0; round < 2500; round++) {
      const pattern = word(8);
      // KEYS takes the pattern of a single star without matching at all.
      if (pattern === '*') continue;
      const theirs = tree(await client.call('KEYS', pattern)).items.map(({ text }) => text);
      const ours = keys.filter((key) => globMatch(pattern, key));
      expect({ pattern, keys: ours.sort() }).toEqual({ pattern, keys: theirs.sort() });
      matched += ours.length;
    }
    await client.call('FLUSHALL');
    expect(matched).toBeGreaterThan(1000);
  });
});

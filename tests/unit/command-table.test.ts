// The command table is consistent, what is generated from it is current, and the kernel finds every command by name.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  ACL_CATEGORIES,
  COMMAND_FLAGS,
  COMMANDS,
  type Command,
  commandFilter,
  commandGetKeysReply,
  commandInfoReply,
  commandOf,
  deriveCommand,
  FIRST_HOST_OPCODE,
  findByFullName,
  findCommand,
  findSubcommand,
  globMatch,
  KEY_FLAGS,
  type KeySpec,
  keysOf,
  keysOfCommand,
  OPCODES,
  WHERES,
} from '../../host/commands/index.js';
import type { Argument } from '../../host/commands/types.js';
import { BUILDS, loadTestModule } from '../support/wasm.js';

const ALL = COMMANDS.flatMap((command) => [command, ...command.subcommands]);
/** Commands whose arity Redis declares lower than what their arguments add up to: their code sorts it out. */
const ARITY_BELOW_ARGUMENTS = new Set(['geopos', 'geohash', 'pfmerge']);
const bytesOf = (line: string) => line.split(' ').map((word) => Buffer.from(word, 'latin1'));

const seed = Number(process.env.LATCHKEY_SEED ?? 20261124);
let state = seed >>> 0;
function below(count: number): number {
  state = (state + 0x9e3779b9) >>> 0;
  let x = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) % count;
}

function inOrder<T>(all: readonly T[], some: readonly T[]): boolean {
  const positions = some.map((item) => all.indexOf(item));
  return positions.every((position, i) => position >= 0 && (i === 0 || position > positions[i - 1]));
}

/** How many words an argument takes at least, if it is there. */
function wordsOf({ type, token, arguments: inner = [] }: Argument): number {
  const words = inner.filter(({ optional }) => !optional).map(wordsOf);
  if (type === 'pure-token') return 1;
  const value = type === 'oneof' ? Math.min(...words) : type === 'block' ? words.reduce((sum, n) => sum + n, 0) : 1;
  return value + (token === undefined ? 0 : 1);
}

describe('the command table', () => {
  test('has every command of its groups, each once', () => {
    expect(COMMANDS.length).toBeGreaterThanOrEqual(72);
    expect(new Set(ALL.map(({ fullName }) => fullName)).size).toBe(ALL.length);
    for (const { name } of ALL) expect(name).toMatch(/^[a-z][a-z0-9_-]{0,23}$/);
  });

  test('gives each command a number of its own, and every number a command', () => {
    expect(Object.keys(OPCODES).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
    expect(new Set(Object.values(OPCODES)).size).toBe(COMMANDS.length);
    for (const { name, opcode, where, subcommands } of COMMANDS) {
      expect([name, opcode > 0 && opcode <= 255]).toEqual([name, true]);
      expect([name, opcode >= FIRST_HOST_OPCODE]).toEqual([name, where === 'host']);
      for (const sub of subcommands) expect(sub.opcode).toBe(opcode);
    }
  });

  test('numbers the commands of the kernel without a gap', () => {
    const kernel = Object.values(OPCODES).filter((opcode) => opcode < FIRST_HOST_OPCODE);
    expect(kernel.sort((a, b) => a - b)).toEqual(kernel.map((_, i) => i + 1));
  });

  test('declares flags, categories and key flags in the order of replies', () => {
    for (const command of ALL) {
      expect([command.fullName, inOrder(COMMAND_FLAGS, command.flags)]).toEqual([command.fullName, true]);
      expect([command.fullName, inOrder(ACL_CATEGORIES, command.aclCategories)]).toEqual([command.fullName, true]);
      for (const { flags } of command.keys) {
        expect([command.fullName, inOrder(KEY_FLAGS, flags)]).toEqual([command.fullName, true]);
        // A channel goes by a slot as a key does, and is none.
        const isChannel = flags.includes('not_key');
        const kinds = flags.filter((flag) => ['RO', 'RW', 'OW', 'RM'].includes(flag));
        expect([command.fullName, kinds.length]).toEqual([command.fullName, isChannel ? 0 : 1]);
      }
    }
  });

  test('logs what writes and nothing else', () => {
    for (const { fullName, flags, logged, keys } of ALL) {
      const writes = flags.includes('write');
      expect([fullName, logged !== undefined]).toEqual([fullName, writes]);
      expect([fullName, writes && flags.includes('readonly')]).toEqual([fullName, false]);
      // PFCOUNT is a read that writes down what it has counted.
      if (fullName !== 'pfcount' && keys.some((spec) => !spec.flags.includes('RO') && !spec.flags.includes('not_key')))
        expect([fullName, writes]).toEqual([fullName, true]);
    }
  });

  test('says where a command runs in keeping with its keys and subcommands', () => {
    for (const { fullName, where, keys, firstKey, lastKey, subcommands } of ALL) {
      if (where === 'shard') expect([fullName, firstKey > 0 && lastKey === firstKey]).toEqual([fullName, true]);
      else if (where === 'split') expect([fullName, firstKey, lastKey]).toEqual([fullName, 1, -1]);
      else if (where === 'guest' || where === 'move') {
        const several =
          lastKey !== firstKey || keys.length > 1 || keys.some(({ find }) => find !== 'unknown' && 'keyNumber' in find);
        expect([fullName, several || keys.some(({ begin }) => begin !== 'unknown' && 'keyword' in begin)]).toEqual([
          fullName,
          true,
        ]);
      } else if (where !== 'host') expect([fullName, keys.length]).toEqual([fullName, 0]);
      const inside = new Set(subcommands.map((sub) => sub.where));
      if (where === 'container') expect([fullName, inside.size]).toEqual([fullName, 2]);
      else for (const place of inside) expect([fullName, place]).toEqual([fullName, where]);
    }
  });

  test('documents arguments that agree with arity and keys', () => {
    const check = (command: Command, args: readonly Argument[]): void => {
      for (const argument of args) {
        const nested = argument.type === 'oneof' || argument.type === 'block';
        expect([command.fullName, argument.arguments !== undefined]).toEqual([command.fullName, nested]);
        // A pattern may stand for keys: SORT's BY and GET name a spec too.
        if (argument.type !== 'pattern')
          expect([command.fullName, argument.keySpec !== undefined]).toEqual([
            command.fullName,
            argument.type === 'key',
          ]);
        expect(argument.keySpec ?? -1).toBeLessThan(command.keys.length);
        if (argument.type === 'pure-token') expect(argument.token).toBeDefined();
        check(command, argument.arguments ?? []);
      }
    };
    for (const command of ALL) {
      check(command, command.arguments ?? []);
      const words = command.fullName.split('|').length;
      expect([command.fullName, Math.abs(command.arity) >= words]).toEqual([command.fullName, true]);
      const required = (command.arguments ?? []).filter(({ optional }) => !optional);
      const total = required.reduce((sum, argument) => sum + wordsOf(argument), words);
      // With an exact arity everything is required, and every alternative has as many words as its neighbours.
      if (command.arity > 0) expect([command.fullName, total]).toEqual([command.fullName, command.arity]);
      else if (!ARITY_BELOW_ARGUMENTS.has(command.fullName))
        expect([command.fullName, total <= -command.arity]).toEqual([command.fullName, true]);
    }
  });

  test('has a summary for each command that is one sentence of its own', () => {
    const summaries = ALL.filter(({ name }) => name !== 'help').map(({ summary }) => summary);
    expect(new Set(summaries).size).toBe(summaries.length);
    for (const summary of summaries) expect(summary).toMatch(/^[A-Z].*[^.]\.$/);
  });

  test('is found by name', () => {
    for (const command of COMMANDS) {
      expect(findCommand(command.name)).toBe(command);
      for (const sub of command.subcommands) {
        expect(findSubcommand(command, sub.name)).toBe(sub);
        expect(findByFullName(sub.fullName)).toBe(sub);
        expect(findCommand(sub.fullName)).toBeUndefined();
        expect(commandOf(bytesOf(`${command.name.toUpperCase()} ${sub.name.toUpperCase()}`))).toBe(sub);
      }
    }
    expect(findCommand('GET')).toBeUndefined();
    expect(commandOf([])).toBeUndefined();
    expect(commandOf(bytesOf('config nosuch'))).toBeUndefined();
    expect(commandOf(bytesOf('config'))).toBe(findCommand('config'));
    expect(commandOf([Buffer.alloc(1 << 20, 'g')])).toBeUndefined();
  });

  test('answers COMMAND INFO of an unknown name with null', () => {
    expect(commandInfoReply(undefined)).toBeNull();
  });
});

describe('generated files', () => {
  test('are up to date', () => {
    const script = ['scripts/generate-command-table.mjs', '--check'];
    expect(() => execFileSync(process.execPath, script, { stdio: 'pipe' })).not.toThrow();
  });

  test('the page lists every command and subcommand', () => {
    const page = readFileSync('docs/commands.md', 'utf8');
    for (const { fullName } of ALL) expect(page).toContain(`\`${fullName.toUpperCase().replace('|', ' ')}\``);
  });

  test('the kernel has a constant for every opcode', () => {
    const source = readFileSync('assembly/commands/table.generated.ts', 'utf8');
    const constants = new Map([...source.matchAll(/^export const OP_(\w+): u32 = (\d+);$/gm)].map((m) => [m[1], m[2]]));
    expect(constants.size).toBe(COMMANDS.length);
    for (const { name, opcode } of COMMANDS) expect(constants.get(name.toUpperCase())).toBe(String(opcode));
  });
});

describe('keys of a command', () => {
  const positions = (line: string) => keysOf(bytesOf(line)).map(({ position }) => position);

  test('are found in a range, in steps, and behind a subcommand', () => {
    expect(positions('get a')).toEqual([1]);
    expect(positions('MGET a b c')).toEqual([1, 2, 3]);
    expect(positions('mset a 1 b 2')).toEqual([1, 3]);
    expect(positions('bitop and d a b')).toEqual([2, 3, 4]);
    expect(positions('lcs a b len')).toEqual([1, 2]);
    expect(positions('object ENCODING a')).toEqual([2]);
    expect(positions('ping a')).toEqual([]);
    expect(positions('nosuch a')).toEqual([]);
    expect(positions('mget')).toEqual([]);
  });

  test('have the flags that the options make', () => {
    const flags = (line: string) => keysOf(bytesOf(line))[0].flags.join(' ');
    expect(flags('set k v')).toBe('OW update');
    expect(flags('set k v ex 5 GET')).toBe('RW access update');
    expect(flags('set get get')).toBe('OW update');
    expect(flags('bitfield k get u8 0')).toBe('RO access');
    expect(flags('bitfield k get u8 0 overflow wrap')).toBe('RO access');
    expect(flags('bitfield k get u8 0 set u8 0 1')).toBe('RW access update');
    expect(flags('bitfield k get u8')).toBe('RW access update');
  });

  const withKeys = (...keys: KeySpec[]) =>
    deriveCommand(
      'generic',
      { name: 'x', summary: '', since: '', arity: -1, flags: [], keys, where: 'host' },
      { name: '', opcode: 1 },
    );
  const of = (command: Command, line: string) => keysOfCommand(command, bytesOf(line)).map(({ position }) => position);

  test('are counted by a number among the arguments', () => {
    const command = withKeys(
      { flags: ['OW'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
      { flags: ['RO'], begin: { index: 2 }, find: { keyNumber: 0, first: 1, step: 1 } },
    );
    expect(of(command, 'x d 2 a b c')).toEqual([1, 3, 4]);
    for (const line of [
      'x d 3 a b',
      'x d 0 a',
      'x d -1 a',
      'x d +1 a',
      'x d 1.0 a',
      'x d',
      'x d 99999999999999999999 a',
    ]) {
      expect([line, of(command, line)]).toEqual([line, []]);
    }
  });

  test('are found behind a keyword, forwards and backwards, over a part of the rest', () => {
    const streams = withKeys({
      flags: ['RO'],
      begin: { keyword: 'STREAMS', startFrom: 1 },
      find: { last: -1, step: 1, limit: 2 },
    });
    expect(of(streams, 'x count 2 streams a b 0 0')).toEqual([4, 5]);
    expect(of(streams, 'x count 2')).toEqual([]);
    const backwards = withKeys({
      flags: ['RO'],
      begin: { keyword: 'KEYS', startFrom: -2 },
      find: { last: -1, step: 1, limit: 0 },
    });
    expect(of(backwards, 'x keys 1 keys a b')).toEqual([4, 5]);
  });

  test('that are no keys, or cannot all be known, are not given', () => {
    const range = { begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } };
    expect(of(withKeys({ flags: ['RO', 'not_key'], ...range }), 'x a')).toEqual([]);
    expect(of(withKeys({ flags: ['RO', 'incomplete'], ...range }), 'x a')).toEqual([]);
    expect(of(withKeys({ flags: ['RO'], begin: 'unknown', find: 'unknown' }), 'x a')).toEqual([]);
  });

  test('are answered by COMMAND GETKEYS, or its errors', () => {
    expect(commandGetKeysReply(bytesOf('mget a b'), false)).toEqual(bytesOf('a b'));
    expect(commandGetKeysReply(bytesOf('ping x'), false)).toEqual({ error: 'ERR The command has no key arguments' });
    expect(commandGetKeysReply(bytesOf('nosuch x'), true)).toEqual({ error: 'ERR Invalid command specified' });
  });
});

describe('filters', () => {
  test('list everything, a category, a pattern, or nothing for modules', () => {
    expect(commandFilter()).toEqual(ALL.map(({ fullName }) => fullName));
    expect(commandFilter({ by: 'aclcat', value: 'Bitmap' })).toContain('bitop');
    expect(commandFilter({ by: 'pattern', value: 'OBJECT|*' }).length).toBe(5);
    expect(commandFilter({ by: 'module', value: '*' })).toEqual([]);
  });

  test.each([
    ['', '', true],
    ['*', '', false],
    ['**', 'a', true],
    ['a*c', 'abbc', true],
    ['a*c', 'abbd', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['h?llo', 'hello', true],
    ['h[ae]llo', 'hillo', false],
    ['h[^e]llo', 'hallo', true],
    ['h[a-c]llo', 'hbllo', true],
    ['h[c-a]llo', 'hbllo', true],
    ['h\\*llo', 'h*llo', true],
    ['h\\*llo', 'hxllo', false],
    ['a\\', 'a\\', true],
    ['[abc', 'b', true],
    ['[', 'a', false],
    ['[^', 'a', true],
    ['HELLO', 'hello', false],
  ])('glob %j on %j: %j', (pattern, text, matches) => {
    expect(globMatch(pattern, text)).toBe(matches);
  });

  test('a glob of many stars takes no more than pattern times text steps', () => {
    const start = performance.now();
    expect(globMatch(`${'*a'.repeat(2000)}b`, 'a'.repeat(20_000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe.each(BUILDS)('the kernel of the $memory $mode build', (build) => {
  const module = loadTestModule('command-table', build);
  const { lookup, opcode, arity, flags, writeNameLower, lookupRepeatedly } = module.exports;
  const AT = 0x20000;

  /** Looks up bytes that are followed by letters, which must not count. */
  function find(name: Uint8Array | string): number {
    const bytes = typeof name === 'string' ? Buffer.from(name, 'latin1') : name;
    const memory = module.bytes();
    memory.fill(0x47, AT, AT + bytes.length + 8);
    memory.set(bytes, AT);
    return lookup(AT, bytes.length) >>> 0;
  }

  test('counts the commands, and fits 8 KiB', () => {
    expect(module.exports.count()).toBe(COMMANDS.length);
    expect(module.exports.bucketCount() * 32).toBeLessThanOrEqual(8192);
    expect([module.exports.opGet(), module.exports.opSet()]).toEqual([OPCODES.get, OPCODES.set]);
  });

  test('finds every name in any letter case, with all that belongs to it', () => {
    const buckets = new Set<number>();
    for (const command of COMMANDS) {
      const bucket = find(command.name);
      buckets.add(bucket);
      expect([command.name, bucket > 0 && bucket < 0x10000 && bucket % 8 === 0]).toEqual([command.name, true]);
      expect(opcode(bucket)).toBe(command.opcode);
      expect(arity(bucket)).toBe(command.laterArity ?? command.arity);
      const word = flags(bucket) >>> 0;
      const has = (flag: (typeof COMMAND_FLAGS)[number]) => Number(command.flags.includes(flag));
      // A container writes if one of its subcommands does.
      const writes = Number([command, ...command.subcommands].some(({ flags }) => flags.includes('write')));
      expect(word & 15).toBe(writes | (has('readonly') << 1) | (has('denyoom') << 2) | (has('fast') << 3));
      expect(WHERES[(word >> 4) & 15]).toBe(command.where);
      expect((word >> 8) & 15).toBe(command.firstKey);
      expect((word >> 12) & 15).toBe(Number(command.maybeSlow ?? false));
      expect((word << 8) >> 24).toBe(command.lastKey);
      expect(word >>> 24).toBe(command.keyStep);
      expect(find(command.name.toUpperCase())).toBe(bucket);
      for (let round = 0; round < 20; round++) {
        const mixed = [...command.name].map((letter) => (below(2) === 0 ? letter : letter.toUpperCase())).join('');
        expect([mixed, find(mixed)]).toEqual([mixed, bucket]);
      }
    }
    expect(buckets.size).toBe(COMMANDS.length);
  });

  test('finds nothing near a name', () => {
    const names = new Set(COMMANDS.map(({ name }) => name.toUpperCase()));
    let tried = 0;
    const miss = (bytes: Buffer) => {
      const known = names.has(bytes.toString('latin1').replace(/[a-z]/g, (letter) => letter.toUpperCase()));
      expect([bytes.toString('latin1'), find(bytes) !== 0]).toEqual([bytes.toString('latin1'), known]);
      tried++;
    };
    for (const { name } of COMMANDS) {
      const bytes = Buffer.from(name.toUpperCase(), 'latin1');
      for (let i = 0; i < bytes.length; i++) {
        // Every other byte in each place: among them the neighbours of letters, whose case must not be folded.
        for (let byte = 0; byte < 256; byte++) {
          const changed = Buffer.from(bytes);
          changed[i] = byte;
          miss(changed);
        }
        miss(bytes.subarray(0, i));
        miss(Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + 1)]));
      }
      for (let zeros = 1; bytes.length + zeros <= 26; zeros++) miss(Buffer.concat([bytes, Buffer.alloc(zeros)]));
      for (const end of [' ', '\0X', 'X', '\xff', '_']) miss(Buffer.concat([bytes, Buffer.from(end, 'latin1')]));
      for (const start of ['\0', ' ', 'X']) miss(Buffer.concat([Buffer.from(start, 'latin1'), bytes]));
    }
    for (let length = 0; length <= 40; length++) for (const fill of [0, 0x41, 0xff]) miss(Buffer.alloc(length, fill));
    expect(tried).toBeGreaterThan(50_000);
  });

  test(`finds nothing in random bytes (seed ${seed})`, () => {
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.from(Array.from({ length: 1 + below(24) }, () => 128 + below(128)));
      expect(find(bytes)).toBe(0);
    }
  });

  test('takes any length, the longest u32 included', () => {
    for (const length of [25, 32, 64, 0x7fffffff, 0x80000000, 0xffffffff]) expect(lookup(AT, length | 0)).toBe(0);
  });

  test('never needs more than eight bytes behind a name', () => {
    const size = module.memory.buffer.byteLength;
    for (const { name } of COMMANDS) {
      const at = size - 8 - name.length;
      module.bytes().set(Buffer.from(name), at);
      expect(opcode(lookup(at, name.length))).toBe(OPCODES[name]);
    }
  });

  test('writes names in lower case and nothing behind them', () => {
    for (const { name } of COMMANDS) {
      const bucket = find(name);
      module.bytes().fill(0x23, AT, AT + 32);
      expect(writeNameLower(bucket, AT)).toBe(name.length);
      expect(Buffer.from(module.bytes().slice(AT, AT + 32)).toString('latin1')).toBe(name.padEnd(32, '#'));
    }
  });

  test('looks up in a few nanoseconds', () => {
    const rounds = build.mode === 'release' ? 1_000_000 : 10_000;
    module.bytes().set(Buffer.from('get'), AT);
    const start = performance.now();
    expect(lookupRepeatedly(AT, 3, rounds) >>> 0).toBe((OPCODES.get * rounds) % 2 ** 32);
    const nanoseconds = ((performance.now() - start) * 1e6) / rounds;
    // Far above what it takes, so that only a change of kind fails here.
    if (build.mode === 'release') expect(nanoseconds).toBeLessThan(200);
  });
});

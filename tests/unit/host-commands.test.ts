// Host commands answer as redis-server 7.0 does, byte for byte where it can be compared, and ask of their thread what
// they should. No sockets on our side: a client and a thread stand in (host-fakes.ts).

import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../host/commands/index.js';
import { BLOCKING_HANDLERS } from '../../host/server/commands/blocking.js';
import { findHandler } from '../../host/server/commands/index.js';
import { unixMicroseconds } from '../../host/server/commands/server.js';
import type { Client } from '../../host/server/context.js';
import { STAT } from '../../host/worker/stats.js';
import { hostScripts } from '../differential/cases/host.js';
import { unknownScripts } from '../differential/cases/unknown.js';
import { compareReplies, ruleFor } from '../support/generator/compare.js';
import { parseCommandLine } from '../support/generator/escape.js';
import { FakeServices, fakeClient, runHostCommand } from '../support/host-fakes.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { decode, RespClient } from '../support/resp-client.js';

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** What differs between our replies and a live server's to the same lines, on one connection. */
async function differences(
  lines: readonly string[],
  port: number,
  services: FakeServices,
  client: Client,
): Promise<string[]> {
  const redis = await RespClient.connect(port);
  const found: string[] = [];
  try {
    if (client.proto === 3) await redis.call('HELLO', 3);
    await redis.call('FLUSHALL');
    for (const line of lines) {
      const loose = line.startsWith('~ ');
      const command = parseCommandLine(loose ? line.slice(2) : line);
      const theirs = await redis.call(...command);
      const ours = await runHostCommand(command, client, services);
      const why = compareReplies(loose ? { kind: 'kind' } : ruleFor(command), ours, theirs);
      if (why)
        found.push(`${line}: ${JSON.stringify(ours.toString('latin1'))} ${JSON.stringify(theirs.toString('latin1'))}`);
    }
  } finally {
    await redis.close();
  }
  return found;
}

const opened = (proto: 2 | 3, changes: Partial<Client> = {}) => ({
  services: new FakeServices(),
  client: fakeClient({ proto, ...changes }),
});

describeWith('redis-server', 'host commands beside redis-server', () => {
  const server = redisServerForSuite();

  describe.each([2, 3] as const)('over RESP%i', (proto) => {
    it.each([...hostScripts, ...unknownScripts])('answer alike: $title', async ({ lines }) => {
      const { services, client } = opened(proto);
      expect(await differences(linesOf(lines), server().port, services, client)).toEqual([]);
    });

    it('HELLO describes the server alike, but for the number of the connection', async () => {
      const redis = await RespClient.connect(server().port);
      const { services, client } = opened(2);
      for (const words of [['HELLO'], ['HELLO', String(proto), 'SETNAME', 'me'], ['HELLO']]) {
        const withoutId = (reply: Buffer) => reply.toString('latin1').replace(/(id\r\n:)\d+/, '$1');
        expect(withoutId(await runHostCommand(words, client, services))).toBe(withoutId(await redis.call(...words)));
      }
      expect([client.proto, client.name]).toEqual([proto, 'me']);
      await redis.close();
    });

    it('CLIENT LIST and INFO have the fields of 7.0 in order, and then those of 7.2', async () => {
      const redis = await RespClient.connect(server().port);
      if (proto === 3) await redis.call('HELLO', 3);
      const { services, client } = opened(proto);
      services.others = [services.factsOf(client)];
      const fields = (reply: Buffer) => [...reply.toString('latin1').matchAll(/([a-z-]+)=/g)].map(([, name]) => name);
      for (const sub of ['LIST', 'INFO']) {
        const theirs = await redis.call('CLIENT', sub);
        const ours = await runHostCommand(['CLIENT', sub], client, services);
        expect(ours[0]).toBe(theirs[0]);
        // Each side has one client there.
        expect(fields(ours)).toEqual([...fields(theirs), 'lib-name', 'lib-ver']);
      }
      await redis.close();
    });
  });

  it('HELP says nothing that Redis does not say, in its order, but for what came later', async () => {
    const redis = await RespClient.connect(server().port);
    const { services, client } = opened(2);
    const later = /SETINFO|NO-TOUCH|client meta attr|LIB-NAME|LIB-VER|Will not touch/;
    for (const container of ['CLIENT', 'COMMAND', 'MEMORY', 'MODULE', 'OBJECT']) {
      const theirs = decode(await redis.call(container, 'HELP')) as string[];
      const ours = decode(await runHostCommand([container, 'HELP'], client, services)) as string[];
      let from = 0;
      for (const line of ours.filter((text) => !later.test(text))) {
        const at = theirs.indexOf(line, from);
        expect([container, line, at >= from]).toEqual([container, line, true]);
        from = at + 1;
      }
      expect(ours.at(-1)).toBe('    Prints this help.');
    }
    await redis.close();
  });
});

describeWith('redis-server', 'host commands beside a redis-server with a password', () => {
  const server = redisServerForSuite({ args: ['--requirepass', 'pw'] });

  it.each([
    [
      'PING',
      'nosuch',
      'GET',
      'GET k',
      'SET k v',
      'CLIENT nosuch',
      'CLIENT ID',
      'COMMAND COUNT',
      'DEBUG SLEEP 0',
      'OBJECT HELP',
    ],
    [
      'HELLO',
      'HELLO 3',
      'HELLO 5',
      'HELLO 3 AUTH default nope',
      'HELLO 3 AUTH nobody pw',
      'HELLO 3 SETNAME "a b"',
      'PING',
    ],
    [
      'AUTH',
      'AUTH nope',
      'AUTH ""',
      'AUTH nobody pw',
      'AUTH Default pw',
      'AUTH default pw x',
      'PING',
      'AUTH pw',
      'PING',
    ],
    ['AUTH default pw', 'PING a', 'AUTH default wrong', 'PING', 'SET k v', 'GET k', 'ECHO x', 'RESET', 'PING', 'GET k'],
    ['HELLO 3 SETNAME me', 'HELLO 3 SETNAME you AUTH default nope', 'PING', 'AUTH pw', 'CLIENT GETNAME'],
    ['HELLO 3 AUTH default pw SETNAME "a b"', 'PING', 'HELLO 3 AUTH default nope', 'PING'],
    ['RESET', 'AUTH pw', 'SELECT 3', 'CLIENT SETNAME me', 'RESET', 'AUTH pw', 'CLIENT GETNAME', 'QUIT x'],
  ])('answer alike to a client that has to give it: %s …', async (...lines) => {
    const redis = await RespClient.connect(server().port);
    const { services, client } = opened(2, { authenticated: false });
    services.config.set('requirepass', ['pw']);
    for (const line of lines) {
      const command = parseCommandLine(line);
      const theirs = (await redis.call(...command)).toString('latin1');
      const ours = (await runHostCommand(command, client, services)).toString('latin1');
      expect([line, ours]).toEqual([line, theirs]);
    }
    await redis.close();
  });

  it('HELLO AUTH lets in and answers as to any client', async () => {
    const { services, client } = opened(2, { authenticated: false });
    services.config.set('requirepass', ['pw']);
    const reply = await runHostCommand(['HELLO', '3', 'AUTH', 'default', 'pw', 'SETNAME', 'me'], client, services);
    expect(reply.toString().startsWith('%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n')).toBe(true);
    expect([client.authenticated, client.proto, client.name]).toEqual([true, 3, 'me']);
  });
});

describeWith('redis-server', 'DEBUG beside a redis-server that allows it', () => {
  const server = redisServerForSuite({ args: ['--enable-debug-command', 'yes'] });

  it('answers alike where both have the subcommand', async () => {
    const { services, client } = opened(2);
    services.config.set('enable-debug-command', ['yes']);
    const lines = linesOf(String.raw`
      DEBUG
      DEBUG SLEEP
      DEBUG SLEEP abc
      DEBUG SLEEP 0 x
      DEBUG SLEEP -1
      DEBUG SLEEP 0.001
      DEBUG OBJECT
      DEBUG OBJECT none
      DEBUG OBJECT k x y
      SET k v
      ~ DEBUG OBJECT k
      DEBUG SET-ACTIVE-EXPIRE
      DEBUG SET-ACTIVE-EXPIRE x
      DEBUG SET-ACTIVE-EXPIRE 1
      DEBUG garbage
      DEBUG "a\r\nb\x00c"
      DEBUG HELP x
    `);
    expect(await differences(lines, server().port, services, client)).toEqual([]);
    expect(services.asked).toEqual([
      ['sleep', 1],
      ['setActiveExpire', false],
      ['setActiveExpire', true],
    ]);
  });
});

describe('host commands', () => {
  const run = async (line: string, client: Client, services: FakeServices) =>
    decode(await runHostCommand(parseCommandLine(line), client, services));

  it('have a handler each, and nothing else has', () => {
    for (const command of COMMANDS.flatMap((each) => [each, ...each.subcommands])) {
      if (command.subcommands.length > 0 && command.name !== 'command') continue;
      expect([command.fullName, findHandler(command.fullName) !== undefined]).toEqual([
        command.fullName,
        // XREAD and XREADGROUP are the host's when they say BLOCK.
        command.where === 'host' || command.fullName in BLOCKING_HANDLERS,
      ]);
    }
  });

  it('DEBUG is allowed by a local address alone if the configuration says local', async () => {
    const { services } = opened(2);
    services.config.set('enable-debug-command', ['local']);
    const allowed = async (changes: Partial<Client>) =>
      (await runHostCommand(['DEBUG', 'SLEEP', '0'], fakeClient(changes), services))[0] === '+'.charCodeAt(0);
    expect(await allowed({ address: '127.0.0.1:9' })).toBe(true);
    expect(await allowed({ address: '[::1]:9' })).toBe(true);
    expect(await allowed({ address: '/tmp/server.sock:0', unix: true })).toBe(true);
    expect(await allowed({ address: '127.0.0.11:9' })).toBe(false);
    expect(await allowed({ address: '10.0.0.1:9' })).toBe(false);
  });

  it('DEBUG OBJECT reports what the kernel knows, under either policy', async () => {
    const { services, client } = opened(2);
    services.config.set('enable-debug-command', ['yes']);
    await run('SET k 123456', client, services);
    expect(await run('DEBUG OBJECT k', client, services)).toMatch(
      /^Value refcount:1 encoding:int bytes:\d+ lru_seconds_idle:0$/,
    );
    client.db = 1;
    client.proto = 3;
    expect(await run('DEBUG OBJECT k', client, services)).toMatchObject({ message: 'ERR no such key' });
    await expect(run('DEBUG PANIC', client, services)).rejects.toThrow('panic');
  });

  it('CLIENT LIST tells the clients asked for, in the order asked, and flags none for waiting for it', async () => {
    const { services, client } = opened(2);
    const others = [3, 7, 9].map((id) => services.factsOf(fakeClient({ id, name: `n${id}`, noEvict: id === 9 })));
    services.others = others;
    const lines = async (line: string) =>
      String(await run(line, client, services))
        .split('\n')
        .slice(0, -1);
    expect((await lines('CLIENT LIST')).map((line) => line.split(' ')[0])).toEqual(['id=3', 'id=7', 'id=9']);
    expect((await lines('CLIENT LIST ID 9 4 3 9')).map((line) => line.split(' ')[0])).toEqual(['id=9', 'id=3', 'id=9']);
    expect(await lines('CLIENT LIST TYPE normal')).toHaveLength(3);
    expect(await lines('CLIENT LIST TYPE replica')).toEqual([]);
    expect((await lines('CLIENT LIST')).map((line) => / flags=(\w+) /.exec(line)![1])).toEqual(['b', 'N', 'be']);
    expect(String(await run('CLIENT INFO', client, services))).toContain(' cmd=client|info user=default ');
  });

  it('CLIENT LIST counts ages in seconds and buffers in bytes', async () => {
    const { services } = opened(2);
    const nowMs = Date.now();
    const client = fakeClient({
      createdMs: nowMs - 61_500,
      lastActiveMs: nowMs - 1_200,
      inputBytes: 12,
      outputBytes: 30,
      proto: 3,
      db: 4,
      unix: true,
      address: '/tmp/s:0',
    });
    const line = String(await run('CLIENT INFO', client, services));
    for (const field of [
      'age=61',
      'idle=1',
      'flags=U',
      'db=4',
      'qbuf=12',
      'omem=30',
      'tot-mem=42',
      'events=rw',
      'resp=3',
    ]) {
      expect(` ${line}`).toContain(` ${field} `);
    }
    expect(line).toContain(' addr=/tmp/s:0 ');
  });

  it('CLIENT KILL means the clients that all filters fit, and the caller only when told', async () => {
    const { services, client } = opened(2);
    services.others = [services.factsOf(fakeClient({ id: 3 }))];
    expect(await run('CLIENT KILL ID 3', client, services)).toBe(1);
    expect(await run('CLIENT KILL id 4 SKIPME NO', client, services)).toBe(0);
    expect(
      await run('CLIENT KILL ADDR 1.2.3.4:5 LADDR 1.1.1.1:1 TYPE slave USER default SKIPME yes', client, services),
    ).toBe(0);
    expect(await run('CLIENT KILL 1.2.3.4:5', client, services)).toMatchObject({ message: 'ERR No such client' });
    expect(services.asked).toEqual([
      ['kill', { exceptId: 7, id: 3 }],
      ['kill', { exceptId: undefined, id: 4 }],
      ['kill', { exceptId: 7, address: '1.2.3.4:5', localAddress: '1.1.1.1:1', type: 'replica', user: 'default' }],
      ['kill', { address: '1.2.3.4:5' }],
    ]);
  });

  it('CLIENT PAUSE names the moment it ends, UNPAUSE one that is past', async () => {
    const { services, client } = opened(2);
    const fromMs = Date.now();
    for (const line of ['CLIENT PAUSE 5000', 'CLIENT PAUSE 5000 WRITE', 'CLIENT UNPAUSE', 'CLIENT PAUSE 0']) {
      expect(await run(line, client, services)).toBe('OK');
    }
    const [all, writes, end] = services.asked as [string, number, boolean][];
    expect(services.asked).toHaveLength(3);
    expect(all[1] >= fromMs + 5000 && all[1] <= Date.now() + 5000).toBe(true);
    expect([all[2], writes[2], end[2]]).toEqual([false, true, false]);
    expect(end[1]).toBeLessThan(fromMs);
  });

  it('CLIENT REPLY OFF and SKIP answer nothing, and SKIP does not end the silence', async () => {
    const { services, client } = opened(2);
    const modes = [];
    for (const mode of ['SKIP', 'ON', 'OFF', 'SKIP', 'ON']) {
      const bytes = (await runHostCommand(['CLIENT', 'REPLY', mode], client, services)).length;
      modes.push([mode, client.replyMode, bytes > 0]);
    }
    expect(modes).toEqual([
      ['SKIP', 'skipNext', false],
      ['ON', 'on', true],
      ['OFF', 'off', false],
      ['SKIP', 'off', false],
      ['ON', 'on', true],
    ]);
  });

  it('CLIENT SETINFO and NO-TOUCH do as the documentation of Redis 7.2 says', async () => {
    const { services, client } = opened(2);
    expect(await run('CLIENT SETINFO LIB-NAME ioredis', client, services)).toBe('OK');
    expect(await run('CLIENT SETINFO lib-ver 1.2.3', client, services)).toBe('OK');
    expect(String(await run('CLIENT INFO', client, services))).toMatch(/ lib-name=ioredis lib-ver=1\.2\.3\n$/);
    expect(await run('CLIENT SETINFO lib-ver "a b"', client, services)).toMatchObject({
      message: 'ERR lib-ver cannot contain spaces, newlines or special characters.',
    });
    expect(await run('CLIENT SETINFO Colour red', client, services)).toMatchObject({
      message: "ERR Unrecognized option 'Colour'",
    });
    expect(await run('CLIENT SETINFO lib-name', client, services)).toMatchObject({
      message: "ERR wrong number of arguments for 'client|setinfo' command",
    });
    expect(await run('CLIENT NO-TOUCH on', client, services)).toBe('OK');
    expect([client.noTouch, client.libVersion]).toEqual([true, '1.2.3']);
    expect(String(await run('CLIENT INFO', client, services))).toContain(' flags=T ');
    expect(await run('CLIENT NO-TOUCH maybe', client, services)).toMatchObject({ message: 'ERR syntax error' });
    // RESET ends NO-TOUCH, and keeps what describes the library.
    await run('RESET', client, services);
    expect([client.noTouch, client.libName, client.libVersion]).toEqual([false, 'ioredis', '1.2.3']);
    await run('CLIENT SETINFO lib-name ""', client, services);
    expect(client.libName).toBe('');
  });

  it('RESET leaves a client as a new one would be, and NO-EVICT as 7.0 leaves it', async () => {
    const { services, client } = opened(3, { db: 5, name: 'me', noEvict: true, replyMode: 'off' });
    expect(await run('RESET', client, services)).toBe('RESET');
    expect(client).toMatchObject({ db: 0, proto: 2, name: '', noEvict: true, replyMode: 'on', authenticated: true });
    services.config.set('requirepass', ['pw']);
    await run('RESET', client, services);
    expect(client.authenticated).toBe(false);
  });

  it('COMMAND describes every command of the table', async () => {
    const { services, client } = opened(2);
    expect(await run('COMMAND COUNT', client, services)).toBe(COMMANDS.length);
    expect(await run('COMMAND', client, services)).toHaveLength(COMMANDS.length);
    expect(await run('COMMAND INFO', client, services)).toHaveLength(COMMANDS.length);
    const infos = (await run('COMMAND INFO GeT nosuch client|LIST', client, services)) as (unknown[] | null)[];
    expect(infos.map((one) => one?.slice(0, 2))).toEqual([['get', 2], undefined, ['client|list', -2]]);
    client.proto = 3;
    const docs = (await run('COMMAND DOCS', client, services)) as Map<string, unknown>;
    expect([...docs.keys()]).toEqual(COMMANDS.map(({ name }) => name));
    expect([
      ...((await run('COMMAND DOCS Get nosuch client|id', client, services)) as Map<string, unknown>).keys(),
    ]).toEqual(['get', 'client|id']);
  });

  it('take arguments that no string can hold', async () => {
    const { services, client } = opened(2);
    services.config.set('enable-debug-command', ['yes']);
    // Longer than the longest string of V8.
    const huge = Buffer.alloc(2 ** 29 - 1, 'x');
    const lines = [
      ...[
        '',
        'nosuch',
        'CLIENT',
        'COMMAND',
        'DEBUG',
        'MEMORY',
        'MODULE',
        'OBJECT',
        'SHUTDOWN',
        'SELECT',
        'HELLO',
        'AUTH',
      ],
      ...linesOf(`
        CLIENT SETNAME
        CLIENT SETINFO lib-name
        CLIENT KILL
        CLIENT KILL ADDR
        CLIENT KILL TYPE
        CLIENT KILL USER
        CLIENT LIST TYPE
        CLIENT LIST ID
        CLIENT REPLY
        CLIENT PAUSE
        COMMAND INFO
        COMMAND DOCS
        COMMAND LIST FILTERBY PATTERN
        COMMAND GETKEYS nosuch
        HELLO 3
        HELLO 3 SETNAME
        AUTH default
        LOLWUT VERSION
        DEBUG SLEEP
        DEBUG SET-ACTIVE-EXPIRE
      `),
    ];
    for (const line of lines) {
      const reply = await runHostCommand([...line.split(' ').filter((text) => text !== ''), huge], client, services);
      // Nothing quotes more than it has to.
      expect([line, reply.length < 70_000]).toEqual([line, true]);
    }
  });

  it('TIME has microseconds that never leave the millisecond of the clock', async () => {
    const { services, client } = opened(2);
    let last = 0n;
    for (let i = 0; i < 20_000; i++) {
      const before = BigInt(Date.now());
      const now = unixMicroseconds();
      expect(now >= before * 1000n && now < (BigInt(Date.now()) + 1n) * 1000n).toBe(true);
      expect(now >= last).toBe(true);
      last = now;
    }
    const [seconds, micros] = (await run('TIME', client, services)) as [string, string];
    expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(2);
    expect(Number(micros)).toBeLessThan(1_000_000);
  });

  it('SHUTDOWN ends the server with any sensible options', async () => {
    for (const line of ['SHUTDOWN', 'SHUTDOWN NOSAVE', 'SHUTDOWN SAVE NOW FORCE', 'shutdown now now']) {
      const { services, client } = opened(2);
      void run(line, client, services);
      expect([line, services.asked]).toEqual([line, [['shutdown']]]);
    }
  });

  it('LOLWUT draws, at the size asked for, and names the version', async () => {
    const { services, client } = opened(2);
    for (const line of [
      'LOLWUT',
      'LOLWUT VERSION 7',
      'LOLWUT VERSION 5',
      'LOLWUT VERSION 6 10 2',
      'LOLWUT x',
      'LOLWUT VERSION',
    ]) {
      expect(String(await run(line, client, services))).toMatch(/^([^\n]+\n)+\n.*Redis ver\. \d+\.\d+\.\d+\n$/);
    }
    const lines = String(await run('LOLWUT VERSION 6 10 2', client, services)).split('\n');
    expect(lines.slice(0, 3).map((text) => text.length)).toEqual([10, 10, 0]);
    const tall = String(await run('LOLWUT VERSION 5 99999 3 99999', client, services)).split('\n');
    expect([tall.length, tall[0].length]).toEqual([203, 1000]);
    expect(String(await run('LOLWUT VERSION 5 0 0 -1', client, services)).split('\n')[0]).toHaveLength(1);
  });

  it('MEMORY reports what the shards hold', async () => {
    const { services, client } = opened(3);
    for (let i = 0; i < 1000; i++) await run(`SET key:${i} ${'x'.repeat(100)}`, client, services);
    const stats = (await run('MEMORY STATS', client, services)) as Map<string, number>;
    expect(stats.get('keys.count')).toBe(1000);
    expect(stats.get('keys.bytes-per-key')).toBeGreaterThan(100);
    expect(stats.get('keys.bytes-per-key')).toBeLessThan(400);
    expect(stats.get('total.allocated')).toBe(services.kernel.shard.calls.usedBytes());
    expect(stats.get('allocator.active')!).toBeGreaterThanOrEqual(stats.get('total.allocated')!);
    expect(stats.get('db.0')).toEqual(new Map([['overhead.hashtable.main', expect.any(Number)]]));
    expect(stats.has('db.1')).toBe(false);
    expect(stats.get('dataset.percentage')).toBeGreaterThan(0);
    expect(stats.get('dataset.percentage')).toBeLessThanOrEqual(100);
    expect(await run('MEMORY DOCTOR', client, services)).toContain('too little');
    expect(await run('MEMORY MALLOC-STATS', client, services)).toMatch(/^Arenas of 1 shard.*\n.*committed.*\n +0 +\d/);
    expect(await run('MEMORY PURGE', client, services)).toBe('OK');
    expect(services.asked).toEqual([['purge']]);
    client.proto = 2;
    expect(((await run('MEMORY STATS', client, services)) as string[]).indexOf('keys.count') % 2).toBe(0);
  });

  it('MEMORY DOCTOR names replies that nobody reads', async () => {
    const { services, client } = opened(2);
    services.stats.admit(10);
    services.stats.add(STAT.outputBuffers, 5 << 20);
    expect(await run('MEMORY DOCTOR', client, services)).toContain('5 MiB of requests not executed');
  });

  it('tell clients what was executed last, and NULL for what does not exist', async () => {
    const { services, client } = opened(2);
    const names = [];
    for (const line of ['PING', 'CLIENT GETNAME', 'CONFIG nosuch', 'GET k', 'nosuch']) {
      await run(line, client, services);
      names.push(client.lastCommand);
    }
    expect(names).toEqual(['ping', 'client|getname', 'NULL', 'get', 'NULL']);
  });
});

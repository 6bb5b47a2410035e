// From a running server to a running server or into kernels, by SCAN and DUMP; and replies cut at every place.
import { describe, expect, it } from 'vitest';
import { connectTo, parseAddress } from '../../host/cli/redis-connection.js';
import { LatchkeyError } from '../../host/errors.js';
import { encodeReply } from '../../host/resp/reply.js';
import { decodeRequest } from '../../host/resp/request.js';
import { importIntoSink, importIntoStore, pour } from '../../host/transfer/import.js';
import { type Item, payloadOf } from '../../host/transfer/item.js';
import { readServer } from '../../host/transfer/live.js';
import { Peer } from '../../host/transfer/peer.js';
import { ReplyError, ReplyReader, type ReplyValue } from '../../host/transfer/reply-reader.js';
import { ServerSink } from '../../host/transfer/server-sink.js';
import { MADE } from '../support/payloads.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite, redisServerForTest, type TestServer } from '../support/redis-server.js';
import { connected, deadlines, digest, fill, kernelStore, WITH_DEBUG } from '../support/transfer.js';
import { BUILDS } from '../support/wasm.js';

const RULES = { mayBeTruncated: true, skipModules: false };
const ignored = (): void => {};
const noStore = (): never => {
  throw new Error('no store is needed for this');
};

describe('replies', () => {
  const bytes = Buffer.from(
    '+OK\r\n-ERR no\r\n:-12\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*0\r\n*3\r\n$0\r\n\r\n*2\r\n:1\r\n+x\r\n$2\r\nzz\r\n',
  );
  const plain = (value: ReplyValue): unknown => {
    if (value instanceof ReplyError) return { error: value.message };
    if (Array.isArray(value)) return value.map(plain);
    return Buffer.isBuffer(value) ? value.toString() : value;
  };
  const wanted = ['OK', { error: 'ERR no' }, -12, 'a\r\n', null, null, [], ['', [1, 'x'], 'zz']];

  it('are the same however they are cut', () => {
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second += 3) {
        const reader = new ReplyReader();
        const parts = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        expect(parts.flatMap((part) => reader.push(part)).map(plain)).toEqual(wanted);
      }
    }
    const reader = new ReplyReader();
    expect([...bytes].flatMap((byte) => reader.push(Buffer.from([byte]))).map(plain)).toEqual(wanted);
  });

  it('that are none are refused', () => {
    for (const text of ['HTTP/1.1 400\r\n', '$x\r\n', '$99999999999999999\r\n', '*-2\r\n', '*1\r\n'.repeat(40)])
      expect(() => new ReplyReader().push(Buffer.from(text))).toThrow(Error);
  });
});

describe('addresses', () => {
  it('have a host, and what else they name', () => {
    expect(parseAddress('redis://localhost')).toEqual({
      ...{ host: 'localhost', port: 6379, tls: false, user: '', password: '', db: undefined },
    });
    expect(parseAddress('rediss://me:p%40ss@[::1]:7000/3')).toEqual({
      ...{ host: '::1', port: 7000, tls: true, user: 'me', password: 'p@ss', db: 3 },
    });
    expect(parseAddress('redis://secret@h/')).toMatchObject({ user: '', password: 'secret', db: undefined });
  });

  it.each(['redis://', 'redis://h/x', 'redis://h:99999', 'redis:///1'])('%s is refused', (text) => {
    expect(() => parseAddress(text)).toThrow(LatchkeyError);
  });
});

describe('a server without transactions', () => {
  const value = payloadOf({ type: 0, body: Buffer.from('\x01v') });
  /** Answers as a small server does; `deadlines` are what PEXPIRETIME says of each key, one after the other. */
  function peerWith(deadlines: Record<string, number[]>): Peer {
    const wire = { where: 'small', close: () => {}, onBytes: (_: Buffer) => {}, onEnd: (_: string) => {} };
    const keys = Object.keys(deadlines);
    const answer = (argv: string[]): Parameters<typeof encodeReply>[0] => {
      if (argv[0] === 'INFO') return argv[1] === 'keyspace' ? `db0:keys=${keys.length},expires=0` : '';
      if (argv[0] === 'SELECT') return { status: 'OK' };
      if (argv[0] === 'SCAN') return ['0', keys];
      if (argv[0] === 'TIME') return ['1700000000', '0'];
      if (argv[0] === 'DUMP') return value;
      if (argv[0] !== 'PEXPIRETIME') return { error: `ERR unknown command '${argv[0]}'` };
      const left = deadlines[argv[1]] ?? [-2];
      return left.length > 1 ? left.shift()! : left[0];
    };
    const write = (bytes: Uint8Array): void => {
      const argv = decodeRequest(Buffer.from(bytes)).map(String);
      queueMicrotask(() => wire.onBytes(encodeReply(answer(argv), 2)));
    };
    return new Peer(Object.assign(wire, { write }), 'BAD_SOURCE');
  }

  it('is asked again for a key whose deadline has changed meanwhile, but not for ever', async () => {
    const restless = Array.from({ length: 40 }, (_, i) => 5_000_000_000_000 + i);
    const peer = peerWith({ still: [-1], once: [-1, 7_000_000_000_000], restless });
    const found = new Map<string, bigint>();
    for await (const { key, expiresMs } of readServer(peer)) found.set(String(key), expiresMs);
    expect([...found.keys()].sort()).toEqual(['once', 'restless', 'still']);
    expect(found.get('still')).toBe(0n);
    expect(found.get('once')).toBe(7_000_000_000_000n);
    expect(found.get('restless')).toBe(5_000_000_000_008n);
  });
});

describeWith('redis-server', 'a running server', () => {
  const source = redisServerForSuite({ args: WITH_DEBUG });
  const peerOf = ({ port }: TestServer, code: 'BAD_SOURCE' | 'BAD_TARGET' = 'BAD_SOURCE'): Promise<Peer> =>
    connectTo(parseAddress(`redis://127.0.0.1:${port}`), code);

  async function filled(server: TestServer): Promise<{ digest: unknown; keys: number }> {
    const client = await connected(server.port);
    await fill(client);
    const seen = await digest(client);
    await client.close();
    expect(seen.keys).toBe(MADE.length * 2 + 2);
    return seen;
  }

  it('is copied into another one, deadlines included, and into kernels', async () => {
    const wanted = await filled(source());
    const target = await redisServerForTest({ args: WITH_DEBUG });
    const [from, to] = [await peerOf(source()), await peerOf(target, 'BAD_TARGET')];
    let last = [0, 0];
    const input = { kind: 'server', peer: from, db: undefined } as const;
    const sink = await ServerSink.open(to, false);
    const result = await importIntoSink(input, sink, noStore, RULES, (done, total) => {
      last = [done, total];
    });
    expect(result).toMatchObject({ keys: wanted.keys, expired: 0, commands: 0 });
    expect(last).toEqual([wanted.keys, wanted.keys]);
    const [a, b] = [await connected(source().port), await connected(target.port)];
    expect(await digest(b)).toEqual(wanted);
    for (const db of [0, 9]) expect(await deadlines(b, db)).toEqual(await deadlines(a, db));
    // Once more, through kernels, over what is there.
    for (const build of BUILDS) {
      const store = kernelStore(build, 3);
      expect(await importIntoStore(input, store, RULES, ignored)).toMatchObject({ keys: wanted.keys, expired: 0 });
      await b.call('FLUSHALL');
      await pour(store.items(), await ServerSink.open(to, false));
      expect(await digest(b)).toEqual(wanted);
      for (const db of [0, 9]) expect(await deadlines(b, db)).toEqual(await deadlines(a, db));
    }
    await Promise.all([a.close(), b.close()]);
    from.close();
    to.close();
  });

  it('that holds keys is no target, unless they may be replaced', async () => {
    await filled(source());
    const target = await redisServerForTest({ args: WITH_DEBUG });
    const client = await connected(target.port);
    await client.pipeline([
      ['SELECT', 9],
      ['SET', MADE[1].name, 'old'],
      ['SET', 'another', 'stays'],
    ]);
    const to = await peerOf(target, 'BAD_TARGET');
    await expect(ServerSink.open(to, false)).rejects.toThrow(/database 9 is not empty; --replace/);
    const from = await peerOf(source());
    await pour(readServer(from, 9), await ServerSink.open(to, true));
    expect(await client.ask('GET', 'another')).toBe('stays');
    expect(await client.ask('DBSIZE')).toBe(MADE.length + 3);
    await client.call('SELECT', 0);
    expect(await client.ask('DBSIZE')).toBe(0);
    await client.close();
    from.close();
    to.close();
  });

  it.each([
    ['allkeys-lru', 'IDLETIME', { idleSeconds: 3000 }],
    ['allkeys-lfu', 'FREQ', { frequency: 77 }],
  ] as const)('under %s gives and takes what it knows of accesses', async (policy, word, access) => {
    const [a, b] = [
      await redisServerForTest({ args: ['--maxmemory-policy', policy, '--lfu-decay-time', '0'] }),
      await redisServerForTest({ args: ['--maxmemory-policy', policy, '--lfu-decay-time', '0'] }),
    ];
    const first = await peerOf(a, 'BAD_TARGET');
    const value: Item = { db: 5, key: Buffer.from('k'), type: 0, body: Buffer.from('\x01v'), expiresMs: 0n, ...access };
    await pour([value], await ServerSink.open(first, false));
    await pour(readServer(first), await ServerSink.open(await peerOf(b, 'BAD_TARGET'), false));
    const client = await connected(b.port);
    await client.call('SELECT', 5);
    const found = (await client.ask('OBJECT', word, 'k')) as number;
    const wanted = Object.values(access)[0];
    expect(found).toBeGreaterThanOrEqual(wanted);
    expect(found).toBeLessThan(wanted + 30);
    await client.close();
    first.close();
  });

  it('loses keys while it is read, and what is left arrives', async () => {
    const server = await redisServerForTest();
    const client = await connected(server.port);
    await client.pipeline(Array.from({ length: 3000 }, (_, i) => ['SET', `k${i}`, i]));
    const from = await peerOf(server);
    const seen = new Set<string>();
    for await (const item of readServer(from)) {
      if (seen.size === 0) await client.pipeline(Array.from({ length: 1500 }, (_, i) => ['DEL', `k${i * 2}`]));
      seen.add(String(item.key));
    }
    for (let i = 1; i < 3000; i += 2) expect(seen.has(`k${i}`)).toBe(true);
    expect(seen.size).toBeLessThan(3000);
    await client.close();
    from.close();
  });

  it('with a password is entered with it, and refuses without', async () => {
    const server = await redisServerForTest({ args: ['--requirepass', 'se cret'] });
    const address = (user: string) => parseAddress(`redis://${user}127.0.0.1:${server.port}`);
    (await connectTo(address('se%20cret@'), 'BAD_SOURCE')).close();
    (await connectTo(address('default:se%20cret@'), 'BAD_SOURCE')).close();
    await expect(connectTo(address(''), 'BAD_SOURCE')).rejects.toThrow(/NOAUTH/);
    await expect(connectTo(address('wrong@'), 'BAD_TARGET')).rejects.toMatchObject({ code: 'BAD_TARGET' });
  });

  it('that ends meanwhile, or is not there, is an error that names it', async () => {
    const server = await redisServerForTest();
    const client = await connected(server.port);
    await client.pipeline(Array.from({ length: 2000 }, (_, i) => ['SET', `k${i}`, i]));
    const from = await peerOf(server);
    await expect(async () => {
      for await (const _item of readServer(from)) if (!server.ended) await server.stop();
    }).rejects.toThrow(new RegExp(`^127.0.0.1:${server.port}: `));
    await expect(peerOf(server)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('refuses a value that it cannot load: the error names the key', async () => {
    const target = await redisServerForTest();
    const to = await peerOf(target, 'BAD_TARGET');
    const bad: Item = { db: 1, key: Buffer.from('bad\n'), type: 16, body: Buffer.from('\x02zz'), expiresMs: 0n };
    await expect(pour([bad], await ServerSink.open(to, false))).rejects.toThrow(
      /key "bad\\x0a" of database 1 was refused: ERR Bad data format/,
    );
    to.close();
  });
});

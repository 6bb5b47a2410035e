// The raw client must hand over exactly the bytes of each reply, however the network cuts them: every byte comparison
// rests on it.
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { decode, encodeCommands, RepliesMissing, ReplyError, ReplyFramer, RespClient } from '../support/resp-client.js';

const REPLIES = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':-12\r\n',
  '$-1\r\n',
  '$0\r\n\r\n',
  '$6\r\na\r\nb\r\n\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*3\r\n:1\r\n*2\r\n$1\r\nx\r\n*0\r\n+y\r\n',
  '_\r\n',
  '#t\r\n',
  ',3.25\r\n',
  ',-inf\r\n',
  '(3492890328409238509324850943850943825024385\r\n',
  '!5\r\nERR a\r\n',
  '=7\r\ntxt:abc\r\n',
  '%2\r\n+a\r\n:1\r\n+b\r\n%1\r\n+c\r\n_\r\n',
  '~2\r\n:1\r\n:2\r\n',
  '>2\r\n+message\r\n+hi\r\n',
  '|1\r\n+ttl\r\n:3600\r\n*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n',
];

function framesOf(chunks: Iterable<Buffer>): string[] {
  const framer = new ReplyFramer();
  const frames: string[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let reply = framer.next(); reply; reply = framer.next()) frames.push(reply.toString('latin1'));
  }
  return frames;
}

describe('the reply framer', () => {
  const all = Buffer.from(REPLIES.join(''), 'latin1');

  it('cuts a stream into the replies it was made of, split anywhere', () => {
    for (let at = 0; at <= all.length; at++)
      expect(framesOf([all.subarray(0, at), all.subarray(at)]), `split at ${at}`).toEqual(REPLIES);
  });

  it('cuts the same replies from single bytes', () => {
    expect(framesOf([...all].map((byte) => Buffer.from([byte])))).toEqual(REPLIES);
  });

  it('frames a reply of many megabytes in time that grows with its size', () => {
    const element = Buffer.from(`$100\r\n${'x'.repeat(100)}\r\n`);
    const count = 200_000;
    const big = Buffer.concat([Buffer.from(`*${count}\r\n`), ...Array<Buffer>(count).fill(element)]);
    const chunks: Buffer[] = [];
    for (let at = 0; at < big.length; at += 1 << 14) chunks.push(big.subarray(at, at + (1 << 14)));
    const started = performance.now();
    const [frame] = framesOf(chunks);
    expect(frame.length).toBe(big.length);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it.each(['hello\r\n', '$abc\r\n', '$-2\r\n', '$1\r\nabc\r\n', '*1.5\r\n', '\0\r\n'])('refuses %j', (bytes) => {
    expect(() => framesOf([Buffer.from(bytes)])).toThrow(/not RESP/);
  });
});

describe('decode', () => {
  it('gives the values of all kinds of replies', () => {
    expect(REPLIES.map((reply) => decode(Buffer.from(reply)))).toEqual([
      'OK',
      new ReplyError('ERR no'),
      -12,
      null,
      '',
      'a\r\nb\r\n',
      null,
      [],
      [1, ['x', []], 'y'],
      null,
      true,
      3.25,
      -Infinity,
      3492890328409238509324850943850943825024385n,
      new ReplyError('ERR a'),
      'abc',
      new Map<string, unknown>([
        ['a', 1],
        ['b', new Map([['c', null]])],
      ]),
      new Set([1, 2]),
      ['message', 'hi'],
      [1, 2],
    ]);
    expect(decode(Buffer.from(':9223372036854775807\r\n'))).toBe(9223372036854775807n);
    expect(decode(Buffer.from('$2\r\n\xff\0\r\n', 'latin1'), { binary: true })).toEqual(Buffer.from([0xff, 0]));
    expect((decode(Buffer.from('-WRONGTYPE x y\r\n')) as ReplyError).code).toBe('WRONGTYPE');
  });
});

describe('the client', () => {
  const cleanups: (() => void)[] = [];
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  /** A client of a server that does with its one connection what the test says. */
  async function clientOf(serve: (socket: Socket) => void, timeoutMs?: number): Promise<RespClient> {
    const server: Server = createServer((socket) => {
      socket.on('error', () => {});
      cleanups.push(() => socket.destroy());
      serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    return RespClient.connect((server.address() as { port: number }).port, timeoutMs);
  }

  it('sends commands as arrays of bulk strings, counted in bytes', () => {
    expect(encodeCommands([['é', Buffer.from([0xff]), 12], [], ['']]).toString('latin1')).toBe(
      '*3\r\n$2\r\n\xc3\xa9\r\n$1\r\n\xff\r\n$2\r\n12\r\n*0\r\n*1\r\n$0\r\n\r\n',
    );
  });

  it('keeps pushes apart from replies', async () => {
    const client = await clientOf((socket) =>
      socket.once('data', () => socket.write('>1\r\n+push\r\n+PONG\r\n+late\r\n')),
    );
    expect(String(await client.call('PING'))).toBe('+PONG\r\n');
    expect(String(await client.nextPush())).toBe('>1\r\n+push\r\n');
    expect(String(await client.nextPush())).toBe('+late\r\n');
  });

  it('tells which replies arrived before the connection was closed', async () => {
    const client = await clientOf((socket) => socket.once('data', () => socket.end('+1\r\n+2\r\n+3')));
    const error = await client.pipeline([['a'], ['b'], ['c']]).catch((reason) => reason);
    expect(error).toBeInstanceOf(RepliesMissing);
    expect(error).toMatchObject({ reason: 'closed', message: expect.stringContaining('2 of 3 replies') });
    expect(error.replies.map(String)).toEqual(['+1\r\n', '+2\r\n']);
    await client.closed;
    await expect(client.call('PING')).rejects.toThrow(/was closed/);
  });

  it('gives up on a reply that does not come', async () => {
    const client = await clientOf(() => {}, 50);
    await expect(client.call('PING')).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('stops at bytes that are no reply', async () => {
    const client = await clientOf((socket) => socket.once('data', () => socket.write('+OK\r\nHTTP/1.1 400\r\n')));
    await expect(client.pipeline([['a'], ['b']])).rejects.toMatchObject({ reason: 'malformed' });
  });

  it('collects raw bytes until the server closes, or is quiet', async () => {
    const closing = await clientOf((socket) => socket.once('data', (data) => socket.end(`<${data}>`)));
    expect(await closing.raw('\0\xff')).toEqual({ bytes: Buffer.from('<\0\xff>'), closed: true });
    const quiet = await clientOf((socket) => socket.on('data', () => socket.write('no')));
    expect(await quiet.raw('x', { quietMs: 20 })).toEqual({ bytes: Buffer.from('no'), closed: false });
    const slow = await clientOf((socket) => socket.on('data', () => setTimeout(() => socket.write('slow'), 80)));
    expect(String((await slow.raw('x', { quietMs: 1, atLeastBytes: 4 })).bytes)).toBe('slow');
  });
});

// Bytes to frames: any cut of the input gives the same replies, Redis's limits hold with Redis's words, and directed
// inputs are answered byte for byte as a real redis-server answers them.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { frame, openKernel, type TestKernel } from '../support/kernel.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');

/** A connection's worth of input, in the chunks given. What a host would do, without one. */
function converse(
  kernel: TestKernel,
  chunks: readonly Buffer[],
): { replies: string; closed: boolean; waiting: number } {
  let pending: Buffer = Buffer.alloc(0);
  const replies: Buffer[] = [];
  for (const chunk of chunks) {
    pending = Buffer.concat([pending, chunk]);
    for (let calls = 0; pending.length > 0; calls++) {
      if (calls > 100_000) throw new Error('no end of it');
      replies.push(kernel.feed(pending));
      pending = pending.subarray(kernel.shard.control(abi.CONTROL_CONSUMED));
      if (kernel.status === abi.STATUS_MALFORMED)
        return { replies: Buffer.concat(replies).toString('latin1'), closed: true, waiting: 0 };
      if (kernel.status === abi.STATUS_NEED_MORE) break;
      if (kernel.status !== abi.STATUS_DONE && kernel.status !== abi.STATUS_FULL)
        throw new Error(`status ${kernel.status}`);
    }
  }
  return { replies: Buffer.concat(replies).toString('latin1'), closed: false, waiting: pending.length };
}

const protocolError = (text: string) => `-ERR Protocol error: ${text}\r\n`;
const long = (length: number, char = 'x') => char.repeat(length);

/** Input, and what comes back. Nothing here names a command that a host would answer. */
const DIRECTED: [input: string, replies: string, closed?: 'closed'][] = [
  ['PING\r\n', '+PONG\r\n'],
  ['PING\n', '+PONG\r\n'],
  ['ping\r\nPiNg\r\n', '+PONG\r\n+PONG\r\n'],
  ['\r\n\r\n\nPING\r\n', '+PONG\r\n'],
  ['   \r\n\t\r\nPING\r\n', '+PONG\r\n'],
  ['*0\r\nPING\r\n', '+PONG\r\n'],
  ['*-1\r\nPING\r\n', '+PONG\r\n'],
  ['*-100\r\nPING\r\n', '+PONG\r\n'],
  ['  PING  hello  \r\n', '$5\r\nhello\r\n'],
  ['PING "hello world"\r\n', '$11\r\nhello world\r\n'],
  ["PING 'it\\'s'\r\n", "$4\r\nit's\r\n"],
  ["PING 'a\\nb'\r\n", '$4\r\na\\nb\r\n'],
  ['PING "\\x00\\x0a\\xFF\\n\\r\\t\\a\\b\\q\\""\r\n', '$10\r\n\0\n\xff\n\r\t\x07\x08q"\r\n'],
  ['PING "\\x0g"\r\n', '$3\r\nx0g\r\n'],
  ['PING ""\r\n', '$0\r\n\r\n'],
  ['PING a"b c"\r\n', '$4\r\nab c\r\n'],
  ['PING "a"b\r\n', protocolError('unbalanced quotes in request'), 'closed'],
  ['PING "abc\r\n', protocolError('unbalanced quotes in request'), 'closed'],
  ["PING 'abc\r\n", protocolError('unbalanced quotes in request'), 'closed'],
  ['PING "abc\\"\r\n', protocolError('unbalanced quotes in request'), 'closed'],
  ['PING "\\\r\n', protocolError('unbalanced quotes in request'), 'closed'],
  ['PING\r\n"\r\nPING\r\n', `+PONG\r\n${protocolError('unbalanced quotes in request')}`, 'closed'],
  ['*1\r\n$4\r\nPING\r\n', '+PONG\r\n'],
  ['*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n', '+PONG\r\n+PONG\r\n'],
  ['*2\r\n$4\r\nECHO\r\n$0\r\n\r\n', '$0\r\n\r\n'],
  ['*2\r\n$4\r\nECHO\r\n$5\r\n\0\r\n\n*\r\n', '$5\r\n\0\r\n\n*\r\n'],
  ['*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$1\r\nv\r\n*2\r\n$3\r\nGET\r\n$4\r\na\0\r\n\r\n', '+OK\r\n$1\r\nv\r\n'],
  ['*1\r\n$-1\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n$abc\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n$\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n$04\r\nPING\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n$+4\r\nPING\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n$4 \r\nPING\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n$536870913\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n$9223372036854775808\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n$99999999999999999999\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n:4\r\nPING\r\n', protocolError("expected '$', got ':'"), 'closed'],
  ['*1\r\nPING\r\n', protocolError("expected '$', got 'P'"), 'closed'],
  ['*1\r\n*1\r\n', protocolError("expected '$', got '*'"), 'closed'],
  ['*1\r\n\r\n', protocolError("expected '$', got ' '"), 'closed'],
  ['*1\r\n\n\r\n', protocolError("expected '$', got ' '"), 'closed'],
  ['*2\r\n$4\r\nECHO\r\n$1\r\nab\r\n', '$1\r\na\r\n'],
  ['*2\r\n$4\r\nECHO\r\n$1\r\nabcPING\r\n', '$1\r\na\r\n+PONG\r\n'],
  ['*x\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*1 \r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*+1\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*01\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*-0\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*1.0\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*2147483648\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*9223372036854775807\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*9223372036854775808\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*-9223372036854775808\r\nPING\r\n', '+PONG\r\n'],
  ['*1048577\r\n$4\r\nPING\r\n', ''],
  ['*2147483647\r\n$4\r\nPING\r\n', ''],
  ['*1\r\n$536870912\r\nabc', ''],
  ['*', ''],
  ['*1', ''],
  ['*1\r', ''],
  ['*1\r\n', ''],
  ['*1\r\n$', ''],
  ['*1\r\n$4\r\nPING', ''],
  ['*1\r\n$4\r\nPING\r', ''],
  ['PING', ''],
  ['PING\r', ''],
  [long(65536), ''],
  [long(65537), protocolError('too big inline request'), 'closed'],
  [`PING ${long(65000)}\r\n`, `$65000\r\n${long(65000)}\r\n`],
  [`*${long(65537, '1')}`, protocolError('too big mbulk count string'), 'closed'],
  [`*1\r\n$${long(65537, '1')}`, protocolError('too big bulk count string'), 'closed'],
  [`*1\r\n${long(65537, 'y')}`, protocolError('too big bulk count string'), 'closed'],
  ['SET k\r\n', "-ERR wrong number of arguments for 'set' command\r\n"],
  ['\x0bPING \x0c\r\n', '+PONG\r\n'],
  ['PING a\x0bb\x0c\r\n', '$4\r\na\x0bb\x0c\r\n'],
  ['PING "a"\x0b\r\n', '$1\r\na\r\n'],
  ['PING\rabc\r\n', '$3\r\nabc\r\n'],
];

/** Here a redis-server looks for the end of the line up to the NUL only, and waits for ever. We say what is wrong. */
const WITH_NUL: typeof DIRECTED = [
  ['PING\0\r\n', '+PONG\r\n'],
  ['PING a\0b\r\nPING\r\n', '$1\r\na\r\n+PONG\r\n'],
  ['*1\0\r\n', protocolError('invalid multibulk length'), 'closed'],
  ['*1\r\n$1\0\r\n', protocolError('invalid bulk length'), 'closed'],
  ['*1\r\n\0\r\n', protocolError("expected '$', got '\0'"), 'closed'],
];

describe.each(BUILDS)('frames, $memory $mode', (build) => {
  const seed = runSeed('tests/wire/parse.test.ts');

  it.each(
    DIRECTED.map(([input, replies, closed]) => ({ input, replies, closed, title: JSON.stringify(input.slice(0, 50)) })),
  )('answers $title', ({ input, replies, closed }) => {
    const said = converse(openKernel(build), [bytes(input)]);
    expect(said.replies).toBe(replies);
    expect(said.closed).toBe(closed === 'closed');
  });

  it('gives the same replies however the input is cut in two, and byte by byte', () => {
    const kernel = openKernel(build);
    for (const [input, replies, closed] of [...DIRECTED, ...WITH_NUL]) {
      const whole = bytes(input);
      // Long inputs are cut near their ends and here and there.
      const cuts = Array.from({ length: whole.length + 1 }, (_, i) => i).filter(
        (i) => whole.length < 300 || i < 20 || i > whole.length - 20 || i % 9973 === 0,
      );
      for (const cut of cuts) {
        const said = converse(kernel, [whole.subarray(0, cut), whole.subarray(cut)]);
        expect([cut, said.replies, said.closed]).toEqual([cut, replies, closed === 'closed']);
      }
      if (whole.length > 300) continue;
      const said = converse(
        kernel,
        [...whole].map((byte) => Buffer.from([byte])),
      );
      expect([said.replies, said.closed]).toEqual([replies, closed === 'closed']);
    }
  });

  it('gives the same replies to a pipeline, however it is cut', () => {
    const random = new Random(deriveSeed(seed, BUILDS.indexOf(build)));
    for (let round = 0; round < 30; round++) {
      const parts: Buffer[] = [];
      for (let i = 0; i < 60; i++) {
        const key = random.pick(['a', 'key with space', '', '\0', 'x\r\ny', long(70)]);
        const value = bytes(long(random.pick([0, 1, 9, 10, 99, 100, 1000]), random.pick(['v', '\n', '"', '*', '$'])));
        parts.push(
          random.weighted([
            [4, frame('SET', key, value)],
            [3, frame('GET', key)],
            [1, frame('APPEND', key, value)],
            [1, bytes('PING\r\n')],
            [1, bytes("echo 'a b'\n")],
            [1, bytes('\r\n')],
            [1, bytes('*0\r\n')],
            [1, frame('SET', key)],
          ]),
        );
      }
      const whole = Buffer.concat(parts);
      const expected = converse(openKernel(build), [whole]);
      const chunks: Buffer[] = [];
      for (let at = 0; at < whole.length; ) {
        const next = at + random.pick([1, 2, 3, 10, 100, 1000]);
        chunks.push(whole.subarray(at, next));
        at = next;
      }
      expect(converse(openKernel(build), chunks)).toEqual(expected);
      expect(expected.waiting).toBe(0);
    }
  });

  it('says how many bytes a frame has at least, and never less than there are', () => {
    const kernel = openKernel(build);
    const need = (input: string) => {
      kernel.feed(bytes(input));
      expect(kernel.status).toBe(abi.STATUS_NEED_MORE);
      return kernel.shard.control(abi.CONTROL_NEED);
    };
    expect(need('*2\r\n$3\r\nGET\r\n$100\r\n')).toBe(4 + 4 + 5 + 6 + 102);
    expect(need('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n')).toBe(4 + 9 + 7 + 1);
    expect(need('*1\r\n$536870912\r\n')).toBe(4 + 12 + 536870912 + 2);
    expect(need('*2147483647\r\n$4\r\nPING\r\n')).toBe(0xffffffff);
    expect(need('*700000000\r\n$1\r\n')).toBeGreaterThan(4e9);
    for (const [input] of DIRECTED) {
      for (let cut = 1; cut < Math.min(input.length, 100); cut++) {
        const part = bytes(input).subarray(0, cut);
        kernel.feed(part);
        const left = cut - kernel.shard.control(abi.CONTROL_CONSUMED);
        if (kernel.status === abi.STATUS_NEED_MORE)
          expect(kernel.shard.control(abi.CONTROL_NEED)).toBeGreaterThan(left);
      }
    }
  });

  it('tells the host of a frame with more arguments than its table holds', () => {
    const kernel = openKernel(build);
    const many = Buffer.concat([
      bytes(`*${abi.ARGS_MAX + 1}\r\n$3\r\nDEL\r\n`),
      ...Array(abi.ARGS_MAX).fill(bytes('$1\r\nk\r\n')),
    ]);
    kernel.feed(many);
    expect(kernel.status).toBe(abi.STATUS_BIG);
    expect(kernel.shard.control(abi.CONTROL_CONSUMED)).toBe(0);
    const most = Buffer.concat([
      bytes(`*${abi.ARGS_MAX}\r\n$3\r\nDEL\r\n`),
      ...Array(abi.ARGS_MAX - 1).fill(bytes('$1\r\nk\r\n')),
    ]);
    expect(kernel.feed(most).toString()).toBe(':0\r\n');
    // An inline line cannot have that many words.
    expect(kernel.feed(bytes(`DEL${' k'.repeat(32_766)}\n`)).toString()).toBe(':0\r\n');
  });

  const UNAUTHENTICATED: [input: string, reply: string][] = [
    ['*11\r\n', protocolError('unauthenticated multibulk length')],
    ['*1000\r\n', protocolError('unauthenticated multibulk length')],
    ['*1\r\n$16385\r\n', protocolError('unauthenticated bulk length')],
    ['*2147483648\r\n', protocolError('invalid multibulk length')],
  ];

  it('holds an unauthenticated connection to ten arguments of 16 KiB', () => {
    const kernel = openKernel(build);
    kernel.flags |= abi.CALL_HOST_ALL;
    for (const [input, reply] of UNAUTHENTICATED) {
      expect(kernel.feed(bytes(input)).toString()).toBe(reply);
      expect(kernel.status).toBe(abi.STATUS_MALFORMED);
    }
    for (const input of [frame('AUTH', long(16384)), frame(...Array(10).fill('x')), bytes('SET a b\r\n')]) {
      expect(kernel.feed(input).length).toBe(0);
      expect(kernel.status).toBe(abi.STATUS_HOST);
      expect(kernel.shard.control(abi.CONTROL_FRAME_BYTES)).toBe(input.length);
    }
  });

  if (build.mode === 'release' && build.memory === 'shared')
    describeWith('redis-server', 'a real redis-server', () => {
      const open = redisServerForSuite();
      const closed = redisServerForSuite({ args: ['--requirepass', 'secret'] });

      it('answers the directed inputs with the same bytes', async () => {
        const answers = await Promise.all(
          DIRECTED.map(async ([input, replies, end]) => {
            const client = await RespClient.connect(open().port);
            const untilClosed = end === 'closed';
            const raw = await client.raw(bytes(input), {
              quietMs: 200,
              atLeastBytes: replies.length,
              untilClosed,
              withinMs: 3000,
            });
            await client.close();
            return [input.slice(0, 80), raw.bytes.toString('latin1'), raw.closed ? 'closed' : undefined];
          }),
        );
        expect(answers).toEqual(DIRECTED.map(([input, replies, end]) => [input.slice(0, 80), replies, end]));
        expect(answers.length).toBeGreaterThan(60);
      });

      it('answers unauthenticated ones with the same bytes', async () => {
        for (const [input, reply] of UNAUTHENTICATED) {
          const client = await RespClient.connect(closed().port);
          const raw = await client.raw(bytes(input), { untilClosed: true });
          expect([raw.bytes.toString('latin1'), raw.closed]).toEqual([reply, true]);
        }
      });
    });
});

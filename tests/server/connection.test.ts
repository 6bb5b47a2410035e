// What happens on the wire between a client that behaves in its own way and the server: sizes, slowness, silence, limits
// and the end. Everything here speaks raw bytes.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { latchkeyServerForSuite, latchkeyServerForTest, startLatchkeyServer } from '../support/latchkey-server.js';
import { RespClient } from '../support/resp-client.js';

/** A connection that gathers what comes. */
class Wire {
  #chunks: Buffer[] = [];
  #length = 0;
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
    });
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => {});
  }

  static async open(target: number | string): Promise<Wire> {
    const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
    await once(socket, 'connect');
    onTestFinished(() => void socket.destroy());
    return new Wire(socket);
  }

  /** Bytes that came and were not asked for. */
  get length(): number {
    return this.#length;
  }
  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  /** Resolves once what came begins with, or is, `text`. */
  async receives(text: string): Promise<void> {
    await until(() => this.#length >= text.length || this.closed);
    const rest = Buffer.concat(this.#chunks);
    expect(rest.toString('latin1', 0, text.length)).toBe(text);
    this.#chunks = [rest.subarray(text.length)];
    this.#length -= text.length;
  }

  async isClosed(): Promise<void> {
    await until(() => this.closed);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each([
  { threads: 1, shards: 1 },
  { threads: 2, shards: 3 },
])('with $threads threads and $shards shards', (setup) => {
  const server = latchkeyServerForSuite({ ...setup, args: ['--proto-max-bulk-len', '512mb'] });

  it('answers pipelines that arrive byte by byte and in odd pieces', async () => {
    const wire = await Wire.open(server().port);
    const request = '*3\r\n$3\r\nSET\r\n$3\r\nodd\r\n$5\r\nv\r\nal\r\nPING\r\n*2\r\n$3\r\nGET\r\n$3\r\nodd\r\n';
    for (const size of [1, 3, 7, 50]) {
      for (let at = 0; at < request.length; at += size) {
        wire.socket.write(request.slice(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await wire.receives('+OK\r\n+PONG\r\n$5\r\nv\r\nal\r\n');
    }
  });

  it('lives on when a client leaves in the middle of a frame', async () => {
    const wire = await Wire.open(server().port);
    wire.socket.end('*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$100\r\nabc');
    await wire.isClosed();
    const next = await Wire.open(server().port);
    next.socket.write('EXISTS half\r\n');
    await next.receives(':0\r\n');
  });

  it('takes 100 MB in and gives them back', async () => {
    const value = Buffer.alloc(100 << 20);
    for (let i = 0; i < value.length; i += 4) value.writeUInt32LE((i * 2654435761) >>> 0, i);
    const client = await RespClient.connect(server().port);
    expect((await client.call('SET', 'big', value)).toString()).toBe('+OK\r\n');
    expect((await client.call('STRLEN', 'big')).toString()).toBe(`:${value.length}\r\n`);
    const reply = await client.call('GET', 'big');
    expect(sha(reply.subarray(reply.indexOf('\n') + 1, -2))).toBe(sha(value));
    await client.call('DEL', 'big');
    await client.close();
  });

  it('serves the others while one asks for 50 MB and does not read them', async () => {
    const client = await RespClient.connect(server().port);
    await client.call('SET', 'megabyte', Buffer.alloc(1 << 20, 'm'));
    const slow = await Wire.open(server().port);
    slow.socket.pause();
    slow.socket.write('GET megabyte\r\n'.repeat(50));
    for (let i = 0; i < 200; i++) expect((await client.call('INCR', 'meanwhile')).toString()).toBe(`:${i + 1}\r\n`);
    slow.socket.resume();
    await until(() => slow.length >= 50 * ((1 << 20) + 12));
    const one = `$1048576\r\n${'m'.repeat(1 << 20)}\r\n`;
    expect(slow.text === one.repeat(50)).toBe(true);
    await client.call('DEL', 'megabyte', 'meanwhile');
    await client.close();
  });

  it('closes after a protocol error and not after an unknown command', async () => {
    const wire = await Wire.open(server().port);
    wire.socket.write('nosuch\r\n*1\r\n$4\r\nPING\r\n');
    await wire.receives("-ERR unknown command 'nosuch', with args beginning with: \r\n+PONG\r\n");
    wire.socket.write('*1\r\n$abc\r\n');
    await wire.receives('-ERR Protocol error: invalid bulk length\r\n');
    await wire.isClosed();
  });

  it('keeps quiet for CLIENT REPLY SKIP and OFF', async () => {
    const wire = await Wire.open(server().port);
    wire.socket.write(
      'CLIENT REPLY SKIP\r\nSET quiet 1\r\nGET quiet\r\nCLIENT REPLY OFF\r\nINCR quiet\r\nMGET quiet x\r\n',
    );
    wire.socket.write('CLIENT REPLY ON\r\nGET quiet\r\n');
    await wire.receives('$1\r\n1\r\n+OK\r\n$1\r\n2\r\n');
  });

  it('holds writers back under CLIENT PAUSE WRITE, lets readers through, and goes on at UNPAUSE', async () => {
    const [writer, reader] = [await Wire.open(server().port), await Wire.open(server().port)];
    writer.socket.write('SET paused 1\r\n');
    await writer.receives('+OK\r\n');
    reader.socket.write('CLIENT PAUSE 60000 WRITE\r\n');
    await reader.receives('+OK\r\n');
    // Other workers hear of it a moment later.
    await new Promise((resolve) => setTimeout(resolve, 100));
    writer.socket.write('GET paused\r\nSET paused 2\r\nGET paused\r\n');
    await writer.receives('$1\r\n1\r\n');
    for (let i = 0; i < 5; i++) {
      reader.socket.write('GET paused\r\n');
      await reader.receives('$1\r\n1\r\n');
    }
    expect(writer.text).toBe('');
    reader.socket.write('CLIENT UNPAUSE\r\n');
    await reader.receives('+OK\r\n');
    await writer.receives('+OK\r\n$1\r\n2\r\n');
  });
});

describe('limits', () => {
  it('refuses more clients than maxclients', async () => {
    const { port } = await latchkeyServerForTest({ threads: 2, shards: 2, args: ['--maxclients', '2'] });
    const first = await Wire.open(port);
    first.socket.write('PING\r\n');
    await first.receives('+PONG\r\n');
    const second = await Wire.open(port);
    second.socket.write('PING\r\n');
    await second.receives('+PONG\r\n');
    const third = await Wire.open(port);
    await third.receives('-ERR max number of clients reached\r\n');
    await third.isClosed();
    first.socket.destroy();
    await until(() => first.closed);
    for (let tries = 0; ; tries++) {
      const next = await Wire.open(port);
      next.socket.write('PING\r\n');
      await until(() => next.text !== '' || next.closed);
      if (next.text === '+PONG\r\n') break;
      expect(tries).toBeLessThan(100);
    }
  });

  it('closes clients that are idle for longer than timeout', async () => {
    const { port } = await latchkeyServerForTest({ args: ['--timeout', '1'] });
    const wire = await Wire.open(port);
    wire.socket.write('PING\r\n');
    await wire.receives('+PONG\r\n');
    await wire.isClosed();
  });

  it('closes a client whose replies pile up beyond its output limit', async () => {
    const args = ['--client-output-buffer-limit', 'normal 8mb 0 0'];
    const { port } = await latchkeyServerForTest({ threads: 1, shards: 2, args });
    const client = await RespClient.connect(port);
    await client.call('SET', 'megabyte', Buffer.alloc(1 << 20, 'm'));
    const greedy = await Wire.open(port);
    greedy.socket.pause();
    greedy.socket.write('GET megabyte\r\n'.repeat(100));
    const clients = async (): Promise<number> =>
      (await client.call('CLIENT', 'LIST')).toString().match(/^.*addr=/gm)?.length ?? 0;
    while ((await clients()) !== 1) await new Promise((resolve) => setTimeout(resolve, 10));
    greedy.socket.resume();
    await greedy.isClosed();
    expect(greedy.length).toBeLessThan(100 * (1 << 20));
    await client.close();
  });

  it('asks for the password, and takes it in the middle of a pipeline', async () => {
    const { port } = await latchkeyServerForTest({ threads: 2, shards: 3, args: ['--requirepass', 'secret'] });
    const wire = await Wire.open(port);
    wire.socket.write('SET k v\r\nAUTH nonsense\r\nAUTH secret\r\nSET k v\r\nGET k\r\n');
    await wire.receives(
      '-NOAUTH Authentication required.\r\n-WRONGPASS invalid username-password pair or user is disabled.\r\n' +
        '+OK\r\n+OK\r\n$1\r\nv\r\n',
    );
    const other = await Wire.open(port);
    other.socket.write('HELLO 3 AUTH default secret SETNAME me\r\nCLIENT GETNAME\r\n');
    await until(() => other.text.endsWith('$2\r\nme\r\n'));
    expect(other.text.startsWith('%7\r\n')).toBe(true);
  });

  it('listens on a Unix socket', async () => {
    const { socketPath } = await latchkeyServerForTest({ threads: 2, shards: 2, unix: true });
    const wire = await Wire.open(socketPath!);
    wire.socket.write('PING\r\n');
    await wire.receives('+PONG\r\n');
  });
});

describe('the end', () => {
  it.each(['SHUTDOWN NOSAVE\r\n', 'SHUTDOWN\r\n'])('comes with exit code 0 after %j', async (command) => {
    const server = await latchkeyServerForTest({ threads: 2, shards: 2 });
    const wire = await Wire.open(server.port);
    wire.socket.write(`SET k v\r\n${command}`);
    await wire.receives('+OK\r\n');
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('comes with exit code 0 after SIGTERM', async () => {
    const server = await latchkeyServerForTest({ threads: 2, shards: 2 });
    const wire = await Wire.open(server.port);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    await wire.isClosed();
  });

  it('comes at once, with one line and exit code 1, when the port is taken', async () => {
    const { port } = await latchkeyServerForTest();
    const failure = await startLatchkeyServer({ args: ['--port', String(port)] }).catch(
      (error: Error) => error.message,
    );
    expect(failure).toContain('exit code 1');
    expect(failure).toMatch(/latchkey: Could not create server socket listening on .*Address already in use/);
  });
});

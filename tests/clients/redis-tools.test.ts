// redis-cli and redis-benchmark, run as programs, over TCP and over a Unix socket.
import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { portOf, startClusterServer } from '../support/cluster.js';
import { latchkeyServerForSuite } from '../support/latchkey-server.js';
import { describeWith, requirePrograms } from '../support/programs.js';
import { serverForSuite } from '../support/redis-server.js';

/** Runs a program to its end with `input` on its standard input. */
async function run(name: string, args: readonly string[], input = ''): Promise<{ code: number | null; out: string }> {
  const [path] = requirePrograms(name);
  const child = spawn(path!, args, { stdio: 'pipe' });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
  }
  child.stdin.on('error', () => {}).end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return { code, out };
}

describeWith(['redis-cli', 'redis-benchmark'], 'the tools that come with Redis', () => {
  const server = latchkeyServerForSuite({ threads: 2, shards: 3, unix: true });
  const roads: [string, () => string[]][] = [
    ['TCP', () => ['-h', '127.0.0.1', '-p', String(server().port)]],
    ['a Unix socket', () => ['-s', server().socketPath!]],
  ];

  for (const [road, where] of roads) {
    for (const protocol of [[], ['-3']]) {
      const title = ['redis-cli', ...protocol].join(' ');
      const cli = (args: string[], input?: string) => run('redis-cli', [...where(), ...protocol, ...args], input);

      it(`${title} sets, gets, scans and reads INFO over ${road}`, async () => {
        await cli(['FLUSHALL']);
        expect(await cli(['SET', 'k', 'v'])).toEqual({ code: 0, out: 'OK\n' });
        expect(await cli(['GET', 'k'])).toEqual({ code: 0, out: 'v\n' });
        expect(await cli(['--scan'])).toEqual({ code: 0, out: 'k\n' });
        const info = await cli(['INFO']);
        expect(info.code).toBe(0);
        expect(info.out).toContain('# Server');
        expect(info.out).toContain('db0:keys=1,');
      });
    }

    it(`redis-cli --pipe inserts 5000 keys over ${road}`, async () => {
      await run('redis-cli', [...where(), 'FLUSHALL']);
      const sets = Array.from({ length: 5000 }, (_, i) => `SET mass:${i} ${i}\r\n`).join('');
      const { code, out } = await run('redis-cli', [...where(), '--pipe'], sets);
      expect(out).toContain('errors: 0, replies: 5000');
      expect(code).toBe(0);
      expect((await run('redis-cli', [...where(), 'DBSIZE'])).out).toBe('5000\n');
    });

    it(`redis-benchmark measures every test over ${road}`, async () => {
      const args = ['-t', 'set,get,incr,mset', '-n', '5000', '-q', '-P', '16'];
      const { code, out } = await run('redis-benchmark', [...where(), ...args]);
      expect(code).toBe(0);
      for (const test of ['SET', 'GET', 'INCR', 'MSET (10 keys)']) {
        expect(out).toMatch(new RegExp(`${test.replace(/[()]/g, '\\$&')}: [0-9.]+ requests per second`));
      }
      expect(out).not.toMatch(/error/i);
    });
  }
});

describeWith(['redis-cli', 'redis-benchmark'], 'the tools that come with Redis, on cluster ports', () => {
  const server = serverForSuite(() => startClusterServer({ threads: 2, shards: 3 }));

  it('redis-benchmark --cluster finds the nodes and measures without an error', async () => {
    const args = ['--cluster', '-h', '127.0.0.1', '-p', String(portOf(server(), 0))];
    const { code, out } = await run('redis-benchmark', [
      ...args,
      '-t',
      'set,get,incr,lpush',
      '-n',
      '5000',
      '-q',
      '-P',
      '8',
    ]);
    expect(code).toBe(0);
    expect(out).toContain('Cluster has 3 master nodes');
    for (const test of ['SET', 'GET', 'INCR', 'LPUSH']) {
      expect(out).toMatch(new RegExp(`${test}: [0-9.]+ requests per second`));
    }
    expect(out).not.toMatch(/error|MOVED/i);
  });

  it('redis-cli -c follows where it is sent', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      const args = ['-c', '-h', '127.0.0.1', '-p', String(portOf(server(), 1))];
      expect(await run('redis-cli', [...args, 'SET', key, `${key}!`])).toEqual({ code: 0, out: 'OK\n' });
      expect(await run('redis-cli', [...args, 'GET', key])).toEqual({ code: 0, out: `${key}!\n` });
    }
  });

  it('redis-cli --cluster check finds all slots covered', async () => {
    const { code, out } = await run('redis-cli', ['--cluster', 'check', `127.0.0.1:${portOf(server(), 0)}`]);
    expect(out).toContain('[OK] All 16384 slots covered.');
    expect(code).toBe(0);
  });
});

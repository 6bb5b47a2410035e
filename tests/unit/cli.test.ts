// The command `latchkey` as a process: what it prints, and how it ends.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { latchkeyServerForTest } from '../support/latchkey-server.js';
import { freePort } from '../support/ports.js';
import { RespClient } from '../support/resp-client.js';

const CLI = fileURLToPath(new URL('../../dist/bundle/server/cli.js', import.meta.url));

function run(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    input,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

describe('latchkey ends with code 1 and one line', () => {
  test.each([
    [['--port', '70000'], '', /'--port 70000': argument must be between 0 and 65535 inclusive/],
    [['--nosuch', '1'], '', /'--nosuch 1': Bad directive or wrong number of arguments/],
    [['/no/such/file.conf'], '', /Cannot read config file '\/no\/such\/file.conf': ENOENT/],
    [['-'], 'port 1\nport x\n', /standard input line 2: 'port x': argument couldn't be parsed into an integer/],
    [['--port', '0'], '', /Nothing to listen on/],
    [['--logfile', '/no/such/folder/x.log'], '', /Cannot open the log file: ENOENT/],
  ])('for %j', (args, input, pattern) => {
    const { status, stderr } = run(args, input);
    expect(status).toBe(1);
    expect(stderr).toMatch(pattern);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('for a port that is taken', async () => {
    const port = await freePort();
    const taken = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { status, stderr } = run(['--port', String(port), '--bind', '127.0.0.1', '--threads', '1']);
    await new Promise((resolve) => taken.close(resolve));
    expect(status).toBe(1);
    expect(stderr).toMatch(/Address already in use\n$/);
  });
});

describe('latchkey', () => {
  test('prints help and version', () => {
    expect(run(['--help'])).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^Usage: latchkey/) });
    expect(run(['-h']).stdout).toBe(run(['--help']).stdout);
    expect(run(['--version'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Latchkey v=\d+\.\d+\.\d+ /),
    });
    expect(run(['-v']).stdout).toBe(run(['--version']).stdout);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('says where it listens, and %s ends it in order', async (signal) => {
    const server = await latchkeyServerForTest({ threads: 2, shards: 3 });
    const ready = server.output().match(/Ready to accept connections.*/)?.[0];
    expect(ready).toContain(`127.0.0.1:${server.port}: 2 workers, 3 shards`);
    const client = await RespClient.connect(server.port);
    expect((await client.call('SET', 'k', 'v')).toString()).toBe('+OK\r\n');
    process.kill(server.pid, signal);
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(server.output()).toMatch(new RegExp(`# Received ${signal}, scheduling shutdown[^]*ready to exit`));
    await client.close();
  });
});

// A disk that fills while the server runs: writes are refused, reads go on, and when there is space again everything that
// was accepted is there, and writes are accepted.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/crowd.js';
import { directoryForTest } from '../support/directories.js';
import { startLatchkeyServer } from '../support/latchkey-server.js';
import { RespClient } from '../support/resp-client.js';

const FILE_BYTES_MAX = '2000000';
const VALUE = 'v'.repeat(65536);

/** Asks until there is another answer than the refusal. */
async function accepted(client: RespClient, ...command: [string, ...string[]]): Promise<unknown> {
  for (;;) {
    try {
      return await ask(client, ...command);
    } catch (error) {
      expect(String(error)).toContain('MISCONF');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Lets no file of a process grow beyond so many bytes; what exceeds them is refused with EFBIG, as a full disk does. */
function limitFiles(pid: number, bytes: string): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:unlimited`]);
}

/** Has the server's files be as large as they may, calls `body`, which can have the limit lifted, and starts it anew. */
async function onFullDisk(
  policy: string,
  body: (client: RespClient, port: number, makeRoom: () => void) => Promise<readonly string[]>,
): Promise<void> {
  const args = ['--dir', directoryForTest(), '--appendfsync', policy, '--auto-aof-rewrite-percentage', '0'];
  const server = await startLatchkeyServer({ shards: 2, threads: 2, args });
  let keys: readonly string[];
  try {
    const client = await RespClient.connect(server.port);
    await ask(client, 'SET', 'before', 'x');
    limitFiles(server.pid, FILE_BYTES_MAX);
    keys = await body(client, server.port, () => limitFiles(server.pid, 'unlimited'));
    expect(keys.length).toBeGreaterThan(2);
    await ask(client, 'WAITAOF', 1, 0, 0);
  } finally {
    await server.kill();
  }
  const again = await startLatchkeyServer({ shards: 2, threads: 2, args });
  try {
    const client = await RespClient.connect(again.port);
    expect(await ask(client, 'EXISTS', 'before', ...keys)).toBe(keys.length + 1);
    await client.close();
  } finally {
    await again.stop();
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

// prlimit is Linux's.
describe.skipIf(process.platform !== 'linux')('a disk that fills', () => {
  it('has writes refused under everysec until space returns, and what was accepted is there', async () => {
    await onFullDisk('everysec', async (client, _port, makeRoom) => {
      const taken: string[] = [];
      let refusal = '';
      for (let i = 0; refusal === ''; i++) {
        expect(i, 'the disk never filled').toBeLessThan(1000);
        try {
          await ask(client, 'SET', `key:${i}`, VALUE);
          taken.push(`key:${i}`);
        } catch (error) {
          refusal = String(error);
        }
        await sleep(5);
      }
      expect(refusal).toMatch(/MISCONF .*aof-\d\.aof: EFBIG/);
      expect(String(await ask(client, 'GET', 'before'))).toBe('x');
      expect(String(await ask(client, 'INFO', 'persistence'))).toContain('aof_last_write_status:err');
      makeRoom();
      expect(String(await accepted(client, 'SET', 'after', 'y'))).toBe('OK');
      expect(String(await ask(client, 'INFO', 'persistence'))).toContain('aof_last_write_status:ok');
      return [...taken, 'after'];
    });
  }, 60_000);

  it('has replies wait under always, and later writes refused, until space returns', async () => {
    await onFullDisk('always', async (client, port, makeRoom) => {
      const taken: string[] = [];
      let waiting: Promise<unknown> | undefined;
      for (let i = 0; waiting === undefined; i++) {
        expect(i, 'the disk never filled').toBeLessThan(1000);
        const reply = ask(client, 'SET', `key:${i}`, VALUE);
        taken.push(`key:${i}`);
        const outcome = await Promise.race([reply, sleep(1500)]);
        if (outcome === undefined) waiting = reply;
      }
      const other = await RespClient.connect(port);
      await expect(ask(other, 'SET', 'refused', 'z')).rejects.toThrow(/MISCONF .*aof-\d\.aof: EFBIG/);
      makeRoom();
      expect(String(await waiting)).toBe('OK');
      expect(String(await accepted(other, 'SET', 'after', 'y'))).toBe('OK');
      await other.close();
      return [...taken, 'after'];
    });
  }, 60_000);
});

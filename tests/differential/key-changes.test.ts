// A key counts as changed, for WATCH, exactly when redis-server says so. Every argument of each command is watched as if it
// were a key.
import { expect, it } from 'vitest';
import { withKey } from '../../host/kernel/with-key.js';
import { formatCommand, formatReply } from '../support/generator/escape.js';
import { makeStream } from '../support/generator/stream.js';
import { KernelSide } from '../support/kernel-side.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { type Arg, RespClient } from '../support/resp-client.js';
import { deriveSeed, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const STREAMS = process.env.LATCHKEY_TEST_LONG === '1' ? 100 : 3;
const COMMANDS = 1000;
const TIMEOUT_MS = process.env.LATCHKEY_TEST_LONG === '1' ? 3_600_000 : 120_000;

const bytesOf = (arg: Arg) => Buffer.from(arg instanceof Uint8Array ? arg : String(arg));
const isSelect = (command: readonly Arg[]) => command.length === 2 && String(command[0]).toLowerCase() === 'select';

/** The versions of watched keys in the kernel. */
function versions(
  { kernel }: KernelSide,
  keys: readonly Buffer[],
  db: number,
  call: 'watch' | 'watchedVersion',
): number[] {
  const { shard } = kernel;
  kernel.now = Date.now();
  kernel.stamp(1);
  return keys.map((key) => withKey(shard, key, (at, bytes) => shard.calls[call](shard.window, db, at, bytes), -1));
}
function unwatch({ kernel }: KernelSide, keys: readonly Buffer[], db: number): void {
  for (const key of keys) withKey(kernel.shard, key, (at, bytes) => kernel.shard.calls.unwatch(db, at, bytes));
}

describeWith('redis-server', 'what counts as a change of a key', () => {
  const seed = runSeed('tests/differential/key-changes.test.ts');
  const server = redisServerForSuite({ args: ['--enable-debug-command', 'yes'] });
  const [build] = BUILDS;

  it(
    'WATCH tells of what it tells of in redis-server',
    async () => {
      const counts = { changed: 0, unchanged: 0 };
      for (let index = 0; index < STREAMS; index++) {
        const subject = new KernelSide(build);
        const ours = await subject.connect(2);
        const client = await RespClient.connect(server().port);
        const watcher = await RespClient.connect(server().port);
        await client.pipeline([['FLUSHALL'], ['DEBUG', 'SET-ACTIVE-EXPIRE', 0]]);
        const commands = makeStream(deriveSeed(seed, index), COMMANDS)
          .filter(({ kind }) => kind === 'commands')
          .flatMap((step) => step.commands)
          .filter((command) => subject.answers(command));
        let db = 0;
        for (const [at, command] of commands.entries()) {
          if (isSelect(command)) {
            db = Number(command[1]);
            await watcher.pipeline([command]);
          }
          const keys = command.slice(1, 40).map(bytesOf);
          if (keys.length > 0) await watcher.pipeline([['WATCH', ...keys]]);
          const before = versions(subject, keys, db, 'watch');
          const [[reply], [wanted]] = await Promise.all([ours.pipeline([command]), client.pipeline([command])]);
          const [, , executed] = await watcher.pipeline([['MULTI'], ['PING'], ['EXEC']]);
          const after = versions(subject, keys, db, 'watchedVersion');
          unwatch(subject, keys, db);
          const changed = before.some((version, i) => version !== after[i]);
          counts[changed ? 'changed' : 'unchanged']++;
          const history = commands
            .slice(Math.max(0, at - 30), at + 1)
            .map(formatCommand)
            .join('\n');
          const context = `LATCHKEY_SEED=${seed}, stream ${index}: ${formatReply(reply)}, ${formatReply(wanted)}\n${history}`;
          expect(changed, context.slice(0, 3000)).toBe(executed.toString() === '*-1\r\n');
        }
        expect(subject.kernel.check()).toBe(0);
        await Promise.all([client.close(), watcher.close()]);
      }
      expect(counts.changed).toBeGreaterThan(100);
      expect(counts.unchanged).toBeGreaterThan(100);
    },
    TIMEOUT_MS,
  );
});

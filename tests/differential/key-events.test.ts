// Every command tells of its keys what redis-server tells of them: the same events, in the same order, on several shards, too.
import { describe, expect, it } from 'vitest';
import { formatCommand, formatReply } from '../support/generator/escape.js';
import { makeStream } from '../support/generator/stream.js';
import { KernelSide } from '../support/kernel-side.js';
import { ReferenceEvents, StoreEvents } from '../support/key-events.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import type { Arg } from '../support/resp-client.js';
import { deriveSeed, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const STREAMS = process.env.LATCHKEY_TEST_LONG === '1' ? 200 : 6;
const COMMANDS = 1500;
const PIPELINE = 100;
const TIMEOUT_MS = process.env.LATCHKEY_TEST_LONG === '1' ? 3_600_000 : 120_000;
/** Which key a pattern makes first depends on the order in which a set gives its members. */
const UNORDERED = new Set(['sort', 'sort_ro']);

const isSelect = (command: readonly Arg[]) => String(command[0]).toLowerCase() === 'select';

/** The lines, in an order that both sides agree on. */
function comparable(lines: readonly string[], command: readonly Arg[]): readonly string[] {
  return UNORDERED.has(String(command[0]).toLowerCase()) ? [...lines].sort() : lines;
}

describeWith('redis-server', 'what commands tell of their keys', () => {
  const seed = runSeed('tests/differential/key-events.test.ts');
  const server = redisServerForSuite({ args: ['--enable-debug-command', 'yes'] });
  const [build] = BUILDS;
  const filter = new KernelSide(build);

  describe.each([1, 3])('on %i shard(s)', (shards) => {
    it(
      'random streams tell what redis-server tells',
      async () => {
        let told = 0;
        const seen = new Set<string>();
        for (let index = 0; index < STREAMS; index++) {
          const subject = new StoreEvents(build, shards);
          const reference = await ReferenceEvents.open(server().port);
          const steps = makeStream(deriveSeed(seed, shards * 1000 + index), COMMANDS);
          const commands = steps
            .filter(({ kind }) => kind === 'commands')
            .flatMap((step) => step.commands)
            .filter((command) => filter.answers(command) && (!isSelect(command) || command.length === 2));
          for (let from = 0; from < commands.length; from += PIPELINE) {
            const part = commands.slice(from, from + PIPELINE);
            const theirs = await reference.tell(part);
            for (const [i, command] of part.entries()) {
              const ours = await subject.tell(command);
              const wanted = comparable(theirs.lines[i], command);
              const had = comparable(ours.lines, command);
              const history = commands
                .slice(Math.max(0, from + i - 30), from + i + 1)
                .map(formatCommand)
                .join('\n');
              const context = `LATCHKEY_SEED=${seed}, stream ${index}: ${formatReply(ours.reply)}, ${formatReply(theirs.replies[i])}\n${history}`;
              expect(had, context.slice(0, 3000)).toEqual(wanted);
              told += wanted.length;
              for (const line of wanted) seen.add(line.split(' ')[1]);
            }
          }
          await reference.close();
        }
        expect(told).toBeGreaterThan(STREAMS * 200);
        expect(seen.size).toBeGreaterThan(20);
      },
      TIMEOUT_MS,
    );
  });
});

// Random command streams must get the same replies from Latchkey as from redis-server, and leave the same keyspace.
// A run is cut into streams of a few thousand commands, each from an emptied server, so that a failing one can be
// replayed often enough to reduce it to the few commands that matter.
import { describe, expect, it } from 'vitest';
import { type Protocol, runSteps } from '../support/generator/duel.js';
import { explain } from '../support/generator/explain.js';
import { makeStream } from '../support/generator/stream.js';
import { describeWith } from '../support/programs.js';
import { deriveSeed, runSeed } from '../support/seed.js';
import { type Configuration, SUBJECT, sides } from './sides.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const COMMANDS_PER_CONFIGURATION = LONG ? 1_000_000 : 20_000;
const COMMANDS_PER_STREAM = 2_500;
const TEST_TIMEOUT_MS = LONG ? 3_600_000 : 180_000;

const CONFIGURATIONS: Configuration[] = [1, 2].flatMap((threads) => [1, 3].map((shards) => ({ shards, threads })));
const PROTOCOLS: Protocol[] = [2, 3];

describeWith('redis-server', `random command streams, ${SUBJECT} against redis-server`, () => {
  const seed = runSeed('tests/differential/stream.test.ts');

  describe.each(CONFIGURATIONS)('with $shards shard(s) and $threads thread(s)', (configuration) => {
    const servers = sides(configuration, ['--enable-debug-command', 'yes']);

    it.each(PROTOCOLS)(
      'answer alike over RESP%i',
      async (protocol) => {
        const duel = { ...servers, protocol, dumps: true };
        let compared = 0;
        for (let index = 0; compared < COMMANDS_PER_CONFIGURATION; index++) {
          // Each configuration draws streams of its own, so together they see more of them.
          const streamSeed = deriveSeed(
            seed,
            (configuration.shards * 100 + configuration.threads * 10 + protocol) * 10_000 + index,
          );
          const steps = makeStream(streamSeed, COMMANDS_PER_STREAM);
          const outcome = await runSteps(duel, steps);
          compared += outcome.compared;
          if (outcome.difference) {
            const { shards, threads } = configuration;
            const context = `shards=${shards} threads=${threads} RESP${protocol}, LATCHKEY_SEED=${seed}, stream ${index}`;
            expect.fail(await explain(duel, steps, outcome.difference, context));
          }
          expect(outcome.compared, 'commands compared in one stream').toBeGreaterThan(0);
        }
        expect(compared).toBeGreaterThanOrEqual(COMMANDS_PER_CONFIGURATION);
      },
      TEST_TIMEOUT_MS,
    );
  });
});

// The geography commands of the kernel by itself, in this process, against redis-server: the same replies byte for byte to
// random streams over places, sorted sets and keys and to the hand-picked ones, and the same keyspace afterwards.
import { describe, expect, it } from 'vitest';
import { compareReplies, ruleFor } from '../support/generator/compare.js';
import { type Protocol, runSteps } from '../support/generator/duel.js';
import { formatCommand, formatReply, parseCommandLine } from '../support/generator/escape.js';
import { explain } from '../support/generator/explain.js';
import { geoFamilies } from '../support/generator/geo-families.js';
import { keyspaceFamilies } from '../support/generator/keyspace-families.js';
import { compareKeyspaces } from '../support/generator/probe.js';
import { makeStream } from '../support/generator/stream.js';
import { KernelSide } from '../support/kernel-side.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { deriveSeed, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';
import { geoScripts } from './cases/geo.js';
import { ServerSide } from './sides.js';

const COMMANDS_PER_BUILD = process.env.LATCHKEY_TEST_LONG === '1' ? 200_000 : 4_000;
const COMMANDS_PER_STREAM = 1_000;
const FAMILIES = [...geoFamilies, ...keyspaceFamilies];
const PROTOCOLS: Protocol[] = [2, 3];

describeWith('redis-server', 'the geography commands of the kernel against redis-server', () => {
  const seed = runSeed('tests/differential/kernel-geo.test.ts');
  const server = redisServerForSuite();
  const reference = new ServerSide('redis-server', async () => server());

  describe.each(BUILDS)('$memory $mode', (build) => {
    it.each(PROTOCOLS)('answer random streams alike over RESP%i', async (protocol) => {
      let compared = 0;
      for (let index = 0; compared < COMMANDS_PER_BUILD / 2; index++) {
        const subject = new KernelSide(build);
        const streamSeed = deriveSeed(seed, (BUILDS.indexOf(build) * 10 + protocol) * 1000 + index);
        const steps = subject.own(makeStream(streamSeed, COMMANDS_PER_STREAM, FAMILIES));
        const duel = { subject, reference, protocol };
        const outcome = await runSteps(duel, steps);
        if (outcome.difference) {
          const context = `${subject.name} RESP${protocol}, LATCHKEY_SEED=${seed}, stream ${index}`;
          expect.fail(await explain(duel, steps, outcome.difference, context));
        }
        expect(subject.kernel.check()).toBe(0);
        expect(outcome.compared).toBeGreaterThan(0);
        compared += outcome.compared;
      }
    });

    it.each(PROTOCOLS)('answer the hand-picked commands alike over RESP%i', async (protocol) => {
      const problems: string[] = [];
      let compared = 0;
      for (const { title, lines } of geoScripts) {
        const subject = new KernelSide(build);
        const [ours, theirs] = await Promise.all([subject.connect(protocol), reference.connect(protocol, 30_000)]);
        await theirs.pipeline([['FLUSHALL']]);
        for (const line of lines.split('\n').map((text) => text.trim())) {
          if (line === '') continue;
          const command = parseCommandLine(line);
          const [[reply], [wanted]] = await Promise.all([ours.pipeline([command]), theirs.pipeline([command])]);
          compared++;
          const why = compareReplies(ruleFor(command), reply, wanted);
          if (why)
            problems.push(`${title}: ${formatCommand(command)}: ${formatReply(reply)}, not ${formatReply(wanted)}`);
        }
        problems.push(...(await compareKeyspaces(ours, theirs)).map((difference) => `${title}: ${difference}`));
        await theirs.close();
      }
      expect(problems).toEqual([]);
      expect(compared).toBeGreaterThan(250);
    });
  });
});

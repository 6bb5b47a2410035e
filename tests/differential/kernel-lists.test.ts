// Lists: the kernel by itself, in this process and in all four builds, against redis-server, byte for byte, with nodes of
// every kind of size.
import { describe, expect, it } from 'vitest';
import { compareReplies, ruleFor } from '../support/generator/compare.js';
import { runSteps } from '../support/generator/duel.js';
import { formatCommand, formatReply, parseCommandLine } from '../support/generator/escape.js';
import { explain } from '../support/generator/explain.js';
import { keyspaceFamilies } from '../support/generator/keyspace-families.js';
import { listFamilies } from '../support/generator/list-families.js';
import { compareKeyspaces } from '../support/generator/probe.js';
import { makeStream } from '../support/generator/stream.js';
import { stringFamilies } from '../support/generator/string-families.js';
import { KernelSide } from '../support/kernel-side.js';
import { setLimits } from '../support/limits.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { deriveSeed, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';
import { listScripts } from './cases/lists.js';
import { ServerSide } from './sides.js';

const STREAMS = process.env.LATCHKEY_TEST_LONG === '1' ? 40 : 1;
const COMMANDS = 1000;
const FAMILIES = [
  ...stringFamilies.filter(({ name }) => name === 'set' || name === 'get'),
  ...keyspaceFamilies,
  ...listFamilies.map((family) => ({ ...family, weight: family.weight * 6 })),
];

const CASES = [
  { size: -2, protocol: 2 },
  { size: -1, protocol: 3 },
  { size: 1, protocol: 2 },
  { size: 4, protocol: 3 },
] as const;

describeWith('redis-server', 'lists as redis-server answers them', () => {
  const seed = runSeed('tests/differential/kernel-lists.test.ts');
  const server = redisServerForSuite();
  const reference = new ServerSide('redis-server', async () => server());

  describe.each(BUILDS)('$memory $mode', (build) => {
    const sideWith = (size: number) => {
      const side = new KernelSide(build);
      setLimits(side.kernel, { listMaxListpackSize: size });
      return side;
    };

    it.each(CASES)('random streams, node size $size, RESP$protocol', async ({ size, protocol }) => {
      for (let index = 0; index < STREAMS; index++) {
        const subject = sideWith(size);
        const streamSeed = deriveSeed(seed, (BUILDS.indexOf(build) * 10 + size) * 1000 + index);
        const stream = makeStream(streamSeed, COMMANDS, FAMILIES);
        const steps = subject.own(stream);
        const duel = { subject, reference, protocol };
        const outcome = await runSteps(duel, steps);
        if (outcome.difference) {
          const context = `${subject.name} RESP${protocol}, LATCHKEY_SEED=${seed}, size ${size}, stream ${index}`;
          expect.fail(await explain(duel, steps, outcome.difference, context));
        }
        expect(subject.kernel.check()).toBe(0);
        expect(outcome.compared).toBeGreaterThan(COMMANDS / 2);
      }
    });

    it.each(CASES)('hand-picked commands, node size $size, RESP$protocol', async ({ size, protocol }) => {
      const problems: string[] = [];
      let compared = 0;
      for (const { title, lines } of listScripts) {
        const subject = sideWith(size);
        const [ours, theirs] = await Promise.all([subject.connect(protocol), reference.connect(protocol, 30_000)]);
        await theirs.pipeline([['FLUSHALL']]);
        const commands = lines
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== '')
          .map(parseCommandLine);
        const replies = await theirs.pipeline(commands);
        for (const [i, command] of commands.entries()) {
          const [reply] = await ours.pipeline([command]);
          compared++;
          if (compareReplies(ruleFor(command), reply, replies[i]))
            problems.push(`${title}: ${formatCommand(command)}: ${formatReply(reply)}, not ${formatReply(replies[i])}`);
        }
        expect(subject.kernel.check()).toBe(0);
        problems.push(...(await compareKeyspaces(ours, theirs)).map((difference) => `${title}: ${difference}`));
        await theirs.close();
      }
      expect(problems).toEqual([]);
      expect(compared).toBeGreaterThan(350);
    });
  });
});

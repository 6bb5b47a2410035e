// HyperLogLogs: the kernel, in this process and in all four builds, against redis-server. Replies are equal, and so is
// every byte of every sketch, sparse and dense, after the same elements in the same order.
import { describe, expect, it } from 'vitest';
import { compareReplies, ruleFor } from '../support/generator/compare.js';
import { type Protocol, runSteps } from '../support/generator/duel.js';
import { formatCommand, formatReply, parseCommandLine } from '../support/generator/escape.js';
import { explain } from '../support/generator/explain.js';
import { hllFamilies } from '../support/generator/hll-families.js';
import { keyspaceFamilies } from '../support/generator/keyspace-families.js';
import { makeStream } from '../support/generator/stream.js';
import { KernelSide } from '../support/kernel-side.js';
import { allDigests, newReplica, replayLog, takeLog } from '../support/log-replay.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import type { Arg } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';
import { hllScripts } from './cases/hyperloglog.js';
import { ServerSide } from './sides.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const COMMANDS_PER_BUILD = LONG ? 60_000 : 1_500;
const COMMANDS_PER_STREAM = 500;
const PROTOCOLS: Protocol[] = [2, 3];

describeWith('redis-server', 'HyperLogLogs as redis-server keeps them', () => {
  const seed = runSeed('tests/differential/kernel-hyperloglog.test.ts');
  const server = redisServerForSuite();
  const reference = new ServerSide('redis-server', async () => server());

  describe.each(BUILDS)('$memory $mode', (build) => {
    it.each(PROTOCOLS)('answers the hand-picked commands alike over RESP%i', async (protocol) => {
      const problems: string[] = [];
      let compared = 0;
      for (const { title, lines } of hllScripts) {
        const subject = new KernelSide(build);
        const [ours, theirs] = await Promise.all([subject.connect(protocol), reference.connect(protocol, 30_000)]);
        await theirs.pipeline([['FLUSHALL']]);
        for (const line of lines.split('\n').map((text) => text.trim())) {
          const command = parseCommandLine(line);
          if (line === '' || !subject.answers(command)) continue;
          const [[reply], [wanted]] = await Promise.all([ours.pipeline([command]), theirs.pipeline([command])]);
          compared++;
          if (compareReplies(ruleFor(command), reply, wanted))
            problems.push(`${title}: ${formatCommand(command)}: ${formatReply(reply)}, not ${formatReply(wanted)}`);
        }
        expect(subject.kernel.check()).toBe(0);
        await theirs.close();
      }
      expect(problems).toEqual([]);
      expect(compared).toBeGreaterThan(100);
    });

    it('answers random streams alike, and its log makes the same keyspace', async () => {
      let compared = 0;
      for (let index = 0; compared < COMMANDS_PER_BUILD; index++) {
        const subject = new KernelSide(build);
        subject.kernel.logOn();
        const streamSeed = deriveSeed(seed, BUILDS.indexOf(build) * 1000 + index);
        const families = [...hllFamilies, ...hllFamilies, ...keyspaceFamilies];
        const steps = subject.own(makeStream(streamSeed, COMMANDS_PER_STREAM, families));
        const duel = { subject, reference, protocol: PROTOCOLS[index % 2] };
        const outcome = await runSteps(duel, steps);
        if (outcome.difference) {
          const context = `${subject.name} RESP${duel.protocol}, LATCHKEY_SEED=${seed}, stream ${index}`;
          expect.fail(await explain(duel, steps, outcome.difference, context));
        }
        expect(subject.kernel.check()).toBe(0);
        const replica = newReplica(build);
        replayLog(takeLog(subject.kernel), replica);
        expect(allDigests(replica)).toEqual(allDigests(subject.kernel));
        compared += outcome.compared;
      }
    });

    it('keeps the same bytes while sketches fill up, become dense and are merged', async () => {
      const random = new Random(deriveSeed(seed, 99));
      const subject = new KernelSide(build);
      const [ours, theirs] = await Promise.all([subject.connect(2), reference.connect(2, 30_000)]);
      await theirs.pipeline([['FLUSHALL']]);
      let compared = 0;
      for (let round = 0; round < (LONG ? 40 : 4); round++) {
        const commands: Arg[][] = [];
        for (let i = 0; i < 60; i++) {
          const key = `k${random.below(3)}`;
          const count = random.pick([1, 1, 3, 30, 200]);
          commands.push(['PFADD', key, ...Array.from({ length: count }, () => `${round}:${random.below(5000)}`)]);
          commands.push(['GET', key]);
          if (random.oneIn(3)) commands.push(['PFCOUNT', key], ['GET', key], ['PFCOUNT', 'k0', 'k1', 'k2']);
          if (random.oneIn(8)) commands.push(['PFMERGE', `m${round}`, key], ['GET', `m${round}`]);
          if (random.oneIn(20)) commands.push(['PFMERGE', key, 'k0', 'k1'], ['GET', key]);
        }
        commands.push(['DEL', `k${random.below(3)}`]);
        const [left, right] = await Promise.all([ours.pipeline(commands), theirs.pipeline(commands)]);
        left.forEach((reply, i) => {
          if (!reply.equals(right[i]))
            expect.fail(`LATCHKEY_SEED=${seed}: ${formatCommand(commands[i]).slice(0, 300)} after ${i} commands`);
          compared++;
        });
      }
      expect(compared).toBeGreaterThan(400);
      expect(subject.kernel.check()).toBe(0);
      await theirs.close();
    });
  });
});

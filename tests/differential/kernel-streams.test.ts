// Streams and groups: the kernel, in this process and in all four builds, against redis-server, dumps included.
import { describe, expect, it } from 'vitest';
import type { Protocol } from '../support/generator/duel.js';
import type { Family } from '../support/generator/families.js';
import { keyspaceFamilies } from '../support/generator/keyspace-families.js';
import { streamFamilies } from '../support/generator/stream-families.js';
import { stringFamilies } from '../support/generator/string-families.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';
import { streamScripts } from './cases/stream.js';
import { duelScripts, duelStreams } from './kernel-duels.js';
import { ServerSide } from './sides.js';

const COMMANDS = process.env.LATCHKEY_TEST_LONG === '1' ? 100_000 : 3_000;
const PROTOCOLS: Protocol[] = [2, 3];
const FAMILIES: Family[] = [
  ...stringFamilies
    .filter(({ name }) => name === 'set' || name === 'get')
    .map((family) => ({ ...family, weight: 0.2 })),
  ...keyspaceFamilies.map((family) => ({ ...family, weight: family.weight / 4 })),
  ...streamFamilies,
];

describeWith('redis-server', 'streams in the kernel beside redis-server', () => {
  const seed = runSeed('tests/differential/kernel-streams.test.ts');
  const server = redisServerForSuite({ args: ['--enable-debug-command', 'yes'] });
  const reference = new ServerSide('redis-server', async () => server());

  describe.each(BUILDS)('$memory $mode', (build) => {
    it.each(PROTOCOLS)(
      'answer random streams alike over RESP%i, and their log makes the same keyspace',
      async (protocol) => {
        const size = { seed, commands: COMMANDS, perStream: 1_500, dumps: true };
        expect(await duelStreams(build, protocol, reference, FAMILIES, size)).toBeGreaterThan(0);
      },
    );

    it.each(PROTOCOLS)('answer the hand-picked commands alike over RESP%i', async (protocol) => {
      expect(await duelScripts(build, protocol, reference, streamScripts)).toBeGreaterThan(200);
    });
  });
});

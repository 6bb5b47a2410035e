// Sets: the kernel, in this process and in all four builds, against redis-server, as its limits have it and forced into
// tables.
import { describe, expect, it } from 'vitest';
import type { Protocol } from '../support/generator/duel.js';
import { keyspaceFamilies } from '../support/generator/keyspace-families.js';
import { setFamilies } from '../support/generator/set-families.js';
import { stringFamilies } from '../support/generator/string-families.js';
import type { KernelSide } from '../support/kernel-side.js';
import { setLimits } from '../support/limits.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';
import { setScripts } from './cases/sets.js';
import { duelScripts, duelStreams } from './kernel-duels.js';
import { ServerSide } from './sides.js';

const COMMANDS = process.env.LATCHKEY_TEST_LONG === '1' ? 100_000 : 1_500;
const PROTOCOLS: Protocol[] = [2, 3];

const FORMS: [title: string, prepare: (subject: KernelSide) => void][] = [
  ['packed while they are small', () => {}],
  ['in tables', ({ kernel }) => setLimits(kernel, { packedEntriesMax: 0 })],
];

describeWith('redis-server', 'sets as redis-server keeps them', () => {
  const seed = runSeed('tests/differential/kernel-sets.test.ts');
  const server = redisServerForSuite();
  const reference = new ServerSide('redis-server', async () => server());

  describe.each(BUILDS)('$memory $mode', (build) => {
    describe.each(PROTOCOLS)('RESP%i', (protocol) => {
      it.each(FORMS)('answers the hand-picked commands alike, sets %s', async (_, prepare) => {
        expect(await duelScripts(build, protocol, reference, setScripts, prepare)).toBeGreaterThan(250);
      });

      it.each(FORMS)(
        'answers random streams alike, and its log makes the same keyspace, sets %s',
        async (_, prepare) => {
          const families = [...setFamilies, ...keyspaceFamilies, ...stringFamilies];
          const size = { seed, commands: COMMANDS, perStream: 500 };
          expect(await duelStreams(build, protocol, reference, families, size, prepare)).toBeGreaterThan(0);
        },
      );
    });
  });
});

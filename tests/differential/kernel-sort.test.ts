// SORT: the kernel, in this process and in all four builds, against redis-server, elements in each of their forms.
import { describe, expect, it } from 'vitest';
import type { Protocol } from '../support/generator/duel.js';
import { keyspaceFamilies } from '../support/generator/keyspace-families.js';
import { sortFamilies } from '../support/generator/sort-families.js';
import { stringFamilies } from '../support/generator/string-families.js';
import type { KernelSide } from '../support/kernel-side.js';
import { setLimits } from '../support/limits.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';
import { sortScripts } from './cases/sort.js';
import { duelScripts, duelStreams } from './kernel-duels.js';
import { ServerSide } from './sides.js';

const COMMANDS = process.env.LATCHKEY_TEST_LONG === '1' ? 60_000 : 1_500;
const PROTOCOLS: Protocol[] = [2, 3];

const FORMS: [title: string, prepare: (subject: KernelSide) => void][] = [
  ['packed while it is small', () => {}],
  ['in tables', ({ kernel }) => setLimits(kernel, { packedEntriesMax: 0 })],
];

describeWith('redis-server', 'SORT as redis-server does it', () => {
  const seed = runSeed('tests/differential/kernel-sort.test.ts');
  const server = redisServerForSuite();
  const reference = new ServerSide('redis-server', async () => server());

  describe.each(BUILDS)('$memory $mode', (build) => {
    describe.each(PROTOCOLS)('RESP%i', (protocol) => {
      it.each(FORMS)('answers the hand-picked commands alike, what it sorts %s', async (_, prepare) => {
        expect(await duelScripts(build, protocol, reference, sortScripts, prepare)).toBeGreaterThan(200);
      });

      it.each(FORMS)('answers random streams alike, what it sorts %s', async (_, prepare) => {
        const families = [...sortFamilies, ...keyspaceFamilies, ...stringFamilies];
        const size = { seed, commands: COMMANDS, perStream: 500 };
        expect(await duelStreams(build, protocol, reference, families, size, prepare)).toBeGreaterThan(0);
      });
    });
  });
});

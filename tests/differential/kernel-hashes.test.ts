// Hashes: the kernel, in this process and in all four builds, against redis-server.
import { describe, expect, it } from 'vitest';
import type { Protocol } from '../support/generator/duel.js';
import { hashFamilies } from '../support/generator/hash-families.js';
import { keyspaceFamilies } from '../support/generator/keyspace-families.js';
import { stringFamilies } from '../support/generator/string-families.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';
import { hashScripts } from './cases/hashes.js';
import { duelScripts, duelStreams } from './kernel-duels.js';
import { ServerSide } from './sides.js';

const COMMANDS = process.env.LATCHKEY_TEST_LONG === '1' ? 100_000 : 2_000;
const PROTOCOLS: Protocol[] = [2, 3];
const FAMILIES = [...stringFamilies, ...hashFamilies, ...hashFamilies, ...keyspaceFamilies];

describeWith('redis-server', 'hashes in the kernel beside redis-server', () => {
  const seed = runSeed('tests/differential/kernel-hashes.test.ts');
  const server = redisServerForSuite();
  const reference = new ServerSide('redis-server', async () => server());

  describe.each(BUILDS)('$memory $mode', (build) => {
    it.each(PROTOCOLS)(
      'answer random streams alike over RESP%i, and their log makes the same keyspace',
      async (protocol) => {
        const size = { seed, commands: COMMANDS, perStream: 1_000 };
        expect(await duelStreams(build, protocol, reference, FAMILIES, size)).toBeGreaterThan(0);
      },
    );

    it.each(PROTOCOLS)('answer the hand-picked commands alike over RESP%i', async (protocol) => {
      expect(await duelScripts(build, protocol, reference, hashScripts)).toBeGreaterThan(300);
    });
  });
});

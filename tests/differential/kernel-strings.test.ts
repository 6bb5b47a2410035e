// Strings, bits and keys: the kernel, in this process and in all four builds, against redis-server. What needs a host
// (connection and server commands) is left to the tests that run a server.
import { describe, expect, it } from 'vitest';
import { bitFamilies } from '../support/generator/bit-families.js';
import type { Protocol } from '../support/generator/duel.js';
import { keyspaceFamilies } from '../support/generator/keyspace-families.js';
import { stringFamilies } from '../support/generator/string-families.js';
import { KernelSide } from '../support/kernel-side.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';
import { keyspaceScripts } from './cases/keyspace.js';
import { stringScripts } from './cases/strings.js';
import { duelScripts, duelStreams } from './kernel-duels.js';
import { ServerSide } from './sides.js';

const COMMANDS = process.env.LATCHKEY_TEST_LONG === '1' ? 100_000 : 2_000;
const PROTOCOLS: Protocol[] = [2, 3];
const FAMILIES = [...stringFamilies, ...bitFamilies, ...keyspaceFamilies];

describeWith('redis-server', 'strings and keys in the kernel beside redis-server', () => {
  const seed = runSeed('tests/differential/kernel-strings.test.ts');
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
      expect(await duelScripts(build, protocol, reference, [...stringScripts, ...keyspaceScripts])).toBeGreaterThan(
        400,
      );
    });

    it('prints words from outside as Redis does, zero bytes and line ends included', async () => {
      const subject = new KernelSide(build);
      const [ours, theirs] = await Promise.all([subject.connect(2), reference.connect(2, 30_000)]);
      const words = ['', '\0', 'a\0b', 'a\r\nb', 'a\r\n', '\r\na', '\r\n', ' \n\0x', 'x'.repeat(200), '\xff'];
      const commands = words.flatMap((word) => [
        ['EXPIRE', 'k', '1', word],
        ['PEXPIREAT', 'k', '1', 'NX', word],
        ['OBJECT', word, 'k'],
      ]);
      const [left, right] = await Promise.all([ours.pipeline(commands), theirs.pipeline(commands)]);
      expect(left.map(String)).toEqual(right.map(String));
      expect(left.length).toBe(30);
      await theirs.close();
    });
  });
});

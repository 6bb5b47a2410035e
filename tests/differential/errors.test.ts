// Every error path we know of, and the boundary values beside it: hand-picked command lines get the same bytes from
// Latchkey as from redis-server, in RESP2 and RESP3, from one shard and from several.
import { describe, expect, it } from 'vitest';
import type { Protocol } from '../support/generator/duel.js';
import { describeWith } from '../support/programs.js';
import { bitScripts, halfGigabyteScripts } from './cases/bits.js';
import { dumpScripts } from './cases/dump.js';
import { geoScripts } from './cases/geo.js';
import { hashScripts } from './cases/hashes.js';
import { hostScripts } from './cases/host.js';
import { hllScripts } from './cases/hyperloglog.js';
import { keyspaceScripts } from './cases/keyspace.js';
import { listScripts } from './cases/lists.js';
import { observationScripts } from './cases/observation.js';
import { setScripts } from './cases/sets.js';
import { sortScripts } from './cases/sort.js';
import { streamScripts } from './cases/stream.js';
import { stringScripts } from './cases/strings.js';
import { unknownScripts } from './cases/unknown.js';
import { zsetScripts } from './cases/zsets.js';
import { replayScript, type Script } from './script.js';
import { SUBJECT, sides } from './sides.js';

const SCRIPTS = [
  ...stringScripts,
  ...bitScripts,
  ...hashScripts,
  ...hllScripts,
  ...dumpScripts,
  ...setScripts,
  ...sortScripts,
  ...keyspaceScripts,
  ...listScripts,
  ...zsetScripts,
  ...streamScripts,
  ...geoScripts,
  ...hostScripts,
  ...observationScripts,
  ...unknownScripts,
];
const PROTOCOLS: Protocol[] = [2, 3];

const lineCount = ({ lines }: Script): number => lines.split('\n').filter((line) => line.trim() !== '').length;

describeWith('redis-server', `hand-picked commands, ${SUBJECT} against redis-server`, () => {
  describe.each([1, 3])('with %i shard(s)', (shards) => {
    const servers = sides({ shards, threads: 1 });

    describe.each(PROTOCOLS)('over RESP%i', (protocol) => {
      it.each(SCRIPTS)('answer alike: $title', async (script) => {
        const { compared, problem } = await replayScript(servers, script, protocol);
        if (problem) expect.fail(problem);
        expect(compared).toBe(lineCount(script));
      });
    });

    it.each(halfGigabyteScripts)('answer alike: $title', async (script) => {
      const { compared, problem } = await replayScript(servers, script, 2);
      if (problem) expect.fail(problem);
      expect(compared).toBe(lineCount(script));
    });
  });

  it('are several hundred', () => {
    const count = SCRIPTS.reduce((sum, script) => sum + lineCount(script), 0);
    expect(count).toBeGreaterThan(700);
  });
});

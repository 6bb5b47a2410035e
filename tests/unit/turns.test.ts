// Goal: batches of several sources reach their targets without a foreign one in the middle of an entry, each source's in
// order, all of them, though a source hands over only so many before the first of them is taken.
// Method: sources drawn at random, which are let go on in random order until nobody can.
import { describe, expect, it } from 'vitest';
import { Turns } from '../../host/persistence/threads/turns.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';

const unreached = (error: unknown): never => expect.unreachable(String(error));

const AHEAD = 3;
const SOURCES = 4;
const TARGETS = 3;

interface Drawn {
  readonly target: number;
  readonly open: boolean;
  readonly label: string;
}

function drawSource(random: Random, source: number): Drawn[] {
  const batches: Drawn[] = [];
  for (let entry = 0; entry < 30; entry++) {
    const target = random.below(TARGETS);
    for (let part = random.oneIn(3) ? random.below(6) : 0; part >= 0; part--)
      batches.push({ target, open: part > 0, label: `${source}.${entry}` });
  }
  return batches;
}

describe('batches of several sources', () => {
  const seed = runSeed('turns');

  it('reach their targets entry by entry, and nobody waits for ever', () => {
    for (let round = 0; round < 300; round++) {
      const random = new Random(deriveSeed(seed, round));
      const turns = new Turns();
      const sources = Array.from({ length: SOURCES }, (_, source) => drawSource(random, source));
      const sent = sources.map(() => 0);
      const taken = sources.map(() => [] as string[]);
      const targets = Array.from({ length: TARGETS }, () => [] as string[]);
      const able = (): number[] =>
        [...sources.keys()].filter((i) => sent[i] < sources[i].length && sent[i] - taken[i].length < AHEAD);
      for (let can = able(); can.length > 0; can = able()) {
        const source = random.pick(can);
        const { target, open, label } = sources[source][sent[source]++];
        const take = (): void => {
          taken[source].push(label);
          targets[target].push(label);
        };
        turns.pass(source, { target, open, take, failed: unreached });
      }
      expect(taken).toEqual(sources.map((batches) => batches.map(({ label }) => label)));
      for (const labels of targets) {
        const runs = labels.filter((label, i) => label !== labels[i - 1]);
        expect(new Set(runs).size, 'an entry in two pieces').toBe(runs.length);
      }
    }
  });

  it('are all taken before their source counts as through', async () => {
    const turns = new Turns();
    const taken: string[] = [];
    const turn = (label: string, open: boolean) => ({
      target: 0,
      open,
      take: () => void taken.push(label),
      failed: unreached,
    });
    turns.pass(1, turn('a begins', true));
    turns.pass(2, turn('b', false));
    let isThrough = false;
    const through = turns.through(2).then(() => {
      isThrough = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([taken, isThrough]).toEqual([['a begins'], false]);
    turns.pass(1, turn('a ends', false));
    await through;
    expect(taken).toEqual(['a begins', 'a ends', 'b']);
  });

  it('do not wait for the rest of an entry whose source has failed, and a failure is told to its own source', () => {
    const turns = new Turns();
    const failures: unknown[] = [];
    const taken: string[] = [];
    turns.pass(1, { target: 0, open: true, take: () => {}, failed: unreached });
    const take = (): void => {
      throw new Error('full');
    };
    turns.pass(2, { target: 0, open: false, take, failed: (error) => failures.push(error) });
    turns.pass(3, { target: 0, open: false, take: () => void taken.push('c'), failed: unreached });
    expect([failures.length, taken.length]).toEqual([0, 0]);
    turns.giveUp(1);
    expect(failures.map(String)).toEqual(['Error: full']);
    expect(taken).toEqual(['c']);
  });
});

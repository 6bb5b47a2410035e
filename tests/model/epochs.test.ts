// The protocol by which steps on several shards, rounds and snapshots agree, in every order that its actions can happen
// in (tests/support/epoch-model.ts); and what goes wrong when one of its rules is left out.
import { describe, expect, it } from 'vitest';
import {
  Broken,
  type Explored,
  explore,
  PROTOCOL,
  type Promised,
  type RoundKind,
  type Rules,
  SHARDS,
  STEPS,
  type StepKind,
} from '../support/epoch-model.js';
import { Random, runSeed } from '../support/seed.js';

const DRAWS = process.env.LATCHKEY_TEST_LONG === '1' ? 200 : 1;
const w = (shard: number) => ({ shard, writes: true });
const r = (shard: number) => ({ shard, writes: false });
const ORDERS: readonly (readonly RoundKind[])[] = [
  ['plain', 'snapshot'],
  ['snapshot', 'plain'],
];

const CASES: readonly (readonly [string, readonly StepKind[]])[] = [
  ['one shard', [[w(0)], [w(0)], [w(0)]]],
  ['a pair, and a step on each of its shards', [[w(0), w(1)], [w(0)], [w(1)]]],
  [
    'a ring of pairs',
    [
      [w(0), w(1)],
      [w(1), w(2)],
      [w(0), w(2)],
    ],
  ],
  [
    'two equal pairs',
    [
      [w(0), w(1)],
      [w(0), w(1)],
      [r(0), r(1)],
    ],
  ],
  ['a look at what one writes, by who writes elsewhere', [[w(0)], [r(0), w(1)], [w(1)]]],
  ['a look at two shards between their writers', [[w(0)], [r(0), r(1)], [w(1)]]],
  ['a look that brings news from a third shard', [[w(0)], [r(1)], [w(1)]]],
  [
    'a ring of looks and writes',
    [
      [w(0), r(1)],
      [w(1), r(2)],
      [r(0), w(2)],
    ],
  ],
];

/** Explores both orders of rounds. @returns the figures of both together. */
function exploreBoth(kinds: readonly StepKind[]): Explored {
  const [a, b] = ORDERS.map((rounds) => explore(kinds, rounds));
  return { states: a.states + b.states, ends: a.ends + b.ends, split: a.split + b.split };
}

describe('the protocol of epochs, in every order', () => {
  for (const [name, kinds] of CASES) {
    it(`keeps its promises: ${name}`, { timeout: 300_000 }, () => {
      const { states, ends, split } = exploreBoth(kinds);
      expect(states).toBeGreaterThan(10_000);
      expect(ends).toBeGreaterThan(10);
      // A round that held all steps or none would have nothing to be right about.
      expect(split).toBeGreaterThan(5);
    });
  }

  it('keeps its promises: steps drawn at random', { timeout: 3_600_000 }, () => {
    const random = new Random(runSeed('epochs'));
    for (let i = 0; i < DRAWS; i++) {
      const kinds = Array.from({ length: STEPS }, () => drawKind(random));
      expect(exploreBoth(kinds).states, JSON.stringify(kinds)).toBeGreaterThan(1000);
    }
  });
});

function drawKind(random: Random): StepKind {
  const shards = new Set([random.below(SHARDS), random.below(SHARDS)]);
  return [...shards].sort().map((shard) => ({ shard, writes: random.below(3) !== 0 }));
}

describe('the protocol of epochs, short of a rule', () => {
  /** What is said to be broken, in either order of rounds. */
  function broken(kinds: readonly StepKind[], without: keyof Rules, promise: Promised): string | undefined {
    for (const rounds of ORDERS) {
      try {
        explore(kinds, rounds, { ...PROTOCOL, [without]: false }, promise);
      } catch (error) {
        if (error instanceof Broken) return error.message;
        throw error;
      }
    }
    return undefined;
  }

  const CANARIES: readonly (readonly [keyof Rules, Promised, string, readonly StepKind[]])[] = [
    ['waitsForPublishing', 'whole', 'tears steps', [[w(0), w(1)], [r(0)], [r(1)]]],
    ['oneEpoch', 'whole', 'tears steps', [[w(0), w(1)], [r(0)], [r(1)]]],
    ['entersTogether', 'exact', 'has steps on both sides of a snapshot', [[w(0), w(1)], [w(0)], [w(1)]]],
    ['keepsHints', 'closed', 'loses what a client was told before it looked', [[w(0)], [r(1)], [w(1)]]],
    ['leavesEpochs', 'closed', 'loses what was left elsewhere by who only looked', [[w(0)], [r(0), w(1)], [w(1)]]],
    ['raisesSharedFirst', 'closed', 'loses what a client was told', [[w(0)], [w(1)], [w(2)]]],
    ['hintsEpochFirst', 'exact', 'logs new steps where the snapshot is old', [[w(0)], [w(0)], [w(0)]]],
    ['entersBeforeRaising', 'exact', 'logs new steps where the snapshot is old', [[w(0)], [w(0)], [w(0)]]],
    ['looksAtPublishedFirst', 'whole', 'tears steps', [[w(0), w(1)], [w(0), w(1)], [w(2)]]],
    ['gatesWhatWasSeen', 'durable', 'answers from what a crash takes back', [[w(0)], [r(0)], [w(1)]]],
  ];
  for (const [rule, promise, harm, kinds] of CANARIES) {
    it(`${harm} without: ${rule}`, { timeout: 120_000 }, () => {
      expect(broken(kinds, rule, promise)).toContain(promise);
    });
  }

  it('is tried without every rule', () => {
    expect(CANARIES.map(([rule]) => rule).sort()).toEqual(Object.keys(PROTOCOL).sort());
  });
});

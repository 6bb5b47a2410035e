// The protocol of the post between threads, in every order that its steps can happen in (tests/support/mailbox-model.ts);
// and what goes wrong when one of its rules is turned round.
import { describe, expect, it } from 'vitest';
import { Broken } from '../support/interleavings.js';
import { exploreMailbox, PROTOCOL, type Rules, type Scenario } from '../support/mailbox-model.js';

/** A sender, and a receiver that says nothing. */
const oneWay = (ringBytes: 1 | 2 | 4, letters: readonly number[], more: Partial<Scenario> = {}): Scenario => ({
  ...{ threads: 2, ringBytes, routes: [{ from: 0, to: 1, letters }] },
  ...more,
});
const TWO_SENDERS: Scenario = {
  threads: 3,
  ringBytes: 2,
  routes: [
    { from: 0, to: 2, letters: [1, 2] },
    { from: 1, to: 2, letters: [2, 1] },
  ],
};

const SCENARIOS: readonly (readonly [string, Scenario])[] = [
  ['letters as long as the ring, and shorter', oneWay(2, [1, 2, 1, 2])],
  ['letters longer than the ring, which wrap', oneWay(2, [3, 5, 1])],
  ['letters longer than a ring of one byte', oneWay(1, [2, 3, 1])],
  ['letters that wrap in a longer ring', oneWay(4, [3, 3, 6])],
  ['turns that end before all is read', oneWay(4, [3, 3, 6], { turnBytes: 2 })],
  ['turns that threads give themselves meanwhile', oneWay(2, [2, 3], { own: [1, 2] })],
  [
    'letters both ways',
    {
      threads: 2,
      ringBytes: 2,
      routes: [
        { from: 0, to: 1, letters: [3, 1] },
        { from: 1, to: 0, letters: [1, 3] },
      ],
    },
  ],
  [
    'answers from within handlers, which find no room',
    {
      threads: 2,
      ringBytes: 2,
      routes: [
        { from: 0, to: 1, letters: [1, 2, 1] },
        { from: 1, to: 0, letters: [3, 2, 1], answers: true },
      ],
    },
  ],
  ['two senders to one receiver', TWO_SENDERS],
];

describe('the protocol of the post, in every order', () => {
  for (const [name, scenario] of SCENARIOS) {
    it(`loses nothing and lets nobody sleep for ever: ${name}`, { timeout: 300_000 }, () => {
      const { states, ends, endless } = exploreMailbox(scenario);
      expect(states).toBeGreaterThan(3000);
      expect(ends).toBeGreaterThan(0);
      expect(endless).toBe(false);
    });
  }
});

describe('the protocol of the post, with a rule turned round', () => {
  const CANARIES: readonly (readonly [keyof Rules, string, string, Scenario])[] = [
    ['saysThatItSleepsFirst', 'leaves mail with a sleeper', 'while there is mail', oneWay(2, [1, 2])],
    ['movesHeadFirst', 'leaves mail with a sleeper', 'while there is mail', oneWay(2, [1, 2])],
    ['looksOnceMore', 'leaves letters with a sleeping sender', 'while there is room', oneWay(2, [1, 2])],
    ['movesTailFirst', 'leaves letters with a sleeping sender', 'while there is room', oneWay(2, [1, 2])],
    ['leavesWantsAlone', 'leaves letters with a sleeping sender', 'while there is room', oneWay(2, [1, 2, 1])],
    ['readsBellFirst', 'leaves mail with a sleeper', 'while there is mail', oneWay(2, [1, 2])],
    ['writesBytesFirst', 'hands out what is not there', 'what is read', oneWay(2, [1])],
    ['readsBytesFirst', 'has bytes written over', 'a byte is written over', oneWay(2, [1, 2])],
  ];
  for (const [rule, harm, message, scenario] of CANARIES) {
    it(`${harm}: ${rule}`, () => {
      const explored = (): unknown => exploreMailbox(scenario, { ...PROTOCOL, [rule]: false });
      expect(explored).toThrow(Broken);
      expect(explored).toThrow(message);
    });
  }

  it('is tried with every rule', () => {
    expect(CANARIES.map(([rule]) => rule).sort()).toEqual(Object.keys(PROTOCOL).sort());
  });
});

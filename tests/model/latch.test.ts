// The protocol of latches, in every order that its steps can happen in (tests/support/latch-model.ts); and what goes
// wrong when one of its rules is left out.
import { describe, expect, it } from 'vitest';
import { Broken } from '../support/interleavings.js';
import { exploreLatches, type Job, PROTOCOL, type Rules, type Scenario, type Thread } from '../support/latch-model.js';

const BOTH: Job = { wants: [0, 1] };
const LOW: Job = { wants: [0] };
const HIGH: Job = { wants: [1] };
const old = (job: Job): Job => ({ ...job, hasFailed: true });
const leaving = (job: Job): Job => ({ ...old(job), mayLeave: true });
const worker = (...jobs: readonly Job[]): Thread => ({ kind: 'worker', jobs });
const lane = (job: Job): Thread => ({ kind: 'lane', jobs: [job] });
const plain = (...threads: readonly Thread[]): Scenario => ({ threads, reserves: false });
const reserving = (...threads: readonly Thread[]): Scenario => ({ threads, reserves: true });

const SCENARIOS: readonly (readonly [string, Scenario])[] = [
  ['three workers that want both', plain(worker(BOTH), worker(BOTH), worker(BOTH))],
  ['a worker that wants both, and one for each', plain(worker(BOTH), worker(LOW), worker(HIGH))],
  ['a lane among workers', plain(worker(BOTH), worker(LOW), lane(BOTH))],
  ['two lanes and a worker', plain(lane(BOTH), lane(BOTH), worker(BOTH))],
  ['reservations of one by all', reserving(worker(old(LOW)), worker(old(LOW)), worker(LOW))],
  ['reservations of one, and more jobs', reserving(worker(old(LOW)), worker(LOW, LOW), worker(LOW))],
  ['reservations, and one for each', reserving(worker(old(BOTH)), worker(old(LOW)), worker(old(HIGH)))],
  ['reservations of both', reserving(worker(old(BOTH)), worker(old(BOTH)), worker(HIGH))],
  ['reservations of three that want both', reserving(worker(old(BOTH)), worker(old(BOTH)), worker(old(BOTH)))],
  ['reservations, and a lane', reserving(worker(old(BOTH)), worker(old(HIGH)), lane(BOTH))],
  ['reservations of two workers with two jobs', reserving(worker(old(BOTH), LOW), worker(old(BOTH), HIGH))],
  ['reservations of a worker with two jobs', reserving(worker(BOTH, LOW), worker(old(BOTH)), worker(HIGH))],
  ['reservations of who leaves', reserving(worker(leaving(BOTH)), worker(BOTH), worker(HIGH))],
  ['reservations of who leaves a job behind', reserving(worker(leaving(BOTH), LOW), worker(BOTH), worker(HIGH))],
];

describe('the protocol of latches, in every order', () => {
  for (const [name, scenario] of SCENARIOS) {
    it(`lets one in at a time and everybody in at last: ${name}`, { timeout: 300_000 }, () => {
      const { states, ends } = exploreLatches(scenario);
      expect(states).toBeGreaterThan(5000);
      expect(ends).toBeGreaterThan(0);
    });
  }
});

describe('the protocol of latches, short of a rule', () => {
  const CANARIES: readonly (readonly [keyof Rules, string, string, Scenario])[] = [
    ['takesInOneStep', 'lets two in', 'two threads hold', plain(worker(LOW), worker(LOW))],
    ['freesFirst', 'leaves a waiter asleep', 'which nobody holds', plain(worker(LOW), worker(LOW))],
    ['countsItselfFirst', 'leaves a waiter asleep', 'which nobody holds', plain(worker(LOW), worker(LOW))],
    ['readsWakesFirst', 'leaves a waiter asleep', 'which nobody holds', plain(worker(LOW), worker(LOW))],
    ['readsWakesFirst', 'leaves a lane asleep', 'which nobody holds', plain(worker(LOW), lane(LOW))],
    [
      ...(['wakesAfterReservation', 'leaves a waiter asleep', 'which nobody holds'] as const),
      reserving(worker(old(LOW)), worker(LOW, LOW)),
    ],
    [
      ...(['endsReservationFirst', 'leaves a waiter asleep', 'which nobody holds'] as const),
      reserving(worker(old(BOTH)), worker(BOTH, BOTH)),
    ],
    [
      ...(['givesUpReservations', 'has two wait for each other', 'stuck'] as const),
      reserving(worker(old(BOTH)), worker(old(BOTH)), worker(HIGH)),
    ],
    [
      ...(['leavesNothingReserved', 'keeps a shard for who is gone', 'stays reserved'] as const),
      reserving(worker(leaving(BOTH)), worker(LOW), worker(HIGH)),
    ],
  ];
  for (const [rule, harm, message, scenario] of CANARIES) {
    it(`${harm}: ${rule}`, { timeout: 300_000 }, () => {
      const explored = (): unknown => exploreLatches(scenario, { ...PROTOCOL, [rule]: false });
      expect(explored).toThrow(Broken);
      expect(explored).toThrow(message);
    });
  }

  it('is tried without every rule', () => {
    expect([...new Set(CANARIES.map(([rule]) => rule))].sort()).toEqual(Object.keys(PROTOCOL).sort());
  });
});

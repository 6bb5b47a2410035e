// The cut. Goal: what recovery keeps is the longest history that every shard can be brought to, and what a crash cannot
// have done is told from what it can. Method: cases by hand, then histories drawn at random, with tails of logs lost.
import { describe, expect, it } from 'vitest';
import { judge, type RoundFacts, type ShardFacts } from '../../host/persistence/verdict.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';

const round = (number: number, ...shards: number[]): RoundFacts => ({ number, shards });
const shard = (covered: number, synced: number, ...rounds: RoundFacts[]): ShardFacts => ({ covered, synced, rounds });

describe('the cut', () => {
  it('an empty store has none, and nothing is lost', () => {
    expect(judge([shard(0, 0), shard(0, 0)])).toEqual({ cut: 0, synced: 0, lost: undefined });
  });

  it('a round that a participant lacks ends the history, on all shards', () => {
    const verdict = judge([
      shard(4, 4, round(5, 0, 1), round(6, 0), round(8, 0)),
      shard(4, 4, round(5, 0, 1), round(7, 0, 1)),
    ]);
    expect(verdict).toEqual({ cut: 6, synced: 4, lost: undefined });
  });

  it('a number that no log holds ends the history', () => {
    expect(judge([shard(0, 0, round(1, 0), round(3, 0)), shard(0, 0)])).toEqual({ cut: 1, synced: 0, lost: undefined });
  });

  it('a dump stands for the rounds that it covers, and proves that they were complete', () => {
    const ahead = judge([shard(6, 6), shard(2, 2, round(3, 0, 1), round(5, 1), round(7, 1))]);
    expect(ahead).toEqual({ cut: 7, synced: 6, lost: undefined });
  });

  it('a round that was synced and that nobody has any more is lost', () => {
    expect(judge([shard(0, 3, round(1, 0)), shard(0, 0)]).lost).toEqual({ round: 2, shards: [] });
  });

  it('a round that was synced and that a participant lacks is lost, and the shard is named', () => {
    const verdict = judge([shard(0, 2, round(1, 0, 1), round(2, 0, 1), round(3, 0)), shard(0, 0, round(1, 0, 1))]);
    expect(verdict).toEqual({ cut: 1, synced: 2, lost: { round: 2, shards: [1] } });
  });

  it('a shard that lacks a round which a dump elsewhere covers has lost it, and the cut does not go below the dump', () => {
    const verdict = judge([shard(3, 3), shard(0, 1, round(1, 1)), shard(0, 1, round(2, 1, 2), round(4, 2))]);
    expect(verdict).toEqual({ cut: 4, synced: 3, lost: { round: 2, shards: [1] } });
  });

  it('a participant that the store does not have lacks its rounds', () => {
    expect(judge([shard(0, 1, round(1, 0, 7))]).lost).toEqual({ round: 1, shards: [7] });
  });
});

/** A history, and the files that a crash leaves of it. */
function draw(random: Random) {
  const count = random.between(1, 6);
  const last = random.between(0, 40);
  const all = Array.from({ length: last }, (_, i) => {
    const who = Array.from({ length: count }, (_, s) => s).filter(() => random.oneIn(2));
    return round(i + 1, ...(who.length > 0 ? who : [random.below(count)]));
  });
  const synced = random.between(0, last);
  // A snapshot is in place on some shards, and an older one, or none, on the others; logs may have been cut behind them.
  const newer = random.between(0, synced);
  const older = random.between(0, newer);
  const covered = Array.from({ length: count }, () => (random.oneIn(2) ? newer : older));
  const logs = covered.map((cover, s) => {
    const from = random.oneIn(2) ? 0 : cover;
    return all.filter(({ number, shards }) => number > from && shards.includes(s));
  });
  return { count, all, synced, covered, logs };
}

/** The same by trying every cut. */
function longest(count: number, all: readonly RoundFacts[], covered: readonly number[], kept: readonly RoundFacts[][]) {
  const has = (s: number, number: number) => covered[s] >= number || kept[s].some((r) => r.number === number);
  const complete = ({ number, shards }: RoundFacts) => shards.every((s) => has(s, number));
  let cut = 0;
  for (let i = 0; i < all.length && complete(all[i]); i++) cut = i + 1;
  expect(count).toBe(kept.length);
  return cut;
}

describe('random histories', () => {
  const seed = runSeed('verdict');
  const runs = process.env.LATCHKEY_TEST_LONG ? 40_000 : 4000;

  it('a crash that loses what was not synced leaves the longest history that all shards hold', () => {
    let cuts = 0;
    for (let run = 0; run < runs; run++) {
      const random = new Random(deriveSeed(seed, run));
      const { count, all, synced, covered, logs } = draw(random);
      const kept = logs.map((rounds) => {
        const safe = rounds.filter(({ number }) => number <= synced).length;
        return rounds.slice(0, random.between(safe, rounds.length));
      });
      const known = kept.map((rounds) => Math.min(synced, (rounds.at(-1)?.number ?? 1) - 1));
      const verdict = judge(kept.map((rounds, s) => shard(covered[s], known[s], ...rounds)));
      const cut = longest(count, all, covered, kept);
      expect(verdict.cut, `run ${run}`).toBe(cut);
      expect(verdict.cut).toBeGreaterThanOrEqual(synced);
      expect(verdict.lost, `run ${run}`).toBeUndefined();
      if (cut < all.length) cuts++;
    }
    expect(cuts).toBeGreaterThan(runs / 10);
  });

  it('a log that has lost synced rounds is found out, wherever another log or its own number tells of them', () => {
    let found = 0;
    for (let run = 0; run < runs; run++) {
      const random = new Random(deriveSeed(seed, runs + run));
      const { all, synced, covered, logs } = draw(random);
      const victim = random.below(logs.length);
      const kept = logs.map((rounds, s) => (s === victim ? rounds.slice(0, random.between(0, rounds.length)) : rounds));
      const known = kept.map((rounds) => Math.min(synced, (rounds.at(-1)?.number ?? 1) - 1));
      const verdict = judge(kept.map((rounds, s) => shard(covered[s], known[s], ...rounds)));
      const whole = longest(logs.length, all, covered, kept);
      const most = Math.max(...covered);
      expect(verdict.cut).toBe(Math.max(whole, most, verdict.cut));
      const sure = Math.max(...known, most);
      const elsewhere = kept.flatMap((rounds, s) => (s === victim ? [] : rounds));
      const lostKnown = logs[victim].filter(
        (r) =>
          r.number > covered[victim] &&
          r.number <= sure &&
          !kept[victim].includes(r) &&
          elsewhere.some(({ number }) => number === r.number),
      );
      const isLost = lostKnown.length > 0 || verdict.cut < sure;
      expect(verdict.lost !== undefined, `run ${run}`).toBe(isLost);
      if (verdict.lost && verdict.lost.shards.length > 0) expect(verdict.lost.shards).toEqual([victim]);
      if (isLost) found++;
    }
    expect(found).toBeGreaterThan(runs / 20);
  });
});

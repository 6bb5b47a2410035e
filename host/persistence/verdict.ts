// Up to which round does a store's history hold? Pure reckoning over what the shards' files say.
//
// A round is complete when each of its participants has it, in its log or covered by its dump. Rounds are numbered without
// a gap, so the history holds up to the last round before the first that is not complete: that one's place is the cut.
// Everything up to a round that some dump covers is complete, since a dump goes into place only then.
//
//   shard 0   [dump: covers 4]  5   6      8
//   shard 1   [dump: covers 4]  5       7        (round 7 is of both: shard 0 lacks it)
//                                   ^ the cut is 6: 7 and 8 never became whole
//
// A log also says which rounds were synced when it was written. To lack one of those is no crash's doing.

export interface RoundFacts {
  readonly number: number;
  /** Who took part, itself included. */
  readonly shards: readonly number[];
}

export interface ShardFacts {
  /** The last round that its dump covers; 0: none. */
  readonly covered: number;
  /** Rounds that its log holds, ascending, as far as the log is of use. */
  readonly rounds: readonly RoundFacts[];
  /** The last round that its log knows to be synced, wherever it says so. */
  readonly synced: number;
}

/** A round that should be there and is not. */
export interface LostRound {
  readonly round: number;
  /** Those that took part and lack it; empty: no log says who did. */
  readonly shards: readonly number[];
}

export interface Verdict {
  /** The last round that every shard can be brought to. */
  readonly cut: number;
  /** The last round that is known to have been synced. */
  readonly synced: number;
  /** The first round that had been synced and is lost. */
  readonly lost: LostRound | undefined;
}

export function judge(shards: readonly ShardFacts[]): Verdict {
  const covered = shards.reduce((most, shard) => Math.max(most, shard.covered), 0);
  const synced = shards.reduce((most, shard) => Math.max(most, shard.synced), covered);
  // Below that one every dump stands for itself; above it, logs that were not cut tell of the shards whose dumps are older.
  const least = shards.reduce((least, shard) => Math.min(least, shard.covered), covered);
  const next = shards.map(({ rounds }) => firstAbove(rounds, least));
  let cut = covered;
  let lost: LostRound | undefined;
  for (;;) {
    const round = lowest(shards, next);
    if (round === undefined) break;
    const { number } = round;
    if (number > cut + 1 && number > covered) break;
    const lacking = round.shards.filter(
      (shard) => !((shards[shard]?.covered ?? 0) >= number || shards[shard]?.rounds[next[shard]]?.number === number),
    );
    if (lacking.length > 0) lost ??= { round: number, shards: lacking };
    if (number > covered) {
      if (lacking.length > 0) break;
      cut = number;
    }
    for (const [shard, { rounds }] of shards.entries()) if (rounds[next[shard]]?.number === number) next[shard]++;
  }
  if (lost !== undefined && lost.round > synced) lost = undefined;
  if (cut < synced) lost ??= { round: cut + 1, shards: [] };
  return { cut, synced, lost };
}

/** Index of the first round above `number`. */
export function firstAbove(rounds: readonly RoundFacts[], number: number): number {
  let low = 0;
  let high = rounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rounds[middle].number > number) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The lowest round that any shard comes to next. */
function lowest(shards: readonly ShardFacts[], next: readonly number[]): RoundFacts | undefined {
  let found: RoundFacts | undefined;
  for (let shard = 0; shard < shards.length; shard++) {
    const round = shards[shard].rounds[next[shard]];
    if (round !== undefined && (found === undefined || round.number < found.number)) found = round;
  }
  return found;
}

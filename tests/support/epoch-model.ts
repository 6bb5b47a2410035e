// The protocol of steps and epochs (assembly/log/epoch.ts, host/worker/latches.ts, host/persistence) as atomic actions on
// three shards, and a search through every order that they can happen in.
//
// Three steps on one or two shards each, and one engine that ends two rounds whenever it likes, one of them with a
// snapshot. An action is one access to memory that somebody else can see; what is done under a latch and read under it
// only goes together with the action before it. A state is a short array of bytes; states that were seen are not gone
// on from again.
//
// What has to hold, whatever the order:
//   closed   what a round and those before it hold is a state that existed: with a step, everything that came before it
//   whole    a step is in it on all of its shards or on none
//   exact    it is what the steps' own epochs say, and what the shards had when they entered that round's snapshot
//   durable  a crash at any point leaves, by the rule of complete rounds, everything that anybody has been answered from
//
// What came before a step: all that was over when it began (its client may have been told), and all that was released on
// its shards before it took them, also if it only looked at them. So a step that looks at something comes before the one
// that changes it, and what the first has left elsewhere is not lost while the second is kept. What an answer comes from
// is less: what was written to the shards that its step looked at, and what that came from.

export const SHARDS = 3;
export const STEPS = 3;
const ROUNDS = 2;

/** What a step does to a shard: looks, or leaves a record. */
export interface Touch {
  readonly shard: number;
  readonly writes: boolean;
}
/** Shards ascending. */
export type StepKind = readonly Touch[];
export type RoundKind = 'plain' | 'snapshot';

/** Rules of the protocol, each of which can be left out to see what it is for. */
export interface Rules {
  /** The engine waits until it has seen `publishing` at 0. */
  readonly waitsForPublishing: boolean;
  /** A step on several shards enters a snapshot on all of them if it has on one. */
  readonly entersTogether: boolean;
  /** A step on several shards takes one epoch for all of them. */
  readonly oneEpoch: boolean;
  /** A shard's word is never behind a hint that was brought to it. */
  readonly keepsHints: boolean;
  /** A step on several shards leaves the latest of their words on all of them, those that it has only looked at, too. */
  readonly leavesEpochs: boolean;
  /** The shared word is raised before the shards' words. */
  readonly raisesSharedFirst: boolean;
  /** Hints are read epoch first, then snapshot. */
  readonly hintsEpochFirst: boolean;
  /** A round with a snapshot leaves the shards' words alone until all have entered. */
  readonly entersBeforeRaising: boolean;
  /** The end of a round is looked up by `published` first, then `lastEpoch`. */
  readonly looksAtPublishedFirst: boolean;
  /** An answer waits for the rounds of all that its step could have seen, not of what it wrote alone. */
  readonly gatesWhatWasSeen: boolean;
}
export const PROTOCOL: Rules = {
  waitsForPublishing: true,
  entersTogether: true,
  oneEpoch: true,
  keepsHints: true,
  leavesEpochs: true,
  raisesSharedFirst: true,
  hintsEpochFirst: true,
  entersBeforeRaising: true,
  looksAtPublishedFirst: true,
  gatesWhatWasSeen: true,
};

// The state, byte by byte. LSNs count records.
const EPOCH = 0;
const SNAPSHOT = 1;
const SYNCED = 2;
/** Steps that are over, and all that came before them: a bit each. */
const OVER = 3;
const SHARD = 4;
const WORD = 0;
const PUBLISHING = 1;
const PUBLISHED = 2;
const LAST_EPOCH = 3;
const MARK = 4;
const ENTERED = 5;
/** 0, or 1 + the step that holds it. The engine's turns under a latch are one action each. */
const LATCH = 6;
/** Steps released here, and all that came before them. */
const BEFORE_HERE = 7;
/** Steps that have left something here, and what that came from. */
const FROM_HERE = 8;
const LENGTH = 9;
/** Which step each record is of. */
const RECORDS = 10;
/** Records that were there when the shard entered the snapshot. */
const OLD_SIDE = 13;
const SHARD_BYTES = 14;
const STEP = SHARD + SHARDS * SHARD_BYTES;
const AT = 0;
const HINT = 1;
/** The snapshot hint, between its reading and the taking of the latch. */
const HINTED_SNAPSHOT = 2;
const STEP_EPOCH = 3;
/** What came before it, and what it comes from. */
const BEFORE = 4;
const FROM = 5;
const GATE = 6;
const STEP_BYTES = 7;
const ENGINE = STEP + STEPS * STEP_BYTES;
const ENGINE_AT = 0;
/** What the engine has read of a shard and not yet made use of. */
const LOOKED = 1;
const ENDS = 2;
/** Which shards' files hold a round: a bit each. */
const WRITTEN = ENDS + ROUNDS * SHARDS;
const STATE_BYTES = ENGINE + WRITTEN + ROUNDS;

type State = Uint8Array;
const shardAt = (shard: number): number => SHARD + shard * SHARD_BYTES;
const stepAt = (step: number): number => STEP + step * STEP_BYTES;
const endAt = (round: number, shard: number): number => ENGINE + ENDS + round * SHARDS + shard;
const writtenAt = (round: number): number => ENGINE + WRITTEN + round;

/** How an action went: it has to wait, it happened, or it did nothing that anybody could see. */
type Went = 'blocked' | 'done' | 'nothing';
type Action = (s: State) => Went;

export type Promised = 'closed' | 'whole' | 'exact' | 'durable';
export class Broken extends Error {
  constructor(
    readonly promise: Promised,
    message: string,
  ) {
    super(`${promise}: ${message}`);
  }
}

export interface Explored {
  readonly states: number;
  /** Orders' ends: everything has happened. */
  readonly ends: number;
  /** Ends at which steps were on both sides of a round. */
  readonly split: number;
}

class Model {
  readonly #steps: readonly (readonly Action[])[];
  readonly #engine: readonly Action[];

  constructor(
    readonly kinds: readonly StepKind[],
    readonly rounds: readonly RoundKind[],
    readonly rules: Rules,
    readonly only: Promised | undefined,
  ) {
    this.#steps = kinds.map((kind, step) => this.#stepActions(kind, step));
    this.#engine = rounds.flatMap((kind, round) => this.#roundActions(kind, round));
  }

  // A step.

  #stepActions(kind: StepKind, step: number): Action[] {
    const at = stepAt(step);
    const written = kind.filter(({ writes }) => writes);
    // One shard that was only looked at, or nothing written at all: there is nothing to publish.
    const prepared = kind.length === 1 ? written : kind;
    return [
      ...kind.flatMap((touch, i) => this.#begin(kind, touch, at, step, i)),
      ...(this.rules.oneEpoch
        ? [...prepared.flatMap((touch) => this.#prepare(touch, at)), ...written.flatMap((t) => this.#publish(t, at))]
        : written.flatMap((touch) => [forget(at), ...this.#prepare(touch, at), ...this.#publish(touch, at)])),
      ...[...kind].reverse().map((touch, i) => this.#release(touch, at, step, i === kind.length - 1)),
    ];
  }

  /** `begin` on the shard `nth` in order; on the last, the whole step is executed. */
  #begin(kind: StepKind, { shard }: Touch, at: number, step: number, nth: number): Action[] {
    const began = (s: State): void => {
      if (nth === 0) s[at + BEFORE] |= s[OVER];
    };
    const readEpoch = (s: State): void => {
      s[at + HINT] = this.rules.keepsHints ? s[EPOCH] : Math.max(s[at + HINT], s[EPOCH]);
    };
    const readSnapshot = (s: State): void => {
      s[at + HINTED_SNAPSHOT] = s[SNAPSHOT];
    };
    const hints = this.rules.hintsEpochFirst ? [readEpoch, readSnapshot] : [readSnapshot, readEpoch];
    const take: Action = (s) => {
      const base = shardAt(shard);
      if (s[base + LATCH] !== 0) return 'blocked';
      s[base + LATCH] = step + 1;
      s[at + BEFORE] |= s[base + BEFORE_HERE];
      s[at + FROM] |= s[base + FROM_HERE];
      enter(s, shard, s[at + HINTED_SNAPSHOT]);
      s[at + HINTED_SNAPSHOT] = 0;
      if (this.rules.keepsHints) {
        s[base + WORD] = Math.max(s[base + WORD], s[at + HINT]);
        s[at + HINT] = 0;
      }
      if (nth === kind.length - 1) this.#execute(s, kind, step);
      return 'done';
    };
    const [first, second] = hints;
    return [done(began, first), done(second), take];
  }

  #execute(s: State, kind: StepKind, step: number): void {
    if (this.rules.entersTogether) {
      const latest = Math.max(...kind.map(({ shard }) => s[shardAt(shard) + ENTERED]));
      for (const { shard } of kind) enter(s, shard, latest);
    }
    for (const { shard, writes } of kind) {
      if (!writes) continue;
      const to = shardAt(shard);
      s[to + RECORDS + s[to + LENGTH]++] = step;
    }
  }

  /** The first half of publishing on one shard: its epoch is counted in. */
  #prepare({ shard, writes }: Touch, at: number): Action[] {
    const base = shardAt(shard);
    const raise: Action = done((s) => {
      s[base + PUBLISHING] = 1;
    });
    const look: Action = done((s) => {
      s[at + STEP_EPOCH] = Math.max(s[at + STEP_EPOCH], s[at + HINT], s[base + WORD], s[base + LAST_EPOCH]);
    });
    return writes ? [raise, look] : [look];
  }

  #publish({ shard }: Touch, at: number): Action[] {
    const base = shardAt(shard);
    return [
      (s) => {
        if (s[at + STEP_EPOCH] <= s[base + LAST_EPOCH]) return 'nothing';
        s[base + MARK] = s[base + PUBLISHED];
        return 'done';
      },
      (s) => {
        if (s[at + STEP_EPOCH] <= s[base + LAST_EPOCH]) return 'nothing';
        s[base + LAST_EPOCH] = s[at + STEP_EPOCH];
        return 'done';
      },
      done((s) => {
        s[base + PUBLISHED] = s[base + LENGTH];
      }),
      done((s) => {
        s[base + PUBLISHING] = 0;
      }),
    ];
  }

  /** Gives a latch back, and looks at once at what the answer has to wait for: any later and it would wait for more. */
  #release({ shard, writes }: Touch, at: number, step: number, last: boolean): Action {
    return done((s) => {
      const base = shardAt(shard);
      if (this.rules.leavesEpochs) s[base + WORD] = Math.max(s[base + WORD], s[at + STEP_EPOCH]);
      s[base + LATCH] = 0;
      s[base + BEFORE_HERE] |= s[at + BEFORE] | (1 << step);
      if (writes) s[base + FROM_HERE] |= s[at + FROM] | (1 << step);
      if (this.rules.gatesWhatWasSeen || writes) s[at + GATE] = Math.max(s[at + GATE], s[base + LAST_EPOCH]);
      if (!last) return;
      s[OVER] |= s[at + BEFORE] | (1 << step);
      // Nothing reads it again.
      s[at + HINT] = 0;
    });
  }

  // The engine.

  #roundActions(kind: RoundKind, round: number): Action[] {
    const number = round + 1;
    const all = [0, 1, 2];
    const raiseShared = done((s) => {
      s[EPOCH] = number + 1;
    });
    const raise = all.map(
      (shard): Action =>
        (s) => {
          const word = shardAt(shard) + WORD;
          if (s[word] > number) return 'nothing';
          s[word] = number + 1;
          return 'done';
        },
    );
    const raising = this.rules.raisesSharedFirst ? [raiseShared, ...raise] : [...raise, raiseShared];
    const announce = done((s) => {
      s[SNAPSHOT] = number + 1;
    });
    // Taking the latch, entering and giving it back are one action: nobody else looks at what it changes.
    const entering = all.map(
      (shard): Action =>
        (s) => {
          if (s[shardAt(shard) + LATCH] !== 0) return 'blocked';
          enter(s, shard, number + 1);
          return 'done';
        },
    );
    const begin =
      kind === 'plain'
        ? raising
        : this.rules.entersBeforeRaising
          ? [announce, raiseShared, ...entering, ...raise]
          : [announce, raiseShared, ...raise, ...entering];
    const wait = all.map(
      (shard): Action =>
        (s) => {
          if (s[shardAt(shard) + PUBLISHING] === 0) return 'done';
          return this.rules.waitsForPublishing ? 'blocked' : 'done';
        },
    );
    const check: Action = (s) => {
      this.#checkRound(s, round);
      return 'nothing';
    };
    const write = all.map(
      (shard): Action =>
        (s) => {
          if (!this.#participates(s, round, shard)) return 'nothing';
          s[writtenAt(round)] |= 1 << shard;
          return 'done';
        },
    );
    const sync = done((s) => {
      s[SYNCED] = number;
    });
    return [...begin, ...wait, ...all.flatMap((shard) => this.#end(round, shard)), check, ...write, sync];
  }

  /** Looks up where a round ends on one shard. */
  #end(round: number, shard: number): Action[] {
    const base = shardAt(shard);
    const number = round + 1;
    const published = done((s) => {
      s[endAt(round, shard)] = s[base + PUBLISHED];
    });
    const lastEpoch = done((s) => {
      s[ENGINE + LOOKED] = s[base + LAST_EPOCH] > number ? 1 : 0;
    });
    const mark: Action = (s) => {
      if (s[ENGINE + LOOKED] === 0) return 'nothing';
      s[ENGINE + LOOKED] = 0;
      s[endAt(round, shard)] = s[base + MARK];
      return 'done';
    };
    return this.rules.looksAtPublishedFirst ? [published, lastEpoch, mark] : [lastEpoch, published, mark];
  }

  #endBefore(s: State, round: number, shard: number): number {
    return round === 0 ? 0 : s[endAt(round - 1, shard)];
  }
  /** A shard with records takes part; so that numbers have no gap, an empty round is written to the first. */
  #participates(s: State, round: number, shard: number): boolean {
    const has = (each: number): boolean => s[endAt(round, each)] > this.#endBefore(s, round, each);
    return has(shard) || (shard === 0 && !has(1) && !has(2));
  }

  // Promises.

  #broken(promise: Promised, message: string): void {
    if (this.only === undefined || this.only === promise) throw new Broken(promise, message);
  }

  /** The steps that have records here; the whole step, for one that has them on all its shards. */
  #within(s: State, end: (shard: number) => number): number {
    let some = 0;
    let missing = 0;
    for (const [step, kind] of this.kinds.entries()) {
      for (const { shard, writes } of kind) {
        if (!writes) continue;
        const base = shardAt(shard);
        let found = false;
        for (let i = 0; i < end(shard); i++) if (s[base + RECORDS + i] === step) found = true;
        if (found) some |= 1 << step;
        else missing |= 1 << step;
      }
    }
    const torn = some & missing;
    if (torn !== 0) this.#broken('whole', `steps ${bits(torn)} are torn`);
    return some;
  }

  get #writers(): number {
    return this.kinds.reduce((mask, kind, step) => mask | (kind.some(({ writes }) => writes) ? 1 << step : 0), 0);
  }

  #checkRound(s: State, round: number): void {
    const inside = this.#within(s, (shard) => s[endAt(round, shard)]);
    const writers = this.#writers;
    for (let step = 0; step < STEPS; step++) {
      const at = stepAt(step);
      const { [at + STEP_EPOCH]: epoch } = s;
      const over = s[at + AT] === this.#steps[step].length;
      if ((inside & (1 << step)) !== 0) {
        const outside = s[at + BEFORE] & writers & ~inside;
        if (outside !== 0) this.#broken('closed', `round ${round + 1} holds step ${step}, but not ${bits(outside)}`);
        if (epoch > round + 1) this.#broken('exact', `step ${step} is of epoch ${epoch}, but in round ${round + 1}`);
      } else if ((writers & (1 << step)) !== 0 && over && epoch <= round + 1) {
        this.#broken('exact', `step ${step} is of epoch ${epoch}, but not in round ${round + 1}`);
      }
    }
    if (this.rounds[round] !== 'snapshot') return;
    for (let shard = 0; shard < SHARDS; shard++) {
      const old = s[shardAt(shard) + OLD_SIDE];
      const end = s[endAt(round, shard)];
      if (old !== end)
        this.#broken('exact', `shard ${shard} entered after ${old} records, and the round ends at ${end}`);
    }
  }

  /** A crash now: what the files hold, up to the last complete round, holds all that anybody was answered from. */
  #checkCrash(s: State): void {
    let cut = 0;
    while (cut < ROUNDS && this.#complete(s, cut)) cut++;
    const recovered = this.#within(s, (shard) => (cut === 0 ? 0 : s[endAt(cut - 1, shard)]));
    for (let step = 0; step < STEPS; step++) {
      const at = stepAt(step);
      if (s[at + AT] !== this.#steps[step].length || s[at + GATE] > s[SYNCED]) continue;
      const lost = (s[at + FROM] | (1 << step)) & this.#writers & ~recovered;
      if (lost !== 0) this.#broken('durable', `step ${step} was answered, and a crash loses ${bits(lost)}`);
    }
  }
  #complete(s: State, round: number): boolean {
    if (s[writtenAt(round)] === 0) return false;
    for (let shard = 0; shard < SHARDS; shard++) {
      if (this.#participates(s, round, shard) && (s[writtenAt(round)] & (1 << shard)) === 0) return false;
    }
    return true;
  }

  // The search.

  explore(): Explored {
    const seen = new Set<string>();
    const first = new Uint8Array(STATE_BYTES);
    first[EPOCH] = 1;
    for (let shard = 0; shard < SHARDS; shard++) first[shardAt(shard) + WORD] = 1;
    const open: State[] = [first];
    seen.add(keyOf(first));
    let ends = 0;
    let split = 0;
    while (open.length !== 0) {
      const state = open.pop()!;
      let moved = false;
      for (let actor = 0; actor <= STEPS; actor++) {
        const next = state.slice();
        const went = actor === STEPS ? this.#move(next, this.#engine, ENGINE + ENGINE_AT) : this.#moveStep(next, actor);
        if (went === 'blocked') continue;
        moved = true;
        const key = keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        // Files change by the engine, and what was answered by steps that end.
        if (actor === STEPS || next[stepAt(actor) + AT] === this.#steps[actor].length) this.#checkCrash(next);
        open.push(next);
      }
      if (moved) continue;
      this.#checkEnd(state);
      ends++;
      const inFirst = this.#within(state, (shard) => state[endAt(0, shard)]);
      if (inFirst !== 0 && inFirst !== this.#writers) split++;
    }
    return { states: seen.size, ends, split };
  }

  #moveStep(s: State, step: number): Went {
    return this.#move(s, this.#steps[step], stepAt(step) + AT);
  }
  /** The actor's next action that can be seen. */
  #move(s: State, actions: readonly Action[], at: number): Went {
    while (s[at] < actions.length) {
      const went = actions[s[at]](s);
      if (went === 'blocked') return went;
      s[at]++;
      if (went === 'done') return went;
    }
    return 'blocked';
  }

  /** Nobody can move: everybody is through. */
  #checkEnd(s: State): void {
    for (let step = 0; step < STEPS; step++) {
      if (s[stepAt(step) + AT] !== this.#steps[step].length) throw new Error(`step ${step} is stuck`);
    }
    if (s[ENGINE + ENGINE_AT] !== this.#engine.length) throw new Error('the engine is stuck');
  }
}

/** An action that is always possible. */
function done(...acts: readonly ((s: State) => void)[]): Action {
  return (s) => {
    for (const act of acts) act(s);
    return 'done';
  };
}
/** The step has no epoch yet. */
function forget(at: number): Action {
  return (s) => {
    s[at + STEP_EPOCH] = 0;
    return 'nothing';
  };
}

/** From here on a shard is on the new side of a snapshot. */
function enter(s: State, shard: number, first: number): void {
  const base = shardAt(shard);
  if (first <= s[base + ENTERED]) return;
  s[base + ENTERED] = first;
  s[base + WORD] = Math.max(s[base + WORD], first);
  s[base + OLD_SIDE] = s[base + LENGTH];
}

function keyOf(s: State): string {
  return String.fromCharCode.apply(undefined, s as unknown as number[]);
}
function bits(mask: number): string {
  return [0, 1, 2].filter((bit) => (mask & (1 << bit)) !== 0).join(' and ');
}

/**
 * All orders of three steps and the engine.
 * @param only The one promise to look at; else all.
 * @throws Broken at the first state in which a promise is broken.
 */
export function explore(
  kinds: readonly StepKind[],
  rounds: readonly RoundKind[],
  rules: Rules = PROTOCOL,
  only?: Promised,
): Explored {
  return new Model(kinds, rounds, rules, only).explore();
}

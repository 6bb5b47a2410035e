// The protocol of latches (assembly/memory/latch.ts, host/worker/latches.ts), one operation on shared words a step, for
// tests/support/interleavings.ts.
//
// A worker has jobs, each of which wants one latch or two: it tries, gives back what it holds if one is busy, waits for
// that one on its thread's one wait per shard, and tries again. A job that has failed twice may have grown old enough to
// reserve; from then on it reserves whatever it fails on. A lane has one job, and sleeps. Every job is done once: whoever
// is not woken by then finds nobody who wakes it later.
//
// Left out: time limits of waits; looks at a latch beyond the first; and the count of wakes, of which a waiter asks only
// whether it has moved since it was read. So tries need no bound for the states to be finite.
import { Broken, type Explored, explore, jump, type Line, local, type State, type Step } from './interleavings.js';

/** Rules of the protocol, each of which can be left out or turned round to see what it is for. */
export interface Rules {
  /** A latch is taken by one compare-and-swap. */
  readonly takesInOneStep: boolean;
  /** An unlock frees the latch, then looks whether somebody waits. */
  readonly freesFirst: boolean;
  /** A waiter counts itself, then looks at the latch. */
  readonly countsItselfFirst: boolean;
  /** A waiter reads the count of wakes, then looks at the latch. */
  readonly readsWakesFirst: boolean;
  /** A reservation that ends outside the latch wakes whoever failed on it. */
  readonly wakesAfterReservation: boolean;
  /** A reservation that ends under the latch ends before it is freed. */
  readonly endsReservationFirst: boolean;
  /** Who finds a shard reserved by somebody else gives up its own reservations. */
  readonly givesUpReservations: boolean;
  /** Who leaves has its thread give up all its reservations, not only that of the shard that it waits for. */
  readonly leavesNothingReserved: boolean;
}
export const PROTOCOL: Rules = {
  takesInOneStep: true,
  freesFirst: true,
  countsItselfFirst: true,
  readsWakesFirst: true,
  wakesAfterReservation: true,
  endsReservationFirst: true,
  givesUpReservations: true,
  leavesNothingReserved: true,
};

export interface Job {
  /** Shards, ascending. One shard alone is taken and freed by the kernel in one call. */
  readonly wants: readonly number[];
  /** Its client may go while it waits. */
  readonly mayLeave?: boolean;
  /** It has failed before the scenario begins, so that it may reserve at once when it fails. */
  readonly hasFailed?: boolean;
}
export interface Thread {
  readonly kind: 'worker' | 'lane';
  readonly jobs: readonly Job[];
}
export interface Scenario {
  readonly threads: readonly Thread[];
  readonly reserves: boolean;
}

export const SHARDS = 2;

// The state of a shard.
const OWNER = 0;
const WAITERS = 1;
const RESERVED = 2;
const SHARD_BYTES = 3;

// The state of a thread: its locals, then of each shard as it sees it.
const SAW = 0;
const LOCALS = 1;
/** Its pending wait: NONE, QUEUED on the futex, or DUE with its callback to come. */
const WAIT = 0;
/** The count of wakes has not moved since it was read. */
const IS_FRESH = 1;
const HAS_RESERVED = 2;
/** Not in any word: the thread has the latch; and it has freed it, or ended a reservation, and is yet to wake or to see
 * that nobody waits. */
const HOLDS = 3;
const OWES = 4;
const VIEW_BYTES = 5;
const NONE = 0;
const QUEUED = 1;
const DUE = 2;

// The state of a job: what it does, and its age.
const DOES = 0;
const AGE = 1;
const JOB_BYTES = 2;
const READY = 0;
const OVER = 1;
/** Plus the shard that it waits for. */
const WAITS = 2;
const YOUNG = 0;
const HAS_FAILED = 1;
const OLD = 2;

class Model {
  readonly #threadAt: number[] = [];
  readonly #bytes: number;

  constructor(
    readonly scenario: Scenario,
    readonly rules: Rules,
  ) {
    let at = scenario.threads.length + SHARDS * SHARD_BYTES;
    for (const { jobs } of scenario.threads) {
      this.#threadAt.push(at);
      at += LOCALS + SHARDS * VIEW_BYTES + jobs.length * JOB_BYTES;
    }
    this.#bytes = at;
  }

  explore(): Explored {
    const programs = this.scenario.threads.map(({ kind }, thread) =>
      kind === 'lane' ? this.#lane(thread) : this.#worker(thread),
    );
    const first = new Uint8Array(this.#bytes);
    for (const [thread, { jobs }] of this.scenario.threads.entries()) {
      for (const [job, { hasFailed }] of jobs.entries()) {
        if (hasFailed) first[this.#jobAt(thread, job) + AGE] = HAS_FAILED;
      }
    }
    return explore({
      programs,
      first,
      wrong: (s) => this.#wrong(s),
      wrongAtEnd: (s) => this.#wrongAtEnd(s),
    });
  }

  #shardAt(shard: number): number {
    return this.scenario.threads.length + shard * SHARD_BYTES;
  }
  #viewAt(thread: number, shard: number): number {
    return this.#threadAt[thread] + LOCALS + shard * VIEW_BYTES;
  }
  #jobAt(thread: number, job: number): number {
    return this.#threadAt[thread] + LOCALS + SHARDS * VIEW_BYTES + job * JOB_BYTES;
  }
  get #shards(): number[] {
    return Array.from({ length: SHARDS }, (_, shard) => shard);
  }

  // A worker.

  #worker(thread: number): Line[] {
    const { jobs } = this.scenario.threads[thread];
    return [
      'idle',
      this.#tasks(thread),
      ...jobs.flatMap((job, i) => this.#job(thread, job, i)),
      ...this.#shards.flatMap((shard) => [...this.#reserve(thread, shard), ...this.#wait(thread, shard)]),
      ...this.#shards.flatMap((shard) => this.#leave(thread, shard)),
    ];
  }

  /** What the event loop may do next. */
  #tasks(thread: number): Step[] {
    const { jobs } = this.scenario.threads[thread];
    const tries = jobs.map((_, job): Step => {
      const at = this.#jobAt(thread, job);
      // The first look at the first latch is a step of its own.
      return (s) => (s[at + DOES] === READY ? `try ${job}` : false);
    });
    const wakes = this.#shards.map((shard): Step => {
      const view = this.#viewAt(thread, shard);
      return (s) => {
        if (s[view + WAIT] !== DUE) return false;
        s[view + WAIT] = NONE;
        s[this.#shardAt(shard) + WAITERS]--;
        for (const job of jobs.keys()) {
          const at = this.#jobAt(thread, job);
          if (s[at + DOES] === WAITS + shard) s[at + DOES] = READY;
        }
        return 'idle';
      };
    });
    const leaves = jobs.flatMap(({ mayLeave }, job) => {
      const at = this.#jobAt(thread, job);
      const leave: Step = (s) => {
        if (s[at + DOES] < WAITS) return false;
        const shard = s[at + DOES] - WAITS;
        s[at + DOES] = OVER;
        s[at + AGE] = YOUNG;
        const others = jobs.some((_, other) => s[this.#jobAt(thread, other) + DOES] === WAITS + shard);
        return others && !this.rules.leavesNothingReserved ? 'idle' : `leave ${shard}`;
      };
      return mayLeave ? [leave] : [];
    });
    return [...tries, ...wakes, ...leaves];
  }

  /** `tryAll`, what is to be done under the latches, and `releaseAll`; or `run`, for one shard. */
  #job(thread: number, { wants }: Job, job: number): Line[] {
    const at = this.#jobAt(thread, job);
    const over = local((s) => {
      s[at + DOES] = OVER;
      s[at + AGE] = YOUNG;
      return 'idle';
    });
    const [shard] = wants;
    const name = `job ${job}`;
    return [
      ...this.#tryAll(thread, wants, `${job}`),
      ...(wants.length === 1
        ? [...this.#release(thread, shard, name), ...this.#hadTurn(thread, shard, name)]
        : [...wants].reverse().flatMap((each) => this.#free(thread, each, `${name} ${each}`))),
      over,
      ...wants.flatMap((each) => [`busy ${job} ${each}`, this.#ages(thread, job, each)]),
    ];
  }

  /** A job that has failed on a shard reserves it, or does not yet. */
  #ages(thread: number, job: number, shard: number): readonly Step[] {
    const at = this.#jobAt(thread, job);
    const waits = (s: State): void => {
      s[at + DOES] = WAITS + shard;
    };
    return [
      (s) => {
        if (s[at + AGE] === OLD) return false;
        s[at + AGE] = HAS_FAILED;
        waits(s);
        return `wait ${shard}`;
      },
      (s) => {
        if (!this.scenario.reserves || s[at + AGE] === YOUNG) return false;
        s[at + AGE] = OLD;
        waits(s);
        return `reserve ${shard}`;
      },
    ];
  }

  /** `tryAll`; goes on at `busy` with nothing held, or at the next line with all. */
  #tryAll(thread: number, wants: readonly number[], name: string): Line[] {
    const fails = wants.flatMap((shard, i) => [
      `fail ${name} ${shard}`,
      ...wants
        .slice(0, i)
        .reverse()
        .flatMap((held) => this.#release(thread, held, `back ${name} ${shard} ${held}`)),
      jump(`busy ${name} ${shard}`),
    ]);
    return [
      `try ${name}`,
      ...wants.flatMap((shard) => this.#latchTry(thread, shard, `fail ${name} ${shard}`)),
      jump(`in ${name}`),
      ...fails,
      `in ${name}`,
    ];
  }

  #latchTry(thread: number, shard: number, fail: string): Line[] {
    const base = this.#shardAt(shard);
    const look: Step = (s) => (s[base + OWNER] !== 0 ? fail : undefined);
    const lookAtReserved: Step = (s) =>
      s[base + RESERVED] !== 0 && s[base + RESERVED] !== thread + 1 ? fail : undefined;
    const take: Step = (s) => {
      if (s[base + OWNER] !== 0 && this.rules.takesInOneStep) return fail;
      s[base + OWNER] = thread + 1;
      s[this.#viewAt(thread, shard) + HOLDS] = 1;
      return undefined;
    };
    return [look, lookAtReserved, take];
  }

  /** `latchRelease`. */
  #release(thread: number, shard: number, name: string): Line[] {
    const base = this.#shardAt(shard);
    const view = this.#viewAt(thread, shard);
    const at = this.#threadAt[thread];
    const free: Step = (s) => {
      if (s[base + OWNER] !== thread + 1) throw new Broken('a latch is freed by who does not hold it');
      s[base + OWNER] = 0;
      s[view + HOLDS] = 0;
      s[view + OWES] = 1;
      return undefined;
    };
    const look: Step = (s) => {
      s[at + SAW] = Math.min(1, s[base + WAITERS]);
      return undefined;
    };
    return [
      ...(this.rules.freesFirst ? [free, look] : [look, free]),
      local((s) => {
        const saw = s[at + SAW];
        s[at + SAW] = 0;
        if (saw !== 0) return undefined;
        s[view + OWES] = 0;
        return `freed ${name}`;
      }),
      ...this.#wake(thread, shard),
      `freed ${name}`,
    ];
  }

  #wake(thread: number, shard: number): Line[] {
    const views = this.scenario.threads.map((_, other) => this.#viewAt(other, shard));
    return [
      (s) => {
        for (const view of views) s[view + IS_FRESH] = 0;
        return undefined;
      },
      (s) => {
        for (const view of views) if (s[view + WAIT] === QUEUED) s[view + WAIT] = DUE;
        s[this.#viewAt(thread, shard) + OWES] = 0;
        return undefined;
      },
    ];
  }

  /** `#free`: the reservation ends with the latch. */
  #free(thread: number, shard: number, name: string): Line[] {
    const end: Line[] = [
      local((s) => (s[this.#viewAt(thread, shard) + HAS_RESERVED] === 0 ? `turn ${name}` : undefined)),
      this.#endReservation(thread, shard, false),
      `turn ${name}`,
    ];
    const release = this.#release(thread, shard, name);
    return this.rules.endsReservationFirst ? [...end, ...release] : [...release, ...end];
  }

  /** `hadTurn`: the reservation ends by itself, and whoever failed on it is woken. */
  #hadTurn(thread: number, shard: number, name: string): Line[] {
    const view = this.#viewAt(thread, shard);
    return [
      local((s) => (s[view + HAS_RESERVED] === 0 ? `had ${name}` : undefined)),
      this.#endReservation(thread, shard, this.rules.wakesAfterReservation),
      ...(this.rules.wakesAfterReservation ? this.#wake(thread, shard) : []),
      `had ${name}`,
    ];
  }

  /** @param owes Whether the thread is to wake somebody for it. */
  #endReservation(thread: number, shard: number, owes: boolean): Step {
    const base = this.#shardAt(shard);
    const view = this.#viewAt(thread, shard);
    return (s) => {
      s[view + HAS_RESERVED] = 0;
      if (s[base + RESERVED] !== thread + 1) throw new Broken('a reservation was taken away');
      s[base + RESERVED] = 0;
      if (owes) s[view + OWES] = 1;
      return undefined;
    };
  }

  /** `reserve`, and on to `wait`. */
  #reserve(thread: number, shard: number): Line[] {
    const base = this.#shardAt(shard);
    const view = this.#viewAt(thread, shard);
    const name = `reserve ${shard}`;
    return [
      name,
      (s) => {
        if (s[view + HAS_RESERVED] !== 0) return `wait ${shard}`;
        if (s[base + RESERVED] !== 0) return this.rules.givesUpReservations ? undefined : `wait ${shard}`;
        s[base + RESERVED] = thread + 1;
        s[view + HAS_RESERVED] = 1;
        return `wait ${shard}`;
      },
      ...this.#giveUpAll(thread, name),
      jump(`wait ${shard}`),
    ];
  }

  #giveUpAll(thread: number, name: string): Line[] {
    return this.#shards.flatMap((shard) => this.#hadTurn(thread, shard, `${name} ${shard}`));
  }

  /** A client has gone that waited for a shard. */
  #leave(thread: number, shard: number): Line[] {
    const name = `leave ${shard}`;
    return [
      name,
      // Between the two nobody sees anything.
      (): undefined => undefined,
      ...(this.rules.leavesNothingReserved ? this.#giveUpAll(thread, name) : this.#hadTurn(thread, shard, name)),
      jump('idle'),
    ];
  }

  /** `wait`. */
  #wait(thread: number, shard: number): Line[] {
    const view = this.#viewAt(thread, shard);
    const due: Step = (s) => {
      s[view + IS_FRESH] = 0;
      s[view + WAIT] = DUE;
      return 'idle';
    };
    const sleep: Step = (s) => {
      s[view + WAIT] = s[view + IS_FRESH] === 0 ? DUE : QUEUED;
      s[view + IS_FRESH] = 0;
      return 'idle';
    };
    return [
      `wait ${shard}`,
      (s) => (s[view + WAIT] !== NONE ? 'idle' : undefined),
      ...this.#looks(thread, shard, `sleep ${shard}`),
      local(due),
      `sleep ${shard}`,
      ...(this.rules.countsItselfFirst ? [] : [this.#countItself(shard)]),
      sleep,
    ];
  }

  /** What a waiter does before it sleeps; goes on at `sleep`, or at the next line if the latch may be had. */
  #looks(thread: number, shard: number, sleep: string): Line[] {
    const base = this.#shardAt(shard);
    const view = this.#viewAt(thread, shard);
    const readWakes: Step = (s) => {
      s[view + IS_FRESH] = 1;
      return undefined;
    };
    const held = `held ${shard}`;
    const looks: Line[] = [
      (s) => (s[base + OWNER] !== 0 ? held : undefined),
      (s) => (s[base + RESERVED] !== 0 && s[base + RESERVED] !== thread + 1 ? held : `free ${shard}`),
      held,
    ];
    const { countsItselfFirst, readsWakesFirst } = this.rules;
    return [
      ...(countsItselfFirst ? [this.#countItself(shard)] : []),
      ...(readsWakesFirst ? [readWakes, ...looks] : [...looks, readWakes]),
      jump(sleep),
      `free ${shard}`,
      ...(countsItselfFirst ? [] : [this.#countItself(shard)]),
    ];
  }
  #countItself(shard: number): Step {
    return (s) => {
      s[this.#shardAt(shard) + WAITERS]++;
      return undefined;
    };
  }

  // A lane.

  /** `takeAllBlocking` and `releaseAll`. */
  #lane(thread: number): Line[] {
    const [{ wants }] = this.scenario.threads[thread].jobs;
    const at = this.#jobAt(thread, 0);
    return [
      'idle',
      (s) => (s[at + DOES] === READY ? 'try 0' : false),
      ...this.#tryAll(thread, wants, '0'),
      ...[...wants].reverse().flatMap((shard) => this.#free(thread, shard, `lane ${shard}`)),
      local((s) => {
        s[at + DOES] = OVER;
        return 'idle';
      }),
      ...wants.flatMap((shard) => this.#sleepOn(thread, shard)),
    ];
  }

  #sleepOn(thread: number, shard: number): Line[] {
    const view = this.#viewAt(thread, shard);
    return [
      `busy 0 ${shard}`,
      ...this.#looks(thread, shard, `sleep ${shard}`),
      jump(`awake ${shard}`),
      `sleep ${shard}`,
      ...(this.rules.countsItselfFirst ? [] : [this.#countItself(shard)]),
      (s) => {
        s[view + WAIT] = s[view + IS_FRESH] === 0 ? DUE : QUEUED;
        return undefined;
      },
      `awake ${shard}`,
      (s) => {
        if (s[view + WAIT] === QUEUED) return false;
        s[view + WAIT] = NONE;
        s[view + IS_FRESH] = 0;
        s[this.#shardAt(shard) + WAITERS]--;
        return 'try 0';
      },
    ];
  }

  // Promises.

  #wrong(s: State): string | undefined {
    for (const shard of this.#shards) {
      const base = this.#shardAt(shard);
      const views = this.scenario.threads.map((_, thread) => this.#viewAt(thread, shard));
      if (views.filter((view) => s[view + HOLDS] !== 0).length > 1) return `two threads hold shard ${shard}`;
      if (s[base + OWNER] !== 0 || views.some((view) => s[view + OWES] !== 0)) continue;
      for (const [thread, view] of views.entries()) {
        if (s[view + WAIT] !== QUEUED) continue;
        if (s[base + RESERVED] === 0 || s[base + RESERVED] === thread + 1)
          return `thread ${thread} sleeps on shard ${shard}, which nobody holds`;
      }
    }
    return undefined;
  }

  #wrongAtEnd(s: State): string | undefined {
    for (const [thread, { jobs }] of this.scenario.threads.entries()) {
      for (const job of jobs.keys()) {
        if (s[this.#jobAt(thread, job) + DOES] !== OVER) return `thread ${thread} is stuck`;
      }
    }
    for (const shard of this.#shards) {
      const base = this.#shardAt(shard);
      if (s[base + OWNER] !== 0) return `shard ${shard} stays held`;
      if (s[base + WAITERS] !== 0) return `shard ${shard} stays waited for`;
      if (s[base + RESERVED] !== 0) return `shard ${shard} stays reserved`;
    }
    return undefined;
  }
}

/**
 * All orders of a scenario's steps.
 * @throws Broken at the first state in which a promise is broken.
 */
export function exploreLatches(scenario: Scenario, rules: Rules = PROTOCOL): Explored {
  return new Model(scenario, rules).explore();
}

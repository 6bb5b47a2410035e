// The protocol of host/worker/mailbox.ts, one operation on shared words a step, for tests/support/interleavings.ts.
//
// A route is a ring that letters go through in a scenario; the others stay empty, and looking at them is left out. The
// bytes of a letter are numbered through per route, so that the receiver sees what is lost, doubled or out of order. A
// byte that was read is taken out of the ring: none may be written over one that is still there, nor read where none is.
//
// Left out: time limits, so that no late look repairs a lost bell; and the count of the bell, of which a sleeper asks
// only whether it has moved since it was read.
import { Broken, type Explored, explore, jump, type Line, local, type State, type Step } from './interleavings.js';

/** What each side does first, each of which can be turned round to see what it is for. */
export interface Rules {
  /** A receiver says that it sleeps, then looks at its rings. */
  readonly saysThatItSleepsFirst: boolean;
  /** A sender moves the head, then looks whether the receiver sleeps. */
  readonly movesHeadFirst: boolean;
  /** A sender says that it wants room, then looks once more. */
  readonly looksOnceMore: boolean;
  /** A receiver moves the tail, then looks whether the sender wants room. */
  readonly movesTailFirst: boolean;
  /** What a sender says of room stays until it says otherwise: a receiver that has read earlier does not take it back. */
  readonly leavesWantsAlone: boolean;
  /** The bell's word is read before the receiver says that it sleeps. */
  readonly readsBellFirst: boolean;
  /** Bytes are in the ring before the head is moved. */
  readonly writesBytesFirst: boolean;
  /** Bytes are out of the ring before the tail is moved. */
  readonly readsBytesFirst: boolean;
}
export const PROTOCOL: Rules = {
  saysThatItSleepsFirst: true,
  movesHeadFirst: true,
  looksOnceMore: true,
  movesTailFirst: true,
  leavesWantsAlone: true,
  readsBellFirst: true,
  writesBytesFirst: true,
  readsBytesFirst: true,
};

export interface Route {
  readonly from: number;
  readonly to: number;
  /** Bytes of each letter. */
  readonly letters: readonly number[];
  /** Each is posted by who reads the letter of the same number on the way back; else whenever its sender likes. */
  readonly answers?: boolean;
}
export interface Scenario {
  readonly threads: number;
  readonly ringBytes: 1 | 2 | 4;
  readonly routes: readonly Route[];
  /** Bytes read in one turn before there is another. */
  readonly turnBytes?: number;
  /** How often each thread posts to itself. */
  readonly own?: readonly number[];
}

// The state of a thread, after its line.
const BELL_AS_READ = 0;
const ASLEEP = 1;
const TURN = 2;
/** A pending wait: NONE, QUEUED on the bell's word, or RUNG with its callback to come. */
const WAIT = 3;
const COUNT = 4;
/** What a look at `asleep` or `wants` has shown. */
const SAW = 5;
const LEFT = 6;
const OWN = 7;
const THREAD_BYTES = 8;
const NONE = 0;
const QUEUED = 1;
const RUNG = 2;

// The state of a route.
const HEAD = 0;
const TAIL = 1;
const WANTS = 2;
/** Letters posted; bytes of them that left the backlog; bytes that were read. */
const POSTED = 3;
const WRITTEN = 4;
const READ = 5;
const RING = 6;

/** Heads and tails count modulo 256 here, and pass zero in every scenario. */
const FIRST_HEAD = 254;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

class Model {
  readonly #turnBytes: number;

  constructor(
    readonly scenario: Scenario,
    readonly rules: Rules,
  ) {
    this.#turnBytes = scenario.turnBytes ?? 100;
  }

  explore(): Explored {
    const { threads, routes, ringBytes, own } = this.scenario;
    const first = new Uint8Array(this.#routeAt(routes.length));
    for (let thread = 0; thread < threads; thread++) {
      // `open` has asked for a turn.
      first[this.#at(thread) + TURN] = 1;
      first[this.#at(thread) + OWN] = own?.[thread] ?? 0;
    }
    for (const route of routes.keys()) first.fill(FIRST_HEAD, this.#routeAt(route), this.#routeAt(route) + WANTS);
    if (sum(routes.map(({ letters }) => sum(letters))) > 60 || ringBytes > 4) throw new Error('too much for bytes');
    const programs = Array.from({ length: threads }, (_, thread) => this.#program(thread));
    return explore({ programs, first, wrongAtEnd: (s) => this.#wrongAtEnd(s) });
  }

  #at(thread: number): number {
    return this.scenario.threads + thread * THREAD_BYTES;
  }
  #routeAt(route: number): number {
    return this.#at(this.scenario.threads) + route * (RING + this.scenario.ringBytes);
  }
  #routeOf(from: number, to: number): number {
    return this.scenario.routes.findIndex((route) => route.from === from && route.to === to);
  }
  #others(thread: number): number[] {
    return Array.from({ length: this.scenario.threads }, (_, other) => other).filter((other) => other !== thread);
  }

  // Streams.

  /** Bytes in the backlog's first piece. */
  #pieceLeft(s: State, route: number): number {
    const base = this.#routeAt(route);
    const { letters } = this.scenario.routes[route];
    let end = 0;
    for (let i = 0; i < s[base + POSTED]; i++) {
      end += letters[i];
      if (end > s[base + WRITTEN]) return end - s[base + WRITTEN];
    }
    return 0;
  }
  #lettersRead(s: State, route: number): number {
    const { letters } = this.scenario.routes[route];
    let end = 0;
    return letters.filter((bytes) => {
      end += bytes;
      return end <= s[this.#routeAt(route) + READ];
    }).length;
  }
  #byte(route: number, index: number): number {
    return 1 + index + 64 * route;
  }

  // A thread.

  #program(thread: number): Line[] {
    return [
      'idle',
      this.#tasks(thread),
      ...this.#outgoing(thread).flatMap((route) => [
        `post ${route}`,
        ...this.#pump(route, `post ${route}`),
        jump('idle'),
      ]),
      ...this.#read(thread),
      ...this.#sleep(thread),
    ];
  }
  #outgoing(thread: number): number[] {
    return [...this.scenario.routes.keys()].filter((route) => this.scenario.routes[route].from === thread);
  }

  /** What the event loop may do next. */
  #tasks(thread: number): Step[] {
    const at = this.#at(thread);
    const posts = this.#outgoing(thread).map((route): Step => {
      const { letters, answers } = this.scenario.routes[route];
      return (s) => {
        const base = this.#routeAt(route);
        if (answers || s[base + POSTED] === letters.length) return false;
        const wasEmpty = this.#pieceLeft(s, route) === 0;
        s[base + POSTED]++;
        return wasEmpty ? `post ${route}` : 'idle';
      };
    });
    return [
      ...posts,
      (s) => {
        if (s[at + OWN] === 0) return false;
        s[at + OWN]--;
        s[at + TURN] = 1;
        return 'idle';
      },
      (s) => {
        if (s[at + TURN] === 0) return false;
        s[at + TURN] = 0;
        return 'read';
      },
      (s) => {
        if (s[at + WAIT] !== RUNG) return false;
        s[at + WAIT] = NONE;
        s[at + ASLEEP] = 0;
        return s[at + TURN] === 0 ? 'read' : 'idle';
      },
    ];
  }

  /** `#pump`, inlined under a name of its own. */
  #pump(route: number, name: string): Line[] {
    const base = this.#routeAt(route);
    const say =
      (wants: number): Step =>
      (s) => {
        s[base + WANTS] = wants;
        return undefined;
      };
    const goOn = local((s) => (this.#pieceLeft(s, route) === 0 ? `${name} through` : `${name} write`));
    return [
      local((s) => (this.#pieceLeft(s, route) === 0 ? `${name} end` : undefined)),
      ...this.#write(route, `${name} write`, `${name} full`),
      goOn,
      `${name} full`,
      say(1),
      ...(this.rules.looksOnceMore ? [...this.#write(route, `${name} again`, `${name} end`), goOn] : []),
      jump(`${name} end`),
      `${name} through`,
      local((s) => (s[base + WANTS] === 0 ? `${name} end` : undefined)),
      say(0),
      `${name} end`,
    ];
  }

  /** `#write`; goes on at `none` if there is no room. */
  #write(route: number, name: string, none: string): Line[] {
    const { from, to } = this.scenario.routes[route];
    const { ringBytes } = this.scenario;
    const base = this.#routeAt(route);
    const at = this.#at(from);
    const look: Step = (s) => {
      const room = ringBytes - ((s[base + HEAD] - s[base + TAIL]) & 255);
      if (room < 0) throw new Broken('a ring holds more than it has room for');
      s[at + COUNT] = Math.min(room, this.#pieceLeft(s, route));
      return s[at + COUNT] === 0 ? none : undefined;
    };
    const copy: Step = (s) => {
      // The head is where it was before this write, whether it has been moved already or not.
      const head = FIRST_HEAD + s[base + WRITTEN];
      for (let i = 0; i < s[at + COUNT]; i++) {
        const to = base + RING + ((head + i) & (ringBytes - 1));
        if (s[to] !== 0) throw new Broken('a byte is written over one that was not read');
        s[to] = this.#byte(route, s[base + WRITTEN] + i);
      }
      s[base + WRITTEN] += s[at + COUNT];
      return undefined;
    };
    const publish: Step = (s) => {
      s[base + HEAD] += s[at + COUNT];
      return undefined;
    };
    const bytes = this.rules.writesBytesFirst ? [copy, publish] : [publish, copy];
    return [
      name,
      look,
      ...this.#wake(from, to, `${name} quiet`, bytes),
      `${name} quiet`,
      local((s) => {
        s[at + COUNT] = 0;
        return undefined;
      }),
    ];
  }

  /** `news`, then `#wake`; `quiet` is where to go on. */
  #wake(
    thread: number,
    to: number,
    quiet: string,
    news: readonly Step[],
    newsFirst = this.rules.movesHeadFirst,
  ): Line[] {
    const at = this.#at(thread);
    const other = this.#at(to);
    const look: Step = (s) => {
      s[at + SAW] = s[other + ASLEEP];
      return undefined;
    };
    return [
      ...(newsFirst ? [...news, look] : [look, ...news]),
      local((s) => {
        const saw = s[at + SAW];
        s[at + SAW] = 0;
        return saw === 0 ? quiet : undefined;
      }),
      (s) => {
        if (s[other + ASLEEP] === 0) return quiet;
        s[other + ASLEEP] = 0;
        return undefined;
      },
      (s) => {
        s[other + BELL_AS_READ] = 0;
        return undefined;
      },
      (s) => {
        if (s[other + WAIT] === QUEUED) s[other + WAIT] = RUNG;
        return undefined;
      },
    ];
  }

  /** `#read`. */
  #read(thread: number): Line[] {
    const at = this.#at(thread);
    return [
      'read',
      // Nothing that others see; the rings are looked at one after the other.
      (s) => {
        s[at + LEFT] = this.#turnBytes;
        return undefined;
      },
      ...this.#others(thread).flatMap((other) => {
        const incoming = this.#routeOf(other, thread);
        const outgoing = this.#routeOf(thread, other);
        return [
          ...(incoming < 0 ? [] : this.#take(incoming)),
          ...(outgoing < 0 ? [] : this.#pump(outgoing, `read ${outgoing}`)),
        ];
      }),
      local((s) => {
        const isOver = s[at + LEFT] !== 0;
        s[at + LEFT] = 0;
        if (isOver) return 'sleep';
        s[at + TURN] = 1;
        return 'idle';
      }),
    ];
  }

  /** `#take`, and what the handlers of letters post. */
  #take(route: number): Line[] {
    const { from, to: thread } = this.scenario.routes[route];
    const { ringBytes } = this.scenario;
    const base = this.#routeAt(route);
    const at = this.#at(thread);
    const name = `take ${route}`;
    const look: Step = (s) => {
      s[at + COUNT] = s[base + HEAD] - s[base + TAIL];
      return s[at + COUNT] === 0 ? `${name} end` : undefined;
    };
    const copy: Step = (s) => {
      for (let i = 0; i < s[at + COUNT]; i++) {
        const from = base + RING + ((FIRST_HEAD + s[base + READ]) & (ringBytes - 1));
        if (s[from] !== this.#byte(route, s[base + READ])) throw new Broken('what is read is not what comes next');
        s[from] = 0;
        s[base + READ]++;
      }
      return undefined;
    };
    const giveBack: Step = (s) => {
      s[base + TAIL] += s[at + COUNT];
      return undefined;
    };
    const lookAtWants: Step = (s) => {
      s[at + SAW] = s[base + WANTS];
      return undefined;
    };
    const clearWants: Step = (s) => {
      if (s[base + WANTS] === 0) return `${name} hand out`;
      s[base + WANTS] = 0;
      return undefined;
    };
    const bytes = this.rules.readsBytesFirst ? [copy, giveBack] : [giveBack, copy];
    return [
      look,
      ...(this.rules.movesTailFirst ? [...bytes, lookAtWants] : [lookAtWants, ...bytes]),
      local((s) => {
        const saw = s[at + SAW];
        s[at + SAW] = 0;
        s[at + LEFT] = Math.max(0, s[at + LEFT] - s[at + COUNT]);
        s[at + COUNT] = 0;
        return saw === 0 ? `${name} hand out` : undefined;
      }),
      ...(this.rules.leavesWantsAlone ? [] : [clearWants]),
      ...this.#wake(thread, from, `${name} hand out`, [], true),
      `${name} hand out`,
      ...this.#answer(route, this.#routeOf(thread, from)),
      `${name} end`,
    ];
  }

  #answer(route: number, back: number): Line[] {
    if (back < 0 || !this.scenario.routes[back].answers) return [];
    const base = this.#routeAt(back);
    const name = `answer ${back}`;
    return [
      `${name} next`,
      local((s) => {
        if (s[base + POSTED] >= Math.min(this.#lettersRead(s, route), this.scenario.routes[back].letters.length))
          return `${name} none`;
        const wasEmpty = this.#pieceLeft(s, back) === 0;
        s[base + POSTED]++;
        return wasEmpty ? undefined : `${name} next`;
      }),
      ...this.#pump(back, name),
      jump(`${name} next`),
      `${name} none`,
    ];
  }

  /** `#sleep`. */
  #sleep(thread: number): Line[] {
    const at = this.#at(thread);
    const readBell: Step = (s) => {
      s[at + BELL_AS_READ] = 1;
      return undefined;
    };
    const say: Step = (s) => {
      s[at + ASLEEP] = 1;
      return undefined;
    };
    const bell = this.rules.readsBellFirst ? [readBell, say] : [say, readBell];
    const looks = this.#others(thread).flatMap((other) => this.#lookForMail(thread, other));
    const turn = (s: State): string => {
      s[at + BELL_AS_READ] = 0;
      s[at + TURN] = 1;
      return 'idle';
    };
    return [
      'sleep',
      ...(this.rules.saysThatItSleepsFirst ? [...bell, ...looks] : [readBell, ...looks, say]),
      // The look whether a wait is pending sees what only this thread and its bell change, and goes with the wait.
      (s) => {
        if (s[at + WAIT] === NONE && s[at + BELL_AS_READ] === 0) return turn(s);
        s[at + BELL_AS_READ] = 0;
        if (s[at + WAIT] === NONE) s[at + WAIT] = QUEUED;
        return 'idle';
      },
      'mail',
      (s) => {
        s[at + ASLEEP] = 0;
        return turn(s);
      },
    ];
  }

  /** `#hasMail`, of one other thread. */
  #lookForMail(thread: number, other: number): Line[] {
    const { ringBytes } = this.scenario;
    const lines: Line[] = [];
    const incoming = this.#routeOf(other, thread);
    const outgoing = this.#routeOf(thread, other);
    if (incoming >= 0) {
      const base = this.#routeAt(incoming);
      lines.push((s) => (s[base + HEAD] !== s[base + TAIL] ? 'mail' : undefined));
    }
    if (outgoing >= 0) {
      const base = this.#routeAt(outgoing);
      lines.push(
        local((s) => (this.#pieceLeft(s, outgoing) === 0 ? `no backlog ${outgoing}` : undefined)),
        (s) => (((s[base + HEAD] - s[base + TAIL]) & 255) < ringBytes ? 'mail' : undefined),
        `no backlog ${outgoing}`,
      );
    }
    return lines;
  }

  /** Nobody can move: all has been posted, written and read. */
  #wrongAtEnd(s: State): string | undefined {
    for (const [route, { from, to, letters }] of this.scenario.routes.entries()) {
      const base = this.#routeAt(route);
      if (s[base + READ] !== s[base + WRITTEN]) return `${to} sleeps while there is mail from ${from}`;
      if (this.#pieceLeft(s, route) !== 0) return `${from} sleeps while there is room in the ring to ${to}`;
      if (s[base + READ] !== sum(letters)) return `${from} sleeps and has not posted all to ${to}`;
    }
    return undefined;
  }
}

/**
 * All orders of a scenario's steps.
 * @throws Broken at the first state in which a promise is broken.
 */
export function exploreMailbox(scenario: Scenario, rules: Rules = PROTOCOL): Explored {
  return new Model(scenario, rules).explore();
}

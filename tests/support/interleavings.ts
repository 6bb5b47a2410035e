// Programs of threads that share memory, one atomic step a line, and a search through every order of their steps.
//
// A state is a short array of bytes, of which the first are the lines that the threads are at. States that were seen are
// not gone on from again. What a thread does to what nobody else sees is done together with the step before it (`local`).

export type State = Uint8Array;

/**
 * One step. Answers the label at which the thread goes on; nothing: the next line; false: it cannot happen now, and has
 * changed nothing.
 */
export type Step = (s: State) => string | false | undefined;
/** A label, a step, steps of which any may be taken, or what belongs to the step before it. */
export type Line = string | Step | readonly Step[] | { readonly local: Step };

/** Goes with the step before it. */
export const local = (step: Step): Line => ({ local: step });
export const jump = (label: string): Line => local(() => label);

export interface Protocol {
  /** Of each thread. The first line is a step. */
  readonly programs: readonly (readonly Line[])[];
  readonly first: State;
  /** What is wrong with a state, whoever moves next. */
  wrong?(s: State): string | undefined;
  /** What is wrong with a state in which nobody can move. */
  wrongAtEnd(s: State): string | undefined;
}

export interface Explored {
  readonly states: number;
  /** States in which nobody can move. */
  readonly ends: number;
  /** Some order of steps goes on for ever. */
  readonly endless: boolean;
}

export class Broken extends Error {}

/** A program whose labels are line numbers. */
class Assembled {
  readonly lines: readonly (readonly Step[])[];
  readonly isLocal: readonly boolean[];
  readonly #labels = new Map<string, number>();
  /** The last label before each line, for reports. */
  readonly #near: readonly string[];

  constructor(program: readonly Line[]) {
    const lines: (readonly Step[])[] = [];
    const isLocal: boolean[] = [];
    const near: string[] = [];
    let label = '';
    for (const line of program) {
      if (typeof line === 'string') {
        if (this.#labels.has(line)) throw new Error(`two labels ${line}`);
        this.#labels.set(line, lines.length);
        label = line;
        continue;
      }
      near.push(label);
      isLocal.push('local' in line);
      lines.push(typeof line === 'function' ? [line] : 'local' in line ? [line.local] : line);
    }
    if (lines.length > 255 || isLocal[0]) throw new Error('a program has 1 to 255 lines, and the first is a step');
    this.lines = lines;
    this.isLocal = isLocal;
    this.#near = near;
  }

  at(label: string): number {
    const line = this.#labels.get(label);
    if (line === undefined) throw new Error(`no label ${label}`);
    return line;
  }
  name(line: number): string {
    return `${this.#near[line]}:${line}`;
  }
}

/**
 * All orders of the programs' steps. From every state a state must be reachable in which nobody can move and nothing is
 * wrong.
 * @throws Broken at the first state with which something is wrong; nearest to the start first.
 */
export function explore({ programs, first, wrong, wrongAtEnd }: Protocol): Explored {
  const threads = programs.map((program) => new Assembled(program));
  const ids = new Map<string, number>();
  const keys: string[] = [];
  const cameFrom: number[] = [];
  const edgesFrom: number[] = [];
  const edgesTo: number[] = [];
  const ends: number[] = [];

  function idOf(s: State, from: number): number {
    const key = String.fromCharCode.apply(undefined, s as unknown as number[]);
    let id = ids.get(key);
    if (id !== undefined) return id;
    id = keys.length;
    ids.set(key, id);
    keys.push(key);
    cameFrom.push(from);
    const problem = wrong?.(s);
    if (problem) throw new Broken(`${problem}\n${way(id)}`);
    return id;
  }
  /** The lines of all threads on the way to a state. */
  function way(id: number): string {
    const lines: string[] = [];
    for (let at = id; at >= 0; at = cameFrom[at]) {
      lines.push(threads.map((thread, i) => thread.name(keys[at].charCodeAt(i))).join(' | '));
    }
    return lines.reverse().join('\n');
  }

  idOf(first, -1);
  for (let id = 0; id < keys.length; id++) {
    const state = Uint8Array.from(keys[id], (char) => char.charCodeAt(0));
    let moved = false;
    for (const [i, thread] of threads.entries()) {
      for (const step of thread.lines[state[i]] ?? []) {
        const next = state.slice();
        try {
          if (!move(next, i, thread, step)) continue;
        } catch (error) {
          throw error instanceof Broken ? new Broken(`${error.message}\n${way(id)}`) : error;
        }
        moved = true;
        edgesFrom.push(id);
        edgesTo.push(idOf(next, id));
      }
    }
    if (moved) continue;
    const problem = wrongAtEnd(state);
    if (problem) throw new Broken(`${problem}\n${way(id)}`);
    ends.push(id);
  }
  const hopeless = withoutWay(keys.length, edgesTo, edgesFrom, ends);
  if (hopeless >= 0) throw new Broken(`there is no way to an end\n${way(hopeless)}`);
  return { states: keys.length, ends: ends.length, endless: hasCycle(keys.length, edgesFrom, edgesTo) };
}

/** Takes a step and what belongs to it. */
function move(s: State, i: number, thread: Assembled, step: Step): boolean {
  let to = step(s);
  if (to === false) return false;
  for (;;) {
    s[i] = to === undefined ? s[i] + 1 : thread.at(to);
    if (!thread.isLocal[s[i]]) return true;
    to = thread.lines[s[i]][0](s) as string | undefined;
  }
}

/** The edges that leave each state: those of state `i` lie at `starts[i]` to `starts[i + 1]`. */
function byState(
  states: number,
  from: readonly number[],
  to: readonly number[],
): { starts: Int32Array; out: Int32Array } {
  const starts = new Int32Array(states + 1);
  for (const id of from) starts[id + 1]++;
  for (let id = 0; id < states; id++) starts[id + 1] += starts[id];
  const out = new Int32Array(to.length);
  const at = starts.slice();
  for (let i = 0; i < to.length; i++) out[at[from[i]]++] = to[i];
  return { starts, out };
}

/** The first state that edges from `goals` do not lead to; -1: they lead to all. */
function withoutWay(states: number, from: readonly number[], to: readonly number[], goals: readonly number[]): number {
  const { starts, out } = byState(states, from, to);
  const seen = new Uint8Array(states);
  const open = [...goals];
  for (const id of goals) seen[id] = 1;
  while (open.length !== 0) {
    const id = open.pop()!;
    for (let i = starts[id]; i < starts[id + 1]; i++) {
      if (seen[out[i]]) continue;
      seen[out[i]] = 1;
      open.push(out[i]);
    }
  }
  return seen.indexOf(0);
}

/** Takes away states that no edge leads to, until there is none; what is left leads round. */
function hasCycle(states: number, from: readonly number[], to: readonly number[]): boolean {
  const { starts, out } = byState(states, from, to);
  const into = new Int32Array(states);
  for (const id of to) into[id]++;
  const open: number[] = [];
  for (let id = 0; id < states; id++) if (into[id] === 0) open.push(id);
  let gone = 0;
  while (open.length !== 0) {
    const id = open.pop()!;
    gone++;
    for (let i = starts[id]; i < starts[id + 1]; i++) if (--into[out[i]] === 0) open.push(out[i]);
  }
  return gone !== states;
}

// Runs one stream against two servers and compares every reply, every SCAN iteration and, at the end, the keyspaces.
import { type Arg, RepliesMissing, ReplyError } from '../resp-client.js';
import { compareReplies, compareSets, ruleFor } from './compare.js';
import { compareDumps } from './dumps.js';
import { type Connection, compareKeyspaces, EndlessScan, scanAll } from './probe.js';
import type { Step } from './stream.js';

export interface Side {
  readonly name: string;
  /** A new connection that speaks the protocol; starts the server again first if it has ended. */
  connect(protocol: Protocol, timeoutMs: number): Promise<Connection>;
  /** How the server's process ended and the last it said, if it has ended by itself. */
  post(): Promise<string | undefined>;
}

export type Protocol = 2 | 3;

export interface Duel {
  /** The server under test. */
  readonly subject: Side;
  /** The server that is right. */
  readonly reference: Side;
  readonly protocol: Protocol;
  /** Compare what DUMP makes of every key at the end; the reference must allow DEBUG. */
  readonly dumps?: boolean;
}

export interface Difference {
  /** Index of the step it showed at; the number of steps when only the keyspaces at the end differ. */
  readonly stepIndex: number;
  /** What was asked; empty for the comparison of keyspaces. */
  readonly command: readonly Arg[];
  readonly subjectReply: Buffer | undefined;
  readonly referenceReply: Buffer | undefined;
  readonly why: string;
}

export interface Outcome {
  /** Commands whose replies were compared, and SCAN iterations. */
  readonly compared: number;
  readonly difference?: Difference;
}

const TIMEOUT_MS = 20_000;

/** Empties both servers, replays the steps, and stops at the first difference. */
export async function runSteps(duel: Duel, steps: readonly Step[], timeoutMs = TIMEOUT_MS): Promise<Outcome> {
  const pairs: Pair[] = [];
  try {
    const count = steps.reduce((most, { connection }) => Math.max(most, connection + 1), 1);
    for (let i = 0; i < count; i++) pairs.push(await Pair.open(duel, timeoutMs));
    await pairs[0].both((side) => side.pipeline([['FLUSHALL']]));
    return await new Run(duel, steps, pairs).run();
  } finally {
    await Promise.all(pairs.map((pair) => pair.close()));
  }
}

/** One connection to each side; whatever is sent, is sent to both. */
class Pair {
  private constructor(
    readonly subject: Connection,
    readonly reference: Connection,
    readonly referenceName: string,
  ) {}

  static async open({ subject, reference, protocol }: Duel, timeoutMs: number): Promise<Pair> {
    const [ours, theirs] = await Promise.all([
      subject.connect(protocol, timeoutMs),
      reference.connect(protocol, timeoutMs),
    ]);
    return new Pair(ours, theirs, reference.name);
  }

  /** @throws RepliesMissing of the subject alone; a reference that fails is the harness's own trouble. */
  both<T>(ask: (side: Connection) => Promise<T>): Promise<[subject: T, reference: T]> {
    const theirs = ask(this.reference).catch((error) => {
      throw new Error(`${this.referenceName} itself failed: ${error.message}`, { cause: error });
    });
    return Promise.all([ask(this.subject), theirs]);
  }

  async close(): Promise<void> {
    await Promise.all([this.subject.close(), this.reference.close()]);
  }
}

class Run {
  #compared = 0;

  constructor(
    readonly duel: Duel,
    readonly steps: readonly Step[],
    readonly pairs: readonly Pair[],
  ) {}

  async run(): Promise<Outcome> {
    for (let from = 0; from < this.steps.length; ) {
      let to = from + 1;
      while (to < this.steps.length && this.steps[to].batch === this.steps[from].batch) to++;
      const difference = this.steps[from].kind === 'scan' ? await this.#scan(from) : await this.#pipeline(from, to);
      if (difference) return { compared: this.#compared, difference };
      from = this.steps[from].kind === 'scan' ? from + 1 : to;
    }
    return { compared: this.#compared, difference: (await this.#keyspaces()) ?? (await this.#dumps()) };
  }

  /** Sends the steps from..to-1, which share a connection, in one pipeline. */
  async #pipeline(from: number, to: number): Promise<Difference | undefined> {
    const commands = this.steps.slice(from, to).flatMap((step) => step.commands);
    const pair = this.pairs[this.steps[from].connection];
    let missing: RepliesMissing | undefined;
    const [ours, theirs] = await pair.both((side) =>
      side.pipeline(commands).catch((error) => {
        if (side === pair.reference || !(error instanceof RepliesMissing)) throw error;
        missing = error;
        return error.replies;
      }),
    );
    let stepIndex = from;
    let lastOfStep = this.steps[from].commands.length - 1;
    for (let i = 0; i < commands.length; i++) {
      if (i > lastOfStep) lastOfStep += this.steps[++stepIndex].commands.length;
      const command = commands[i];
      const subjectReply: Buffer | undefined = ours[i];
      const referenceReply = theirs[i];
      const why = subjectReply
        ? (compareReplies(ruleFor(command), subjectReply, referenceReply) ??
          this.#inventedKey(command, subjectReply, stepIndex))
        : await this.#whyMissing(missing!);
      if (why) return { stepIndex, command, subjectReply, referenceReply, why };
      this.#compared++;
    }
    return undefined;
  }

  /** RANDOMKEY may answer any key, but only one that some command has named. */
  #inventedKey(command: readonly Arg[], reply: Buffer, stepIndex: number): string | undefined {
    if (String(command[0]).toLowerCase() !== 'randomkey' || !reply.toString('latin1', 0, 2).match(/^\$\d/)) return;
    const key = reply.subarray(reply.indexOf('\n') + 1, reply.length - 2);
    const named = this.steps
      .slice(0, stepIndex)
      .some((step) => step.commands.some((args) => args.some((arg) => key.equals(bytesOf(arg)))));
    return named ? undefined : 'no command has named this key';
  }

  async #scan(stepIndex: number): Promise<Difference | undefined> {
    const step = this.steps[stepIndex];
    const options = step.commands[0];
    const found = await this.#guarded(stepIndex, ['SCAN', 0, ...options], () =>
      this.pairs[step.connection].both((side) => scanAll(side, options)),
    );
    if ('why' in found) return found;
    const [ours, theirs] = found.result;
    this.#compared++;
    const why =
      ours instanceof ReplyError || theirs instanceof ReplyError
        ? String(ours) === String(theirs)
          ? undefined
          : `the iteration ends with ${ours} and ${theirs}`
        : compareSets(ours, theirs);
    if (!why) return undefined;
    const names = `the first is ${this.duel.subject.name}`;
    return {
      ...NO_REPLIES,
      stepIndex,
      command: ['SCAN', 0, ...options],
      why: `over the whole iteration, ${why}; ${names}`,
    };
  }

  async #keyspaces(): Promise<Difference | undefined> {
    const stepIndex = this.steps.length;
    const found = await this.#guarded(stepIndex, [], () =>
      compareKeyspaces(this.pairs[0].subject, this.pairs[0].reference),
    );
    if ('why' in found) return found;
    if (found.result.length === 0) return undefined;
    const { subject, reference } = this.duel;
    const why = `the keyspaces differ at the end (first ${subject.name}, then ${reference.name}):`;
    return { ...NO_REPLIES, stepIndex, command: [], why: [why, ...found.result.slice(0, 20)].join('\n      ') };
  }

  async #dumps(): Promise<Difference | undefined> {
    if (!this.duel.dumps) return undefined;
    const stepIndex = this.steps.length;
    const found = await this.#guarded(stepIndex, [], () =>
      compareDumps(this.pairs[0].subject, this.pairs[0].reference),
    );
    if ('why' in found) return found;
    const { keys, lines } = found.result;
    this.#compared += keys;
    if (lines.length === 0) return undefined;
    return { ...NO_REPLIES, stepIndex, command: [], why: ['DUMP:', ...lines.slice(0, 20)].join('\n      ') };
  }

  /** Lost connections and iterations without end are differences like any other. */
  async #guarded<T>(
    stepIndex: number,
    command: readonly Arg[],
    ask: () => Promise<T>,
  ): Promise<{ result: T } | Difference> {
    try {
      return { result: await ask() };
    } catch (error) {
      if (error instanceof RepliesMissing)
        return { ...NO_REPLIES, stepIndex, command, why: await this.#whyMissing(error) };
      if (error instanceof EndlessScan) return { ...NO_REPLIES, stepIndex, command, why: error.message };
      throw error;
    }
  }

  async #whyMissing(missing: RepliesMissing): Promise<string> {
    const end = await this.duel.subject.post();
    return end ? `${missing.message}\n${end}` : missing.message;
  }
}

const NO_REPLIES = { subjectReply: undefined, referenceReply: undefined };

function bytesOf(arg: Arg): Buffer {
  return Buffer.from(arg instanceof Uint8Array ? arg : String(arg));
}

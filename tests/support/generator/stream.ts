// One seeded stream of commands. The seed decides everything: which families take part, how large values get, over
// how many connections the stream runs, how it is cut into pipelines, and every command.
import type { Arg } from '../resp-client.js';
import { Random } from '../seed.js';
import { Draw } from './draw.js';
import { FAMILIES, type Family } from './families.js';

/** What is sent as one: a command together with those that must follow it at once, or one whole SCAN iteration. */
export interface Step {
  readonly kind: 'commands' | 'scan';
  /** For 'scan' one entry: the options that every SCAN call of the iteration carries. */
  readonly commands: readonly (readonly Arg[])[];
  /** Which of the stream's connections it goes through. */
  readonly connection: number;
  /** Neighbours with the same number leave in one pipeline. */
  readonly batch: number;
}

/** Families that are never switched off: without writes and reads a stream says nothing. */
const ALWAYS = ['set', 'get'];
const PIPELINE_MAX = 400;

/** A stream of `commandCount` commands or a few more, from some of the families given. */
export function makeStream(seed: number, commandCount: number, families: readonly Family[] = FAMILIES): Step[] {
  return new StreamMaker(new Random(seed), families).make(commandCount);
}

class StreamMaker {
  readonly #random: Random;
  readonly #families: Family[];
  readonly #draw: Draw;
  readonly #connections: number;
  /** One command in so many is bent out of shape; zero never. */
  readonly #malformedOneIn: number;
  /** One command in so many is FLUSHALL or FLUSHDB; zero never. */
  readonly #flushOneIn: number;

  constructor(random: Random, families: readonly Family[]) {
    this.#random = random;
    const optional = random.shuffled(families.filter(({ name }) => !ALWAYS.includes(name)));
    // One stream in three has all families; the others have some, so that rare meetings of few commands happen.
    const kept = random.oneIn(3) ? optional.length : random.between(1, optional.length);
    this.#families = [...families.filter(({ name }) => ALWAYS.includes(name)), ...optional.slice(0, kept)];
    // LCS takes time and memory by the product of its two lengths, so streams with it stay with short strings.
    const short = this.#families.some(({ name }) => name === 'lcs');
    this.#draw = new Draw(random, {
      valueBytesMax: short ? 300 : random.pick([300, 3_000, 20_000]),
      offsetBytesMax: short ? 300 : random.pick([300, 3_000, 70_000]),
    });
    this.#connections = random.pick([1, 1, 2, 4]);
    this.#malformedOneIn = random.pick([0, 10, 30, 100]);
    this.#flushOneIn = random.pick([0, 200, 1000]);
  }

  make(commandCount: number): Step[] {
    const steps: Step[] = [];
    let made = 0;
    for (let batch = 0; made < commandCount; batch++) {
      const connection = this.#random.below(this.#connections);
      if (this.#random.oneIn(8)) {
        steps.push({ kind: 'scan', commands: [this.#scanOptions()], connection, batch });
        made++;
        continue;
      }
      const end = made + this.#pipelineLength();
      while (made < end && made < commandCount) {
        const commands = this.#commands();
        steps.push({ kind: 'commands', commands, connection, batch });
        made += commands.length;
      }
    }
    return steps;
  }

  #pipelineLength(): number {
    return this.#random.oneIn(5) ? this.#random.between(1, 10) : this.#random.between(50, PIPELINE_MAX);
  }

  #commands(): Arg[][] {
    if (this.#flushOneIn && this.#random.oneIn(this.#flushOneIn)) return [this.#flush()];
    const family = this.#random.weighted(this.#families.map((family) => [family.weight, family] as const));
    const maker = this.#random.weighted(family.makers);
    this.#draw.followUps = [];
    const command = maker(this.#draw);
    // A bent command may name another key than the one its follow-ups look after, so those with follow-ups stay whole.
    const bendable = this.#malformedOneIn > 0 && this.#draw.followUps.length === 0;
    const bent = bendable && this.#random.oneIn(this.#malformedOneIn);
    return [this.#mixCase(bent ? this.#bend(command) : command), ...this.#draw.followUps];
  }

  #flush(): Arg[] {
    return this.#random.weighted<Arg[]>([
      [4, ['FLUSHDB']],
      [2, ['FLUSHALL']],
      [1, ['FLUSHDB', 'ASYNC']],
      [1, ['FLUSHALL', 'SYNC']],
      [1, ['FLUSHALL', 'nonsense']],
    ]);
  }

  #scanOptions(): Arg[] {
    const options: Arg[][] = [];
    if (this.#random.oneIn(2)) options.push(['MATCH', this.#draw.pattern()]);
    if (this.#random.oneIn(2)) options.push(['COUNT', this.#random.pick([1, 2, 10, 1000])]);
    if (this.#random.oneIn(3)) options.push(['TYPE', this.#random.pick(['string', 'hash', 'STRING', 'nosuchtype'])]);
    return this.#random.shuffled(options).flat();
  }

  /** Loses an argument, gains one, or has one replaced; the name stays. */
  #bend(command: Arg[]): Arg[] {
    const at = this.#random.below(command.length - 1 || 1) + 1;
    const bent = [...command];
    switch (this.#random.below(3)) {
      case 0:
        bent.splice(at, 1);
        return bent;
      case 1:
        bent.push(...this.#draw.some(1, 2, () => this.#draw.junk()));
        return bent;
      default:
        if (at < bent.length) bent[at] = this.#draw.junk();
        return bent;
    }
  }

  #mixCase(command: Arg[]): Arg[] {
    const name = command[0];
    if (typeof name !== 'string' || !this.#random.oneIn(6)) return command;
    const mixed = [...name].map((char) => (this.#random.oneIn(2) ? char.toLowerCase() : char.toUpperCase())).join('');
    return [mixed, ...command.slice(1)];
  }
}

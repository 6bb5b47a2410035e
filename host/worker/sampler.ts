// Rates and peaks for INFO: figures that exist only if somebody looks now and then. One thread of the server does, with
// its housekeeping.
import type { ShardKernel } from '../kernel/kernel.js';
import type { Rates, Stats } from './stats.js';

const SAMPLE_MS_MIN = 100;
/** Rates are means over this many samples, as Redis takes them. */
const SAMPLES = 16;

export class Sampler {
  readonly #samples: Rates[] = [];
  #lastMs: number;
  #commands = 0;
  #input = 0;
  #output = 0;

  /** @param nowMs Any clock that only goes forward, the same as for `tick`. */
  constructor(
    readonly stats: Stats,
    readonly shards: readonly ShardKernel[],
    nowMs: number,
  ) {
    this.#lastMs = nowMs;
  }

  /** To be called often; looks at most ten times a second. */
  tick(nowMs: number): void {
    const tookMs = nowMs - this.#lastMs;
    if (tookMs < SAMPLE_MS_MIN) return;
    const { stats } = this;
    const commands = stats.sum('commands');
    const input = stats.sum('netInput');
    const output = stats.sum('netOutput');
    // After CONFIG RESETSTAT a counter is behind the one remembered: that sample counts as quiet.
    const rate = (now: number, before: number): number => (Math.max(0, now - before) * 1000) / tookMs;
    const sample: Rates = {
      commandsPerSecond: rate(commands, this.#commands),
      inputKbps: rate(input, this.#input) / 1024,
      outputKbps: rate(output, this.#output) / 1024,
    };
    this.#lastMs = nowMs;
    this.#commands = commands;
    this.#input = input;
    this.#output = output;
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    stats.rates = {
      commandsPerSecond: this.#mean('commandsPerSecond'),
      inputKbps: this.#mean('inputKbps'),
      outputKbps: this.#mean('outputKbps'),
    };
    let used = 0;
    for (const shard of this.shards) used += shard.calls.usedBytes();
    if (used > stats.usedBytesPeak) stats.usedBytesPeak = used;
  }

  #mean(name: keyof Rates): number {
    return this.#samples.reduce((sum, sample) => sum + sample[name], 0) / this.#samples.length;
  }
}

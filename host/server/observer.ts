// What one thread sees of commands: each that ran is told here, or the batch that it ran in. From this come SLOWLOG, the
// events of LATENCY, MONITOR's lines, and the counters behind INFO commandstats and LATENCY HISTOGRAM.
//
// While nobody asks for more, the kernel's batches are timed and nothing else; a batch is looked at if it took longer than
// what is to be told. A threshold below a millisecond, and clients of MONITOR, make commands run one by one.
import { type Command, commandOf } from '../commands/index.js';
import { counterOf } from '../worker/command-times.js';
import { LatencyEvents } from '../worker/latency-events.js';
import { abridged, SlowCommands } from '../worker/slow-commands.js';
import type { Stats } from '../worker/stats.js';
import type { Config } from './config.js';
import type { Client } from './context.js';
import { redacted } from './redacted.js';

/** Below this threshold of SLOWLOG every command is timed by itself. */
const ALONE_MS = 1;

/** What a thread does with more attention than usual. */
export interface Attention {
  slowBatchMs: number;
  oneByOne: boolean;
}

export class Observer {
  readonly slow = new SlowCommands();
  readonly events = new LatencyEvents();
  /** Takes each command on to clients of MONITOR; undefined: there are none. */
  feed: ((argv: readonly Uint8Array[], client: Client) => void) | undefined;

  constructor(
    readonly config: Config,
    readonly stats: Stats,
    readonly attention: Attention,
  ) {
    this.configured();
  }

  get #slowMs(): number {
    const { slowlogLogSlowerThan: us } = this.config.values;
    return us < 0 ? Number.POSITIVE_INFINITY : us / 1000;
  }
  get #eventMs(): number {
    return this.config.values.latencyMonitorThreshold || Number.POSITIVE_INFINITY;
  }

  /** The configuration has changed, or who is fed. */
  configured(): void {
    const { attention } = this;
    this.stats.times.tracking = this.config.values.latencyTracking;
    attention.slowBatchMs = Math.min(this.#slowMs, this.#eventMs);
    attention.oneByOne = this.feed !== undefined || this.#slowMs < ALONE_MS;
    this.slow.trim(this.config.values.slowlogMaxLen);
  }

  /** A host command ran, or one of the kernel's that the host led. @param ms Its own time, without what it waited for. */
  ran(command: Command, argv: readonly Uint8Array[], client: Client, ms: number, failed: boolean): void {
    const { times } = this.stats;
    const counter = counterOf(command);
    times.add(counter, 1, ms);
    if (failed) times.addFailed(counter, 1);
    this.#look(command, argv, 1, client, ms);
  }

  /** It was answered with an error before it ran. */
  refused(command: Command): void {
    this.stats.times.addRejected(counterOf(command), 1);
  }

  /** The kernel ran commands together, which are counted already. @param argv The first of them. */
  ranTogether(argv: readonly Uint8Array[], commands: number, client: Client, ms: number): void {
    const command = commandOf(argv);
    if (command) this.#look(command, argv, commands, client, ms);
  }

  #look(command: Command, argv: readonly Uint8Array[], commands: number, client: Client, ms: number): void {
    if (this.feed && !command.flags.includes('admin')) this.feed(redacted(command, argv), client);
    if (ms >= this.#eventMs) {
      const event = commands === 1 && command.flags.includes('fast') ? 'fast-command' : 'command';
      this.event(event, ms);
    }
    if (ms >= this.#slowMs) this.#slow(command, argv, commands, client, ms);
  }

  /** Something took long, if it took longer than latency-monitor-threshold. */
  event(name: string, ms: number): void {
    if (ms >= this.#eventMs) this.events.add(name, Math.floor(ms), Math.floor(Date.now() / 1000));
  }

  #slow(command: Command, argv: readonly Uint8Array[], commands: number, client: Client, ms: number): void {
    const { slowlogMaxLen } = this.config.values;
    const kept = abridged(redacted(command, argv));
    if (commands > 1) kept.push(Buffer.from(`... (first of ${commands} commands that ran together)`));
    const { address, name } = client;
    const id = this.stats.nextSlowId();
    const entry = { id, time: Math.floor(Date.now() / 1000), microseconds: Math.round(ms * 1000) };
    this.slow.add({ ...entry, argv: kept, address, name }, slowlogMaxLen);
  }
}

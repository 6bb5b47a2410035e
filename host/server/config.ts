// The configuration in force. One object per thread: the supervisor makes the first, threads get a copy at their start
// and every change of CONFIG SET afterwards.
import { globMatch } from '../commands/index.js';
import {
  type BufferLimits,
  parseValue,
  type SavePoint,
  shownValue,
  takesWords,
  typedValue,
  wordsOf,
} from './config-kinds.js';
import {
  type EVICTION_POLICIES,
  findParameter,
  type LOG_LEVELS,
  PARAMETERS,
  type Parameter,
  SHARDS_MAX,
} from './config-parameters.js';
import { SAVE_BY_DEFAULT } from './config-persistence.js';

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Parameters as code uses them: names in camel case, sizes in bytes. */
export interface ConfigValues {
  readonly port: number;
  readonly bind: readonly string[];
  /** '': none. */
  readonly unixsocket: string;
  /** 0: what the umask leaves. */
  readonly unixsocketperm: number;
  readonly tcpBacklog: number;
  readonly protectedMode: boolean;
  readonly requirepass: string;
  readonly threads: number;
  readonly shards: number;
  readonly routing: 'kevyhash' | 'slots';
  readonly clusterEnabled: boolean;
  /** 0: behind `port`. */
  readonly clusterPortBase: number;
  /** '': the address that the client is connected to. */
  readonly clusterAnnounceIp: string;
  readonly clusterAnnounceHostname: string;
  readonly clusterPreferredEndpointType: 'ip' | 'hostname' | 'unknown-endpoint';
  readonly databases: number;
  readonly maxclients: number;
  /** Seconds; 0: never. */
  readonly timeout: number;
  /** Seconds; 0: off. */
  readonly tcpKeepalive: number;
  readonly protoMaxBulkLen: number;
  readonly clientQueryBufferLimit: number;
  readonly clientOutputBufferLimit: BufferLimits;
  /** Bytes over all shards; 0: no limit. */
  readonly maxmemory: number;
  readonly maxmemoryPolicy: (typeof EVICTION_POLICIES)[number];
  readonly maxmemorySamples: number;
  /** 0 to 100. */
  readonly maxmemoryEvictionTenacity: number;
  readonly replicaIgnoreMaxmemory: boolean;
  readonly lazyfreeLazyEviction: boolean;
  readonly lazyfreeLazyExpire: boolean;
  readonly lazyfreeLazyServerDel: boolean;
  readonly lazyfreeLazyUserDel: boolean;
  readonly lazyfreeLazyUserFlush: boolean;
  readonly activedefrag: boolean;
  readonly activeDefragIgnoreBytes: number;
  /** Percent of what is used. */
  readonly activeDefragThresholdLower: number;
  readonly activeDefragThresholdUpper: number;
  /** Percent of a worker's time. */
  readonly activeDefragCycleMin: number;
  readonly activeDefragCycleMax: number;
  readonly activeDefragMaxScanFields: number;
  readonly lfuLogFactor: number;
  /** Minutes. */
  readonly lfuDecayTime: number;
  /** Classes of notifications, and the channels that they go to: bits of notify-flags.ts. */
  readonly notifyKeyspaceEvents: number;
  /** 1 to 500. */
  readonly hz: number;
  /** '': everything is kept in memory. */
  readonly dir: string;
  readonly appendonly: boolean;
  readonly appendfsync: 'everysec' | 'always' | 'no';
  readonly save: readonly SavePoint[];
  /** Percent; 0: never. */
  readonly autoAofRewritePercentage: number;
  readonly autoAofRewriteMinSize: number;
  readonly replayTruncate: boolean;
  readonly replayResync: boolean;
  readonly enableDebugCommand: 'no' | 'yes' | 'local';
  /** Microseconds; -1: never. */
  readonly slowlogLogSlowerThan: number;
  readonly slowlogMaxLen: number;
  /** Milliseconds; 0: never. */
  readonly latencyMonitorThreshold: number;
  readonly latencyTracking: boolean;
  readonly latencyTrackingInfoPercentiles: readonly number[];
  readonly loglevel: LogLevel;
  /** '': standard output. */
  readonly logfile: string;
}

/** Of maxmemory, at most so much to a shard. */
const SHARD_BYTES = 3 * 2 ** 30;

export type Pair = readonly [name: string, value: string];

function fieldOf(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

export class Config {
  /** This very object for the life of the configuration: changes are made in place. */
  readonly values: ConfigValues;
  readonly #texts = new Map<string, string>();
  /** Parameters that were said, not left to their defaults. */
  readonly #given = new Set<string>();
  /** Parameters that were changed while the server ran. */
  readonly #changed = new Set<string>();
  /** Absolute path of the file it was read from; '' if there was none. */
  file = '';

  constructor() {
    this.values = {} as ConfigValues;
    for (const parameter of PARAMETERS) this.#put(parameter, parameter.default);
  }

  /** A copy of the one that `toJSON` was called of. */
  static from(json: unknown): Config {
    const { file, texts } = json as ReturnType<Config['toJSON']>;
    const config = new Config();
    config.file = file;
    for (const [name, text] of texts) config.#put(findParameter(name)!, text);
    return config;
  }

  /** Everything, in a form that can be posted to another thread. */
  toJSON(): { file: string; texts: Pair[] } {
    return { file: this.file, texts: [...this.#texts] };
  }

  #put({ name, kind }: Parameter, text: string): void {
    this.#texts.set(name, text);
    (this.values as unknown as Record<string, unknown>)[fieldOf(name)] = typedValue(kind, text);
  }

  /** Canonical text of a parameter, as CONFIG GET answers it; undefined: there is no such parameter. */
  get(name: string): string | undefined {
    return this.#texts.get(findParameter(name)?.name ?? '');
  }

  /**
   * Unless the number of shards was said: takes more of them where maxmemory would not fit. A shard's memory ends at
   * 4 GiB, and the last quarter of it is for what blocks do not use.
   */
  spreadMemory(): void {
    if (this.#given.has('shards')) return;
    const needed = Math.ceil(this.values.maxmemory / SHARD_BYTES);
    const parameter = findParameter('shards')!;
    if (needed > this.values.shards) this.#put(parameter, String(Math.min(needed, SHARDS_MAX)));
  }

  /** Whether a parameter was said, by a file or on the command line. */
  isGiven(name: string): boolean {
    return this.#given.has(name);
  }

  /** The same, or by CONFIG SET. */
  isSaid(name: string): boolean {
    return this.#given.has(name) || this.#changed.has(name);
  }

  /** What `persistByDefault` and its kind would make of a parameter that is not said; undefined: its plain default. */
  defaultOf(name: string): string | undefined {
    const { dir, appendonly, clusterEnabled } = this.values;
    if (name === 'appendonly' && dir !== '') return 'yes';
    if (name === 'save' && dir !== '' && !appendonly) return SAVE_BY_DEFAULT;
    if (name === 'routing' && clusterEnabled) return 'slots';
    return undefined;
  }

  /** What the directory's own layout turned out to be: only what was said changes one. */
  adoptLayout(shards: number, routing: 'kevyhash' | 'slots'): void {
    this.#put(findParameter('shards')!, String(shards));
    this.#put(findParameter('routing')!, routing);
  }

  /**
   * With cluster ports keys are routed by slots; a directory with another layout keeps that, unless routing was said.
   * @returns what is wrong, in one sentence, or null.
   */
  clusterByDefault(): string | null {
    const { clusterEnabled, routing } = this.values;
    if (!clusterEnabled || routing === 'slots') return null;
    if (this.#given.has('routing')) return 'cluster-enabled needs --routing slots';
    this.#put(findParameter('routing')!, 'slots');
    return null;
  }

  /**
   * With a directory, what was not said: changes are logged; or, where that is not wanted, snapshots are taken as Redis
   * does. Without one, nothing is written.
   * @returns what is wrong, in one sentence, or null.
   */
  persistByDefault(): string | null {
    const { dir, appendonly } = this.values;
    if (dir === '') {
      const wanted = ['appendonly', 'save'].find((name) => this.#given.has(name) && !/^(no)?$/.test(this.get(name)!));
      return wanted ? `${wanted} needs a directory: say --dir` : null;
    }
    if (!this.#given.has('appendonly')) this.#put(findParameter('appendonly')!, 'yes');
    else if (!appendonly && !this.#given.has('save')) this.#put(findParameter('save')!, SAVE_BY_DEFAULT);
    return null;
  }

  /**
   * Sets a parameter as a line of a file does, those included that cannot be changed later.
   * @returns Redis's sentence about what is wrong, and nothing was changed; null if it is set.
   */
  set(name: string, args: readonly string[]): string | null {
    const parameter = findParameter(name);
    if (!parameter) return 'Bad directive or wrong number of arguments';
    const several = takesWords(parameter.kind);
    if (!several && args.length !== 1) return 'wrong number of arguments';
    // One argument of several words stands for these words.
    let words = several && args.length === 1 ? wordsOf(args[0]) : args;
    // Lines about save add up, until an empty one clears them.
    const more = parameter.kind.kind === 'savePoints' && words.length !== 0 && this.#given.has(parameter.name);
    if (more) words = [...wordsOf(this.#texts.get(parameter.name)!), ...words];
    const parsed = parseValue(parameter.kind, words, this.#texts.get(parameter.name)!);
    if ('problem' in parsed) return parsed.problem;
    this.#put(parameter, parsed.text);
    this.#given.add(parameter.name);
    return null;
  }

  /**
   * Whether CONFIG SET may make these changes, all of them or none.
   * @returns Redis's whole error text, or null.
   */
  check(pairs: readonly Pair[]): string | null {
    const seen = new Set<string>();
    for (const [name] of pairs) {
      const parameter = findParameter(name);
      // Redis prints names as C strings: up to the first zero byte.
      if (!parameter) {
        return `ERR Unknown option or number of arguments for CONFIG SET - '${name.replace(/\0.*/s, '')}'`;
      }
      if (!parameter.mutable) return failure(name, "can't set immutable config");
      if (seen.has(parameter.name)) return failure(name, 'duplicate parameter');
      seen.add(parameter.name);
    }
    for (const [name, value] of pairs) {
      const parsed = this.#parse(findParameter(name)!, value);
      if ('problem' in parsed) return failure(name, parsed.problem);
      const wants = (name === 'appendonly' && parsed.text === 'yes') || (name === 'save' && parsed.text !== '');
      if (wants && this.values.dir === '') return failure(name, 'the server was started without --dir');
    }
    return null;
  }

  /** Makes changes that `check` has accepted. */
  apply(pairs: readonly Pair[]): void {
    for (const [name, value] of pairs) {
      const parameter = findParameter(name);
      if (!parameter) throw new Error(`no parameter ${name}`);
      const parsed = this.#parse(parameter, value);
      if ('problem' in parsed) throw new Error(`${name}: ${parsed.problem}`);
      this.#put(parameter, parsed.text);
      this.#changed.add(parameter.name);
    }
  }

  /** Every name, aliases included, and what it is set to. */
  *#named(): Iterable<Pair> {
    for (const [name, text] of this.#texts) {
      yield [name, text];
      const alias = findParameter(name)?.alias;
      if (alias) yield [alias, text];
    }
  }

  #parse(parameter: Parameter, value: string) {
    const words = takesWords(parameter.kind) ? wordsOf(value) : [value];
    return parseValue(parameter.kind, words, this.#texts.get(parameter.name)!);
  }

  /**
   * CONFIG GET: each parameter that any of the names or glob patterns means, once. A name without `*`, `?` or `[` is
   * answered as it was asked for, whatever its letter case.
   */
  getMatching(patterns: readonly string[]): [name: string, value: string][] {
    const found = new Map<string, [string, string]>();
    for (const pattern of patterns) {
      const glob = /[*?[]/.test(pattern);
      for (const [name, text] of this.#named()) {
        const matches = glob ? globMatch(pattern, name, true) : pattern.toLowerCase() === name;
        if (matches && !found.has(name))
          found.set(name, [glob ? name : pattern, shownValue(findParameter(name)!.kind, text)]);
      }
    }
    return [...found.values()];
  }
}

function failure(name: string, why: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}`;
}

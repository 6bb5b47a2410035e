// What a reader of a result must know about where it was made.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** First line of a program's output, or undefined if it cannot be run. */
export function firstLine(program, ...args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .split('\n')[0];
  } catch {
    return undefined;
  }
}

/** `npm run` or node, with this process's own arguments: what to type to make the result again. */
function commandLine() {
  const script = process.env.npm_lifecycle_event;
  const args = process.argv.slice(2);
  if (script?.startsWith('bench')) return `npm run ${script}${args.length > 0 ? ` -- ${args.join(' ')}` : ''}`;
  return ['node', process.argv[1].replace(`${process.cwd()}/`, ''), ...args].join(' ');
}

/** Pairs of name and value, in the order to print them. */
export function describeMachine() {
  const models = cpus();
  const dirty = firstLine('git', 'status', '--porcelain', '--untracked-files=no');
  return [
    ['date', new Date().toISOString()],
    ['machine', `${models.length} cores of ${models[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    [
      'system',
      `${type()} ${release()}, load ${loadavg()
        .map((load) => load.toFixed(2))
        .join(' ')} at the start`,
    ],
    ['node', `${process.version}, V8 ${process.versions.v8}`],
    [
      'commit',
      `${firstLine('git', 'rev-parse', '--short=12', 'HEAD') ?? 'unknown'}${dirty ? ', with changes not committed' : ''}`,
    ],
    ['command', commandLine()],
  ];
}

/**
 * What a random load costs when its address depends on the load before, in ns: the price of one cache miss over a working
 * set of that size. Machines differ severalfold here, and a hash table's lookups are made of it.
 */
export function loadLatencyNs(mebibytes) {
  const LINE_WORDS = 16;
  const lines = (mebibytes << 20) / (LINE_WORDS * 4);
  const order = Uint32Array.from({ length: lines }, (_, i) => i);
  for (let i = lines - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const words = new Uint32Array(lines * LINE_WORDS);
  for (let i = 0; i < lines; i++) words[order[i] * LINE_WORDS] = order[(i + 1) % lines] * LINE_WORDS;
  const chase = (from, steps) => {
    let at = from;
    for (let i = 0; i < steps; i++) at = words[at];
    return at;
  };
  const STEPS = 1_000_000;
  const warm = chase(0, STEPS);
  const start = performance.now();
  const end = chase(warm, STEPS);
  if (words[end] === end) throw new Error('the loads do not form a ring');
  return ((performance.now() - start) * 1e6) / STEPS;
}

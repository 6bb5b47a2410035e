// LATENCY: what took longer than latency-monitor-threshold, and how long commands take in general.
import { findByFullName } from '../../commands/index.js';
import { cumulative } from '../../worker/command-times.js';
import type { Series } from '../../worker/latency-events.js';
import type { HostHandler, Services } from '../context.js';
import { cString, quotingError, word } from './values.js';

/** A histogram for each command named, or for all; of a container, for each of its subcommands. */
const histogram: HostHandler = (argv, _client, services) => {
  services.harvest();
  const { stats } = services;
  const known = stats.times.all((opcode) => stats.calls(opcode)).filter(({ calls }) => calls !== 0);
  const wanted = argv.slice(2).flatMap((argument) => {
    const command = findByFullName(word(argument));
    return command ? [command.fullName, ...command.subcommands.map(({ fullName }) => fullName)] : [];
  });
  const chosen =
    argv.length === 2 ? known : [...new Set(wanted)].flatMap((name) => known.filter((times) => times.name === name));
  return {
    pairs: chosen.map(({ name, calls, histogram }) => [
      name,
      {
        pairs: [
          ['calls', Math.round(calls)],
          ['histogram_usec', { pairs: cumulative(histogram) }],
        ],
      },
    ]),
  };
};

const latest: HostHandler = async (_argv, _client, services) =>
  (await services.latencySeries()).flatMap(({ event, samples, longestMs }) => {
    const last = samples.at(-1);
    return last ? [[event, last.time, last.ms, longestMs]] : [];
  });

async function seriesOf(event: string, services: Services): Promise<Series | undefined> {
  return (await services.latencySeries()).find((series) => series.event === event);
}

const history: HostHandler = async (argv, _client, services) => {
  const series = await seriesOf(cString(argv[2]), services);
  return series ? series.samples.map(({ time, ms }) => [time, ms]) : [];
};

const reset: HostHandler = (argv, _client, services) => services.resetLatency(argv.slice(2).map(cString));

const ROWS = 4;
const GLYPHS = ['_', '-', '`'];

/** The age of a sample, in the largest unit that it fills. */
function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

/** A column for each sample, its height between the smallest and the greatest; below each its age, read downwards. */
function drawing({ event, samples, longestMs }: Series, now: number): string {
  const values = samples.map(({ ms }) => ms);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const steps = ROWS * GLYPHS.length;
  const levels = values.map((ms) =>
    high === low ? 0 : Math.min(steps - 1, Math.floor(((ms - low) * steps) / (high - low))),
  );
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    lines.push(
      levels
        .map((level) => {
          const height = level - row * GLYPHS.length;
          return height < 0 ? ' ' : height >= GLYPHS.length ? '|' : GLYPHS[height];
        })
        .join(''),
    );
  }
  const ages = samples.map(({ time }) => age(Math.max(0, now - time)));
  const longest = Math.max(...ages.map((text) => text.length));
  const below = Array.from({ length: longest }, (_, i) => ages.map((text) => text[i] ?? ' ').join(''));
  const title = `${event} - high ${high} ms, low ${low} ms (all time high ${longestMs} ms)`;
  return `${title}\n${'-'.repeat(80)}\n${[...lines, '', ...below].map((line) => `${line}\n`).join('')}`;
}

const graph: HostHandler = async (argv, _client, services) => {
  const event = cString(argv[2]);
  const series = await seriesOf(event, services);
  if (!series || series.samples.length === 0) return quotingError(`ERR No samples available for event '${event}'`);
  return { verbatim: drawing(series, Math.floor(Date.now() / 1000)) };
};

const ADVICE: Readonly<Record<string, string>> = {
  command:
    'SLOWLOG GET shows which commands they were. What would take longer than about a millisecond runs in the slow lane ' +
    'and keeps only the clients of its own shard waiting; more shards make fewer of them wait.',
  'fast-command':
    'Such commands take microseconds by themselves, so the machine had something else to do: look at its load, at swapping, ' +
    'and at other programs on the same cores.',
  'expire-cycle': 'Many keys fall due at the same time: spread their expiries.',
};

const doctor: HostHandler = async (_argv, _client, services) => {
  const threshold = services.config.values.latencyMonitorThreshold;
  const series = await services.latencySeries();
  if (threshold === 0 && series.length === 0) {
    return {
      verbatim:
        'Nothing is watched: latency-monitor-threshold is 0. CONFIG SET latency-monitor-threshold <milliseconds> makes whatever ' +
        'takes at least so long an event.\n',
    };
  }
  if (series.length === 0) return { verbatim: `Nothing has taken ${threshold} milliseconds or longer so far.\n` };
  const parts = series.map(({ event, samples, longestMs }) => {
    const mean = samples.reduce((sum, { ms }) => sum + ms, 0) / samples.length;
    const told = `${event}: ${samples.length} samples, ${mean.toFixed(0)} ms on average, ${longestMs} ms at worst.`;
    return ADVICE[event] ? `${told} ${ADVICE[event]}` : told;
  });
  return { verbatim: `${parts.join('\n')}\n` };
};

export const LATENCY_HANDLERS: Readonly<Record<string, HostHandler>> = {
  'latency|histogram': histogram,
  'latency|latest': latest,
  'latency|history': history,
  'latency|reset': reset,
  'latency|graph': graph,
  'latency|doctor': doctor,
};

// LATENCY's events: the moments at which something took longer than latency-monitor-threshold, the last 160 seconds of
// them for each kind of event. Each thread keeps its own; whoever asks puts them together.

export interface Sample {
  /** Unix seconds. */
  readonly time: number;
  /** Longest in that second. */
  readonly ms: number;
}

export interface Series {
  readonly event: string;
  /** In order of time. */
  readonly samples: readonly Sample[];
  /** Longest ever, also of samples that are no longer kept. */
  readonly longestMs: number;
}

const SAMPLES_MAX = 160;

/** Puts samples into order, one for each second. */
function merged(samples: readonly Sample[]): Sample[] {
  const bySecond = new Map<number, number>();
  for (const { time, ms } of samples) bySecond.set(time, Math.max(ms, bySecond.get(time) ?? 0));
  return [...bySecond]
    .map(([time, ms]) => ({ time, ms }))
    .sort((a, b) => a.time - b.time)
    .slice(-SAMPLES_MAX);
}

export class LatencyEvents {
  readonly #series = new Map<string, { samples: Sample[]; longestMs: number }>();

  add(event: string, ms: number, time: number): void {
    let series = this.#series.get(event);
    if (series === undefined) {
      series = { samples: [], longestMs: 0 };
      this.#series.set(event, series);
    }
    series.longestMs = Math.max(series.longestMs, ms);
    const last = series.samples.at(-1);
    if (last?.time === time) series.samples[series.samples.length - 1] = { time, ms: Math.max(ms, last.ms) };
    else series.samples.push({ time, ms });
    if (series.samples.length > SAMPLES_MAX) series.samples.shift();
  }

  get all(): Series[] {
    return [...this.#series].map(([event, { samples, longestMs }]) => ({ event, samples: [...samples], longestMs }));
  }

  /** Forgets events, all of them if none is named. @returns those that there were. */
  reset(events: readonly string[]): string[] {
    const gone = events.length === 0 ? [...this.#series.keys()] : events.filter((event) => this.#series.has(event));
    for (const event of gone) this.#series.delete(event);
    return gone;
  }
}

/** Series of all threads as one per event. */
export function together(all: readonly Series[]): Series[] {
  const byEvent = new Map<string, Series[]>();
  for (const series of all) byEvent.set(series.event, [...(byEvent.get(series.event) ?? []), series]);
  return [...byEvent].map(([event, parts]) => ({
    event,
    samples: merged(parts.flatMap(({ samples }) => samples)),
    longestMs: Math.max(...parts.map(({ longestMs }) => longestMs)),
  }));
}

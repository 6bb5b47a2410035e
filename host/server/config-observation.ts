// Parameters of what watches the server at work.
import type { Parameter } from './config-parameters.js';

const LONG_MAX = (1n << 63n) - 1n;

export const OBSERVATION_PARAMETERS: readonly Parameter[] = [
  {
    name: 'slowlog-log-slower-than',
    kind: { kind: 'integer', min: -1, max: LONG_MAX },
    default: '10000',
    mutable: true,
    unit: 'microseconds',
    summary:
      'Commands that take at least so long go to the log of slow commands; -1 logs none. Below 1000, commands run one by one, each timed by itself.',
  },
  {
    name: 'slowlog-max-len',
    kind: { kind: 'integer', min: 0, max: LONG_MAX },
    default: '128',
    mutable: true,
    unit: 'entries',
    summary: 'Length of the log of slow commands, over all workers.',
  },
  {
    name: 'latency-monitor-threshold',
    kind: { kind: 'integer', min: 0, max: LONG_MAX },
    default: '0',
    mutable: true,
    unit: 'milliseconds',
    summary: 'What takes at least so long is an event for LATENCY; 0 watches for none.',
  },
  {
    name: 'latency-tracking',
    kind: { kind: 'bool' },
    default: 'yes',
    mutable: true,
    summary: 'Whether it is counted how long commands take, for LATENCY HISTOGRAM and INFO latencystats.',
  },
  {
    name: 'latency-tracking-info-percentiles',
    kind: { kind: 'percentiles' },
    default: '50 99 99.9',
    mutable: true,
    unit: 'percent',
    summary: 'Percentiles that INFO latencystats gives.',
  },
];

// Command lines about watching the server at work, and about a cluster that is not there.
import type { Script } from '../script.js';

const raw = String.raw;

export const observationScripts: Script[] = [
  {
    title: 'SLOWLOG and LATENCY',
    lines: raw`
      SLOWLOG
      SLOWLOG garbage
      SLOWLOG HELP
      SLOWLOG GET abc
      SLOWLOG GET -2
      SLOWLOG GET 1 2
      SLOWLOG LEN x
      SLOWLOG RESET x
      SLOWLOG RESET
      SLOWLOG LEN
      SLOWLOG GET
      SLOWLOG GET 0
      SLOWLOG GET -1
      SLOWLOG GET 99999999999999999999
      LATENCY
      LATENCY garbage
      LATENCY HELP
      LATENCY DOCTOR x
      LATENCY RESET
      LATENCY RESET nosuchevent
      LATENCY LATEST
      LATENCY LATEST x
      LATENCY HISTORY
      LATENCY HISTORY nosuchevent
      LATENCY GRAPH
      LATENCY GRAPH nosuchevent
      LATENCY GRAPH "no\nsuch"
      LATENCY HISTOGRAM nosuchcommand
      CONFIG GET slowlog-max-len
      CONFIG GET slowlog-log-slower-than
      CONFIG GET latency-monitor-threshold
      CONFIG GET latency-tracking
      CONFIG GET latency-tracking-info-percentiles
      CONFIG SET slowlog-max-len -1
      CONFIG SET slowlog-log-slower-than -2
      CONFIG SET latency-monitor-threshold -1
      CONFIG SET latency-tracking maybe
      CONFIG SET latency-tracking-info-percentiles "50 abc"
      CONFIG SET latency-tracking-info-percentiles "50 101"
      CONFIG SET latency-tracking-info-percentiles "10 99.99"
      CONFIG GET latency-tracking-info-percentiles
      CONFIG SET latency-tracking-info-percentiles "50 99 99.9"
    `,
  },
  {
    title: 'entries of SLOWLOG',
    lines: raw`
      CONFIG SET slowlog-log-slower-than 1000000
      SLOWLOG RESET
      SLOWLOG LEN
      SLOWLOG GET
      CONFIG SET slowlog-log-slower-than 10000
    `,
  },
  {
    title: 'ROLE, MONITOR, and a cluster that is not there',
    lines: raw`
      ROLE
      ROLE x
      MONITOR x
      CLUSTER
      CLUSTER garbage
      CLUSTER INFO
      CLUSTER SLOTS
      CLUSTER KEYSLOT k
      CLUSTER KEYSLOT
      CLUSTER HELP
      READONLY
      READWRITE
      ASKING
      READONLY x
      CONFIG REWRITE
      CONFIG REWRITE x
      INFO cluster
    `,
  },
];

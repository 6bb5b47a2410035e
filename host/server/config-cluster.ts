// Parameters of the cluster ports.
import type { Parameter } from './config-parameters.js';

export const CLUSTER_PARAMETERS: readonly Parameter[] = [
  {
    name: 'cluster-enabled',
    kind: { kind: 'bool' },
    default: 'no',
    mutable: false,
    summary:
      'Gives each shard a port of its own, which answers as a node of Redis Cluster; the main port goes on serving everything. Keys are then routed by slots: a new directory is laid out so, and one laid out by kevyhash stops the start unless `--routing slots` is said as well.',
  },
  {
    name: 'cluster-port-base',
    kind: { kind: 'integer', min: 0, max: 65535 },
    default: '0',
    defaultNote: 'the port behind `--port`',
    mutable: false,
    own: true,
    summary: 'Cluster port of the first shard; the others follow, one by one.',
  },
  {
    name: 'cluster-announce-ip',
    kind: { kind: 'string' },
    default: '',
    defaultNote: 'the address that the client has connected to',
    mutable: true,
    summary: 'Address of this machine that cluster clients are told.',
  },
  {
    name: 'cluster-announce-hostname',
    kind: { kind: 'string', hostname: true },
    default: '',
    mutable: true,
    summary: 'Name of this machine that cluster clients are told.',
  },
  {
    name: 'cluster-preferred-endpoint-type',
    kind: { kind: 'enum', words: ['ip', 'hostname', 'unknown-endpoint'] },
    default: 'ip',
    mutable: true,
    summary:
      'Whether cluster clients are to connect to the address, to the name, or to where they are connected already.',
  },
];

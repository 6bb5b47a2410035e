// The cluster that the cluster ports make: a node per shard, each with a port of its own. Everything a client is told of it
// follows from the number of shards, the ports, and where the client is connected.
import { createHash } from 'node:crypto';
import type { Client, Services } from './context.js';

export const SLOT_COUNT = 16384;

/** One shard as a node of the cluster. */
export interface Node {
  readonly shard: number;
  /** 40 hex digits: the same as long as the process runs. */
  readonly id: string;
  readonly port: number;
  /** Slots, both ends included. */
  readonly first: number;
  readonly last: number;
}

/** The shard that serves a slot: as assembly/routing/slot.ts. */
export function shardOfSlot(slot: number, shards: number): number {
  return Math.floor((slot * shards) / SLOT_COUNT);
}

export function nodes({ runId, listening, shards }: Services): Node[] {
  const beginning = (shard: number): number => Math.ceil((shard * SLOT_COUNT) / shards.length);
  return listening.clusterPorts.map((port, shard) => ({
    shard,
    id: createHash('sha1').update(`${runId} ${shard}`).digest('hex'),
    port,
    first: beginning(shard),
    last: beginning(shard + 1) - 1,
  }));
}

/** The node that a client is connected to; on the main port and on a Unix socket that is the first one. */
export function ownShard(client: Client): number {
  return Math.max(0, client.clusterShard);
}

/** How nodes are reached, as far as one client is concerned. */
export interface Place {
  readonly ip: string;
  readonly hostname: string;
  /** What a client is to connect to; null: the address that it is connected to already. */
  readonly endpoint: string | null;
}

/**
 * What was announced; else the address at which this very client reached us, which is the one that it can reach. A client
 * on a Unix socket is on this machine.
 */
export function placeFor(client: Client, { config }: Services): Place {
  const { clusterAnnounceIp, clusterAnnounceHostname: hostname, clusterPreferredEndpointType: type } = config.values;
  const ip = clusterAnnounceIp || (client.unix ? '127.0.0.1' : ipOf(client.localAddress));
  if (type === 'unknown-endpoint') return { ip, hostname, endpoint: null };
  return { ip, hostname, endpoint: type === 'hostname' ? hostname || '?' : ip };
}

/** The ip of `ip:port` or `[ip]:port`; an IPv4 address that came over IPv6 as IPv4. */
function ipOf(address: string): string {
  const ip = address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
  return ip.replace(/^::ffff:(?=\d+\.)/i, '');
}

// Servers with cluster ports, and where keys belong.

import { type LatchkeyOptions, latchkeyServerForTest, startLatchkeyServer } from './latchkey-server.js';
import type { TestServer } from './redis-server.js';

const CLUSTER = ['--cluster-enabled', 'yes'];

export function clusterServerForTest(options: LatchkeyOptions = {}): Promise<TestServer> {
  return latchkeyServerForTest({ ...options, args: [...CLUSTER, ...(options.args ?? [])] });
}

export function startClusterServer(options: LatchkeyOptions = {}): Promise<TestServer> {
  return startLatchkeyServer({ ...options, args: [...CLUSTER, ...(options.args ?? [])] });
}

/** Cluster port of a shard, unless a base was given. */
export const portOf = (server: TestServer, shard: number): number => server.port + 1 + shard;

/** Redis Cluster's slot of a key without a hashtag, bit by bit. */
export function slotOf(key: string): number {
  let crc = 0;
  for (const byte of Buffer.from(key)) {
    crc ^= byte << 8;
    for (let i = 0; i < 8; i++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc % 16384;
}

export const shardOf = (key: string, shards: number): number => Math.floor((slotOf(key) * shards) / 16384);

// Cluster clients as applications use them, unmodified, against the cluster ports of a server with two workers.
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { portOf, startClusterServer } from '../support/cluster.js';
import { serverForSuite } from '../support/redis-server.js';

const SHARDS = 3;
const names = Array.from({ length: 500 }, (_, i) => `key:${i}`);

describe('cluster clients', () => {
  const server = serverForSuite(() => startClusterServer({ shards: SHARDS, threads: 2 }));

  describe('Cluster of ioredis', () => {
    const connect = (): Cluster => {
      const client = new Cluster([{ host: '127.0.0.1', port: portOf(server(), 1) }]);
      onTestFinished(() => client.disconnect());
      return client;
    };

    it('finds every node and reads back from each what it wrote', async () => {
      const client = connect();
      await Promise.all(names.map((name) => client.set(name, `${name}!`)));
      expect(await Promise.all(names.map((name) => client.get(name)))).toEqual(names.map((name) => `${name}!`));
      const nodes = client.nodes('master');
      expect(nodes.length).toBe(SHARDS);
      const sizes = await Promise.all(nodes.map((node) => node.dbsize()));
      expect(sizes.every((size) => size > 0)).toBe(true);
      expect(sizes.reduce((sum, size) => sum + size)).toBe(names.length);
    });

    it('pipelines commands of one slot, and is told CROSSSLOT of several', async () => {
      const client = connect();
      const replies = await client.pipeline().set('{t}a', '1').incr('{t}a').mget('{t}a', '{t}b').exec();
      expect(replies).toEqual([
        [null, 'OK'],
        [null, 2],
        [null, ['2', null]],
      ]);
      await expect(client.mget('x', 'y')).rejects.toThrow(/^CROSSSLOT /);
    });

    it('sees MOVED on a node that does not have the key, and finds the one that has', async () => {
      const client = connect();
      await client.set('key:0', 'there');
      const replies = await Promise.all(
        client.nodes('master').map((node) => node.get('key:0').catch((error: Error) => error.message)),
      );
      expect(replies.filter((reply) => reply?.startsWith('MOVED ')).length).toBe(SHARDS - 1);
      expect(replies.filter((reply) => reply === 'there').length).toBe(1);
      expect(await client.get('key:0')).toBe('there');
    });
  });

  describe.each([2, 3] as const)('createCluster of redis over RESP%i', (RESP) => {
    const connect = async () => {
      const client = createCluster({ RESP, rootNodes: [{ url: `redis://127.0.0.1:${portOf(server(), 2)}` }] });
      client.on('error', () => {});
      await client.connect();
      onTestFinished(() => client.destroy());
      return client;
    };

    it('finds every node and reads back what it wrote', async () => {
      const client = await connect();
      await Promise.all(names.map((name) => client.set(name, `${name}?`)));
      expect(await Promise.all(names.map((name) => client.get(name)))).toEqual(names.map((name) => `${name}?`));
      expect(client.masters.length).toBe(SHARDS);
    });

    it('works on several keys of one slot', async () => {
      const client = await connect();
      await client.mSet([
        ['{u}1', 'a'],
        ['{u}2', 'b'],
      ]);
      expect(await client.mGet(['{u}1', '{u}2', '{u}3'])).toEqual(['a', 'b', null]);
      await expect(client.sInter(['x', 'y'])).rejects.toThrow(/^CROSSSLOT /);
    });
  });
});

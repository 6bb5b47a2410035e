// What is exported is plain enough for redis-server 7.0, whatever it was.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectTo, parseAddress } from '../../host/cli/redis-connection.js';
import { exportItems, type Output } from '../../host/transfer/export.js';
import type { KernelStore } from '../../host/transfer/kernel-store.js';
import { PlainItems } from '../../host/transfer/plain-items.js';
import { RdbWriter } from '../../host/transfer/rdb-write.js';
import { rdbString } from '../support/old-encodings.js';
import { MADE, STREAM_OF_7_2 } from '../support/payloads.js';
import { describeWith } from '../support/programs.js';
import { redisServerForTest } from '../support/redis-server.js';
import { connected, digest, fill, itemsOf, kernelStore, MemoryTarget, run, WITH_DEBUG } from '../support/transfer.js';
import { BUILDS } from '../support/wasm.js';

async function exported(output: Output, spare: KernelStore) {
  const target = new MemoryTarget();
  const result = await exportItems(output, new RdbWriter(target, [['redis-ver', '7.0.15']]), spare, () => {});
  return { ...result, bytes: target.bytes };
}

describe.each(BUILDS)('export, $memory $mode', (build) => {
  it('leaves deadlines of fields behind, fields that are over, and hashes of nothing else', async () => {
    const store = kernelStore(build, 2);
    run(store, 4, 'HSET', 'mixed', 'a', '1', 'b', '2', 'c', '3');
    run(store, 4, 'HPEXPIREAT', 'mixed', '4000000000000', 'FIELDS', '1', 'b');
    store.stopClock(true);
    for (const key of ['mixed', 'over']) run(store, 4, 'HSETEX', key, 'PXAT', '1000', 'FIELDS', '1', 'x', 'y');
    const result = await exported({ kind: 'store', store }, kernelStore(build));
    expect(result).toMatchObject({ keys: 1, withoutDeadlines: 2 });
    const [item, ...others] = itemsOf(result.bytes);
    expect(others).toEqual([]);
    expect(item).toMatchObject({ db: 4, key: Buffer.from('mixed'), type: 4 });
    const again = kernelStore(build);
    again.restore(item);
    again.flush();
    const ask = (...argv: string[]) =>
      again
        .ask(
          4,
          argv.map((text) => Buffer.from(text)),
        )
        .toString();
    expect(ask('HLEN', 'mixed')).toBe(':3\r\n');
    expect(ask('HMGET', 'mixed', 'a', 'b', 'c')).toBe('*3\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n');
    expect(ask('HTTL', 'mixed', 'FIELDS', '1', 'b')).toBe('*1\r\n:-1\r\n');
  });

  it('writes what came after version 10 in types that it has', async () => {
    // A listpack of "a" and 7.
    const set = Buffer.from([13, 0, 0, 0, 2, 0, 0x81, 0x61, 2, 7, 1, 0xff]);
    set[0] = set.length;
    const items = [
      { db: 1, key: Buffer.from('set'), type: 20, body: rdbString(set), expiresMs: 4_000_000_000_000n },
      { db: 2, key: Buffer.from('stream'), type: 21, body: STREAM_OF_7_2.subarray(1), expiresMs: 0n },
    ];
    const spare = kernelStore(build);
    const plain = new PlainItems(spare);
    const made = items.map((item) => plain.plain(item)!);
    expect(made.map(({ type, expiresMs, db }) => ({ type, expiresMs, db }))).toEqual([
      { type: 2, expiresMs: 4_000_000_000_000n, db: 1 },
      { type: 19, expiresMs: 0n, db: 2 },
    ]);
    expect(spare.keys()).toBe(0);
    const store = kernelStore(build);
    for (const item of made) store.restore(item);
    store.flush();
    const ask = (db: number, ...argv: string[]) =>
      store
        .ask(
          db,
          argv.map((text) => Buffer.from(text)),
        )
        .toString();
    expect([ask(1, 'SCARD', 'set'), ask(1, 'SISMEMBER', 'set', '7')]).toEqual([':2\r\n', ':1\r\n']);
    expect(ask(2, 'XLEN', 'stream')).toBe(':2\r\n');
  });
});

describeWith('redis-server', 'export of a running server', () => {
  it('is loaded by another one, which holds the same', async () => {
    const [source, target] = [
      await redisServerForTest({ args: WITH_DEBUG }),
      await redisServerForTest({ args: WITH_DEBUG }),
    ];
    const [a, b] = [await connected(source.port), await connected(target.port)];
    await fill(a);
    const peer = await connectTo(parseAddress(`redis://127.0.0.1:${source.port}`), 'BAD_SOURCE');
    const result = await exported({ kind: 'server', peer, db: undefined }, kernelStore(BUILDS[0]));
    expect(result).toMatchObject({ keys: 2 * MADE.length + 2, withoutDeadlines: 0 });
    writeFileSync(join(target.directory, 'dump.rdb'), result.bytes);
    expect(await b.ask('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
    expect(await digest(b)).toEqual(await digest(a));
    peer.close();
    await Promise.all([a.close(), b.close()]);
  });
});

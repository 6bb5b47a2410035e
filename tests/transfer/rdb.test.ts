// RDB files: what a real redis-server saves is read to the byte, what we write it loads, and damage is refused.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ByteSource, Damage } from '../../host/transfer/byte-source.js';
import { type Item, partsOf, payloadOf } from '../../host/transfer/item.js';
import { lzfUnpack } from '../../host/transfer/lzf.js';
import { nothingLeft, readRdb } from '../../host/transfer/rdb-file.js';
import { RdbWriter } from '../../host/transfer/rdb-write.js';
import { crc64 } from '../support/crc64.js';
import { rdbString } from '../support/old-encodings.js';
import { MADE, OLD, STREAM_OF_7_2 } from '../support/payloads.js';
import { describeWith, requirePrograms } from '../support/programs.js';
import { redisServerForSuite, redisServerForTest } from '../support/redis-server.js';
import { decode } from '../support/resp-client.js';
import {
  connected,
  deadlines,
  digest,
  fill,
  itemsOf,
  kernelStore,
  MemoryTarget,
  memoryFile,
  OTHER_ENCODINGS,
  WITH_DEBUG,
} from '../support/transfer.js';
import { BUILDS } from '../support/wasm.js';

/** The file with its checksum made right again. */
function sealed(...parts: Uint8Array[]): Buffer {
  const bytes = Buffer.concat([...parts, Buffer.alloc(8)]);
  bytes.writeBigUInt64LE(crc64(bytes.subarray(0, -8)), bytes.length - 8);
  return bytes;
}
const header = (version: number): Buffer => Buffer.from(`REDIS${String(version).padStart(4, '0')}`);
const byte = (...values: number[]): Buffer => Buffer.from(values);
const text = (value: string): Buffer => rdbString(Buffer.from(value));

async function written(items: readonly Item[]): Promise<Buffer> {
  const target = new MemoryTarget();
  const writer = new RdbWriter(target, [['redis-ver', '7.0.0']]);
  for (const item of items) writer.put(item);
  await writer.finish();
  return target.bytes;
}

/** The error that reading ends with. */
function refusal(bytes: Buffer): Damage {
  try {
    itemsOf(bytes, 64);
  } catch (error) {
    if (error instanceof Damage) return error;
    throw error;
  }
  throw new Error('the file was read without an error');
}

describe('packed strings', () => {
  it('LZF that does not unpack to the length named is refused', () => {
    // "aaaa…": one byte as it is, then a copy that reaches into itself.
    const packed = byte(0, 0x61, 0xe0, 11, 0);
    expect(lzfUnpack(packed, 21)?.toString()).toBe('a'.repeat(21));
    for (const length of [0, 1, 20, 22, 5000, 2 ** 40]) expect(lzfUnpack(packed, length)).toBeUndefined();
    for (let end = 1; end < packed.length; end++) expect(lzfUnpack(packed.subarray(0, end), 21)).toBeUndefined();
    expect(lzfUnpack(byte(0, 0x61, 0x20, 5), 4)).toBeUndefined();
  });
});

describe('reading', () => {
  const small = sealed(
    header(11),
    ...[byte(0xfa), text('redis-ver'), text('7.2.0'), byte(0xf5), text('#!lua name=x'), byte(0xfe, 3, 0xfb, 2, 1)],
    ...[byte(0xfc), byte(1, 2, 3, 4, 5, 6, 0, 0), byte(0xf8, 44), byte(0), text('k'), text('value')],
    ...[byte(0xfd), byte(0xff, 0xff, 0xff, 0x7f), byte(0xf9, 200), byte(4), text('h'), byte(1), text('f'), text('v')],
    ...[byte(0), text('plain'), byte(0xc1, 0x39, 0x30), byte(0xff)],
  );

  it('takes deadlines, access times and databases to the keys that they belong to', () => {
    const items = itemsOf(small);
    expect(
      items.map(({ body, key, ...rest }) => ({ ...rest, key: String(key), body: Buffer.from(body).toString('hex') })),
    ).toMatchInlineSnapshot(`
        [
          {
            "body": "0576616c7565",
            "db": 3,
            "expiresMs": 6618611909121n,
            "idleSeconds": 44,
            "key": "k",
            "type": 0,
          },
          {
            "body": "0101660176",
            "db": 3,
            "expiresMs": 2147483647000n,
            "frequency": 200,
            "key": "h",
            "type": 4,
          },
          {
            "body": "c13930",
            "db": 3,
            "expiresMs": 0n,
            "key": "plain",
            "type": 0,
          },
        ]
      `);
  });

  it('opcodes of later versions, modules and versions that are not known are refused by name', () => {
    const module = Buffer.concat([byte(0x81), Buffer.from('4c2b4a72a1f14401', 'hex')]);
    expect(refusal(sealed(header(12), byte(0xff))).message).toBe(
      'file: byte 0: RDB version 12 cannot be read; versions 5 to 11 (Redis 7.2) can',
    );
    expect(refusal(sealed(header(11), byte(0xf6))).message).toMatch('byte 9: opcode 246 is none of Redis 5 to 7');
    expect(refusal(sealed(header(11), byte(25), text('k'))).message).toMatch('field deadlines (Redis 7.4)');
    expect(refusal(sealed(header(11), byte(77), text('k'))).message).toMatch('77 is no type of value of Redis 5 to 7');
    expect(refusal(sealed(header(11), byte(7), text('k'), module, byte(0, 0xff))).message).toMatch(
      /key "k" holds a value of the module \S{9}; --skip-modules/,
    );
    expect(refusal(Buffer.from('REDIS12')).message).toMatch('this is no RDB file');
    expect(refusal(Buffer.from('NOREDIS0010')).message).toMatch('this is no RDB file');
  });

  it('what modules keep is passed over, by name, and their keys too if that is asked for', () => {
    const module = Buffer.concat([byte(0x81), Buffer.alloc(8)]);
    const data = [byte(2, 5, 1, 7, 3), Buffer.alloc(4), byte(4), Buffer.alloc(8), byte(5), text('text'), byte(0)];
    const bytes = sealed(
      ...[header(10), byte(0xf7), module, byte(2, 2), ...data],
      ...[byte(7), text('gone'), module, ...data, byte(0), text('k'), text('v'), byte(0xff)],
    );
    const left = nothingLeft();
    const items = [...readRdb(new ByteSource(memoryFile(bytes)), left, true)];
    expect(items.map(({ key }) => String(key))).toEqual(['k']);
    expect(left).toEqual({ functions: 0, moduleKeys: 1, moduleData: new Set(['AAAAAAAAA']) });
  });

  it('a file that is cut at any length, or has any bit turned, is refused', () => {
    for (let end = 0; end < small.length; end++) expect(refusal(small.subarray(0, end)).code).toBe('BAD_SOURCE');
    for (let i = 0; i < small.length * 8; i++) {
      const bent = Buffer.from(small);
      bent[i >> 3] ^= 1 << (i & 7);
      expect(refusal(bent).code).toBe('BAD_SOURCE');
    }
  });

  it('a checksum of zeros is none, and is there in every version that is read', () => {
    const body = [byte(0), text('k'), text('v'), byte(0xff)];
    expect(itemsOf(Buffer.concat([header(10), ...body, Buffer.alloc(8)]))).toHaveLength(1);
    expect(refusal(Buffer.concat([header(4), ...body])).message).toMatch('RDB version 4 cannot be read');
    expect(refusal(Buffer.concat([header(5), ...body])).message).toMatch('ends too early');
  });

  it('a value that is longer than the window, or ends at its border, comes in one piece', async () => {
    const items = Array.from({ length: 200 }, (_, i) => ({
      ...{ db: 0, key: Buffer.from(`key ${i}`), type: 0, expiresMs: 0n },
      body: rdbString(Buffer.alloc(i * 7, i)),
    }));
    const bytes = await written(items);
    for (const window of [16, 17, 100, 1000, 1 << 20]) expect(itemsOf(bytes, window)).toEqual(items);
  });
});

describeWith(['redis-server', 'redis-check-rdb'], 'RDB files, from and to a real redis-server', () => {
  const usual = redisServerForSuite({ args: WITH_DEBUG });
  const other = redisServerForSuite({ args: [...WITH_DEBUG, ...OTHER_ENCODINGS, '--maxmemory-policy', 'allkeys-lfu'] });

  beforeAll(async () => {
    for (const server of [usual(), other()]) {
      const client = await connected(server.port);
      await fill(client);
      expect(await client.ask('SAVE')).toBe('OK');
      await client.close();
    }
  });

  it.each([
    ['in its usual encodings', usual],
    ['in its other encodings', other],
  ])('what it saves %s is what it dumps, byte for byte', async (_, server) => {
    const client = await connected(server().port);
    const items = itemsOf(readFileSync(join(server().directory, 'dump.rdb')));
    expect(items.length).toBe(2 * MADE.length + 2);
    expect(new Set(items.map(({ db }) => db))).toEqual(new Set([0, 9]));
    for (const item of items) {
      await client.call('SELECT', item.db);
      const dumped = decode(await client.call('DUMP', item.key), { binary: true });
      expect(payloadOf(item).equals(dumped as Buffer), String(item.key)).toBe(true);
      const deadline = await client.ask('PEXPIRETIME', item.key);
      expect(item.expiresMs).toBe(deadline === -1 ? 0n : BigInt(deadline as number));
    }
    await client.close();
  });

  it.each([
    ['the same', (items: Item[]) => items],
    [
      'through kernels',
      (items: Item[]) => {
        const store = kernelStore(BUILDS[0], 3);
        for (const item of items) store.restore(item);
        return [...store.items()];
      },
    ],
  ])('it loads what we write of its values, %s, and holds the same', async (_, through) => {
    const [check] = requirePrograms('redis-check-rdb');
    for (const server of [usual(), other()]) {
      const items = through(itemsOf(readFileSync(join(server.directory, 'dump.rdb'))));
      const bytes = await written(items);
      const target = await redisServerForTest({ args: WITH_DEBUG });
      writeFileSync(join(target.directory, 'dump.rdb'), bytes);
      const checked = spawnSync(check, [join(target.directory, 'dump.rdb')], { encoding: 'utf8' });
      expect(checked.stdout).toMatch(`${items.length} keys read`);
      const [source, client] = await Promise.all([connected(server.port), connected(target.port)]);
      expect(await client.ask('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
      expect(await digest(client)).toEqual(await digest(source));
      for (const db of [0, 9]) expect(await deadlines(client, db)).toEqual(await deadlines(source, db));
      await Promise.all([source.close(), client.close()]);
    }
  });

  it('it loads a file of old encodings and holds what our kernels made of it', async () => {
    const old = OLD.map(({ name, body }) => ({
      ...{ db: 2, key: Buffer.from(name), type: body[0], expiresMs: 0n },
      body: body.subarray(1),
    }));
    const later = { db: 2, key: Buffer.from('stream 7.2'), type: 21, body: STREAM_OF_7_2.subarray(1), expiresMs: 0n };
    for (const build of BUILDS) {
      const store = kernelStore(build, 2);
      for (const item of itemsOf(await written(old))) store.restore(item);
      const ours = [...store.items()];
      expect(ours.length).toBe(OLD.length);
      store.restore(later);
      expect(store.keys()).toBe(OLD.length + 1);
      const digests: unknown[] = [];
      for (const items of [old, ours]) {
        const target = await redisServerForTest({ args: WITH_DEBUG });
        writeFileSync(join(target.directory, 'dump.rdb'), await written(items));
        const client = await connected(target.port);
        expect(await client.ask('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
        digests.push(await digest(client));
        await client.close();
      }
      expect(digests[0]).toMatchObject({ keys: OLD.length });
      expect(digests[1]).toEqual(digests[0]);
    }
  });

  it('it saves idle times and LFU counters, which we read, and takes ours', async () => {
    const [lru, lfu] = [usual(), other()];
    expect(
      itemsOf(readFileSync(join(lfu.directory, 'dump.rdb'))).every(({ frequency }) => frequency !== undefined),
    ).toBe(true);
    const client = await connected(lru.port);
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await client.call('SAVE');
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await client.close();
    const items = itemsOf(readFileSync(join(lru.directory, 'dump.rdb')));
    expect(items.every(({ idleSeconds }) => idleSeconds !== undefined)).toBe(true);
    const target = await redisServerForTest({ args: [...WITH_DEBUG, '--maxmemory-policy', 'allkeys-lru'] });
    writeFileSync(
      join(target.directory, 'dump.rdb'),
      await written(items.map((item) => ({ ...item, idleSeconds: 5000 }))),
    );
    const loaded = await connected(target.port);
    expect(await loaded.ask('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
    expect(await loaded.ask('OBJECT', 'IDLETIME', '12345')).toBeNull();
    await loaded.call('SELECT', 9);
    expect(await loaded.ask('OBJECT', 'IDLETIME', '12345')).toBeGreaterThanOrEqual(5000);
    await loaded.close();
  });
});

describe('payloads', () => {
  it('are taken apart and put together again, and refused with a wrong checksum', () => {
    const item = { type: 4, body: Buffer.from('abc') };
    const payload = payloadOf(item);
    expect(partsOf(payload)).toEqual({ ...item, version: 10 });
    for (let i = 0; i < payload.length; i++) {
      const bent = Buffer.from(payload);
      bent[i] ^= 1;
      expect(partsOf(bent)).toBeUndefined();
    }
    expect(partsOf(Buffer.alloc(10))).toBeUndefined();
  });
});

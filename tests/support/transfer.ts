// What tests of import and export share: files in memory, stores of kernels in any build, and a redis-server filled with
// values of every type and encoding.
import { Epochs } from '../../host/kernel/epochs.js';
import { initShard, newShardMemory, type ShardLayout } from '../../host/kernel/kernel.js';
import { encodeRequest } from '../../host/resp/request.js';
import { ByteSource, type Readable } from '../../host/transfer/byte-source.js';
import type { Item } from '../../host/transfer/item.js';
import { commandNamed, KernelStore } from '../../host/transfer/kernel-store.js';
import { nothingLeft, readRdb } from '../../host/transfer/rdb-file.js';
import type { Writable } from '../../host/transfer/rdb-write.js';
import { Claims } from '../../host/worker/claims.js';
import { newPost } from '../../host/worker/mailbox.js';
import { moduleFor } from './kernel.js';
import { commandsFor, MADE } from './payloads.js';
import { type Arg, type Decoded, RespClient } from './resp-client.js';
import type { Build } from './wasm.js';

export function memoryFile(bytes: Buffer, name = 'file'): Readable {
  return { name, size: () => bytes.length, read: (into, at) => bytes.copy(into, 0, at, at + into.length) };
}

export class MemoryTarget implements Writable {
  #bytes = Buffer.alloc(0);
  write(bytes: Uint8Array, at: number): void {
    if (at !== this.#bytes.length) throw new Error('written out of order');
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
  }
  get bytes(): Buffer {
    return this.#bytes;
  }
}

/** An empty store whose shards have windows so small that some frames do not fit. */
export function kernelStore(build: Build, shardCount = 1, changes: Partial<ShardLayout> = {}): KernelStore {
  const layout: ShardLayout = {
    shardCount,
    routing: 0,
    databases: 16,
    windowCount: 1,
    inBytes: 1 << 14,
    outBytes: 1 << 14,
    logBytes: 1 << 16,
    pagesMax: 16384,
    ...changes,
  };
  const module = moduleFor(build);
  const memories = Array.from({ length: shardCount }, (_, index) => {
    const memory = newShardMemory(build.memory === 'shared', layout.pagesMax);
    initShard(module, memory, index, layout);
    return memory;
  });
  return new KernelStore({
    module,
    layout,
    memories,
    epochs: Epochs.newBuffer(),
    claims: Claims.newBuffer(1),
    post: newPost(1),
  });
}

/** A write command, as if it stood in a log. */
export function run(store: KernelStore, db: number, ...words: string[]): void {
  const argv = words.map((word) => Buffer.from(word));
  store.execute(commandNamed(argv)!, db, encodeRequest(argv), argv, () => words.join(' '));
}

/** The items of an RDB file, their bodies copied. */
export function itemsOf(bytes: Buffer, windowBytes?: number): Item[] {
  const source = new ByteSource(memoryFile(bytes), windowBytes);
  return Array.from(readRdb(source, nothingLeft()), (item) => ({ ...item, body: Buffer.from(item.body) }));
}

/** Limits under which a Redis 7 writes its other encodings. */
export const OTHER_ENCODINGS = [
  ...['--hash-max-listpack-entries', '0', '--set-max-intset-entries', '0', '--zset-max-listpack-entries', '0'],
  ...['--list-max-listpack-size', '3', '--stream-node-max-entries', '4', '--rdbcompression', 'no'],
];
export const WITH_DEBUG = ['--enable-debug-command', 'local'];

/** Fills a server: every value of MADE in two databases, some with deadlines, one that is over soon. */
export async function fill(client: RespClient): Promise<void> {
  const commands: Arg[][] = [['FLUSHALL']];
  for (const db of [0, 9]) {
    commands.push(['SELECT', db]);
    for (const [i, made] of MADE.entries()) {
      const key = i % 3 === 0 ? `${made.name} ${made.name} ${made.name}` : made.name;
      commands.push(...commandsFor(made, key));
      if (i % 4 === 1) commands.push(['PEXPIREAT', key, 4_000_000_000_000 + i]);
    }
  }
  commands.push(
    ['SET', Buffer.from([0, 255, 13, 10]), 'binary key'],
    ['SET', '12345', 'a number as key'],
    ['SELECT', 0],
  );
  for (const reply of await client.pipeline(commands)) if (reply[0] === 0x2d) throw new Error(reply.toString());
}

/** Everything a server holds, as one text: Redis's own digest over all databases, and how many keys. */
export async function digest(client: RespClient): Promise<{ digest: Decoded; keys: number }> {
  const info = String(await client.ask('INFO', 'keyspace'));
  const keys = [...info.matchAll(/keys=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  return { digest: await client.ask('DEBUG', 'DIGEST'), keys };
}

/** Keys of a database with their deadlines: the digest knows only that there is one. */
export async function deadlines(client: RespClient, db: number): Promise<Record<string, Decoded>> {
  await client.call('SELECT', db);
  const keys = ((await client.ask('KEYS', '*')) as string[]).sort();
  const found: Record<string, Decoded> = {};
  for (const key of keys) found[key] = await client.ask('PEXPIRETIME', key);
  await client.call('SELECT', 0);
  return found;
}

export function connected(port: number): Promise<RespClient> {
  return RespClient.connect(port);
}

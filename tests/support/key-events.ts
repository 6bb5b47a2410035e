// What commands tell of keys, as lines such as `0 lpush key`: of redis-server, by a subscriber to its notifications; of a
// store in this process, from the queues of its shards.

import type { ShardKernel } from '../../host/kernel/kernel.js';
import { notifyBits } from '../../host/server/notify-flags.js';
import { KEY_EVENT_NAMES } from '../../host/worker/key-event-names.js';
import { askNotifications, EVENT_NOTIFY, takeEvent } from '../../host/worker/key-events.js';
import { escapeBytes } from './generator/escape.js';
import { frame } from './kernel.js';
import { type Arg, decode, RespClient } from './resp-client.js';
import { StoreInProcess } from './store-in-process.js';
import type { Build } from './wasm.js';

/** Everything there is, on the channels of events. */
export const ALL_EVENTS = 'EAmn';

/** Asks a shard for notifications; without letters for none. */
export function askEvents(shard: ShardKernel, letters = ALL_EVENTS): void {
  askNotifications(shard.memory.buffer, notifyBits(letters)!);
}

/** Takes what notifications say of a shard's queue, as lines. */
export function takeLines(shard: ShardKernel): string[] {
  const lines: string[] = [];
  for (let event = takeEvent(shard); event; event = takeEvent(shard)) {
    if (event.kind === EVENT_NOTIFY)
      lines.push(`${event.db} ${KEY_EVENT_NAMES[event.event]} ${escapeBytes(event.key)}`);
  }
  return lines;
}

/** A line's key with its database: what lines are in order for on several shards. */
export const keyOfLine = (line: string): string => line.replace(/^(\d+) \S+/, '$1');

const bytesOf = (arg: Arg) => (arg instanceof Uint8Array ? arg : Buffer.from(String(arg)));
const CHANNEL = /^__keyevent@(\d+)__:(.*)$/;

/** A redis-server that is asked for all its notifications. */
export class ReferenceEvents {
  private constructor(
    readonly client: RespClient,
    readonly subscriber: RespClient,
  ) {}

  static async open(port: number): Promise<ReferenceEvents> {
    const client = await RespClient.connect(port);
    const subscriber = await RespClient.connect(port);
    const setUp = [
      ['FLUSHALL'],
      ['CONFIG', 'SET', 'notify-keyspace-events', ALL_EVENTS],
      ['DEBUG', 'SET-ACTIVE-EXPIRE', 0],
    ];
    for (const reply of await client.pipeline(setUp))
      if (!reply.equals(Buffer.from('+OK\r\n'))) throw new Error(String(reply));
    await subscriber.pipeline([['PSUBSCRIBE', '__keyevent@*', 'mark']]);
    await subscriber.nextPush();
    return new ReferenceEvents(client, subscriber);
  }

  /** What each of the commands tells, in order. */
  async tell(commands: readonly (readonly Arg[])[]): Promise<{ replies: Buffer[]; lines: string[][] }> {
    const replies = await this.client.pipeline(commands.flatMap((command) => [command, ['PUBLISH', 'mark', '']]));
    const lines: string[][] = [[]];
    while (lines.length <= commands.length) {
      const [, , channel, message] = decode(await this.subscriber.nextPush(), { binary: true }) as Buffer[];
      const [, db, event] = CHANNEL.exec(channel.toString('latin1')) ?? [];
      if (event === undefined) lines.push([]);
      else lines[lines.length - 1].push(`${db} ${event} ${escapeBytes(message)}`);
    }
    return { replies: replies.filter((_, i) => i % 2 === 0), lines: lines.slice(0, -1) };
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.subscriber.close()]);
  }
}

/** A store of some shards in this process. */
export class StoreEvents {
  readonly store: StoreInProcess;
  #lines: string[] = [];

  constructor(build: Build, shards: number) {
    this.store = new StoreInProcess(build, shards);
    for (const shard of this.store.shards) askEvents(shard);
    this.store.latches.attendant = {
      serve: (held) => held,
      collect: (shard) => void this.#lines.push(...takeLines(shard)),
      ...{ batches: 0, hasCollected: false },
      reorder() {},
      tell() {},
      sent() {},
    };
  }

  /** What one command answers, and tells. */
  async tell(command: readonly Arg[]): Promise<{ reply: Buffer; lines: string[] }> {
    this.store.clock.now = Date.now();
    const words = command.map(bytesOf);
    if (String(command[0]).toLowerCase() === 'select') {
      this.store.db = Number(command[1]);
      return { reply: Buffer.from('+OK\r\n'), lines: [] };
    }
    let reply = this.store.feed(frame(...words));
    // What is slow is answered in a later turn.
    if (reply.length === 0) reply = Buffer.from(await this.store.slow(), 'latin1');
    return { reply, lines: this.#lines.splice(0) };
  }
}

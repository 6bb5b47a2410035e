// Keyspace notifications end to end: a live server, subscribers on several workers, writers on others.
import { describe, expect, it } from 'vitest';
import { latchkeyServerForSuite } from '../support/latchkey-server.js';
import { decode, RespClient } from '../support/resp-client.js';

const CLIENTS = 4;

/** The next messages of a subscriber to patterns, as `channel message`. */
async function messages(subscriber: RespClient, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const [, , channel, message] = decode(await subscriber.nextPush()) as string[];
    found.push(`${channel} ${message}`);
  }
  return found;
}

describe.each([
  { shards: 1, threads: 1 },
  { shards: 3, threads: 2 },
])('with $shards shard(s) and $threads thread(s)', (configuration) => {
  const server = latchkeyServerForSuite({ ...configuration, args: ['--notify-keyspace-events', 'KEA'] });
  const subscribed = async (...patterns: string[]) => {
    const subscriber = await RespClient.connect(server().port);
    await subscriber.pipeline([['PSUBSCRIBE', ...patterns]]);
    for (let i = 1; i < patterns.length; i++) await subscriber.nextPush();
    return subscriber;
  };

  it('every subscriber hears of every key, whichever worker and shard it was changed by', async () => {
    const subscribers = await Promise.all(Array.from({ length: CLIENTS }, () => subscribed('__keyspace@0__:heard:*')));
    const writers = await Promise.all(Array.from({ length: CLIENTS }, () => RespClient.connect(server().port)));
    const keys = Array.from({ length: 40 }, (_, i) => `heard:${i}`);
    await Promise.all(
      writers.map((writer, w) =>
        writer.pipeline(
          keys
            .filter((_, i) => i % CLIENTS === w)
            .flatMap((key) => [
              ['SET', key, 'v'],
              ['APPEND', key, 'w'],
              ['DEL', key],
            ]),
        ),
      ),
    );
    for (const subscriber of subscribers) {
      const heard = await messages(subscriber, keys.length * 3);
      for (const key of keys) {
        const own = heard.filter((line) => line.startsWith(`__keyspace@0__:${key} `)).map((line) => line.split(' ')[1]);
        expect(own, key).toEqual(['set', 'append', 'del']);
      }
    }
    await Promise.all([...subscribers, ...writers].map((client) => client.close()));
  });

  it('the key first, the event next; of other databases under their number; and of commands over several shards', async () => {
    const subscriber = await subscribed('__key*@2__:*');
    const writer = await RespClient.connect(server().port);
    await writer.pipeline([
      ['SELECT', 2],
      ['RPUSH', 'from', 'a'],
      ['LMOVE', 'from', 'to', 'LEFT', 'LEFT'],
    ]);
    const heard = await messages(subscriber, 8);
    expect(heard.slice(0, 2)).toEqual(['__keyspace@2__:from rpush', '__keyevent@2__:rpush from']);
    expect(heard.filter((line) => line.startsWith('__keyspace@2__:from'))).toEqual([
      '__keyspace@2__:from rpush',
      '__keyspace@2__:from lpop',
      '__keyspace@2__:from del',
    ]);
    expect(heard.filter((line) => line.startsWith('__keyspace@2__:to'))).toEqual(['__keyspace@2__:to lpush']);
    await Promise.all([subscriber.close(), writer.close()]);
  });

  it('a key that expires by itself, and one that is popped for a client that waits', async () => {
    const subscriber = await subscribed('__keyevent@3__:*');
    const [writer, waiter] = await Promise.all([RespClient.connect(server().port), RespClient.connect(server().port)]);
    await writer.pipeline([
      ['SELECT', 3],
      ['SET', 'brief', 'v', 'PX', 20],
    ]);
    expect(await messages(subscriber, 3)).toEqual([
      '__keyevent@3__:set brief',
      '__keyevent@3__:expire brief',
      '__keyevent@3__:expired brief',
    ]);
    await waiter.call('SELECT', 3);
    const popped = waiter.ask('BLPOP', 'list', 0);
    while (!(await writer.call('CLIENT', 'LIST')).includes('cmd=blpop')) {}
    await writer.call('RPUSH', 'list', 'x');
    expect(await popped).toEqual(['list', 'x']);
    expect(await messages(subscriber, 3)).toEqual([
      '__keyevent@3__:rpush list',
      '__keyevent@3__:lpop list',
      '__keyevent@3__:del list',
    ]);
    await Promise.all([subscriber, writer, waiter].map((client) => client.close()));
  });

  it('CONFIG SET changes what is told from its reply on', async () => {
    const subscriber = await subscribed('__key*@4__:*', 'mark');
    const writer = await RespClient.connect(server().port);
    const set = (letters: string) => writer.call('CONFIG', 'SET', 'notify-keyspace-events', letters);
    await writer.call('SELECT', 4);
    await set('Eln');
    await writer.pipeline([
      ['SET', 'k', 'v'],
      ['GET', 'none'],
      ['LPUSH', 'l', 'v'],
      ['PUBLISH', 'mark', '1'],
    ]);
    expect(await messages(subscriber, 4)).toEqual([
      '__keyevent@4__:new k',
      '__keyevent@4__:new l',
      '__keyevent@4__:lpush l',
      'mark 1',
    ]);
    await set('');
    await writer.pipeline([
      ['LPUSH', 'l', 'v'],
      ['PUBLISH', 'mark', '2'],
    ]);
    expect(await messages(subscriber, 1)).toEqual(['mark 2']);
    await set('Km');
    await writer.pipeline([
      ['GET', 'none'],
      ['SET', 'k', 'v'],
      ['PUBLISH', 'mark', '3'],
    ]);
    expect(await messages(subscriber, 2)).toEqual(['__keyspace@4__:none keymiss', 'mark 3']);
    await set('KEA');
    await Promise.all([subscriber.close(), writer.close()]);
  });
});

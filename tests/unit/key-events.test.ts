// What commands queue of events: a table of every family, in all four builds; expiry and eviction; memory that ends; and
// the messages that notifications make of events.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { EVENTS_WANTED, ShardKernel } from '../../host/kernel/kernel.js';
import { KEY_EVENT_NAMES } from '../../host/worker/key-event-names.js';
import * as hostEvents from '../../host/worker/key-events.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { askEvents, StoreEvents, takeLines } from '../support/key-events.js';
import { BUILDS } from '../support/wasm.js';

/** Lines of what each command tells of database 0: the command, and the events as `name:key`. Keys live on from line to line. */
const TABLE: readonly [family: string, ...lines: [command: string, events: string][]][] = [
  [
    'strings',
    ['SET k v', 'new:k set:k'],
    ['SET k v EX 100', 'set:k expire:k'],
    ['SET k v NX', ''],
    ['SET k v XX KEEPTTL GET', 'set:k'],
    ['SET none v XX', ''],
    ['SET none v XX GET', 'keymiss:none'],
    ['SETNX k v', ''],
    ['SETEX k 100 v', 'set:k expire:k'],
    ['PSETEX k2 100000 v', 'new:k2 set:k2 expire:k2'],
    ['GETSET k w', 'set:k'],
    ['GETSET k3 w', 'keymiss:k3 new:k3 set:k3'],
    ['MSET k 1 m 2', 'set:k new:m set:m'],
    ['MSETNX k 1 o 2', ''],
    ['GET k', ''],
    ['GET none', 'keymiss:none'],
    ['MGET k none', 'keymiss:none'],
    ['INCR k', 'incrby:k'],
    ['DECR k', 'incrby:k'],
    ['DECRBY k 3', 'incrby:k'],
    ['INCRBYFLOAT k 1.5', 'incrbyfloat:k'],
    ['APPEND k x', 'append:k'],
    ['SETRANGE k 1 abc', 'setrange:k'],
    ['GETEX k', ''],
    ['GETEX k EX 100', 'expire:k'],
    ['GETEX k PERSIST', 'persist:k'],
    ['GETEX k PXAT 1', 'del:k'],
    ['GETDEL m', 'del:m'],
    ['GETDEL m', 'keymiss:m'],
  ],
  [
    'bits and sketches',
    ['SETBIT b 1 1', 'new:b setbit:b'],
    ['SETBIT b 1 1', ''],
    ['BITFIELD b SET u8 0 7 GET u8 0', 'setbit:b'],
    ['BITFIELD b GET u8 0', ''],
    ['BITOP NOT c b', 'new:c set:c'],
    ['BITOP AND c none', 'keymiss:none del:c'],
    ['PFADD h a', 'new:h pfadd:h'],
    ['PFADD h a', ''],
    ['PFMERGE i h', 'keymiss:i new:i pfadd:i'],
    ['PFCOUNT i', ''],
  ],
  [
    'keys',
    ['MSET a 1 b 2', 'new:a set:a new:b set:b'],
    ['EXPIRE a 100', 'expire:a'],
    ['EXPIRE a 100 NX', ''],
    ['PERSIST a', 'persist:a'],
    ['PERSIST a', ''],
    ['EXPIREAT a 1', 'del:a'],
    ['RENAME b c', 'new:c rename_from:b rename_to:c'],
    ['RENAMENX c c', ''],
    ['COPY c d', 'new:d copy_to:d'],
    ['COPY c d', ''],
    ['COPY c d REPLACE', 'new:d copy_to:d'],
    ['COPY none d', 'keymiss:none'],
    ['TYPE none', 'keymiss:none'],
    ['EXISTS c none', 'keymiss:none'],
    ['OBJECT ENCODING none', ''],
    ['UNLINK c none d', 'del:c del:d'],
    ['TOUCH none', 'keymiss:none'],
  ],
  [
    'lists',
    ['RPUSH l a b', 'new:l rpush:l'],
    ['LPUSH l c', 'lpush:l'],
    ['LPUSHX none c', ''],
    ['LINSERT l BEFORE a x', 'linsert:l'],
    ['LSET l 0 y', 'lset:l'],
    ['LTRIM l 0 -1', 'ltrim:l'],
    ['LREM l 0 none', ''],
    ['LREM l 0 x', 'lrem:l'],
    ['LMOVE l n LEFT RIGHT', 'new:n rpush:n lpop:l'],
    ['RPOPLPUSH l l', 'lpush:l rpop:l'],
    ['LMPOP 2 none l LEFT COUNT 9', 'lpop:l del:l'],
    ['RPOP n', 'rpop:n del:n'],
    ['RPOP n', ''],
    ['LLEN n', 'keymiss:n'],
    ['RPUSH l 2 1', 'new:l rpush:l'],
    ['SORT l STORE s', 'new:s sortstore:s'],
    ['SORT none STORE s', 'keymiss:none del:s'],
    ['LTRIM l 5 6', 'ltrim:l del:l'],
  ],
  [
    'sets',
    ['SADD s a b c', 'new:s sadd:s'],
    ['SADD s a', ''],
    ['SREM s none', ''],
    ['SREM s a', 'srem:s'],
    ['SMOVE s t b', 'srem:s new:t sadd:t'],
    ['SMOVE s t c', 'srem:s del:s sadd:t'],
    ['SUNIONSTORE u t none', 'keymiss:none new:u sunionstore:u'],
    ['SINTERSTORE u t t', 'sinterstore:u'],
    ['SDIFFSTORE u t none', 'keymiss:none sdiffstore:u'],
    ['SDIFFSTORE u t t', 'del:u'],
    ['SPOP t', 'spop:t'],
    ['SPOP t 9', 'spop:t del:t'],
    ['SCARD t', 'keymiss:t'],
  ],
  [
    'hashes',
    ['HSET h f 1 g 2', 'new:h hset:h'],
    ['HSETNX h f 1', ''],
    ['HSETNX h i 1', 'hset:h'],
    ['HMSET h f 2', 'hset:h'],
    ['HINCRBY h f 1', 'hincrby:h'],
    ['HINCRBYFLOAT h f 1.5', 'hincrbyfloat:h'],
    ['HDEL h none', ''],
    ['HDEL h i', 'hdel:h'],
    ['HEXPIRE h 100 FIELDS 1 f', 'hexpire:h'],
    ['HEXPIRE h 100 FIELDS 1 none', ''],
    ['HPERSIST h FIELDS 1 f', 'hpersist:h'],
    ['HSETEX h EX 100 FIELDS 1 j 1', 'hset:h hexpire:h'],
    ['HGETEX h EX 50 FIELDS 1 j', 'hexpire:h'],
    ['HGETDEL h FIELDS 1 j', 'hdel:h'],
    ['HEXPIREAT h 1 FIELDS 1 f', 'hdel:h'],
    ['HDEL h g', 'hdel:h del:h'],
  ],
  [
    'sorted sets',
    ['ZADD z 1 a 2 b 3 c 4 d 5 e', 'new:z zadd:z'],
    ['ZADD z 1 a', ''],
    ['ZADD z INCR 1 a', 'zincr:z'],
    ['ZINCRBY z 1 a', 'zincr:z'],
    ['ZREM z none', ''],
    ['ZREM z a', 'zrem:z'],
    ['ZREMRANGEBYRANK z 0 0', 'zremrangebyrank:z'],
    ['ZREMRANGEBYSCORE z 3 3', 'zremrangebyscore:z'],
    ['ZREMRANGEBYLEX z [d [d', 'zremrangebylex:z'],
    ['ZUNIONSTORE y 2 z none', 'keymiss:none new:y zunionstore:y'],
    ['ZINTERSTORE y 1 z', 'zinterstore:y'],
    ['ZDIFFSTORE y 1 z', 'zdiffstore:y'],
    ['ZRANGESTORE y z 0 -1', 'zrangestore:y'],
    ['ZRANGESTORE y none 0 -1', 'keymiss:none del:y'],
    ['ZPOPMIN z', 'zpopmin:z del:z'],
    ['GEOADD g 1 1 p 2 2 q', 'new:g zadd:g'],
    ['GEOSEARCHSTORE w g FROMMEMBER p BYRADIUS 1 m', 'new:w geosearchstore:w'],
    ['GEORADIUS g 1 1 1 m STORE w', 'georadiusstore:w'],
    ['ZMPOP 1 g MAX COUNT 2', 'zpopmax:g del:g'],
  ],
  [
    'streams',
    ['XADD x 1-1 f v', 'new:x xadd:x'],
    ['XADD x MAXLEN 1 2-1 f v', 'xadd:x xtrim:x'],
    ['XTRIM x MAXLEN 1', ''],
    ['XDEL x 2-1', 'xdel:x'],
    ['XSETID x 9-9', 'xsetid:x'],
    ['XGROUP CREATE x g 0', 'xgroup-create:x'],
    ['XGROUP CREATE y g 0 MKSTREAM', 'new:y xgroup-create:y'],
    ['XGROUP CREATECONSUMER x g c', 'xgroup-createconsumer:x'],
    ['XGROUP CREATECONSUMER x g c', ''],
    ['XADD x 10-1 f v', 'xadd:x'],
    ['XREADGROUP GROUP g d STREAMS x >', 'xgroup-createconsumer:x'],
    ['XCLAIM x g e 0 10-1', 'xgroup-createconsumer:x'],
    ['XREAD STREAMS none x 0 0', 'keymiss:none keymiss:none'],
    ['XACK x g 10-1', ''],
    ['XGROUP SETID x g 0', 'xgroup-setid:x'],
    ['XGROUP DELCONSUMER x g c', 'xgroup-delconsumer:x'],
    ['XGROUP DESTROY x g', 'xgroup-destroy:x'],
  ],
];

/** What one command queues, without the database, which is 0. */
function told(k: TestKernel, ...args: (string | Uint8Array)[]): string {
  k.call(...args);
  return lines(k);
}
const lines = (k: TestKernel): string =>
  takeLines(k.shard)
    .map((line) => line.replace(/^0 (\S+) (.*)$/, '$1:$2'))
    .join(' ');

describe.each(BUILDS)('events of the kernel, $memory $mode', (build) => {
  const open = (letters?: string): TestKernel => {
    const k = openKernel(build);
    askEvents(k.shard, letters);
    return k;
  };

  it.each(TABLE)('%s tell what has happened to their keys', (_, ...rows) => {
    const k = open();
    for (const [command, events] of rows)
      expect(`${command} -> ${told(k, ...command.split(' '))}`).toBe(`${command} -> ${events}`);
    expect(k.check()).toBe(0);
  });

  it('nothing is queued while nobody asks, and the words stay nothing', () => {
    const k = openKernel(build);
    for (const [, ...rows] of TABLE) for (const [command] of rows) k.call(...command.split(' '));
    expect(k.shard.calls.eventFirst()).toBe(0);
    expect(k.shard.pending).toBe(false);
  });

  it('only what is asked for is queued, and nothing without a channel', () => {
    expect(told(open('Eg'), 'SET', 'k', 'v', 'EX', '100')).toBe('expire:k');
    expect(told(open('K$'), 'SET', 'k', 'v', 'EX', '100')).toBe('set:k');
    expect(told(open('Amn'), 'SET', 'k', 'v', 'EX', '100')).toBe('');
    expect(told(open('EA'), 'GET', 'none')).toBe('');
  });

  it('MOVE, and SELECT in general: events name their database', () => {
    const k = open();
    k.call('SET', 'k', 'v');
    takeLines(k.shard);
    k.call('MOVE', 'k', '3');
    expect(takeLines(k.shard)).toEqual(['3 new k', '0 move_from k', '3 move_to k']);
    k.db = 3;
    k.call('DEL', 'k');
    expect(takeLines(k.shard)).toEqual(['3 del k']);
  });

  it('DUMP and RESTORE', () => {
    const k = open();
    k.call('RPUSH', 'l', 'a');
    const payload = k.call('DUMP', 'l');
    const body = payload.subarray(payload.indexOf(10) + 1, payload.length - 2);
    lines(k);
    expect(told(k, 'DUMP', 'none')).toBe('keymiss:none');
    expect(told(k, 'RESTORE', 'l', '0', body)).toBe('');
    expect(told(k, 'RESTORE', 'l', '0', body, 'REPLACE')).toBe('new:l restore:l');
    expect(told(k, 'RESTORE', 'm', '5', body, 'ABSTTL')).toBe('');
    expect(told(k, 'RESTORE', 'l', '5', body, 'ABSTTL', 'REPLACE')).toBe('del:l');
  });

  it('a key whose time has come expires once: where it is looked for, or by a pass', () => {
    const k = open();
    k.call('SET', 'a', '1', 'PX', '10');
    k.call('SET', 'b', '1', 'PX', '10');
    lines(k);
    k.now += 20;
    expect(told(k, 'GET', 'a')).toBe('expired:a keymiss:a');
    expect(k.expire(100)).toBe(1);
    expect(lines(k)).toBe('expired:b');
    k.call('SET', 'c', '1', 'PX', '10');
    lines(k);
    k.now += 20;
    expect(told(k, 'LPUSH', 'c', 'x')).toBe('expired:c new:c lpush:c');
    expect(k.check()).toBe(0);
  });

  it('fields whose time has come: hexpired, and del with the last of them', () => {
    const k = open();
    k.call('HSET', 'h', 'f', '1', 'g', '2');
    k.call('HPEXPIRE', 'h', '10', 'FIELDS', '1', 'f');
    lines(k);
    k.now += 20;
    expect(told(k, 'HSET', 'h', 'i', '1')).toBe('hexpired:h hset:h');
    k.call('HPEXPIRE', 'h', '10', 'FIELDS', '2', 'g', 'i');
    lines(k);
    k.now += 20;
    k.expire(100);
    expect(lines(k)).toBe('hexpired:h del:h');
  });

  it('an evicted key', () => {
    const k = open();
    k.call('SET', 'a', '1');
    lines(k);
    k.stamp(1);
    const { calls, window } = k.shard;
    expect(calls.evictSample(window, abi.EVICT_LRU, 1)).toBe(1);
    const at = (window + abi.CONTROL_CANDIDATES) >> 2;
    const { words } = k.shard;
    expect(calls.evictKey(window, abi.EVICT_LRU, 0, words[at + 2], words[at + 3])).toBeGreaterThanOrEqual(0);
    expect(lines(k)).toBe('evicted:a');
  });

  it('events that find no memory are counted, commands go through or fail whole, and nothing traps', () => {
    let failures = 0;
    for (const [, ...rows] of TABLE) {
      for (let at = 0; at < rows.length; at += 3) {
        for (let n = 1; ; n++) {
          const k = open();
          for (const [command] of rows.slice(0, at)) k.call(...command.split(' '));
          takeLines(k.shard);
          k.failIn(n);
          const reply = k.text(...rows[at][0].split(' '));
          const failed = k.failLeft() === 0;
          k.failIn(0);
          const had = lines(k);
          const lost = k.shard.calls.eventsLost();
          if (!failed) break;
          failures++;
          const events = had === '' ? 0 : had.split(' ').length;
          const wanted = rows[at][1] === '' ? 0 : rows[at][1].split(' ').length;
          if (!reply.startsWith('-OOM')) expect(events + lost, rows[at][0]).toBe(wanted);
          expect(k.check()).toBe(0);
          if (n > 60) throw new Error('a command without end');
        }
      }
    }
    expect(failures).toBeGreaterThan(50);
  });

  it('the replay of a log tells nobody', () => {
    const k = open();
    const record = Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n');
    k.stamp(1);
    k.shard.bytes.set(record, k.shard.input);
    expect(k.shard.calls.logReplay(k.shard.window, k.shard.input, record.length, 0)).toBe(record.length);
    expect(lines(k)).toBe('');
    expect(told(k, 'DEL', 'k')).toBe('del:k');
  });
});

describe('commands over several shards', () => {
  it('tell of each key what they tell on one shard', async () => {
    const three = new StoreEvents(BUILDS[0], 3);
    const { runner } = three.store;
    // A key and its partner, which lies on another shard.
    const [a, b] = ['a', 'b', 'c', 'd', 'e', 'f']
      .map((key) => Buffer.from(key))
      .filter((key, i, keys) => i === 0 || runner.route(key) !== runner.route(keys[0]));
    const tell = async (line: string) => {
      const words = line.split(' ').map((word) => (word === 'A' ? a : word === 'B' ? b : word));
      const events = (await three.tell(words)).lines.map((text) => text.slice(2));
      const of = (key: Buffer) =>
        events
          .filter((text) => text.endsWith(` ${key}`))
          .map((text) => text.split(' ')[0])
          .join(' ');
      return [of(a), of(b)];
    };
    expect(await tell('SET A 1')).toEqual(['new set', '']);
    expect(await tell('RENAME A B')).toEqual(['rename_from', 'new rename_to']);
    expect(await tell('COPY B A')).toEqual(['new copy_to', '']);
    expect(await tell('COPY B A')).toEqual(['', '']);
    expect(await tell('MSETNX A 1 B 1')).toEqual(['', '']);
    expect(await tell('DEL A B')).toEqual(['del', 'del']);
    expect(await tell('COPY A B')).toEqual(['keymiss', '']);
    expect(await tell('MSETNX A 1 B 1')).toEqual(['new set', 'new set']);
    expect(await tell('BITOP OR A B A')).toEqual(['set', '']);
    expect(await tell('DEL A B')).toEqual(['del', 'del']);
    expect(await tell('RPOPLPUSH A B')).toEqual(['', '']);
    expect(await tell('RPUSH A x')).toEqual(['new rpush', '']);
    expect(await tell('LMOVE A B LEFT LEFT')).toEqual(['lpop del', 'new lpush']);
    expect(await tell('SORT B ALPHA STORE A')).toEqual(['new sortstore', '']);
    expect(await tell('DEL A B')).toEqual(['del', 'del']);
    expect(await tell('SMOVE A B x')).toEqual(['', '']);
    expect(await tell('SADD A x')).toEqual(['new sadd', '']);
    expect(await tell('SMOVE A B x')).toEqual(['srem del', 'new sadd']);
    expect(await tell('ZUNIONSTORE A 2 B A')).toEqual(['keymiss new zunionstore', '']);
    expect(await tell('DEL A B')).toEqual(['del', 'del']);
    expect(await tell('XREAD STREAMS A B 0 0')).toEqual(['keymiss keymiss', 'keymiss keymiss']);
    expect(await tell('XREADGROUP GROUP g c STREAMS A B > >')).toEqual(['keymiss', '']);
  });
});

describe('messages of notifications', () => {
  it('go to the channel of the key, with the name, and to that of the event, with the key, in this order', () => {
    const k = openKernel(BUILDS[0]);
    const messages: string[] = [];
    const publish = (channel: Buffer, message: Buffer) =>
      messages.push(`${channel.toString('latin1')} ${message.toString('latin1')}`);
    const publishAll = () => {
      const wanted = hostEvents.notificationsWanted(k.shard);
      for (let event = hostEvents.takeEvent(k.shard); event; event = hostEvents.takeEvent(k.shard))
        hostEvents.publishEvent(event, wanted, publish);
    };
    askEvents(k.shard, 'KEA');
    k.db = 2;
    k.call('SET', 'k\xff', 'v');
    publishAll();
    expect(messages.splice(0)).toEqual(['__keyspace@2__:k\xff set', '__keyevent@2__:set k\xff']);
    askEvents(k.shard, 'EA');
    k.call('DEL', 'k\xff');
    publishAll();
    expect(messages.splice(0)).toEqual(['__keyevent@2__:del k\xff']);
    askEvents(k.shard, 'KA');
    k.call('LPUSH', 'l', 'v');
    publishAll();
    expect(messages.splice(0)).toEqual(['__keyspace@2__:l lpush']);
    publishAll();
    expect(messages).toEqual([]);
  });

  it('asking for other classes leaves alone what else is asked for', () => {
    const k = openKernel(BUILDS[0]);
    const at = ShardKernel.headerIndex(EVENTS_WANTED);
    k.shard.words[at] = 0x10000;
    askEvents(k.shard, 'KEA');
    expect(k.shard.words[at]).toBe(0x10000 | 0x27ff);
    askEvents(k.shard, '');
    expect(k.shard.words[at]).toBe(0x10000);
  });
});

describe('numbers that kernel and host share', () => {
  const source = (file: string) => readFileSync(file, 'utf8');

  it('each EVENT_* of names.ts has its name at its number', () => {
    const rows = [...source('assembly/events/names.ts').matchAll(/^export const EVENT_(\w+): u32 = (\d+);$/gm)];
    expect(rows.length).toBe(KEY_EVENT_NAMES.length - 1);
    expect(rows.length).toBeGreaterThan(60);
    for (const [, name, number] of rows) {
      expect(KEY_EVENT_NAMES[Number(number)].replace('-', '_').toUpperCase(), name).toBe(name);
    }
    expect(new Set(KEY_EVENT_NAMES).size).toBe(KEY_EVENT_NAMES.length);
  });

  it('classes and kinds of events', () => {
    const text = source('assembly/events/events.ts');
    const numbers = Object.entries(hostEvents).filter(([name]) => /^(EVENT|NOTIFY)_/.test(name));
    expect(numbers.length).toBeGreaterThanOrEqual(6);
    for (const [name, value] of numbers) expect(text, name).toContain(`export const ${name}: u32 = ${value};`);
  });
});

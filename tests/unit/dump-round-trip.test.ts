// Every type in every form, through a dump and back: the goal is that nothing is lost, bent or moved to another database.
// Method: one kernel is filled, encoded (each entry in one go, and in slices of several sizes), and what comes out is
// loaded into another kernel with another seed; digests of all databases, the integrity check, and a second encoding say
// whether it is the same.
import { describe, expect, it } from 'vitest';
import { VERSION_KEVY, VERSION_OWN } from '../../host/persistence/dump-format.js';
import { readDump, verifyDump } from '../../host/persistence/dump-read.js';
import { encodeAll } from '../support/dump-encode.js';
import { BytesFile, dumpOf, loaded } from '../support/dumps.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { allDigests } from '../support/log-replay.js';
import { BUILDS } from '../support/wasm.js';

type Fill = (k: TestKernel) => void;
const many = (count: number, each: (i: number) => void) => {
  for (let i = 0; i < count; i++) each(i);
};
const FAR = '1999999999999';

/** Database 0 only, and nothing that version 4 has no word for. */
const PLAIN: Record<string, Fill> = {
  'strings: empty, inline, integer, blob, raw': (k) => {
    k.call('SET', 'empty', '');
    k.call('SET', '', 'of the empty key');
    k.call('SET', 'inline', 'hello');
    many(260, (i) => k.call('SET', `s${i}`, 'x'.repeat(i)));
    for (const n of ['0', '-1', '9223372036854775807', '-9223372036854775808', '007', '1e3']) k.call('SET', `n${n}`, n);
    k.call('SET', 'blob', 'b'.repeat(70_000));
    k.call('SET', 'huge', Buffer.alloc(300_000, 7));
    k.call('APPEND', 'raw', '12');
    k.call('SETBIT', 'bits', '100000', '1');
  },
  'long keys, binary keys, keys with deadlines': (k) => {
    k.call('SET', 'k'.repeat(65_534), 'v');
    k.call('SET', 'k'.repeat(65_535), 'v');
    k.call('SET', 'k'.repeat(200_000), 'v'.repeat(2000), 'PXAT', FAR);
    k.call('SET', Buffer.of(0, 255, 13, 10, 0), Buffer.of(0, 1, 2, 255), 'PXAT', FAR);
    k.call('RPUSH', 'l', 'a');
    k.call('PEXPIREAT', 'l', FAR);
  },
  'lists: packed, nodes, elements of their own': (k) => {
    k.call('RPUSH', 'small', 'a', '1', '', '-5', 'b'.repeat(100));
    many(3000, (i) => k.call('RPUSH', 'long', i % 3 ? `element ${i}` : String(i * 1000)));
    k.call('RPUSH', 'large', 'a', 'x'.repeat(9000), 'y'.repeat(150_000), '', 'z'.repeat(20_000), 'end');
    k.call('RPUSH', 'only', 'x'.repeat(100_000));
  },
  'hashes: packed, packed beyond the limits, table, blobs': (k) => {
    k.call('HSET', 'small', 'f', 'v', '1', '2', '', '', 'n', '12345678901');
    many(128, (i) => k.call('HSET', 'packed', `f${i}`, i));
    k.call('HSET', 'long', 'f', 'v'.repeat(65));
    many(2000, (i) => k.call('HSET', 'table', `field ${i}`, i % 2 ? i * 1_000_000_007 : `value ${i}`));
    k.call('HSET', 'blobs', 'a', 'v'.repeat(100_000), 'f'.repeat(70_000), 'v', 'b', 'w'.repeat(300));
  },
  'sets: intset of each width, packed, table': (k) => {
    k.call('SADD', 'i16', '1', '-2', '3');
    k.call('SADD', 'i32', '100000', '-2');
    k.call('SADD', 'i64', '9223372036854775807', '-9223372036854775808');
    many(512, (i) => k.call('SADD', 'full', i * 3));
    many(600, (i) => k.call('SADD', 'integers in a table', i));
    k.call('SADD', 'packed', 'a', '1', '', 'x'.repeat(300));
    many(2000, (i) => k.call('SADD', 'table', `member ${i}`));
    k.call('SADD', 'large', 'm'.repeat(100_000), 'n'.repeat(70_000), 'o');
  },
  'sorted sets: packed, tree, signs and infinities': (k) => {
    k.call('ZADD', 'small', '1', 'a', '-inf', 'b', 'inf', 'c', '0.1', 'd', '-0', 'e', '1e300', 'f', '12345', '12345');
    many(2000, (i) => k.call('ZADD', 'tree', (i * 7919) % 1000, `member ${i}`));
    many(200, (i) => k.call('ZADD', 'shrunk', '-0', `m${i}`));
    k.call('ZREMRANGEBYRANK', 'shrunk', '10', '-1');
    k.call('ZADD', 'large', '3', 'm'.repeat(100_000), '2', 'n'.repeat(70_000), '1', 'o');
  },
  'streams: entries, deletions, groups': (k) => {
    many(500, (i) => k.call('XADD', 'st', `${1000 + i}-1`, 'a', i, 'b', `value ${i}`));
    many(50, (i) => k.call('XADD', 'st', `${2000 + i}-${i}`, `f${i}`, 'x'.repeat(i * 20)));
    k.call('XADD', 'st', '3000-0', 'a', 'x'.repeat(100_000), 'b', 'y'.repeat(5000));
    k.call('XDEL', 'st', '1100-1', '2010-10');
    // Entries-read that a reader can work out from the last ID, or that nobody can.
    k.call('XGROUP', 'CREATE', 'st', 'none', '$', 'ENTRIESREAD', '551');
    k.call('XGROUP', 'CREATE', 'st', 'all', '0');
    k.call('XGROUP', 'CREATECONSUMER', 'st', 'all', 'idle');
    k.call('XGROUP', 'CREATE', 'st', 'end', '3000-0', 'ENTRIESREAD', '551');
    k.call('XADD', 'gone', '5-5', 'a', '1');
    k.call('XDEL', 'gone', '5-5');
    k.call('XADD', 'set', '5-5', 'a', '1');
    k.call('XSETID', 'set', '9-9', 'ENTRIESADDED', '77', 'MAXDELETEDID', '3-3');
  },
};

/** What needs words of our own. */
const OWN: Record<string, Fill> = {
  'hashes whose fields have deadlines': (k) => {
    k.call('HSET', 'h', 'a', '1', 'b', '2', 'c', 'x'.repeat(1000));
    k.call('HPEXPIREAT', 'h', FAR, 'FIELDS', '2', 'a', 'c');
    many(1000, (i) => k.call('HSET', 'large', `f${i}`, `v${i}`));
    many(500, (i) => k.call('HPEXPIREAT', 'large', String(1_800_000_000_000 + i), 'FIELDS', '1', `f${i * 2}`));
    k.call('PEXPIREAT', 'large', FAR);
  },
  'groups that have read, with what is pending': (k) => {
    many(300, (i) => k.call('XADD', 'st', `${1 + i}-0`, 'a', i));
    k.call('XGROUP', 'CREATE', 'st', 'g', '0');
    k.call('XREADGROUP', 'GROUP', 'g', 'alice', 'COUNT', '100', 'STREAMS', 'st', '>');
    k.now += 5;
    k.call('XREADGROUP', 'GROUP', 'g', 'bob', 'COUNT', '50', 'STREAMS', 'st', '>');
    k.call('XACK', 'st', 'g', '3-0', '120-0');
    k.call('XDEL', 'st', '140-0', '10-0');
    k.call('XCLAIM', 'st', 'g', 'carol', '0', '5-0', 'RETRYCOUNT', '5000000000');
    k.call('XGROUP', 'CREATE', 'st', 'known', '7-0', 'ENTRIESREAD', '3');
    k.call('XGROUP', 'CREATE', 'st', 'x'.repeat(80_000), '0');
    k.call('XREADGROUP', 'GROUP', 'x'.repeat(80_000), 'y'.repeat(90_000), 'COUNT', '3', 'STREAMS', 'st', '>');
  },
  'other databases': (k) => {
    for (const db of [0, 1, 7, 15]) {
      k.db = db;
      many(100, (i) => k.call('SET', `key ${i}`, `${db} ${i}`));
      k.call('RPUSH', 'list', 'a', 'b');
    }
    k.db = 0;
  },
};

describe.each(BUILDS)('dump and back, $memory $mode', (build) => {
  const filled = (...fills: Fill[]): TestKernel => {
    const kernel = openKernel(build);
    for (const fill of fills) fill(kernel);
    return kernel;
  };
  const comesBack = (kernel: TestKernel, version: number) => {
    const file = dumpOf(kernel);
    const verdict = verifyDump(file);
    expect(verdict).toMatchObject({ kind: 'ours', version });
    const digests = allDigests(kernel);
    const again = loaded(build, file, version);
    expect(again.check()).toBe(0);
    expect(allDigests(again)).toEqual(digests);
    const second = dumpOf(again);
    expect(second.size()).toBe(file.size());
    expect(allDigests(loaded(build, second, version))).toEqual(digests);
    for (const budget of [1, 100, 5000]) expect(dumpOf(kernel, budget).bytes.equals(file.bytes)).toBe(true);
    return again;
  };

  it.each(Object.entries(PLAIN))('%s, in version 4', (_, fill) => {
    comesBack(filled(fill), VERSION_KEVY);
  });
  it.each(Object.entries(OWN))('%s, in our own version', (_, fill) => {
    comesBack(filled(fill), VERSION_OWN);
  });
  it('everything at once', () => {
    comesBack(filled(...Object.values(PLAIN), ...Object.values(OWN)), VERSION_OWN);
  });

  it('compact forms come back compact', () => {
    const kernel = filled((k) => {
      k.call('SET', 'int', '12');
      k.call('RPUSH', 'list', 'a');
      k.call('HSET', 'hash', 'a', 'b');
      k.call('SADD', 'set', '1');
      k.call('ZADD', 'zset', '1', 'a');
    });
    const again = loaded(build, dumpOf(kernel), VERSION_KEVY);
    const names = ['int', 'list', 'hash', 'set', 'zset'].map((key) => again.text('OBJECT', 'ENCODING', key));
    expect(names.map((name) => name.split('\r\n')[1])).toEqual(['int', 'quicklist', 'listpack', 'intset', 'listpack']);
  });

  it('a time to live goes on, and what expired before the dump was read is there until its DEL', () => {
    const kernel = filled((k) => {
      k.call('SET', 'gone', 'x', 'PXAT', String(k.now + 10));
      k.call('SET', 'later', 'x', 'PXAT', String(k.now + 100_000));
    });
    const file = dumpOf(kernel);
    expect(loaded(build, file, VERSION_KEVY, true, kernel.now + 50).shard.calls.databaseKeys(0)).toBe(2);
    const present = loaded(build, file, VERSION_KEVY, false, kernel.now + 50);
    expect(present.shard.calls.databaseKeys(0)).toBe(1);
    expect(present.text('PEXPIRETIME', 'later')).toBe(`:${kernel.now + 100_000}\r\n`);
  });

  it('the entries that readDump finds are the file, piece by piece, each with its database and its key', () => {
    const kernel = filled(...Object.values(PLAIN), ...Object.values(OWN));
    const file = dumpOf(kernel);
    let keys = 0;
    let end = 9;
    for (const { database, key, start, length, bytes } of readDump(file, VERSION_OWN)) {
      // Between two entries there may be a database's number, and nothing else.
      expect([end, end + 5]).toContain(start);
      end = start + length;
      const name = Buffer.from(key);
      const whole = Buffer.from(bytes());
      expect(whole.equals(file.bytes.subarray(start, end))).toBe(true);
      expect(whole.includes(name)).toBe(true);
      kernel.db = database;
      expect(kernel.text('EXISTS', name)).toBe(':1\r\n');
      keys++;
    }
    expect(keys).toBe(
      Array.from({ length: 16 }, (_, db) => kernel.shard.calls.databaseKeys(db)).reduce((a, b) => a + b),
    );
    expect(end).toBe(file.size() - 41);
  });

  it('nothing that is written with words of our own claims version 4', () => {
    const words = Object.values(OWN).map((fill) => {
      const { bytes, own } = encodeAll(filled(fill));
      const file = new BytesFile(
        Buffer.concat([Buffer.from('KEVYSNAP'), Buffer.of(VERSION_KEVY), bytes, Buffer.of(0)]),
      );
      expect(own).toBe(true);
      // Claimed to be version 4, it cannot be read.
      expect(verifyDump(file)).toMatchObject({ kind: 'damaged', reason: expect.stringContaining('unknown type') });
      return dumpOf(filled(fill)).bytes[8];
    });
    expect(words).toEqual([VERSION_OWN, VERSION_OWN, VERSION_OWN]);
  });

  it('what would have to be kept beyond the bound fails the sink, and the kernel goes on', () => {
    const kernel = filled(...Object.values(PLAIN));
    expect(encodeAll(kernel, 0, 200_000).failed).toBe(1);
    expect(encodeAll(kernel, 1000, 200_000).failed).toBe(1);
    expect(kernel.check()).toBe(0);
    comesBack(kernel, VERSION_KEVY);
  });
});

// The configuration refuses what Redis refuses, in its words, and changes all or nothing. The texts were taken from
// redis-server 7.0.15.
import { describe, expect, test } from 'vitest';
import { Config, type Pair } from '../../host/server/config.js';
import { parseValue, takesWords, wordsOf } from '../../host/server/config-kinds.js';
import { PARAMETERS } from '../../host/server/config-parameters.js';

const failed = (name: string, why: string) => `ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}`;
const BETWEEN_INT = 'argument must be between 0 and 2147483647 inclusive';
const NO_INTEGER = "argument couldn't be parsed into an integer";
const NO_MEMORY = 'argument must be a memory value';
const BAD_LETTER = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
const LIMITS = 'client-output-buffer-limit';
const BAD_LIMIT = 'Error in hard, soft or soft_seconds setting in buffer limit configuration.';

describe('the table of parameters', () => {
  test('has canonical defaults, unique names and a sentence for each', () => {
    expect(PARAMETERS.length).toBeGreaterThan(20);
    expect(new Set(PARAMETERS.map(({ name }) => name)).size).toBe(PARAMETERS.length);
    for (const { name, kind, default: text, summary } of PARAMETERS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(summary).toMatch(/^[A-Z].*\.$/);
      const words = takesWords(kind) ? wordsOf(text) : [text];
      expect(parseValue(kind, words, text)).toEqual({ text });
    }
  });

  test('every parameter arrives among the typed values', () => {
    const values = new Config().values as unknown as Record<string, unknown>;
    expect(Object.keys(values)).toHaveLength(PARAMETERS.length);
    expect(values).toMatchObject({
      port: 6379,
      bind: ['*', '-::*'],
      protectedMode: true,
      databases: 16,
      tcpKeepalive: 300,
      protoMaxBulkLen: 536870912,
      clientQueryBufferLimit: 1073741824,
      unixsocketperm: 0,
      loglevel: 'notice',
      clientOutputBufferLimit: {
        normal: { hardBytes: 0, softBytes: 0, softSeconds: 0 },
        pubsub: { hardBytes: 33554432, softBytes: 8388608, softSeconds: 60 },
      },
    });
  });
});

describe('CONFIG SET', () => {
  const refused: [pairs: Pair[], text: string][] = [
    [[['nosuch', '1']], "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"],
    [[['timeout', 'abc']], failed('timeout', NO_INTEGER)],
    [[['timeout', '']], failed('timeout', NO_INTEGER)],
    [[['timeout', ' 5']], failed('timeout', NO_INTEGER)],
    [[['timeout', '05']], failed('timeout', NO_INTEGER)],
    [[['timeout', '+5']], failed('timeout', NO_INTEGER)],
    [[['timeout', '-0']], failed('timeout', NO_INTEGER)],
    [[['timeout', '1.5']], failed('timeout', NO_INTEGER)],
    [[['timeout', '10mb']], failed('timeout', NO_INTEGER)],
    [[['timeout', '99999999999999999999']], failed('timeout', NO_INTEGER)],
    [[['timeout', '-1']], failed('timeout', BETWEEN_INT)],
    [[['timeout', '2147483648']], failed('timeout', BETWEEN_INT)],
    [[['hz', '-5']], failed('hz', BETWEEN_INT)],
    [[['maxclients', '0']], failed('maxclients', 'argument must be between 1 and 4294967295 inclusive')],
    [[['client-query-buffer-limit', '1.5mb']], failed('client-query-buffer-limit', NO_MEMORY)],
    [[['client-query-buffer-limit', '-1']], failed('client-query-buffer-limit', NO_MEMORY)],
    [[['client-query-buffer-limit', '1mbx']], failed('client-query-buffer-limit', NO_MEMORY)],
    [
      [['client-query-buffer-limit', '1m']],
      failed('client-query-buffer-limit', 'argument must be between 1048576 and 9223372036854775807 inclusive'),
    ],
    [
      [['client-query-buffer-limit', '']],
      failed('client-query-buffer-limit', 'argument must be between 1048576 and 9223372036854775807 inclusive'),
    ],
    [[['notify-keyspace-events', 'KEq']], failed('notify-keyspace-events', BAD_LETTER)],
    [[['notify-keyspace-events', 'k']], failed('notify-keyspace-events', BAD_LETTER)],
    [[['protected-mode', 'foo']], failed('protected-mode', "argument must be 'yes' or 'no'")],
    [
      [['loglevel', 'notice ']],
      failed('loglevel', 'argument(s) must be one of the following: debug, verbose, notice, warning'),
    ],
    [[['databases', '3']], failed('databases', "can't set immutable config")],
    [[['unixsocketperm', '700']], failed('unixsocketperm', "can't set immutable config")],
    [[[LIMITS, 'normal 0 0']], failed(LIMITS, 'Wrong number of arguments in buffer limit configuration.')],
    [[[LIMITS, 'normal  1 2 3']], failed(LIMITS, 'Wrong number of arguments in buffer limit configuration.')],
    [[[LIMITS, 'master 1 1 1']], failed(LIMITS, 'Invalid client class specified in buffer limit configuration.')],
    [[[LIMITS, 'normal a 0 0']], failed(LIMITS, BAD_LIMIT)],
    [[[LIMITS, 'normal 1mb 1k -5']], failed(LIMITS, BAD_LIMIT)],
    [[[LIMITS, 'normal 0 0 1kb']], failed(LIMITS, BAD_LIMIT)],
    // The whole list is looked through for names before any value is read; the first trouble is told.
    [
      [
        ['timeout', '5'],
        ['databases', '3'],
      ],
      failed('databases', "can't set immutable config"),
    ],
    [
      [
        ['timeout', 'abc'],
        ['maxclients', '0'],
      ],
      failed('timeout', NO_INTEGER),
    ],
    [
      [
        ['timeout', 'abc'],
        ['nosuch', '0'],
      ],
      "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'",
    ],
    [
      [
        ['timeout', '0'],
        ['TIMEOUT', '1'],
      ],
      failed('TIMEOUT', 'duplicate parameter'),
    ],
    [
      [
        ['databases', '5'],
        ['databases', '6'],
      ],
      failed('databases', "can't set immutable config"),
    ],
  ];
  test.each(refused)('%j is refused as by Redis', (pairs, text) => {
    expect(new Config().check(pairs)).toBe(text);
  });

  const accepted: [name: string, value: string, text: string][] = [
    ['timeout', '2147483647', '2147483647'],
    ['TIMEOUT', '5', '5'],
    ['hz', '0', '1'],
    ['hz', '1000', '500'],
    ['client-query-buffer-limit', '1MB', '1048576'],
    ['client-query-buffer-limit', '1048577b', '1048577'],
    ['client-query-buffer-limit', '2m', '2000000'],
    ['client-query-buffer-limit', '1Gb', '1073741824'],
    ['client-query-buffer-limit', '9223372036854775807', '9223372036854775807'],
    ['loglevel', 'VERBOSE', 'verbose'],
    ['protected-mode', 'NO', 'no'],
    ['requirepass', 'a b"c', 'a b"c'],
    ['notify-keyspace-events', 'KEA', 'AKE'],
    ['notify-keyspace-events', 'g$lshzxetdKEmn', 'AnKEm'],
    ['notify-keyspace-events', 'tdxKEshzl', 'lshzxtdKE'],
    ['notify-keyspace-events', 'mnKE', 'nKEm'],
    ['notify-keyspace-events', 'KK', 'K'],
    ['notify-keyspace-events', '', ''],
    [LIMITS, 'normal 1mb 1k 5', 'normal 1048576 1000 5 slave 268435456 67108864 60 pubsub 33554432 8388608 60'],
    [LIMITS, 'pubsub 1 2 3 REPLICA 4 5 6', 'normal 0 0 0 slave 4 5 6 pubsub 1 2 3'],
    [LIMITS, '', 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60'],
  ];
  test.each(accepted)('%s takes %j and has %j then', (name, value, text) => {
    const config = new Config();
    expect(config.check([[name, value]])).toBeNull();
    config.apply([[name, value]]);
    expect(config.get(name)).toBe(text);
  });

  test('changes the values that were handed out before', () => {
    const config = new Config();
    const { values } = config;
    config.apply([
      ['timeout', '7'],
      [LIMITS, 'normal 10 5 2'],
    ]);
    expect(values.timeout).toBe(7);
    expect(values.clientOutputBufferLimit.normal).toEqual({ hardBytes: 10, softBytes: 5, softSeconds: 2 });
  });
});

describe('CONFIG GET', () => {
  const config = new Config();
  const names = (...patterns: string[]) => config.getMatching(patterns).map(([name]) => name);

  test('takes several names and globs and answers each parameter once', () => {
    expect(config.getMatching(['timeout', 'timeou?', 'nosuch', 'nosuch*'])).toEqual([['timeout', '0']]);
    expect(names('a', 'po*', 'port')).toEqual(['port']);
    expect(names('*').length).toBe(PARAMETERS.length + PARAMETERS.filter(({ alias }) => alias).length);
    expect(names('LFU-*').sort()).toEqual(['lfu-decay-time', 'lfu-log-factor']);
    expect(names('nosuch')).toEqual([]);
  });

  test('shows no n behind A, as Redis does, and keeps it all the same', () => {
    const asked = new Config();
    asked.apply([['notify-keyspace-events', 'KEAn']]);
    expect(asked.getMatching(['notify-keyspace-events'])).toEqual([['notify-keyspace-events', 'AKE']]);
    expect(asked.values.notifyKeyspaceEvents).toBe(0x67ff);
    expect(Config.from(structuredClone(asked.toJSON())).values).toEqual(asked.values);
  });

  test('a plain name comes back as it was written', () => {
    expect(names('TIMEOUT', 'timeout', 'tim*')).toEqual(['TIMEOUT']);
    expect(names('tim*', 'TIMEOUT')).toEqual(['timeout']);
  });
});

test('a posted copy has the same values and lives on by itself', () => {
  const config = new Config();
  expect(config.set('bind', ['127.0.0.1', '-::1'])).toBeNull();
  expect(config.set('unixsocketperm', ['0700'])).toBeNull();
  config.file = '/x/latchkey.conf';
  const copy = Config.from(structuredClone(config.toJSON()));
  expect(copy.values).toEqual(config.values);
  expect(copy.values.unixsocketperm).toBe(0o700);
  expect(copy.get('unixsocketperm')).toBe('700');
  expect(copy.file).toBe(config.file);
  copy.apply([['timeout', '9']]);
  expect(config.values.timeout).toBe(0);
});

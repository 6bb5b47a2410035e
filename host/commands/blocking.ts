// Commands that wait until a key holds what they take. XREAD and XREADGROUP, which may wait too, are in stream.ts.
import { key, keyRange } from './key-specs.js';
import type { Argument, CommandSpec } from './types.js';

const SIDES: readonly Argument[] = [
  { name: 'left', type: 'pure-token', token: 'LEFT' },
  { name: 'right', type: 'pure-token', token: 'RIGHT' },
];

const OVERWRITTEN =
  'A key of another type that SORT STORE, ZUNIONSTORE and their kind overwrite serves those that wait for it at once; ' +
  'redis-server 7.0 leaves them waiting for the next change.';

export const BLOCKING_LIST_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'blpop',
    summary: 'Takes the first element of the first list that has any, or waits for one.',
    since: '2.0.0',
    complexity: 'O(N) for N keys',
    arity: -3,
    flags: ['write', 'noscript', 'blocking'],
    acl: ['list'],
    keys: [keyRange({ first: 1, last: -2, step: 1 }, 'RW', 'access', 'delete')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0, multiple: true },
      { name: 'timeout', type: 'double' },
    ],
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
    where: 'host',
    knownDifferences: OVERWRITTEN,
    logged: 'as what takes the element without waiting',
  },
  {
    name: 'brpop',
    summary: 'Takes the last element of the first list that has any, or waits for one.',
    since: '2.0.0',
    complexity: 'O(N) for N keys',
    arity: -3,
    flags: ['write', 'noscript', 'blocking'],
    acl: ['list'],
    keys: [keyRange({ first: 1, last: -2, step: 1 }, 'RW', 'access', 'delete')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0, multiple: true },
      { name: 'timeout', type: 'double' },
    ],
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
    where: 'host',
    knownDifferences: OVERWRITTEN,
    logged: 'as what takes the element without waiting',
  },
  {
    name: 'blmove',
    summary: 'Moves an element from one list to another, or waits for one.',
    since: '6.2.0',
    complexity: 'O(1)',
    arity: 6,
    flags: ['write', 'denyoom', 'noscript', 'blocking'],
    acl: ['list'],
    keys: [key(1, 'RW', 'access', 'delete'), key(2, 'RW', 'insert')],
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      { name: 'wherefrom', type: 'oneof', arguments: SIDES },
      { name: 'whereto', type: 'oneof', arguments: SIDES },
      { name: 'timeout', type: 'double' },
    ],
    where: 'host',
    knownDifferences: OVERWRITTEN,
    logged: 'as LMOVE',
  },
  {
    name: 'brpoplpush',
    summary: 'Moves the last element of one list to the front of another, or waits for one.',
    since: '2.2.0',
    complexity: 'O(1)',
    arity: 4,
    flags: ['write', 'denyoom', 'noscript', 'blocking'],
    acl: ['list'],
    keys: [key(1, 'RW', 'access', 'delete'), key(2, 'RW', 'insert')],
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      { name: 'timeout', type: 'double' },
    ],
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`BLMOVE` with the `RIGHT` and `LEFT` arguments',
    where: 'host',
    knownDifferences: OVERWRITTEN,
    logged: 'as LMOVE',
  },
  {
    name: 'blmpop',
    summary: 'Takes elements from the first list that has any, or waits for one.',
    since: '7.0.0',
    complexity: 'O(N+M)',
    arity: -5,
    flags: ['write', 'blocking', 'movablekeys'],
    acl: ['list'],
    keys: [{ flags: ['RW', 'access', 'delete'], begin: { index: 2 }, find: { keyNumber: 0, first: 1, step: 1 } }],
    arguments: [
      { name: 'timeout', type: 'double' },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, multiple: true },
      {
        name: 'where',
        type: 'oneof',
        arguments: [
          { name: 'left', type: 'pure-token', token: 'LEFT' },
          { name: 'right', type: 'pure-token', token: 'RIGHT' },
        ],
      },
      { name: 'count', type: 'integer', token: 'COUNT', optional: true },
    ],
    where: 'host',
    knownDifferences: OVERWRITTEN,
    logged: 'as what takes the elements without waiting',
  },
];

export const BLOCKING_SORTED_SET_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'bzpopmin',
    summary: 'Takes the member with the lowest score of the first sorted set that has any, or waits for one.',
    since: '5.0.0',
    complexity: 'O(log(N))',
    arity: -3,
    flags: ['write', 'noscript', 'blocking', 'fast'],
    acl: ['sortedset'],
    keys: [keyRange({ first: 1, last: -2, step: 1 }, 'RW', 'access', 'delete')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0, multiple: true },
      { name: 'timeout', type: 'double' },
    ],
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
    where: 'host',
    knownDifferences: OVERWRITTEN,
    logged: 'as what takes the element without waiting',
  },
  {
    name: 'bzpopmax',
    summary: 'Takes the member with the highest score of the first sorted set that has any, or waits for one.',
    since: '5.0.0',
    complexity: 'O(log(N))',
    arity: -3,
    flags: ['write', 'noscript', 'blocking', 'fast'],
    acl: ['sortedset'],
    keys: [keyRange({ first: 1, last: -2, step: 1 }, 'RW', 'access', 'delete')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0, multiple: true },
      { name: 'timeout', type: 'double' },
    ],
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
    where: 'host',
    knownDifferences: OVERWRITTEN,
    logged: 'as what takes the element without waiting',
  },
  {
    name: 'bzmpop',
    summary: 'Takes members from the first sorted set that has any, or waits for one.',
    since: '7.0.0',
    complexity: 'O(K) + O(M*log(N))',
    arity: -5,
    flags: ['write', 'blocking', 'movablekeys'],
    acl: ['sortedset'],
    keys: [{ flags: ['RW', 'access', 'delete'], begin: { index: 2 }, find: { keyNumber: 0, first: 1, step: 1 } }],
    arguments: [
      { name: 'timeout', type: 'double' },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, multiple: true },
      {
        name: 'where',
        type: 'oneof',
        arguments: [
          { name: 'min', type: 'pure-token', token: 'MIN' },
          { name: 'max', type: 'pure-token', token: 'MAX' },
        ],
      },
      { name: 'count', type: 'integer', token: 'COUNT', optional: true },
    ],
    where: 'host',
    knownDifferences: OVERWRITTEN,
    logged: 'as what takes the elements without waiting',
  },
];

export const WAIT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'wait',
    summary: 'Waits until replicas have acknowledged what the connection has written.',
    since: '3.0.0',
    complexity: 'O(1)',
    arity: 3,
    flags: ['noscript'],
    acl: ['connection'],
    tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    arguments: [
      { name: 'numreplicas', type: 'integer' },
      { name: 'timeout', type: 'integer' },
    ],
    where: 'host',
    knownDifferences: 'There are no replicas: the answer is always 0.',
  },
];

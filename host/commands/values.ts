// Commands that take a value of several types apart: SORT, DUMP and RESTORE.
import { key } from './key-specs.js';
import type { CommandSpec } from './types.js';

export const VALUE_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'sort',
    summary: 'Sorts the elements of a list, set or sorted set, and may store them.',
    since: '1.0.0',
    complexity: 'O(N+M*log(M))',
    arity: -2,
    flags: ['write', 'denyoom', 'movablekeys'],
    acl: ['set', 'sortedset', 'list', 'dangerous'],
    keys: [
      key(1, 'RO', 'access'),
      {
        flags: ['RO', 'access'],
        begin: 'unknown',
        find: 'unknown',
        notes:
          "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
      },
      {
        flags: ['OW', 'update'],
        begin: 'unknown',
        find: 'unknown',
        notes:
          "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
      },
    ],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'pattern', type: 'pattern', keySpec: 1, token: 'BY', optional: true },
      {
        name: 'offset_count',
        type: 'block',
        token: 'LIMIT',
        optional: true,
        arguments: [
          { name: 'offset', type: 'integer' },
          { name: 'count', type: 'integer' },
        ],
      },
      {
        name: 'pattern',
        type: 'pattern',
        keySpec: 1,
        token: 'GET',
        optional: true,
        multiple: true,
        multipleToken: true,
      },
      {
        name: 'order',
        type: 'oneof',
        optional: true,
        arguments: [
          { name: 'asc', type: 'pure-token', token: 'ASC' },
          { name: 'desc', type: 'pure-token', token: 'DESC' },
        ],
      },
      { name: 'sorting', type: 'pure-token', token: 'ALPHA', optional: true },
      { name: 'destination', type: 'key', keySpec: 2, token: 'STORE', optional: true },
    ],
    where: 'guest',
    maybeSlow: true,
    logged: 'RESTORE of what is stored, or DEL when there is nothing',
  },
  {
    name: 'sort_ro',
    summary: 'Sorts the elements of a list, set or sorted set and never stores them.',
    since: '7.0.0',
    complexity: 'O(N+M*log(M))',
    arity: -2,
    flags: ['readonly', 'movablekeys'],
    acl: ['set', 'sortedset', 'list', 'dangerous'],
    keys: [
      key(1, 'RO', 'access'),
      {
        flags: ['RO', 'access'],
        begin: 'unknown',
        find: 'unknown',
        notes:
          "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
      },
    ],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'pattern', type: 'pattern', keySpec: 1, token: 'BY', optional: true },
      {
        name: 'offset_count',
        type: 'block',
        token: 'LIMIT',
        optional: true,
        arguments: [
          { name: 'offset', type: 'integer' },
          { name: 'count', type: 'integer' },
        ],
      },
      {
        name: 'pattern',
        type: 'pattern',
        keySpec: 1,
        token: 'GET',
        optional: true,
        multiple: true,
        multipleToken: true,
      },
      {
        name: 'order',
        type: 'oneof',
        optional: true,
        arguments: [
          { name: 'asc', type: 'pure-token', token: 'ASC' },
          { name: 'desc', type: 'pure-token', token: 'DESC' },
        ],
      },
      { name: 'sorting', type: 'pure-token', token: 'ALPHA', optional: true },
    ],
    where: 'guest',
    maybeSlow: true,
  },
  {
    name: 'dump',
    summary: 'Replies with a value in a form that RESTORE takes.',
    since: '2.6.0',
    complexity: 'O(1)',
    arity: 2,
    flags: ['readonly'],
    acl: ['keyspace'],
    tips: ['nondeterministic_output'],
    keys: [key(1, 'RO', 'access')],
    arguments: [{ name: 'key', type: 'key', keySpec: 0 }],
    where: 'shard',
    maybeSlow: true,
  },
  {
    name: 'restore',
    summary: 'Makes a key from what DUMP replied with.',
    since: '2.6.0',
    complexity: 'O(1)',
    arity: -4,
    flags: ['write', 'denyoom'],
    acl: ['keyspace', 'dangerous'],
    keys: [key(1, 'OW', 'update')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'ttl', type: 'integer' },
      { name: 'serialized-value', type: 'string' },
      { name: 'replace', type: 'pure-token', token: 'REPLACE', since: '3.0.0', optional: true },
      { name: 'absttl', type: 'pure-token', token: 'ABSTTL', since: '5.0.0', optional: true },
      { name: 'seconds', type: 'integer', token: 'IDLETIME', since: '5.0.0', optional: true },
      { name: 'frequency', type: 'integer', token: 'FREQ', since: '5.0.0', optional: true },
    ],
    history: [
      ['3.0.0', 'Added the `REPLACE` modifier.'],
      ['5.0.0', 'Added the `ABSTTL` modifier.'],
      ['5.0.0', 'Added the `IDLETIME` and `FREQ` options.'],
    ],
    where: 'shard',
    maybeSlow: true,
    logged: 'as it stands',
  },
];

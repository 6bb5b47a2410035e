// Bitmaps: strings seen as arrays of bits.
import { key, keyRange } from './key-specs.js';
import type { CommandSpec } from './types.js';

export const BITMAP_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'setbit',
    summary: 'Sets or clears one bit of a string and replies with its old value.',
    since: '2.2.0',
    complexity: 'O(1)',
    arity: 4,
    flags: ['write', 'denyoom'],
    acl: ['bitmap'],
    keys: [key(1, 'RW', 'access', 'update')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'offset', type: 'integer' },
      { name: 'value', type: 'integer' },
    ],
    where: 'shard',
    maybeSlow: true,
    logged: 'SETBIT key offset bit',
  },
  {
    name: 'getbit',
    summary: 'Replies with one bit of a string.',
    since: '2.2.0',
    complexity: 'O(1)',
    arity: 3,
    flags: ['readonly', 'fast'],
    acl: ['bitmap'],
    keys: [key(1, 'RO', 'access')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'offset', type: 'integer' },
    ],
    where: 'shard',
  },
  {
    name: 'bitcount',
    summary: 'Counts the bits that are set in a string or in part of it.',
    since: '2.6.0',
    complexity: 'O(N)',
    arity: -2,
    flags: ['readonly'],
    acl: ['bitmap'],
    keys: [key(1, 'RO', 'access')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      {
        name: 'index',
        type: 'block',
        optional: true,
        arguments: [
          { name: 'start', type: 'integer' },
          { name: 'end', type: 'integer' },
          {
            name: 'index_unit',
            type: 'oneof',
            since: '7.0.0',
            optional: true,
            arguments: [
              { name: 'byte', type: 'pure-token', token: 'BYTE' },
              { name: 'bit', type: 'pure-token', token: 'BIT' },
            ],
          },
        ],
      },
    ],
    history: [['7.0.0', 'Added the `BYTE|BIT` option.']],
    where: 'shard',
    maybeSlow: true,
  },
  {
    name: 'bitpos',
    summary: 'Finds the first bit of a string that is set, or clear.',
    since: '2.8.7',
    complexity: 'O(N)',
    arity: -3,
    flags: ['readonly'],
    acl: ['bitmap'],
    keys: [key(1, 'RO', 'access')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'bit', type: 'integer' },
      {
        name: 'index',
        type: 'block',
        optional: true,
        arguments: [
          { name: 'start', type: 'integer' },
          {
            name: 'end_index',
            type: 'block',
            optional: true,
            arguments: [
              { name: 'end', type: 'integer' },
              {
                name: 'index_unit',
                type: 'oneof',
                since: '7.0.0',
                optional: true,
                arguments: [
                  { name: 'byte', type: 'pure-token', token: 'BYTE' },
                  { name: 'bit', type: 'pure-token', token: 'BIT' },
                ],
              },
            ],
          },
        ],
      },
    ],
    history: [['7.0.0', 'Added the `BYTE|BIT` option.']],
    where: 'shard',
    maybeSlow: true,
  },
  {
    name: 'bitop',
    summary: 'Stores the AND, OR, XOR or NOT of strings under a destination key.',
    since: '2.6.0',
    complexity: 'O(N)',
    arity: -4,
    flags: ['write', 'denyoom'],
    acl: ['bitmap'],
    keys: [key(2, 'OW', 'update'), keyRange({ first: 3, last: -1, step: 1 }, 'RO', 'access')],
    arguments: [
      { name: 'operation', type: 'string' },
      { name: 'destkey', type: 'key', keySpec: 0 },
      { name: 'key', type: 'key', keySpec: 1, multiple: true },
    ],
    where: 'guest',
    maybeSlow: true,
    logged: 'SET destkey value, or DEL destkey for an empty result',
  },
  {
    name: 'bitfield',
    summary: 'Reads, writes and increments integers of any width inside a string.',
    since: '3.2.0',
    complexity: 'O(1) for each operation given',
    arity: -2,
    flags: ['write', 'denyoom'],
    acl: ['bitmap'],
    keys: [
      {
        ...key(1, 'RW', 'access', 'update', 'variable_flags'),
        notes: 'This command allows both access and modification of the key',
      },
    ],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      {
        name: 'operation',
        type: 'oneof',
        optional: true,
        multiple: true,
        arguments: [
          {
            name: 'encoding_offset',
            type: 'block',
            token: 'GET',
            arguments: [
              { name: 'encoding', type: 'string' },
              { name: 'offset', type: 'integer' },
            ],
          },
          {
            name: 'write',
            type: 'block',
            arguments: [
              {
                name: 'wrap_sat_fail',
                type: 'oneof',
                token: 'OVERFLOW',
                optional: true,
                arguments: [
                  { name: 'wrap', type: 'pure-token', token: 'WRAP' },
                  { name: 'sat', type: 'pure-token', token: 'SAT' },
                  { name: 'fail', type: 'pure-token', token: 'FAIL' },
                ],
              },
              {
                name: 'write_operation',
                type: 'oneof',
                arguments: [
                  {
                    name: 'encoding_offset_value',
                    type: 'block',
                    token: 'SET',
                    arguments: [
                      { name: 'encoding', type: 'string' },
                      { name: 'offset', type: 'integer' },
                      { name: 'value', type: 'integer' },
                    ],
                  },
                  {
                    name: 'encoding_offset_increment',
                    type: 'block',
                    token: 'INCRBY',
                    arguments: [
                      { name: 'encoding', type: 'string' },
                      { name: 'offset', type: 'integer' },
                      { name: 'increment', type: 'integer' },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
    where: 'shard',
    maybeSlow: true,
    logged: 'BITFIELD key with the operations as given',
  },
  {
    name: 'bitfield_ro',
    summary: 'Reads integers of any width inside a string.',
    since: '6.0.0',
    complexity: 'O(1) for each operation given',
    arity: -2,
    flags: ['readonly', 'fast'],
    acl: ['bitmap'],
    keys: [key(1, 'RO', 'access')],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      {
        name: 'encoding_offset',
        type: 'block',
        token: 'GET',
        optional: true,
        multiple: true,
        multipleToken: true,
        arguments: [
          { name: 'encoding', type: 'string' },
          { name: 'offset', type: 'integer' },
        ],
      },
    ],
    where: 'shard',
  },
];

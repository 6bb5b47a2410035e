// Several commands as one step.
import { keyRange } from './key-specs.js';
import type { CommandSpec } from './types.js';

export const TRANSACTION_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'multi',
    summary: 'Begins a transaction: commands are queued from now on.',
    since: '1.2.0',
    complexity: 'O(1)',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['transaction'],
    where: 'host',
  },
  {
    name: 'exec',
    summary: 'Executes what is queued as one step, unless a watched key has changed.',
    since: '1.2.0',
    complexity: 'That of the commands.',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    acl: ['transaction'],
    where: 'host',
  },
  {
    name: 'discard',
    summary: 'Forgets what is queued, and what is watched.',
    since: '2.0.0',
    complexity: 'O(N) for N queued commands',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['transaction'],
    where: 'host',
  },
  {
    name: 'watch',
    summary: 'Lets the next EXEC execute nothing if one of the keys changes before it.',
    since: '2.2.0',
    complexity: 'O(1) for every key',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['transaction'],
    keys: [keyRange({ first: 1, last: -1, step: 1 }, 'RO')],
    arguments: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }],
    where: 'host',
  },
  {
    name: 'unwatch',
    summary: 'Watches no key any more.',
    since: '2.2.0',
    complexity: 'O(1)',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['transaction'],
    where: 'host',
  },
];

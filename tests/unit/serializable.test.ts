// The checker of histories says no to what no order explains: otherwise its yes means nothing.
import { describe, expect, it } from 'vitest';
import { explains, type Observed } from '../support/serializable.js';

const step = (begun: number, ended: number, ...commands: [string, string | null][]): Observed => ({
  begun,
  ended,
  commands: commands.map(([text]) => text.split(' ')),
  replies: commands.map(([, reply]) => reply),
});

describe('the checker of histories', () => {
  it.each<[string, Observed[]]>([
    ['one after the other', [step(0, 1, ['SET a 1', 'OK']), step(2, 3, ['GET a', '1'])]],
    ['at the same time, either order', [step(0, 3, ['SET a 1', 'OK']), step(1, 2, ['GET a', null])]],
    [
      'two writes, read between',
      [step(0, 9, ['SET a 1', 'OK']), step(1, 8, ['SET a 2', 'OK']), step(2, 7, ['GET a', '1'])],
    ],
  ])('explains %s', (_, history) => expect(explains(history)).toBe(true));

  it.each<[string, Observed[]]>([
    ['a read of what nobody wrote', [step(0, 1, ['GET a', '1'])]],
    ['a stale read', [step(0, 1, ['SET a 1', 'OK']), step(2, 3, ['GET a', null])]],
    ['a lost update', [step(0, 5, ['GET a', null], ['SET a 1', 'OK']), step(1, 4, ['GET a', null], ['SET a 2', 'OK'])]],
    [
      'half of a transaction',
      [step(0, 5, ['SET a 1', 'OK'], ['SET b 1', 'OK']), step(1, 4, ['GET a', '1'], ['GET b', null])],
    ],
    [
      'two writes seen in two orders',
      [
        step(0, 9, ['SET a 1', 'OK']),
        step(1, 9.5, ['SET b 1', 'OK']),
        step(2, 8, ['GET a', '1'], ['GET b', null]),
        step(3, 7, ['GET a', null], ['GET b', '1']),
      ],
    ],
  ])('does not explain %s', (_, history) => expect(explains(history)).toBe(false));
});

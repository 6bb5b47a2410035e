// Commands that touch no single key, and commands that are none.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

/** A SCAN that must be refused. Right ones are whole iterations, made by the stream itself: cursors are private. */
function badScan(draw: Draw): Arg[] {
  return draw.random.pick<Arg[]>([
    ['SCAN', 'abc'],
    ['SCAN', '-1'],
    ['SCAN', '99999999999999999999999'],
    ['SCAN', '0', 'COUNT'],
    ['SCAN', '0', 'COUNT', '0'],
    ['SCAN', '0', 'COUNT', 'abc'],
    ['SCAN', '0', 'MATCH'],
    ['SCAN', '0', 'NONSENSE', 'x'],
    ['SCAN', '0', 'MATCH', draw.pattern(), 'COUNT', '-5'],
  ]);
}

function unknown(draw: Draw): Arg[] {
  const { random } = draw;
  const name = random.pick<Arg>([
    'GETT',
    'SE',
    '',
    'foo bar',
    'set\0',
    'GET\r\nSET',
    draw.text(300),
    Buffer.from([0xff]),
  ]);
  return [name, ...draw.some(0, random.oneIn(4) ? 30 : 4, () => (random.oneIn(6) ? draw.text(200) : draw.value()))];
}

export const serverFamilies: readonly Family[] = [
  {
    name: 'echo',
    weight: 1,
    makers: [
      [1, (draw) => ['ECHO', draw.value()]],
      [1, (draw) => ['PING', ...(draw.random.oneIn(2) ? [] : [draw.value()])]],
    ],
  },
  { name: 'bad scans', weight: 1, makers: [[1, badScan]] },
  { name: 'unknown commands', weight: 1, makers: [[1, unknown]] },
];

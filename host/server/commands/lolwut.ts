// LOLWUT: tiles that each hold one of two strokes, chosen by chance; together they make paths. After Sébastien Truchet,
// who found in 1704 what two ways of laying a tile can do.
import type { Reply } from '../../commands/index.js';
import type { HostHandler } from '../context.js';
import { REDIS_VERSION } from '../version.js';
import { integer, NOT_AN_INTEGER, word } from './values.js';

const COLUMNS_MAX = 1000;
const ROWS_MAX = 200;

interface Style {
  readonly tiles: readonly string[];
  readonly columns: number;
  readonly rows: number;
}

const ARCS: Style = { tiles: ['╰╮', '╭╯'], columns: 32, rows: 12 };
/** Versions that take a size; the last number given is the number of rows. */
const STYLES: ReadonlyMap<bigint, Style> = new Map([
  [5n, { tiles: ['╱', '╲'], columns: 66, rows: 8 }],
  [6n, { tiles: ['▚', '▞'], columns: 80, rows: 20 }],
]);

function draw({ tiles, columns, rows }: Style): string {
  const line = (): string => {
    let text = '';
    for (let i = 0; i < columns; i++) text += tiles[Math.random() < 0.5 ? 0 : 1];
    return `${text}\n`;
  };
  return Array.from({ length: rows }, line).join('');
}

const within = (value: bigint, most: number): number => Number(value < 1n ? 1n : value > most ? BigInt(most) : value);

const lolwut: HostHandler = (argv): Reply => {
  let style = ARCS;
  if (argv.length >= 3 && word(argv[1]) === 'version') {
    const version = integer(argv[2]);
    if (version === undefined) return { error: NOT_AN_INTEGER };
    const chosen = STYLES.get(version);
    if (chosen) {
      const sizes = argv.slice(3, version === 5n ? 6 : 5).map(integer);
      if (sizes.includes(undefined)) return { error: NOT_AN_INTEGER };
      const [columns, rows] = [sizes[0], sizes.length > 1 ? sizes[sizes.length - 1] : undefined];
      style = {
        tiles: chosen.tiles,
        columns: columns === undefined ? chosen.columns : within(columns, COLUMNS_MAX),
        rows: rows === undefined ? chosen.rows : within(rows, ROWS_MAX),
      };
    }
  }
  return { verbatim: `${draw(style)}\nTwo tiles, laid by chance. Redis ver. ${REDIS_VERSION}\n` };
};

export const LOLWUT_HANDLERS: Readonly<Record<string, HostHandler>> = { lolwut };

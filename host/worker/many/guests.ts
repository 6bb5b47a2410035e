// Commands that need values of several shards side by side: they are executed on one shard, the values of the others
// being its guests for that one command. What is written is written there, so the destination decides the shard; without
// one it is the shard that has most of the bytes already: the smaller side travels to the larger.
import { bulkOf, isError } from '../../resp/reply.js';
import { internal, type Leader, SLOW_BYTES, Slow, sizeOf, text } from './leader.js';

/** LCS works through a row of 64-bit words per byte of its first string; assembly/commands/cost.ts has the same bound. */
const SLOW_LCS_STEPS = 150_000;
const TOUCH = text('TOUCH');

const lcsSteps = (a: number, b: number): number => a * (Math.floor(b / 64) + 4) + b;

/** Keys of the command, each once: the one that is written, and those that are read. */
export function keysByUse({ command, argv, positions }: Leader): { target: Buffer | undefined; sources: Buffer[] } {
  const written = new Set(writtenPositions(command.name, argv, positions));
  const sources = new Map<string, Buffer>();
  let target: Buffer | undefined;
  for (const at of positions) {
    if (written.has(at)) target = argv[at];
    else sources.set(argv[at].toString('latin1'), argv[at]);
  }
  return { target, sources: [...sources.values()] };
}

/** Commands whose first key is their destination. */
const DESTINATION_FIRST = /store$|^pfmerge$/;

function writtenPositions(name: string, argv: readonly Buffer[], positions: readonly number[]): number[] {
  if (name === 'bitop') return [2];
  if (DESTINATION_FIRST.test(name)) return [1];
  // GEORADIUS and SORT name theirs behind a word.
  return positions.slice(1).filter((at) => /^store(dist)?$/i.test(argv[at - 1].toString('latin1')));
}

export function leadWithGuests(lead: Leader): Buffer {
  const { target, sources } = keysByUse(lead);
  const sizes = sources.map((key) => Math.max(0, sizeOf(lead, key)));
  if (!lead.patient) refuseSlow(lead, sizes);
  const home = target ? lead.route(target) : largestShard(lead, sources, sizes);
  try {
    return bringGuests(lead, home, sources) ?? lead.on(home, lead.argv);
  } finally {
    lead.guestsClear(home);
  }
}

function refuseSlow({ command }: Leader, sizes: readonly number[]): void {
  const slow =
    command.name === 'lcs'
      ? lcsSteps(sizes[0], sizes[1] ?? sizes[0]) > SLOW_LCS_STEPS
      : sizes.reduce((a, b) => a + b, 0) > SLOW_BYTES;
  if (slow) throw new Slow();
}

function largestShard(lead: Leader, keys: readonly Buffer[], sizes: readonly number[]): number {
  const bytes = new Map<number, number>();
  for (const [i, key] of keys.entries()) {
    const shard = lead.route(key);
    bytes.set(shard, (bytes.get(shard) ?? 0) + sizes[i]);
  }
  let best = lead.route(keys[0]);
  for (const [shard, sum] of bytes) if (sum > bytes.get(best)!) best = shard;
  return best;
}

/**
 * Copies the values of those keys that live elsewhere to `home`. The caller clears them away.
 * @returns an error reply: there is no memory; undefined: they are there.
 */
export function bringGuests(lead: Leader, home: number, keys: Iterable<Buffer>): Buffer | undefined {
  for (const key of keys) {
    const shard = lead.route(key);
    if (shard === home) continue;
    const image = bulkOf(lead.on(shard, [internal.image, key]));
    if (!image) continue;
    lead.on(shard, [TOUCH, key]);
    const taken = lead.on(home, [internal.guest, key, image]);
    if (isError(taken)) return taken;
  }
  return undefined;
}

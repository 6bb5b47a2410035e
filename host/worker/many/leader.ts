// What a command over several shards is led with. All latches that it needs are held from start to end, so whatever is
// done on one shard after another is one step.
import type { Command } from '../../commands/index.js';
import * as abi from '../../kernel/abi.js';
import { integerOf } from '../../resp/reply.js';
import type { CallContext } from '../frame-runner.js';
import type { Attendant } from '../latches.js';

/** A command in hand, and the way to the shards. */
export interface Leader {
  readonly command: Command;
  readonly argv: readonly Buffer[];
  readonly context: CallContext;
  /** This thread may take its time: nothing is slow then. */
  readonly patient: boolean;
  /** Positions of the command's keys in argv. */
  readonly positions: readonly number[];
  /** The shard of a key. */
  route(key: Uint8Array): number;
  /**
   * Executes one frame on one shard, in the command's database or in another.
   * @returns the whole reply, copied.
   * @throws Slow when the kernel finds it slow and this thread is not patient. Nothing has been changed by that frame.
   */
  on(shard: number, argv: readonly Uint8Array[], context?: CallContext): Buffer;
  /** Is there room on the shard for so many more keys with so many bytes? */
  canStore(shard: number, keys: number, bytes: number): boolean;
  /** What has been said of keys, to be brought into the order in which one shard says it. */
  readonly told: Pick<Attendant, 'batches' | 'reorder'> | undefined;
  /** Drops the guests that NUL GUEST brought to a shard. */
  guestsClear(shard: number): void;
}

/** Thrown under the latches when a command proves too long for this thread; nothing has been changed then. */
export class Slow extends Error {}

/** Bytes that may be copied between shards on a worker's own time. */
export const SLOW_BYTES = 1 << 20;

export const text = (value: string): Buffer => Buffer.from(value, 'latin1');
export const OK = text('+OK\r\n');
export const OOM = text("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
export const WRONGTYPE = text('-WRONGTYPE Operation against a key holding the wrong kind of value\r\n');
export const integerReply = (value: number): Buffer => text(`:${value}\r\n`);

/** Says what the last things did in the other order: the receiving side went first, and is told of last. */
export function tellLastFirst(lead: Leader, since: number): void {
  lead.told?.reorder(since, (batches) => batches.reverse());
}

/** Says what was done to keys in the order in which the command names them. */
export function tellInOrder(lead: Leader, since: number): void {
  lead.told?.reorder(since, (batches) => {
    const place = new Map(lead.positions.map((at) => [lead.argv[at].toString('latin1'), at]));
    const events = batches.flat();
    return [
      events.sort((a, b) => (place.get(a.key.toString('latin1')) ?? 0) - (place.get(b.key.toString('latin1')) ?? 0)),
    ];
  });
}

const NUL_SIZE = text('\0SIZE');
const NUL_IMAGE = text('\0IMAGE');
const NUL_GUEST = text('\0GUEST');
const NUL_PUT = text('\0PUT');
const NUL_LEAVE = text('\0LEAVE');
const TYPE = text('TYPE');

/** About the bytes of a key's value; -1: there is none. Touches nothing. */
export function sizeOf(lead: Leader, key: Buffer): number {
  return integerOf(lead.on(lead.route(key), [NUL_SIZE, key]));
}

/**
 * A context for frames by which the host looks at keys for a command that writes, or that reads them elsewhere: nobody is
 * told if they look in vain.
 */
export function silent(context: CallContext): CallContext {
  return { ...context, callFlags: context.callFlags | abi.CALL_SILENT };
}

/** The name that TYPE gives a key: `none` without one. */
export function typeOf(lead: Leader, key: Buffer): string {
  const reply = lead.on(lead.route(key), [TYPE, key], silent(lead.context));
  return reply.toString('latin1', 1, reply.length - 2);
}

export const internal = { image: NUL_IMAGE, guest: NUL_GUEST, put: NUL_PUT, leave: NUL_LEAVE };

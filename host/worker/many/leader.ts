// What a command over several shards is led with. All latches that it needs are held from start to end, so whatever is
// done on one shard after another is one step.
import type { Command } from '../../commands/index.js';
import * as abi from '../../kernel/abi.js';
import { integerOf } from '../../resp/reply.js';
import type { CallContext } from '../frame-runner.js';
import { KEY_EVENT_NAMES } from '../key-event-names.js';
import { EVENT_NOTIFY, type KeyEvent } from '../key-events.js';
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

/** Says of a key that was renamed what it is called now when everything else has been said. */
export function tellNameLast(lead: Leader, since: number): void {
  lead.told?.reorder(since, (batches) => {
    const events = batches.flat();
    const isName = ({ kind, event }: KeyEvent) => kind === EVENT_NOTIFY && KEY_EVENT_NAMES[event] === 'rename_to';
    return [[...events.filter((event) => !isName(event)), ...events.filter(isName)]];
  });
}

/**
 * Says what was done to keys in the order in which the command names them. Of a key that is named again, what is said
 * again belongs to the later place.
 */
export function tellInOrder(lead: Leader, since: number): void {
  lead.told?.reorder(since, (batches) => {
    const places = new Map<string, number[]>();
    for (const at of lead.positions) {
      const key = lead.argv[at].toString('latin1');
      places.set(key, [...(places.get(key) ?? []), at]);
    }
    const said = new Map<string, number>();
    const placed = batches.flat().map((event) => {
      const key = event.key.toString('latin1');
      const what = `${event.kind} ${event.event} ${key}`;
      const times = said.get(what) ?? 0;
      said.set(what, times + 1);
      const own = places.get(key) ?? [0];
      return { event, at: own[Math.min(times, own.length - 1)] };
    });
    return [placed.sort((a, b) => a.at - b.at).map(({ event }) => event)];
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

// Looks for the keys of one slot: a walk over a shard's table in small steps, the latch free between them.

import type { CallContext, FrameRunner } from './frame-runner.js';
import type { Latches } from './latches.js';

export interface SlotKeys {
  /** All that the slot has; with keys asked for, those that were counted until there were enough. */
  count: number;
  keys: Uint8Array[];
}

/** For so long at a time a walk goes on without letting other connections have their turn. */
const TURN_MS_MAX = 1;

/** A whole array of integers and bulk strings. */
function decodeWalk(reply: Buffer): { next: number; count: number; keys: Buffer[] } {
  let at = 0;
  const line = (): number => {
    const end = reply.indexOf(13, at);
    const number = Number(reply.toString('latin1', at + 1, end));
    at = end + 2;
    return number;
  };
  const elements = line();
  const next = line();
  const count = line();
  const keys: Buffer[] = [];
  for (let i = 2; i < elements; i++) {
    const bytes = line();
    keys.push(reply.subarray(at, at + bytes));
    at += bytes + 2;
  }
  return { next, count, keys };
}

/**
 * @param most Keys to list; 0 lists none and counts all.
 * @returns    What was there from start to end, and perhaps what came or went meanwhile.
 */
export async function walkSlot(
  runner: FrameRunner,
  latches: Latches,
  place: { shard: number; slot: number; most: number },
  context: CallContext,
): Promise<SlotKeys> {
  const found: SlotKeys = { count: 0, keys: [] };
  let cursor = 0;
  let turnEndsMs = performance.now() + TURN_MS_MAX;
  for (;;) {
    const left = place.most - found.keys.length;
    const frame = ['\0SLOT', place.slot, cursor, left].map((word) => Buffer.from(String(word)));
    const outcome = runner.runInternal(place.shard, frame, context);
    if (!('reply' in outcome)) {
      if ('busy' in outcome) await new Promise((resolve) => latches.wait(outcome.busy, resolve));
      continue;
    }
    const { next, count, keys } = decodeWalk(outcome.reply);
    found.count += count;
    found.keys.push(...keys);
    cursor = next;
    if (cursor === 0 || (place.most !== 0 && found.keys.length >= place.most)) return found;
    if (performance.now() < turnEndsMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    turnEndsMs = performance.now() + TURN_MS_MAX;
  }
}

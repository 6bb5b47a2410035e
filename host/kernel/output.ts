// The output of a call as one piece.
import * as abi from './abi.js';
import type { ShardKernel } from './kernel.js';

/** Copies the output of the last `exec` out and gives its pieces up. The latch is held. */
export function takeOutput(shard: ShardKernel): Buffer {
  const pieces = shard.control(abi.CONTROL_PIECES);
  if (pieces === 0) {
    return Buffer.from(shard.bytes.subarray(shard.output, shard.output + shard.control(abi.CONTROL_OUT_BYTES)));
  }
  const parts: Uint8Array[] = [];
  for (let i = 0; i < pieces; i++) {
    const row = (shard.window + abi.WINDOW_PIECES + i * 16) >> 2;
    const length = shard.words[row + 1] >>> 0;
    if (length !== 0) parts.push(shard.view(shard.words[row] >>> 0, length));
  }
  const whole = Buffer.concat(parts);
  shard.calls.release(shard.window, pieces);
  return whole;
}

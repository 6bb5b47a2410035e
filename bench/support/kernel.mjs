// One shard in this process, as a worker would hold it: the release build over shared memory, no socket, no thread.
import { readFileSync } from 'node:fs';
import * as abi from '../../dist/host/kernel/abi.js';
import { initShard, newShardMemory, SERVER_LAYOUT, ShardKernel } from '../../dist/host/kernel/kernel.js';

/** A fixed seed: the table then hashes the same keys to the same places on every run. */
const SEED = Uint8Array.from({ length: 104 }, (_, i) => (i * 37 + 11) & 255);

/**
 * @param {string} file The kernel, from the repository's root.
 * @returns {ShardKernel} an empty shard with one window, its control block filled in as for a plain RESP2 connection.
 */
export function openShard(file = 'dist/kernel.shared.wasm') {
  const module = new WebAssembly.Module(readFileSync(new URL(`../../${file}`, import.meta.url)));
  const layout = { ...SERVER_LAYOUT, shardCount: 1, windowCount: 1, routing: 0, databases: 16 };
  const memory = newShardMemory(true, layout.pagesMax);
  initShard(module, memory, 0, layout, SEED);
  const shard = new ShardKernel(module, memory, 0, 0, layout);
  shard.setNow(Date.now());
  shard.setControl(abi.CONTROL_DB, 0);
  shard.setControl(abi.CONTROL_PROTO, 2);
  shard.setControl(abi.CONTROL_FLAGS, 0);
  shard.setControl(abi.CONTROL_COMMANDS_MAX, abi.FRAMES_MAX);
  shard.setControl(abi.CONTROL_BULK_MAX, 512 << 20);
  shard.setControl(abi.CONTROL_LRU_CLOCK, 1000);
  return shard;
}

/** The reply bytes of the last call, in the window: valid until the next one. */
export function reply(shard) {
  if (shard.control(abi.CONTROL_PIECES) !== 0) throw new Error('the benches use replies that fit the window');
  return shard.bytes.subarray(shard.output, shard.output + shard.control(abi.CONTROL_OUT_BYTES));
}

/** RESP of one command; strings are Latin-1. */
export function frame(...args) {
  return Buffer.from(
    `*${args.length}\r\n${args.map((arg) => `$${String(arg).length}\r\n${arg}\r\n`).join('')}`,
    'latin1',
  );
}

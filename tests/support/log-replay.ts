// The log ring of a kernel in this process: taken out, and fed to another kernel.
import { CALL_ALL, CALL_INTERNAL, CALL_SLOW } from '../../host/kernel/abi.js';
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAGS } from '../../host/kernel/kernel.js';
import { openKernel, type TestKernel } from './kernel.js';
import { type KevyLog, readKevyLog } from './kevy-log.js';
import type { Build } from './wasm.js';

/** Everything that waits in the ring, as commands; the ring is empty afterwards. */
export function takeLog(kernel: TestKernel): KevyLog {
  const { calls } = kernel.shard;
  const parts: Buffer[] = [Buffer.from('KEVYAOF2\n')];
  for (;;) {
    const at = calls.logPeek() >>> 0;
    const bytes = calls.logPeekBytes() >>> 0;
    if (bytes === 0) break;
    parts.push(Buffer.from(kernel.shard.view(at, bytes).slice()));
    calls.logConsume(bytes);
  }
  const whole = Buffer.concat(parts);
  const log = readKevyLog(whole);
  if (log.goodBytes !== whole.length) throw new Error(`the log makes no sense from byte ${log.goodBytes} on`);
  return log;
}

/** Executes logged commands of database 0. */
export function replayLog(log: KevyLog, into: TestKernel): void {
  for (const args of log.commands) into.call(...args);
}

/** 16 hex digits over all keys, values and expiries of database 0. */
export function digestOf(kernel: TestKernel): string {
  kernel.flags = CALL_SLOW | CALL_INTERNAL;
  const digest = kernel.text('\0DIGEST');
  kernel.flags = CALL_SLOW;
  return digest;
}

/** A kernel that only repeats a log, of all databases: nothing expires in it by itself. */
export function newReplica(build: Build): TestKernel {
  const kernel = openKernel(build, { seed: 999 });
  kernel.shard.setHeader(HEADER_FLAGS, HEADER_FLAG_CLOCK_STOPPED);
  kernel.flags = CALL_SLOW | CALL_INTERNAL | CALL_ALL;
  return kernel;
}

/** Digests of all databases. */
export function allDigests(kernel: TestKernel): bigint[] {
  return Array.from({ length: 16 }, (_, db) => BigInt.asUintN(64, kernel.shard.calls.digest(kernel.shard.window, db)));
}

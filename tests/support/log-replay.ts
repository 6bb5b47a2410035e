// The log ring of a kernel in this process: taken out, and fed to another kernel.
import { CALL_INTERNAL, CALL_SLOW } from '../../host/kernel/abi.js';
import type { TestKernel } from './kernel.js';
import { type KevyLog, readKevyLog } from './kevy-log.js';

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

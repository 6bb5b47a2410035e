// Disks that are full or cannot be written to, as far as this machine lets a test have them.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Options for a child process that permissions bind: nobody's if this process is root's. */
export const ORDINARY_USER = process.geteuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

function mount(...args: string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}

/** A disk of its own, unmounted when the running test has ended; undefined: this process may not mount one. */
export function smallDisk(bytes: number): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'latchkey-test-disk-'));
  const isMounted = mount('-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path);
  onTestFinished(() => {
    if (isMounted) spawnSync('umount', [path]);
    rmSync(path, { recursive: true, force: true });
  });
  return isMounted ? path : undefined;
}

/** Nothing can be written to the disk any more, by anyone. */
export function makeReadOnly(disk: string): void {
  if (!mount('-o', 'remount,ro', disk)) throw new Error(`${disk} could not be made read-only`);
}

/** Runs `call` as a user whom permissions bind: as nobody if this process is root's. */
export async function asOrdinaryUser<T>(call: () => T | Promise<T>): Promise<T> {
  if (ORDINARY_USER.uid === undefined) return call();
  process.seteuid!(ORDINARY_USER.uid);
  try {
    return await call();
  } finally {
    process.seteuid!(0);
  }
}

/** Lets everybody look into a directory, and nobody but root change it. */
export function forbidWriting(path: string): void {
  chmodSync(path, 0o555);
  onTestFinished(() => chmodSync(path, 0o755));
}

// Temporary directories that outlive a server and end with the test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty directory, removed when the running test has ended. */
export function directoryForTest(): string {
  const path = mkdtempSync(join(tmpdir(), 'latchkey-test-data-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

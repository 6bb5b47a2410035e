// Programs of the tests that run as processes of their own: written in TypeScript beside the tests, bundled with what
// they import from host/, so that no build has to come first.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll } from 'vitest';

/**
 * Called in a `describe` body or a file: bundles tests/support/children/NAME.ts before its tests.
 * @returns What answers the path of the script, which any user may read.
 */
export function childProgram(name: string): () => string {
  let directory = '';
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'latchkey-test-child-'));
    chmodSync(directory, 0o755);
    const input = fileURLToPath(new URL(`./children/${name}.ts`, import.meta.url));
    const bundle = await rolldown({ input, platform: 'node' });
    await bundle.write({ file: join(directory, `${name}.mjs`), format: 'esm' });
    await bundle.close();
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return () => join(directory, `${name}.mjs`);
}

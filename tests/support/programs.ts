// Finds the outside programs that some tests compare with, and says loudly when one is missing.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

const found = new Map<string, string | undefined>();

/** The absolute path of an executable on PATH, or undefined. The answer is remembered. */
export function program(name: string): string | undefined {
  if (!found.has(name)) found.set(name, search(name));
  return found.get(name);
}

/**
 * The paths of programs that a test cannot do without, in the order asked for.
 * @throws Error that names every program that is missing.
 */
export function requirePrograms(...names: string[]): string[] {
  const missing = names.filter((name) => program(name) === undefined);
  if (missing.length > 0) throw new Error(`not found on PATH: ${missing.join(', ')}`);
  return names.map((name) => program(name)!);
}

/**
 * `describe`, for suites that need outside programs. When one is missing the suite is skipped under a title that names
 * it; under CI (env `CI`) it fails instead, so that a comparison never goes missing in silence.
 */
export function describeWith(names: string | readonly string[], title: string, body: () => void): void {
  const missing = [names].flat().filter((name) => program(name) === undefined);
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const reason = `${title} [needs ${missing.join(', ')}, not found on PATH]`;
  if (process.env.CI) {
    describe(reason, () => {
      it('finds the programs it compares with', () => {
        throw new Error(`not found on PATH: ${missing.join(', ')}; CI must install them`);
      });
    });
  } else {
    describe.skip(reason, body);
  }
}

function search(name: string): string | undefined {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this directory; the next one may have it.
    }
  }
  return undefined;
}

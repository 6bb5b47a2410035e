// The command `latchkey` as a process, and directories of data for it.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryForTest } from './directories.js';
import { BUILD, largeStore } from './layout-scene.js';
import { OwnStore } from './own-store.js';

const CLI = fileURLToPath(new URL('../../dist/bundle/server/cli.js', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end; this process goes on meanwhile. */
export async function runCli(args: readonly string[], options: { uid?: number; gid?: number } = {}): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stdout, stderr };
}

/** A directory with these files, which goes with the test. */
export function directoryWith(files: Iterable<readonly [name: string, bytes: Uint8Array | string]>): string {
  const path = join(directoryForTest(), 'data');
  mkdirSync(path);
  for (const [name, bytes] of files) writeFileSync(join(path, name), bytes);
  return path;
}

export function filesIn(path: string): Map<string, Buffer> {
  return new Map(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]));
}

/** Everything that can be seen of a directory from outside, to be compared: names, bytes, and when each last changed. */
export function seenOf(path: string, { names = true } = {}): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const name of readdirSync(path).sort()) {
    const { mtimeNs, ctimeNs, ino, mode } = statSync(join(path, name), { bigint: true });
    const isFile = statSync(join(path, name)).isFile();
    const bytes = isFile ? readFileSync(join(path, name)).toString('base64') : '';
    seen[name] = { bytes, mtimeNs, ctimeNs, ino, mode };
  }
  // A lock comes and goes as names do.
  if (names) seen['.'] = statSync(path, { bigint: true }).mtimeNs;
  return seen;
}

/** Files of a store of ours of three shards with every type in it, rounds behind a snapshot; and its content. */
export function ownFiles(seed = 21): { files: Map<string, Uint8Array>; content: string; keys: number } {
  const own = new OwnStore(BUILD, 3);
  // Nothing may have expired when the command, which has the real clock, gets to see it.
  own.store.clock.now = Date.now();
  const { files, content } = largeStore(own, seed);
  let keys = 0;
  for (const { calls, layout } of own.store.shards)
    for (let db = 0; db < layout.databases; db++) keys += calls.databaseKeys(db) >>> 0;
  return { files, content, keys };
}

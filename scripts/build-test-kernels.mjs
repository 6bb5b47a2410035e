// Builds every module of assembly/testing/ four ways (shared and single memory, debug and release) into
// build/<name>.<memory>.<mode>.wasm. testing/kernel.ts is the whole kernel plus hooks; its neighbours hold one inner
// piece each. A module is rebuilt only when a source under assembly/ is newer than it.
//   node scripts/build-test-kernels.mjs [name ...]
// With env LATCHKEY_BUILD=memory.mode (say, single.debug) only that one is made; the tests then run on it alone.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);
const { options } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
const wanted = process.argv.slice(2);
const names = readdirSync('assembly/testing')
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => wanted.length === 0 || wanted.includes(name));
const newest = Math.max(
  statSync('asconfig.json').mtimeMs,
  ...readdirSync('assembly', { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => statSync(`assembly/${file}`).mtimeMs),
);
mkdirSync('build', { recursive: true });

const shared = ['--config', 'none', '--bindings', 'none'];
for (const name of ['runtime', 'initialMemory', 'maximumMemory']) shared.push(`--${name}`, String(options[name]));
shared.push('--importMemory', '--enable', options.enable.join(','));

async function build(name, memory, mode) {
  const outFile = `build/${name}.${memory}.${mode}.wasm`;
  if ((statSync(outFile, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) return;
  const args = ['node_modules/assemblyscript/bin/asc.js', `assembly/testing/${name}.ts`, ...shared];
  args.push('--use', `LATCHKEY_SHARED=${memory === 'shared' ? 1 : 0}`, '--use', 'LATCHKEY_FAULTS=1');
  if (memory === 'shared') args.push('--sharedMemory');
  args.push(...(mode === 'release' ? ['--use', 'abort=', '-O3'] : ['--debug']), '--outFile', outFile);
  await run(process.execPath, args, { maxBuffer: 1 << 26 });
}

const jobs = names.flatMap((name) =>
  ['debug', 'release'].flatMap((mode) =>
    ['shared', 'single']
      .filter((memory) => (process.env.LATCHKEY_BUILD ?? `${memory}.${mode}`) === `${memory}.${mode}`)
      .map((memory) => () => build(name, memory, mode)),
  ),
);
await Promise.all(
  Array.from({ length: Math.min(4, availableParallelism()) }, async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) await job();
  }),
);

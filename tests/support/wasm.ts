// Loads the test modules that scripts/build-test-kernels.mjs makes, in all four builds.
import { readFileSync } from 'node:fs';

const ALL_BUILDS = [
  { memory: 'shared', mode: 'debug' },
  { memory: 'shared', mode: 'release' },
  { memory: 'single', mode: 'debug' },
  { memory: 'single', mode: 'release' },
] as const;
export type Build = (typeof ALL_BUILDS)[number];

/** All four; with LATCHKEY_BUILD=memory.mode only that one, for whoever works on the kernel. CI does not set it. */
export const BUILDS: readonly Build[] = ALL_BUILDS.filter(
  ({ memory, mode }) => !process.env.LATCHKEY_BUILD || process.env.LATCHKEY_BUILD === `${memory}.${mode}`,
);
if (BUILDS.length === 0) throw new Error(`LATCHKEY_BUILD=${process.env.LATCHKEY_BUILD} names no build`);

// biome-ignore lint/suspicious/noExplicitAny: the exports of a test module are whatever the test calls.
export type TestModule = { memory: WebAssembly.Memory; exports: Record<string, any>; bytes(): Uint8Array };

const compiled = new Map<string, WebAssembly.Module>();

/** A fresh memory with one instance of `build/<name>.<memory>.<mode>.wasm` over it. */
export function loadTestModule(name: string, build: Build, maximumPages = 65536): TestModule {
  const file = `build/${name}.${build.memory}.${build.mode}.wasm`;
  let module = compiled.get(file);
  if (!module) {
    module = new WebAssembly.Module(readFileSync(file));
    compiled.set(file, module);
  }
  const memory = new WebAssembly.Memory({ initial: 17, maximum: maximumPages, shared: build.memory === 'shared' });
  const abort = (_message: number, _file: number, line: number, column: number) => {
    throw new Error(`kernel assertion at line ${line}, column ${column}`);
  };
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
  return { memory, exports: instance.exports, bytes: () => new Uint8Array(memory.buffer) };
}

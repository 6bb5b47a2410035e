// The compiled kernel that threads share.
import { readFileSync } from 'node:fs';

/** @throws Error when the package is not whole. */
export function kernelModule(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL('../../kernel.shared.wasm', import.meta.url)));
}

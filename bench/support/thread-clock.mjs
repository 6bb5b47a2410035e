// This thread's own CPU time, in ns: time in which it was preempted or asleep does not count.
//
// Node 20 has no call for it, but its WASI does (CLOCK_THREAD_CPUTIME_ID, exact to the ns on Linux; about 1 µs a call).
// Where that is missing, process.threadCpuUsage (Node 23.9, µs), else the wall clock; `source` says which.
const THREAD_CPUTIME_ID = 3;

/** @returns {Promise<{ source: string, now: () => number }>} `now` makes no garbage of its own. */
export async function threadClock() {
  return (await wasiClock()) ?? cpuUsageClock() ?? { source: 'wall clock', now: () => performance.now() * 1e6 };
}

async function wasiClock() {
  const emitWarning = process.emitWarning;
  try {
    // The import warns that WASI is experimental; nothing here depends on more than one clock of it.
    process.emitWarning = () => {};
    const { WASI } = await import('node:wasi');
    const wasi = new WASI({ version: 'preview1' });
    const memory = new WebAssembly.Memory({ initial: 1 });
    wasi.initialize({ exports: { memory } });
    const words = new Uint32Array(memory.buffer);
    const read = wasi.wasiImport.clock_time_get;
    if (read(THREAD_CPUTIME_ID, 0n, 0) !== 0) return undefined;
    const now = () => {
      read(THREAD_CPUTIME_ID, 0n, 0);
      return words[0] + words[1] * 2 ** 32;
    };
    return { source: "the thread's CPU clock", now };
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function cpuUsageClock() {
  if (typeof process.threadCpuUsage !== 'function') return undefined;
  const now = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) * 1000;
  };
  return { source: 'process.threadCpuUsage', now };
}

// What Linux keeps about processes: CPU time and resident memory.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Fields of /proc/<pid>/stat behind the name, which may hold spaces: [0] is the state, field 3 of proc(5). */
function statFields(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** User and system time of all threads of a process so far, in seconds; exact to one clock tick (10 ms). */
export function cpuSeconds(pid) {
  const fields = statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The same of all children of this process that have ended and been waited for. */
export function endedChildrenCpuSeconds() {
  const fields = statFields('self');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid) {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line[1]) * 1024;
}

/** The most resident memory that a process has had so far, in bytes; undefined once it is gone. */
export function peakBytes(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
  } catch {
    return undefined;
  }
}

/** Resident memory of a process, and what its children have of their own: a fork shares the rest with it. */
export function familyBytes(pid) {
  let bytes = residentBytes(pid);
  for (const child of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (Number(statFields(child)[1]) !== pid) continue;
      const rollup = readFileSync(`/proc/${child}/smaps_rollup`, 'utf8');
      bytes += Number(/^Private_Dirty:\s+(\d+) kB$/m.exec(rollup)[1]) * 1024;
    } catch {
      // It has just ended.
    }
  }
  return bytes;
}

// Failing on purpose, for fault sweeps: in a module built with LATCHKEY_FAULTS (the test modules) the n'th request from
// now is refused. In the artefacts all of this is folded away.
import { arena } from './pages';

/** Lets the n'th request for memory from now fail, 1 being the next; 0: none. */
export function arenaFailIn(n: u32): void { arena().failIn = n; }
/** Requests still to come before the one that fails; 0: it has failed, or none was to. */
export function arenaFailLeft(): u32 { return arena().failIn; }

/** Is this the request that has to fail? */
@inline export function arenaFails(): bool {
  if (isDefined(LATCHKEY_FAULTS)) {
    const left = arena().failIn;
    if (left == 0) return false;
    arena().failIn = left - 1;
    return left == 1;
  }
  return false;
}

// The shard's latch: a word that names its owner. The kernel spins; waiting is the host's, on `latchWakeSeq`.
//
// A waiter raises `latchWaiters`, reads `latchWakeSeq`, tries once more, and only then waits for that word to change.
// An unlock stores 0, then looks at `latchWaiters`: both sides write before they read, so one of them sees the other.
// Every unlock with waiters wakes all of them: each worker waits once per shard, and a wake-up that an abandoned wait
// swallows can therefore not be the one that mattered.
import { Header, header } from './layout';

/**
 * Takes the latch if it becomes free within `spins` looks. False: somebody holds it, or reserved it, all that time.
 * @param owner The calling thread's id, 1 or more. The caller must not hold this latch.
 */
export function latchTry(owner: u32, spins: u32): bool {
  const h = header();
  const word = changetype<usize>(h) + offsetof<Header>('latchOwner');
  for (let i: u32 = 0; i <= spins; i++) {
    if (atomic.load<u32>(word) != 0) continue;
    const reserved = atomic.load<u32>(changetype<usize>(h) + offsetof<Header>('latchReserved'));
    if (reserved != 0 && reserved != owner) return false;
    if (atomic.cmpxchg<u32>(word, 0, owner) == 0) return true;
  }
  return false;
}

/** Gives the latch back and wakes everybody who waits for it. */
export function latchRelease(owner: u32): void {
  const word = changetype<usize>(header()) + offsetof<Header>('latchOwner');
  assert(atomic.load<u32>(word) == owner);
  atomic.store<u32>(word, 0);
  if (LATCHKEY_SHARED) {
    if (atomic.load<u32>(changetype<usize>(header()) + offsetof<Header>('latchWaiters')) == 0) return;
    const seq = changetype<usize>(header()) + offsetof<Header>('latchWakeSeq');
    atomic.add<u32>(seq, 1);
    atomic.notify(seq, -1);
  }
}


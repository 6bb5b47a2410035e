// Can a history of transactions be explained? That is: is there an order of them in which each, executed alone, would have
// seen what it saw, and in which none comes before one that had ended before it began?
//
// Searched depth first: a state is how many transactions of each kind are done and what the keys hold then. What has been
// tried in vain is remembered. Real-time order keeps the choices few.

export interface Observed {
  /** Moments on one clock, all different. */
  readonly begun: number;
  readonly ended: number;
  /** GET key, or SET key value. */
  readonly commands: readonly (readonly string[])[];
  readonly replies: readonly (string | null)[];
}

/** What executing it on `store` answers. Changes `store`. */
function execute(store: Map<string, string>, commands: Observed['commands']): (string | null)[] {
  return commands.map(([name, key, value]) => {
    if (name === 'GET') return store.get(key) ?? null;
    store.set(key, value);
    return 'OK';
  });
}

const same = (a: readonly (string | null)[], b: readonly (string | null)[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** Whether some order explains what was observed; keys hold nothing at first. */
export function explains(observed: readonly Observed[]): boolean {
  const inVain = new Set<string>();
  const done = new Array<boolean>(observed.length).fill(false);
  const search = (left: number, store: ReadonlyMap<string, string>): boolean => {
    if (left === 0) return true;
    const state = `${done.map((each) => (each ? 1 : 0)).join('')} ${[...store].sort().join(';')}`;
    if (inVain.has(state)) return false;
    const firstEnd = Math.min(...observed.filter((_, i) => !done[i]).map(({ ended }) => ended));
    for (const [i, { begun, commands, replies }] of observed.entries()) {
      // Whoever began after another had ended comes after it.
      if (done[i] || begun > firstEnd) continue;
      const next = new Map(store);
      if (!same(execute(next, commands), replies)) continue;
      done[i] = true;
      if (search(left - 1, next)) return true;
      done[i] = false;
    }
    inVain.add(state);
    return false;
  };
  return search(observed.length, new Map());
}

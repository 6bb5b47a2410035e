// Makes a failing history short enough to read.

export interface Reduced<T> {
  items: T[];
  /** How many times the history was replayed. */
  replays: number;
}

/**
 * The shortest list found that still fails, by leaving out ever smaller runs of items (delta debugging).
 * @param items A list for which `fails` has answered true.
 * @param fails Replays a list from scratch. Should it once answer wrongly, the result is longer or does not fail.
 * @param budgetMs Stop looking after this long and give the shortest so far.
 */
export async function reduce<T>(
  items: readonly T[],
  fails: (items: T[]) => Promise<boolean>,
  budgetMs: number,
): Promise<Reduced<T>> {
  const deadline = Date.now() + budgetMs;
  let kept = [...items];
  let replays = 0;
  let size = Math.ceil(kept.length / 2);
  while (size >= 1 && kept.length > 1) {
    let removed = false;
    // From the end to the start: what has been left out then never moves the runs that are yet to be tried.
    for (let from = Math.floor((kept.length - 1) / size) * size; from >= 0; from -= size) {
      if (Date.now() > deadline) return { items: kept, replays };
      const without = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (without.length === 0) continue;
      replays++;
      if (await fails(without)) {
        kept = without;
        removed = true;
      }
    }
    if (size === 1 && !removed) break;
    if (size > 1) size = Math.ceil(size / 2);
  }
  return { items: kept, replays };
}

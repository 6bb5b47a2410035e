// A plain model of sets: a Map of Sets, and the rule by which Redis 7.0 leaves the intset. Commands that pick at random
// are given what the kernel picked and judge it.
const INTEGER = /^(0|-?[1-9]\d{0,18})$/;
const I64_MAX = 2n ** 63n - 1n;

/** Is this text exactly what a 64-bit integer is written as? */
export function isInteger(text: string): boolean {
  if (!INTEGER.test(text)) return false;
  const value = BigInt(text);
  return value <= I64_MAX && value >= -I64_MAX - 1n;
}

/** Members, and whether OBJECT ENCODING says intset. */
export class ModelSet {
  readonly members = new Set<string>();
  isIntset = true;

  constructor(readonly intsetMax: number) {}

  add(member: string): boolean {
    if (this.members.has(member)) return false;
    this.members.add(member);
    if (!isInteger(member) || this.members.size > this.intsetMax) this.isIntset = false;
    return true;
  }
}

export class SetModel {
  readonly sets = new Map<string, ModelSet>();

  constructor(public intsetMax = 512) {}

  members(key: string): Set<string> {
    return this.sets.get(key)?.members ?? new Set();
  }

  add(key: string, ...members: string[]): number {
    const set = this.sets.get(key) ?? new ModelSet(this.intsetMax);
    this.sets.set(key, set);
    return members.filter((member) => set.add(member)).length;
  }

  remove(key: string, ...members: string[]): number {
    const set = this.members(key);
    const removed = members.filter((member) => set.delete(member)).length;
    if (set.size === 0) this.sets.delete(key);
    return removed;
  }

  /** SPOP with a count took these. When few of many stay behind, Redis makes a new set of them. */
  popped(key: string, members: readonly string[]): void {
    const before = this.members(key).size;
    this.remove(key, ...members);
    const set = this.sets.get(key);
    if (!set || (before - members.length) * 5 > members.length) return;
    this.sets.delete(key);
    this.add(key, ...set.members);
  }

  move(from: string, to: string, member: string): number {
    if (!this.members(from).has(member)) return 0;
    if (from === to) return 1;
    this.remove(from, member);
    this.add(to, member);
    return 1;
  }

  inter(keys: readonly string[]): ModelSet {
    const [smallest, ...others] = keys.map((key) => this.members(key)).sort((a, b) => a.size - b.size);
    return this.#of([...smallest].filter((member) => others.every((set) => set.has(member))));
  }

  union(keys: readonly string[]): ModelSet {
    return this.#of(keys.flatMap((key) => [...this.members(key)]));
  }

  diff(keys: readonly string[]): ModelSet {
    const [first, ...others] = keys.map((key) => this.members(key));
    const rest = [...first].filter((member) => others.every((set) => !set.has(member)));
    const there = keys.filter((key) => this.sets.has(key));
    const removals = there.reduce((sum, key) => sum + this.members(key).size, 0);
    const lookups = Math.floor((there.length * first.size) / 2);
    // Built by taking members out of a copy of the first set, the result was once as large as that one.
    if (lookups <= removals || keys.slice(1).includes(keys[0]) || first.size === 0) return this.#of(rest);
    const set = this.#of([...first]);
    for (const member of first) if (!rest.includes(member)) set.members.delete(member);
    return set;
  }

  #of(members: readonly string[]): ModelSet {
    const set = new ModelSet(this.intsetMax);
    for (const member of members) set.add(member);
    return set;
  }

  store(key: string, set: ModelSet): number {
    this.sets.delete(key);
    if (set.members.size > 0) this.sets.set(key, set);
    return set.members.size;
  }
}

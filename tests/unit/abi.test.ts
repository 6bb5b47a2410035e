// The kernel and its host agree on every number that both know. The assembly's sources are read as text, so that the
// two sides are compared and not one side with itself.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as hostAbi from '../../host/kernel/abi.js';
import * as hostAllowance from '../../host/kernel/allowance.js';
import * as hostDefrag from '../../host/kernel/defrag.js';
import * as hostKernel from '../../host/kernel/kernel.js';

/** The exported number constants of an AssemblyScript file; later ones may use earlier ones. */
function constantsOf(file: string): Map<string, number> {
  const found = new Map<string, number>();
  const text = readFileSync(file, 'utf8');
  for (const [, name, expression] of text.matchAll(/^export const (\w+): [ui]\d+ = ([^;]+);/gm)) {
    const value = expression
      .split(/\s*([*/+-])\s*/)
      .map((term) => (/^[*/+-]$/.test(term) ? term : (found.get(term) ?? Number(term))));
    let sum = value[0] as number;
    for (let i = 1; i < value.length; i += 2) {
      const operand = value[i + 1] as number;
      if (value[i] === '*') sum *= operand;
      else if (value[i] === '/') sum = Math.floor(sum / operand);
      else sum += value[i] === '+' ? operand : -operand;
    }
    if (!Number.isInteger(sum)) throw new Error(`${file}: cannot read ${name} = ${expression}`);
    found.set(name, sum);
  }
  return found;
}

const SIZES: Record<string, number> = { u8: 1, u16: 2, u32: 4, u64: 8 };

/** Offsets of an unmanaged class's fields, laid out as the compiler does: each aligned to its size. */
function fieldsOf(file: string, name: string): Map<string, number> {
  const body = readFileSync(file, 'utf8').match(new RegExp(`class ${name} \\{([^}]*)\\}`))?.[1] ?? '';
  const offsets = new Map<string, number>();
  let at = 0;
  for (const [, field, type] of body.matchAll(/(\w+): (\w+);/g)) {
    const bytes = SIZES[type];
    at = Math.ceil(at / bytes) * bytes;
    offsets.set(field, at);
    at += bytes;
  }
  return offsets;
}

const numbersOf = (module: object) =>
  new Map(Object.entries(module).filter((entry): entry is [string, number] => typeof entry[1] === 'number'));

describe('assembly/abi.ts and host/kernel/abi.ts', () => {
  const kernel = constantsOf('assembly/abi.ts');
  const host = numbersOf(hostAbi);

  it('hold the same constants with the same values', () => {
    expect(kernel.size).toBeGreaterThan(50);
    expect(Object.fromEntries(host)).toEqual(Object.fromEntries(kernel));
  });

  it('give every status, and every flag of a call, a number of its own', () => {
    const groups = ['STATUS_', 'PIECE_', 'CALL_'].map((prefix) =>
      [...kernel].filter(([name]) => name.startsWith(prefix)),
    );
    for (const group of groups) {
      expect(group.length).toBeGreaterThan(2);
      expect(new Set(group.map(([, value]) => value)).size).toBe(group.length);
    }
    for (const [name, value] of groups[2]) expect(value & (value - 1), name).toBe(0);
  });
});

describe('the header in assembly/memory/layout.ts and in host/kernel/kernel.ts', () => {
  const fields = fieldsOf('assembly/memory/layout.ts', 'Header');
  const layout = constantsOf('assembly/memory/layout.ts');
  const host = numbersOf(hostKernel);

  it('begins at the same address and has the same flags', () => {
    expect(host.get('HEADER_AT')).toBe(layout.get('HEADER'));
    const flags = [...layout].filter(([name]) => name.startsWith('HEADER_FLAG_'));
    expect(flags.length).toBeGreaterThan(2);
    for (const [name, value] of flags) expect(host.get(name), name).toBe(value);
  });

  it('has each field that the host touches where the kernel has it', () => {
    const touched = [...host].filter(([name]) => /^HEADER_(?!AT$|FLAG_)/.test(name));
    expect(touched.length).toBeGreaterThan(10);
    for (const [name, offset] of touched) {
      const words = name.toLowerCase().split('_').slice(1);
      const field = words.map((word, i) => (i === 0 ? word : word[0].toUpperCase() + word.slice(1))).join('');
      const known = fields.get(field) ?? fields.get(`${field}Minutes`);
      expect(known, `${name}: is there a field ${field}?`).toBe(offset);
    }
  });

  it('is followed by the states of snapshots where the host looks for them', () => {
    const at = (state: string, file: string, name: string, field: string): number =>
      layout.get(state)! - layout.get('HEADER')! + fieldsOf(file, name).get(field)!;
    const snapshot = (field: string): number => at('SNAPSHOT_STATE', 'assembly/snapshot/state.ts', 'Snapshot', field);
    expect(host.get('SNAPSHOT_DETACHED')).toBe(snapshot('detached'));
    expect(host.get('SNAPSHOT_KEPT_BYTES')).toBe(snapshot('keptBytes'));
    expect(host.get('SINK_BYTES')).toBe(at('SINK', 'assembly/snapshot/sink.ts', 'Sink', 'bytes'));
  });

  it('is drawn in its comment as it is declared', () => {
    const text = readFileSync('assembly/memory/layout.ts', 'utf8');
    const drawn = [...text.matchAll(/^\/\/ +(\d+) +\d+ (\w+) +(?:once|latch|atomic)/gm)];
    const inside = drawn.filter(([, , name]) => fields.has(name));
    expect(inside.length).toBeGreaterThan(30);
    for (const [, offset, name] of inside) expect(fields.get(name), name).toBe(Number(offset));
    const undrawn = [...fields.keys()].filter(
      (name) => !name.startsWith('_') && !drawn.some(([, , other]) => other === name),
    );
    expect(undrawn).toEqual([]);
  });
});

describe('the part of maxmemory in assembly/memory/allowance.ts and in host/kernel/allowance.ts', () => {
  const fields = fieldsOf('assembly/memory/allowance.ts', 'Allowance');
  const host = numbersOf(hostAllowance);

  it('lies where the layout has it, field by field', () => {
    const text = readFileSync('assembly/memory/layout.ts', 'utf8');
    expect(hostAllowance.ALLOWANCE_AT).toBe(Number(/ALLOWANCE_STATE: u32 = HEADER \+ (\d+)/.exec(text)?.[1]));
    const touched = [...host].filter(([name]) => /^ALLOWANCE_(?!AT$|NONE$)/.test(name));
    expect(touched.length).toBeGreaterThan(5);
    for (const [name, offset] of touched) {
      const [first, ...rest] = name.toLowerCase().split('_').slice(1);
      const field = first + rest.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
      expect(fields.get(field), name).toBe(offset - hostAllowance.ALLOWANCE_AT);
    }
    expect(hostAllowance.ALLOWANCE_NONE).toBe(constantsOf('assembly/memory/allowance.ts').get('ALLOWANCE_NONE'));
  });
});

describe('the counters of defragmentation in assembly/memory/moving.ts and in host/kernel/defrag.ts', () => {
  it('lie where the layout has them', () => {
    const fields = fieldsOf('assembly/memory/moving.ts', 'Defrag');
    const text = readFileSync('assembly/memory/layout.ts', 'utf8');
    expect(hostDefrag.DEFRAG_AT).toBe(Number(/DEFRAG_STATE: u32 = HEADER \+ (\d+)/.exec(text)?.[1]));
    const { DEFRAG_HITS, DEFRAG_MISSES, DEFRAG_KEY_HITS, DEFRAG_KEY_MISSES } = hostDefrag;
    const places = ['hits', 'misses', 'keyHits', 'keyMisses'].map(
      (name) => hostDefrag.DEFRAG_AT + (fields.get(name) ?? -1),
    );
    expect([DEFRAG_HITS, DEFRAG_MISSES, DEFRAG_KEY_HITS, DEFRAG_KEY_MISSES]).toEqual(places);
  });
});

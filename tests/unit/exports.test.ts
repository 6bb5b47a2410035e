// What the two artefacts import and export, to the name, and what they hold of data: nothing that one instance could
// have and another lack.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newShardMemory } from '../../host/kernel/kernel.js';

const ARTEFACTS = ['shared', 'single'] as const;
const files = Object.fromEntries(ARTEFACTS.map((name) => [name, readFileSync(`dist/kernel.${name}.wasm`)]));
const modules = Object.fromEntries(ARTEFACTS.map((name) => [name, new WebAssembly.Module(files[name])]));

const EXPORTS = [
  ...['init', 'seeds', 'generatorState', 'headerAt'],
  ...['windowBase', 'windowInput', 'windowArguments', 'windowStage', 'windowOutput', 'windowReturns'],
  ...[
    'begin',
    'end',
    'enter',
    'entered',
    'stepPrepare',
    'stepPublish',
    'exec',
    'run',
    'execBlock',
    'blockNew',
    'blockFree',
  ],
  ...['cut', 'merge', 'release', 'unpin', 'canStore', 'route', 'slot', 'guestsClear'],
  ...[
    'defrag',
    'sparseBytes',
    'evictSample',
    'evictableKeys',
    'evictKey',
    'expire',
    'reclaim',
    'purge',
    'databaseKeys',
    'databaseExpires',
    'databaseSegments',
  ],
  ...['usedBytes', 'dataBytes', 'committedBytes', 'largestFreeRun', 'snapshotLoad', 'digest', 'check'],
  ...[
    'snapshotActive',
    'snapshotSlice',
    'snapshotPiece',
    'snapshotPieceBytes',
    'snapshotConsume',
    'snapshotNeedsOwnVersion',
  ],
  ...['snapshotKeys', 'snapshotAbort', 'snapshotFailed', 'snapshotBound'],
  ...['eventFirst', 'eventDrop', 'eventsLost', 'watch', 'watchedVersion', 'unwatch', 'cacheKey'],
  ...['waitOn', 'waitOff', 'wake', 'readyKey', 'readyDb', 'readyType', 'firstWaiter'],
  ...['logPeek', 'logPeekBytes', 'logConsume', 'logBacklog', 'logEndLsn'],
  ...[
    'raise',
    'publishing',
    'published',
    'lastEpoch',
    'epochEnd',
    'logPiece',
    'logPieceBytes',
    'logConsumeTo',
    'logBegin',
  ],
  ...['logVerify', 'logVerifyStop', 'logVerifyRecords', 'logVerifyNeed', 'logFind', 'crc32c'],
  ...['logReplay', 'logReplayed', 'logReplayStop', 'logReplayStatus', 'logReplayBytes'],
];
const PAGE_BYTES = 65536;

/** A LEB128 number in a module, and where it ends. */
function leb(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 127) << shift;
    if ((byte & 128) === 0) return [value >>> 0, at];
  }
}

/** The sections of a module: id to content. */
function sections(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at++];
    const [length, start] = leb(bytes, at);
    if (id !== 0) found.set(id, bytes.subarray(start, start + length));
    at = start + length;
  }
  return found;
}

/** Where each active data segment of a module goes: [from, to). */
function dataSegments(bytes: Uint8Array): [from: number, to: number][] {
  const section = sections(bytes).get(11);
  if (!section) return [];
  const ranges: [number, number][] = [];
  let [count, at] = leb(section, 0);
  for (; count > 0; count--) {
    if (section[at++] !== 0 || section[at++] !== 0x41) throw new Error('a segment that is not active at a constant');
    let from: number;
    [from, at] = leb(section, at);
    at++; // the expression's end
    let length: number;
    [length, at] = leb(section, at);
    ranges.push([from, from + length]);
    at += length;
  }
  return ranges;
}

describe.each(ARTEFACTS)('kernel.%s.wasm', (name) => {
  it('imports its memory and nothing else', () => {
    expect(WebAssembly.Module.imports(modules[name])).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  it('exports the functions of the ABI, the memory it was given, and nothing else', () => {
    const found = WebAssembly.Module.exports(modules[name]);
    const functions = found.filter(({ kind }) => kind === 'function').map((entry) => entry.name);
    expect(functions.sort()).toEqual([...EXPORTS].sort());
    expect(found.filter(({ kind }) => kind !== 'function')).toEqual([{ name: 'memory', kind: 'memory' }]);
  });

  it('keeps all its static data in page 0, above address 0', () => {
    const segments = dataSegments(files[name]);
    expect(segments.length).toBeGreaterThan(0);
    for (const [from, to] of segments) {
      expect(from).toBeGreaterThan(0);
      expect(to).toBeLessThanOrEqual(PAGE_BYTES);
    }
  });

  it('links with its own kind of memory and not with the other', () => {
    const link = (shared: boolean) =>
      new WebAssembly.Instance(modules[name], { env: { memory: newShardMemory(shared, 65536) } });
    expect(link(name === 'shared')).toBeInstanceOf(WebAssembly.Instance);
    expect(() => link(name !== 'shared')).toThrow(WebAssembly.LinkError);
  });

  it('has no start function: making an instance runs nothing', () => {
    expect(sections(files[name]).has(8)).toBe(false);
  });
});

describe('the two artefacts', () => {
  it('export the same names and hold the same static data', () => {
    const [shared, single] = ARTEFACTS.map((name) => WebAssembly.Module.exports(modules[name]));
    expect(single).toEqual(shared);
    expect(dataSegments(files.single)).toEqual(dataSegments(files.shared));
    expect(Buffer.from(sections(files.single).get(11)!).equals(sections(files.shared).get(11)!)).toBe(true);
  });

  it('differ only in waking waiters: their code is within one percent in size', () => {
    const [shared, single] = ARTEFACTS.map((name) => sections(files[name]).get(10)!.length);
    expect(shared).toBeGreaterThan(single);
    expect(shared - single).toBeLessThan(shared / 100);
  });
});

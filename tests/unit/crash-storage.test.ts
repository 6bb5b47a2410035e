// Goal: the simulator really does to unsynced bytes and names what each mode says, and leaves what is synced alone. A
// simulator that loses nothing would let every crash test pass.
import { describe, expect, it } from 'vitest';
import type { StorageFile } from '../../host/storage/port.js';
import { CRASH_MODES, Crashed, type CrashMode, CrashStorage, JOURNALED } from '../support/crash-storage.js';
import { everyCrash, everyFault } from '../support/every-crash.js';

const SEEDS = Array.from({ length: 150 }, (_, seed) => seed);
const BEFORE = 'synced and safe';
const ADDED = ' then something that no sync has covered';

async function create(storage: CrashStorage, name: string, text: string): Promise<StorageFile> {
  const file = await storage.open(name, 'create');
  file.write(Buffer.from(text), 0);
  return file;
}

/** A storage with one durable file, to which something is added without a sync. */
async function unsynced(): Promise<CrashStorage> {
  const storage = new CrashStorage([['a', Buffer.from(BEFORE)]]);
  const file = await storage.open('a', 'write');
  file.write(Buffer.from(ADDED), file.size());
  return storage;
}

const textOf = (storage: CrashStorage, name: string): string | undefined => {
  const bytes = storage.files().get(name);
  return bytes && Buffer.from(bytes).toString('latin1');
};
const found = (storage: CrashStorage, mode: CrashMode, name = 'a') =>
  SEEDS.map((seed) => textOf(storage.afterCrash(seed, mode), name));
const namesAfter = (storage: CrashStorage, mode: CrashMode) =>
  new Set(SEEDS.map((seed) => [...storage.afterCrash(seed, mode).files().keys()].sort().join(' ')));

describe('bytes that were written and not synced', () => {
  it('are kept when the process is killed, and lost when everything is', async () => {
    const storage = await unsynced();
    expect(new Set(found(storage, 'kept'))).toEqual(new Set([BEFORE + ADDED]));
    expect(new Set(found(storage, 'lost'))).toEqual(new Set([BEFORE]));
    expect(new Set(found(storage, 'writes-lost'))).toEqual(new Set([BEFORE]));
  });

  it('are cut short, at many lengths', async () => {
    const texts = found(await unsynced(), 'cut');
    for (const text of texts) {
      expect((BEFORE + ADDED).startsWith(text!)).toBe(true);
      expect(text!.length).toBeLessThan(BEFORE.length + ADDED.length);
    }
    expect(new Set(texts).size).toBeGreaterThan(10);
  });

  it('are garbled in place, and never what was written', async () => {
    const texts = found(await unsynced(), 'garbled');
    for (const text of texts) {
      expect(text!.length).toBe(BEFORE.length + ADDED.length);
      expect(text!.startsWith(BEFORE)).toBe(true);
      expect(text!).not.toBe(BEFORE + ADDED);
    }
    expect(new Set(texts).size).toBeGreaterThan(10);
  });

  it('are garbled even where all of them are zeros', async () => {
    const storage = new CrashStorage([['a', new Uint8Array()]]);
    (await storage.open('a', 'write')).write(new Uint8Array(4), 0);
    for (const text of found(storage, 'garbled')) expect(text).not.toBe('\0\0\0\0');
  });

  it('meet every fate in the mixed mode, each write by itself', async () => {
    const storage = new CrashStorage([['a', new Uint8Array()]]);
    const file = await storage.open('a', 'write');
    file.write(Buffer.from('first'), 0);
    file.write(Buffer.from('later'), 5);
    const texts = found(storage, 'mixed');
    expect(texts).toContain('firstlater');
    // The first is lost and the second is not: there is a hole between.
    expect(texts).toContain('\0\0\0\0\0later');
    expect(texts).toContain('first');
    expect(texts).toContain('');
    expect(texts.some((text) => text!.length > 5 && text!.length < 10 && text!.startsWith('first'))).toBe(true);
  });

  it('are the caller’s to change afterwards', async () => {
    const storage = new CrashStorage();
    const bytes = Buffer.from('as written');
    const file = await storage.open('a', 'create');
    file.write(bytes, 0);
    bytes.fill(0);
    expect(textOf(storage.afterCrash(0, 'kept'), 'a')).toBe('as written');
  });

  it('may come back behind the end that a file was cut to', async () => {
    const storage = new CrashStorage([['a', Buffer.from(BEFORE)]]);
    (await storage.open('a', 'write')).truncate(6);
    expect(new Set(found(storage, 'kept'))).toEqual(new Set(['synced']));
    expect(new Set(found(storage, 'lost'))).toEqual(new Set([BEFORE]));
    expect(new Set(found(storage, 'mixed'))).toEqual(new Set(['synced', BEFORE]));
  });
});

describe('a sync', () => {
  it('makes what came before it safe in every mode, and nothing that came after', async () => {
    const storage = await unsynced();
    const file = await storage.open('a', 'write');
    await file.sync();
    file.write(Buffer.from('!'), file.size());
    for (const mode of CRASH_MODES) {
      for (const text of found(storage, mode)) expect(text!.startsWith(BEFORE + ADDED)).toBe(true);
    }
    expect(new Set(found(storage, 'lost'))).toEqual(new Set([BEFORE + ADDED]));
  });

  it('covers nothing that is written while it is under way, and nothing at all before it is over', async () => {
    const storage = await unsynced();
    const file = await storage.open('a', 'write');
    let finish = (): void => {};
    storage.syncing = () => new Promise<void>((resolve) => (finish = resolve));
    const sync = file.sync();
    file.write(Buffer.from('!'), file.size());
    expect(new Set(found(storage, 'lost'))).toEqual(new Set([BEFORE]));
    finish();
    await sync;
    expect(new Set(found(storage, 'lost'))).toEqual(new Set([BEFORE + ADDED]));
  });

  it('that failed leaves bytes that no later sync makes safe', async () => {
    const storage = await unsynced();
    const file = await storage.open('a', 'write');
    storage.failAt(storage.calls + 1, 'IO');
    await expect(file.sync()).rejects.toMatchObject({ code: 'IO' });
    await file.sync();
    expect(new Set(found(storage, 'lost'))).toEqual(new Set([BEFORE]));
    expect(new Set(found(storage, 'kept'))).toEqual(new Set([BEFORE + ADDED]));
  });

  it('of a new file says nothing about its name', async () => {
    const storage = new CrashStorage();
    await (await create(storage, 'a', 'x')).sync();
    expect(namesAfter(storage, 'lost')).toEqual(new Set(['']));
    await storage.syncDirectory();
    expect(namesAfter(storage, 'lost')).toEqual(new Set(['a']));
    expect(new Set(found(storage, 'lost'))).toEqual(new Set(['x']));
  });
});

describe('names that were changed and not synced', () => {
  /** Two durable files: `a.tmp` is renamed over `a`, `b` is removed, `c` is made. */
  async function changed(profile?: typeof JOURNALED): Promise<CrashStorage> {
    const old = ['a', 'a.tmp', 'b'].map((name) => [name, Buffer.from(`old ${name}`)] as const);
    const storage = new CrashStorage(old, profile);
    await storage.rename('a.tmp', 'a');
    await storage.remove('b');
    await (await create(storage, 'c', 'new')).sync();
    return storage;
  }

  it('are kept or lost as the mode says', async () => {
    const storage = await changed();
    for (const mode of ['kept', 'writes-lost', 'cut', 'garbled'] as const) {
      expect(namesAfter(storage, mode)).toEqual(new Set(['a c']));
    }
    for (const mode of ['lost', 'names-lost'] as const) {
      expect(namesAfter(storage, mode)).toEqual(new Set(['a a.tmp b']));
    }
    expect(new Set(found(storage, 'kept'))).toEqual(new Set(['old a.tmp']));
    expect(new Set(found(storage, 'lost'))).toEqual(new Set(['old a']));
  });

  it('are kept or lost each by itself in the mixed mode', async () => {
    expect(namesAfter(await changed(), 'mixed').size).toBe(8);
  });

  it('survive in their order where the profile says that they do', async () => {
    expect(namesAfter(await changed(JOURNALED), 'mixed')).toEqual(new Set(['a a.tmp b', 'a b', 'a', 'a c']));
  });

  it('are safe at once where the profile says so', async () => {
    const storage = await changed({ namesInOrder: true, namesDurable: true });
    expect(namesAfter(storage, 'lost')).toEqual(new Set(['a c']));
  });

  it('lead to new bytes that were never synced: a rename alone makes nothing durable', async () => {
    const storage = new CrashStorage([['a', Buffer.from('old')]]);
    await create(storage, 'a.tmp', 'new');
    await storage.rename('a.tmp', 'a');
    expect(new Set(found(storage, 'writes-lost'))).toEqual(new Set(['']));
    expect(new Set(found(storage, 'names-lost'))).toEqual(new Set(['old']));
  });
});

describe('the end of the process', () => {
  it('comes before the call or in the middle of it, and stops every later call', async () => {
    for (const when of ['before', 'during'] as const) {
      const storage = new CrashStorage();
      storage.crashAt(2, when);
      const file = await storage.open('a', 'create');
      expect(() => file.write(Buffer.from('something long'), 0)).toThrow(Crashed);
      expect(storage.crashed).toBe(true);
      await storage.ended;
      expect(() => file.size()).toThrow(Crashed);
      expect(() => file.write(Buffer.from('x'), 0)).toThrow(Crashed);
      await expect(file.sync()).rejects.toThrow(Crashed);
      await expect(storage.list()).rejects.toThrow(Crashed);
      await expect(storage.open('a', 'read')).rejects.toThrow(Crashed);
      await expect(storage.syncDirectory()).rejects.toThrow(Crashed);
      file.close();
      const text = textOf(storage.afterCrash(0, 'kept'), 'a')!;
      if (when === 'before') expect(text).toBe('');
      else expect('something long'.startsWith(text) && text.length > 0 && text.length < 14).toBe(true);
      expect(storage.trace).toEqual(['create a', 'write a 14']);
    }
  });

  it('ends a sync that is under way: it covers nothing', async () => {
    const storage = await unsynced();
    const sync = (await storage.open('a', 'write')).sync();
    storage.crash();
    await expect(sync).rejects.toThrow(Crashed);
    expect(new Set(found(storage, 'lost'))).toEqual(new Set([BEFORE]));
  });

  it('is found the same for the same seed, and goes on from there as a disk of its own', async () => {
    const storage = await unsynced();
    const [one, two] = [storage.afterCrash(7, 'mixed'), storage.afterCrash(7, 'mixed')];
    expect(two.files()).toEqual(one.files());
    await one.remove('a');
    expect(await two.list()).toEqual(['a']);
    expect(await storage.list()).toEqual(['a']);
  });
});

describe('a call that fails', () => {
  it('does so once, or until it is healed; a write may have been made in part', async () => {
    const storage = new CrashStorage();
    const file = await storage.open('a', 'create');
    storage.failAt(2, 'IO');
    expect(() => file.write(Buffer.from('something long'), 0)).toThrow(expect.objectContaining({ code: 'IO' }));
    expect(file.size()).toBeGreaterThan(0);
    expect(file.size()).toBeLessThan(14);
    file.truncate(0);
    storage.failAt(4, 'IO', 'onwards');
    expect(() => file.write(Buffer.from('x'), 0)).toThrow(expect.objectContaining({ code: 'IO' }));
    await expect(storage.rename('a', 'b')).rejects.toMatchObject({ code: 'IO' });
    expect(storage.faults).toBe(3);
    storage.heal();
    await storage.rename('a', 'b');
    expect(await storage.list()).toEqual(['b']);
  });

  it('for want of space lets go on what needs none', async () => {
    const storage = new CrashStorage([['a', Buffer.from('0123')]]);
    const file = await storage.open('a', 'write');
    storage.failAt(1, 'DISK_FULL', 'onwards');
    expect(() => file.write(Buffer.from('x'), 4)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    await expect(storage.open('b', 'create')).rejects.toMatchObject({ code: 'DISK_FULL' });
    file.truncate(4);
    file.write(Buffer.from('abcd'), 0);
    await file.sync();
    await storage.rename('a', 'c');
    await storage.syncDirectory();
    expect(textOf(storage, 'c')).toBe('abcd');
  });
});

describe('every crash', () => {
  const SCENARIO = { title: 'a file replaced', seed: 1, notes: () => ({ isReplaced: false }) };
  const files = () => [['a', Buffer.from('old')] as const];
  /** Replaces a file as it should be done, or without one of the syncs. */
  const replace =
    (skipped: string) =>
    async (storage: CrashStorage, notes: { isReplaced: boolean }): Promise<void> => {
      const file = await create(storage, 'a.tmp', 'new content');
      if (skipped !== 'file') await file.sync();
      file.close();
      await storage.rename('a.tmp', 'a');
      if (skipped !== 'directory') await storage.syncDirectory();
      notes.isReplaced = true;
    };
  const check = async (disk: CrashStorage, notes: { isReplaced: boolean }): Promise<void> => {
    expect(['old', 'new content']).toContain(textOf(disk, 'a'));
    if (notes.isReplaced) expect(textOf(disk, 'a')).toBe('new content');
  };

  it('lets a file be replaced by the book', async () => {
    const { calls, points, checks } = await everyCrash({ ...SCENARIO, files }, replace('nothing'), check);
    // create, write, sync, rename, sync-dir; each before and during, and the end; 4 modes without draws, 3 with 2.
    expect([calls, points, checks]).toEqual([5, 11, 110]);
  });

  it('catches a file that was not synced before it was renamed', async () => {
    await expect(everyCrash({ ...SCENARIO, files }, replace('file'), check)).rejects.toThrow(/crash .* call \d/);
  });

  it('catches a directory that was not synced', async () => {
    await expect(everyCrash({ ...SCENARIO, files }, replace('directory'), check)).rejects.toThrow(/the end/);
  });

  it('fails where there is nothing to crash in, and passes on what the scenario throws by itself', async () => {
    await expect(everyCrash({ ...SCENARIO, files }, async () => {}, check)).rejects.toThrow(/nothing to crash in/);
    const broken = async (): Promise<void> => {
      throw new Error('of its own');
    };
    await expect(everyCrash({ ...SCENARIO, files }, broken, check)).rejects.toThrow('of its own');
  });

  it('ends a scenario that waits for ever after the crash', async () => {
    const waiting = async (storage: CrashStorage): Promise<void> => {
      await create(storage, 'a.tmp', 'x').catch(() => new Promise(() => {}));
    };
    expect((await everyCrash({ ...SCENARIO, files }, waiting, check)).points).toBe(5);
  });
});

describe('every fault', () => {
  const SCENARIO = { title: 'a file written', notes: () => undefined };
  const write = async (storage: CrashStorage): Promise<void> => {
    const file = await create(storage, 'a', 'x');
    await file.sync();
    await storage.syncDirectory();
  };

  it('comes to each call, each kind and span, and says what was thrown', async () => {
    const seen: string[] = [];
    const { points } = await everyFault(SCENARIO, write, async (storage, _, { line, fault, span }, thrown) => {
      expect(thrown).toMatchObject({ code: fault });
      expect(storage.crashed).toBe(false);
      seen.push(`${line} ${fault} ${span}`);
    });
    expect(points).toBe(16);
    expect(new Set(seen).size).toBe(16);
  });

  it('fails where there is nothing to fail', async () => {
    const nothing = everyFault(
      SCENARIO,
      async () => {},
      async () => {},
    );
    await expect(nothing).rejects.toThrow(/nothing to fail/);
  });
});

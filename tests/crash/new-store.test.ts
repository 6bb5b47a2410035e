// An import into a directory that ends in any of its calls: the next start finds nothing, or all of it; and where it finds
// nothing the import can be done again.
import { describe, expect, it } from 'vitest';
import { settle } from '../../host/persistence/layout.js';
import { readLayout } from '../../host/persistence/meta.js';
import { writeNewStore } from '../../host/persistence/new-store.js';
import type { Storage } from '../../host/storage/port.js';
import type { CrashStorage } from '../support/crash-storage.js';
import { everyCrash, everyFault } from '../support/every-crash.js';
import { contentOf, SMALL, someCommands, startInProcess } from '../support/own-store.js';
import { Random } from '../support/seed.js';
import { StoreInProcess } from '../support/store-in-process.js';
import { BUILDS } from '../support/wasm.js';

const LAYOUT = { shards: 3, routing: 'slots' } as const;

// The kernel's part of it is the walk, which has its own tests in all builds.
const [BUILD] = BUILDS.slice(-1);

describe('a new store', () => {
  const NOW_MS = Date.now();
  /** The same store each time: writing one takes it apart. */
  function made(): StoreInProcess {
    const store = new StoreInProcess(BUILD, LAYOUT.shards, { ...SMALL, routing: 1 });
    store.clock.now = NOW_MS;
    someCommands(store, new Random(31), 120);
    return store;
  }
  const content = contentOf(made().shards, true);
  const write = (storage: Storage) => writeNewStore(storage, made().shards, LAYOUT, NOW_MS);
  const files = () => [['dump-1.rdb.reshard', Buffer.from('of an import that was ended')]] as const;

  async function checkWhole(storage: Storage): Promise<void> {
    const { store, prepared } = await startInProcess(BUILD, storage, { nowMs: NOW_MS });
    expect(prepared.layout).toEqual(LAYOUT);
    expect(contentOf(store.shards, true)).toBe(content);
  }

  it('is there wholly or not at all, whatever call the process ends in', async () => {
    const seen = new Set<string>();
    await everyCrash(
      { title: 'crashes in writing a new store', notes: () => ({}), files, draws: 1 },
      write,
      async (found: CrashStorage) => {
        const finished = await settle(found);
        const isThere = (await readLayout(found)) !== undefined;
        seen.add(!isThere ? 'nothing' : finished ? 'finished by the start' : 'whole');
        if (!isThere) {
          expect(await found.list()).toEqual([]);
          await write(found);
        }
        await checkWhole(found);
        expect((await found.list()).filter((name) => /journal|reshard|tmp/.test(name))).toEqual([]);
      },
    );
    expect([...seen].sort()).toEqual(['finished by the start', 'nothing', 'whole']);
  });

  it('leaves nothing, or what the next start finishes, when a call fails', async () => {
    await everyFault({ title: 'failures in writing a new store', notes: () => ({}), files }, write, async (storage) => {
      await settle(storage);
      if ((await readLayout(storage)) === undefined) await write(storage);
      await checkWhole(storage);
    });
  });
});

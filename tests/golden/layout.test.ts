// The order of the storage calls of a change of layout, of finishing one at a later start, and of a recovery that sets damage
// aside: tests/golden/*.txt, to be read by a person. What makes each order right is what tests/crash/ finds out.
import { describe, it } from 'vitest';
import { logName } from '../../host/persistence/log-format.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { fixtureFiles } from '../support/kevy-expected.js';
import { OwnStore, type StartOptions, startInProcess } from '../support/own-store.js';
import { expectGolden, TraceStorage } from '../support/trace-storage.js';
import { BUILDS } from '../support/wasm.js';

const [BUILD] = BUILDS.slice(-1);
const NOW_MS = 1_700_000_000_123;

/** Two shards with a log each, and a dump of the first. */
function store(tail = ''): Map<string, Uint8Array> {
  const own = new OwnStore(BUILD, 2);
  for (let i = 0; i < 20; i++) own.store.call('SET', `key:${i}`, 'value');
  own.round(0);
  own.snapshot([0, 1], [0]);
  const files = own.files();
  files.delete('dump-1.rdb');
  files.set('shards.meta', Buffer.from('2\nkevyhash\n'));
  for (const shard of [0, 1]) files.set(logName(shard), Buffer.concat([files.get(logName(shard))!, Buffer.from(tail)]));
  return files;
}

async function traced(files: Map<string, Uint8Array>, options: StartOptions = {}): Promise<string[]> {
  const storage = new TraceStorage(new MemoryStorage(files));
  await startInProcess(BUILD, storage, { nowMs: NOW_MS, ...options });
  return storage.lines;
}

describe('the storage calls', () => {
  it('of a change of layout', async () =>
    expectGolden('reshard', await traced(store(), { shards: 3, routing: 'slots' })));

  it('of a change of layout whose source has a damaged end', async () =>
    expectGolden('reshard-damaged', await traced(store('garbage'), { shards: 1 })));

  it('of finishing a change that an earlier start has committed', async () =>
    expectGolden('roll-forward', await traced(fixtureFiles('journal-mid-finalize'))));

  it('of a start that finds a torn journal', async () =>
    expectGolden('torn-journal', await traced(fixtureFiles('journal-torn'))));

  it('of a recovery that sets damage aside', async () =>
    expectGolden('recovery-quarantine', await traced(store('garbage'))));

  it('of the first start', async () => expectGolden('first-start', await traced(new Map(), { shards: 2 })));
});

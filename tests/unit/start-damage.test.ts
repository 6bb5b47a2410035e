// Files damaged by hand. Goal: whatever bit of a small log or dump is another, and wherever one of them ends early, a start
// notices: it applies nothing that was never written, it does not trap, and if it refuses the directory is as it was, to the
// byte. Method: every byte and every length of the files of a small store, through the start as a server makes it, with the
// layout that the directory has and with another one.
import { describe, expect, it } from 'vitest';
import { LatchkeyError } from '../../host/errors.js';
import { dumpName, encodeRecord, logName } from '../../host/persistence/log-format.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { differentFiles, type Files, flipped, sameBytes, withFile } from '../support/directory-files.js';
import { fixtureFiles } from '../support/kevy-expected.js';
import { readKevyLog } from '../support/kevy-log.js';
import { contentOf, OwnStore, type StartOptions, startInProcess } from '../support/own-store.js';
import { BUILDS, type Build } from '../support/wasm.js';

const LONG = process.env.LATCHKEY_TEST_LONG !== undefined;
const TIMEOUT_MS = LONG ? 7_200_000 : 300_000;
const REFUSALS = ['DAMAGED_FILE', 'NEWER_FILE', 'BAD_LAYOUT'];

interface Outcome {
  /** Digests of the databases, wherever the keys lie; undefined: the start was refused. */
  readonly content: string | undefined;
  readonly code: string | undefined;
  readonly after: Map<string, Uint8Array>;
}

async function outcomeOf(build: Build, files: Files, options: StartOptions = {}): Promise<Outcome> {
  const storage = new MemoryStorage(files);
  try {
    const { store } = await startInProcess(build, storage, options);
    expect(store.shards.map(({ calls }) => calls.check())).toEqual(store.shards.map(() => 0));
    return { content: contentOf(store.shards, true), code: undefined, after: storage.files() };
  } catch (error) {
    // A trap, or any other error that nobody made on purpose, is none of these.
    if (!(error instanceof LatchkeyError)) throw error;
    expect(REFUSALS).toContain(error.code);
    expect(error.message).not.toContain('\n');
    expect(differentFiles(storage.files(), files), error.message).toEqual([]);
    return { content: undefined, code: error.code, after: storage.files() };
  }
}

/** A store of ours in one shard: a dump of two rounds, and a log with three more behind it. All but the last are known to be synced. */
function small(build: Build): { files: Map<string, Uint8Array>; own: OwnStore; states: string[] } {
  const own = new OwnStore(build, 1);
  const states: string[] = [''];
  const round = (...commands: string[][]): void => {
    for (const command of commands) own.store.call(...command);
    own.round(own.lastRound);
    states.push(contentOf(own.store.shards, true));
  };
  own.store.db = 0;
  round(
    ['SET', 's', 'value', 'PX', '90000000'],
    ['RPUSH', 'l', 'a', 'b'],
    ['SADD', 'set', '1', '2'],
    ['HSET', 'h', 'f', 'v'],
  );
  round(['ZADD', 'z', '1.5', 'm'], ['XADD', 'x', '1-1', 'f', 'v'], ['XGROUP', 'CREATE', 'x', 'g', '0']);
  own.snapshot([0], []);
  round(['APPEND', 's', '!'], ['HPEXPIRE', 'h', '90000000', 'FIELDS', '1', 'f']);
  round(['LPUSH', 'l', 'c'], ['DEL', 'set']);
  round(['INCR', 'n']);
  const files = own.files();
  files.set('shards.meta', Buffer.from('1\nkevyhash\n'));
  return { files, own, states };
}

describe.each(BUILDS)('damage to a store of ours, $memory $mode', (build) => {
  const { files, own, states } = small(build);
  const log = files.get(logName(0))!;
  const dump = files.get(dumpName(0))!;
  const lastBegins = own.ends[0].get(own.lastRound - 1)!;
  const start = own.logs[0][0].length;

  it.each<[string, StartOptions]>([
    ['a start', {}],
    ['a start that changes the layout', { shards: 2, routing: 'slots' }],
  ])(
    'a bit that flips, in any byte of the dump, the log or shards.meta, never goes unnoticed in %s',
    async (_, options) => {
      const counts = { refused: 0, tail: 0 };
      for (const [name, bytes] of files) {
        for (let at = 0; at < bytes.length; at++) {
          for (const bit of LONG ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
            const damaged = withFile(files, name, flipped(bytes, at, bit));
            const { content, after } = await outcomeOf(build, damaged, options);
            const what = `${name}, byte ${at}, bit ${bit}`;
            if (name === logName(0) && at >= lastBegins) {
              // The last round is not known to have been synced: it is an unfinished end, which is set aside.
              expect(content, what).toBe(states.at(-2));
              expect(
                [...after.keys()].filter((file) => file.includes('.corrupt-quarantine.')),
                what,
              ).toHaveLength(1);
              counts.tail++;
            } else if (content !== undefined) {
              // Other text of the same meaning, or a wish that overrides it.
              expect(name, what).toBe('shards.meta');
              expect(content, what).toBe(states.at(-1));
            } else counts.refused++;
          }
        }
      }
      expect(counts.tail).toBe((log.length - lastBegins) * (LONG ? 8 : 1));
      expect(counts.refused).toBeGreaterThan(dump.length + lastBegins - 1);
    },
    TIMEOUT_MS,
  );

  it(
    'a log that ends anywhere comes back as a round that was, its end set aside, or is refused',
    async () => {
      const seen = new Set<string | undefined>();
      for (let length = 0; length < log.length; length++) {
        const { content, after } = await outcomeOf(build, withFile(files, logName(0), log.subarray(0, length)));
        const rounds = [...own.ends[0].values()].filter((end) => end <= length).length;
        // Without its beginning nobody knows what the log goes on from.
        expect(content, `cut at ${length}`).toBe(length < start ? undefined : states[Math.max(rounds, 2)]);
        seen.add(content);
        if (content === undefined) continue;
        const aside = [...after.keys()].filter((file) => file.includes('.corrupt-quarantine.'));
        const left = Buffer.concat([after.get(logName(0))!, ...aside.map((file) => after.get(file)!)]);
        expect(sameBytes(left, log.subarray(0, length)), `cut at ${length}`).toBe(true);
      }
      // Refused, and what the dump holds, and two of the three rounds behind it: the third would be the whole log.
      expect(seen.size).toBe(4);
    },
    TIMEOUT_MS,
  );

  it(
    'a dump that ends anywhere is refused',
    async () => {
      expect(dump.length).toBeGreaterThan(100);
      for (let length = 0; length < dump.length; length++) {
        const { code } = await outcomeOf(build, withFile(files, dumpName(0), dump.subarray(0, length)));
        expect(code, `cut at ${length}`).toBe('DAMAGED_FILE');
      }
    },
    TIMEOUT_MS,
  );
});

describe("damage to a directory of kevy's", () => {
  const [build] = BUILDS.slice(-1);
  const fixture = fixtureFiles('slots-4-snapshot-then-aof');
  const nowMs = 1_795_436_300_000;
  const commands = readKevyLog(Buffer.from(fixture.get('aof-0.aof')!)).commands.slice(0, 12);
  const records = commands.map((command) => encodeRecord(command));
  const magic = Buffer.from('KEVYAOF2\n');
  const directory = (log: Uint8Array, dump?: Uint8Array): Map<string, Uint8Array> => {
    const files = new Map<string, Uint8Array>([
      ['shards.meta', Buffer.from('1\nslots\n')],
      ['aof-0.aof', log],
    ]);
    return dump ? files.set('dump-0.rdb', dump) : files;
  };
  /** What the store holds after so many records. */
  const prefixes = async (): Promise<(string | undefined)[]> => {
    const states: (string | undefined)[] = [];
    for (let count = 0; count <= records.length; count++) {
      const log = Buffer.concat([magic, ...records.slice(0, count)]);
      states.push((await outcomeOf(build, directory(log), { nowMs })).content);
    }
    return states;
  };
  const log = Buffer.concat([magic, ...records]);
  /** Whole records in the first `length` bytes. */
  const wholeIn = (length: number): number => {
    const ends = records.map((_, i) => magic.length + Buffer.concat(records.slice(0, i + 1)).length);
    return ends.filter((end) => end <= length).length;
  };

  it(
    'a record that is damaged, in any byte, is set aside with all behind it, or refused',
    async () => {
      const states = await prefixes();
      expect(new Set(states).size).toBeGreaterThan(8);
      let [aside, refused] = [0, 0];
      for (let at = 0; at < log.length; at++) {
        const files = directory(flipped(log, at, at % 8));
        const { content, after } = await outcomeOf(build, files, { nowMs });
        if (content === undefined) {
          // Not even its first words can be read.
          expect(wholeIn(at)).toBe(0);
          refused++;
          continue;
        }
        expect(content, `byte ${at}`).toBe(states[wholeIn(at)]);
        const copies = [...after.keys()].filter((file) => file.includes('.corrupt-quarantine.'));
        expect(copies, `byte ${at}`).toHaveLength(1);
        const left = Buffer.concat([after.get('aof-0.aof')!, after.get(copies[0])!]);
        expect(sameBytes(left, files.get('aof-0.aof')), `byte ${at}`).toBe(true);
        aside++;
      }
      expect(aside).toBeGreaterThan(300);
      expect(refused).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  it(
    'a log that ends anywhere comes back up to its last whole record',
    async () => {
      const states = await prefixes();
      for (let length = 0; length <= log.length; length++) {
        const { content } = await outcomeOf(build, directory(log.subarray(0, length)), { nowMs });
        expect(content, `cut at ${length}`).toBe(states[wholeIn(length)]);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'files without checksums neither trap nor unsettle a start, whatever bit is another, and a refusal changes nothing',
    async () => {
      const dump = fixture.get('dump-2.rdb')!;
      const bare = Buffer.from(fixture.get('aof-0.aof')!.subarray(0, 1500));
      expect(bare.subarray(0, 9).toString()).toBe('KEVYAOF1\n');
      const step = LONG ? 1 : 5;
      let [accepted, refused] = [0, 0];
      for (let at = 0; at < dump.length + bare.length; at += step) {
        const inDump = at < dump.length;
        const files = inDump
          ? directory(bare, flipped(dump, at, at % 8))
          : directory(flipped(bare, at - dump.length, at % 8), dump);
        const { content } = await outcomeOf(build, files, { nowMs });
        if (content === undefined) refused++;
        else accepted++;
      }
      expect(accepted).toBeGreaterThan(100);
      expect(refused).toBeGreaterThan(20);
    },
    TIMEOUT_MS,
  );
});

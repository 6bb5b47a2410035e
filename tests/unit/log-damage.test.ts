// A small log of ours, cut at every length and bent at every bit. The goal: what is damaged is found at the record in which
// it lies, and called by what it is; everything in front of that is kept, and nothing of it or behind it is executed.
// Then the same with `resync`: everything else is executed.
import { describe, expect, it } from 'vitest';
import { encodeRecord, MAGIC_BYTES, RECORD_HEADER_BYTES } from '../../host/persistence/log-format.js';
import { openKernel } from '../support/kernel.js';
import { replayOf, SmallLog, scanOf } from '../support/small-log.js';
import { BUILDS } from '../support/wasm.js';

/** Each command leaves its number behind: what has been executed can be read. */
function numbered(): SmallLog {
  const log = new SmallLog(3);
  for (let i = 0; i < 6; i++) {
    if (i === 2) log.command('\0DB5', 'RPUSH', 'done', String(i));
    else log.command('RPUSH', 'done', String(i));
    if (i % 2 === 1) log.round();
  }
  return log;
}

describe.each(BUILDS)('a damaged log, $memory $mode', (build) => {
  const log = numbered();
  const whole = log.bytes;
  const { places, plain } = log;
  /** Index of the record in which a byte lies; -1 for the magic. */
  const recordAt = (at: number) => places.findLastIndex((place) => place <= at);

  it('is cut at every length: what is whole is kept', async () => {
    const kernel = openKernel(build);
    let cuts = 0;
    for (let length = 0; length <= whole.length; length++) {
      const scan = await scanOf(whole.subarray(0, length), kernel, { shard: 3 });
      const good = length < MAGIC_BYTES ? 0 : places[recordAt(length)];
      const left = length - good;
      const kind =
        left === 0
          ? undefined
          : length < MAGIC_BYTES
            ? 'torn magic'
            : left < RECORD_HEADER_BYTES
              ? 'torn header'
              : 'torn record';
      expect([length, scan.goodBytes, scan.damage?.kind]).toEqual([length, good, kind]);
      expect([length, scan.damage?.offset]).toEqual([length, kind === undefined ? undefined : good]);
      expect([length, scan.damage?.torn ?? true]).toEqual([length, true]);
      expect([length, scan.records]).toEqual([length, good === 0 ? 0 : plain[places.indexOf(good)]]);
      cuts++;
    }
    expect(cuts).toBe(whole.length + 1);
  });

  it('has a bit flipped, any one of them: it is found where it is, and nothing from there on is executed', async () => {
    const kernel = openKernel(build);
    const kinds = new Map<string, number>();
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bent = Buffer.from(whole);
      bent[bit >> 3] ^= 1 << (bit & 7);
      const at = bit >> 3;
      const scan = await scanOf(bent, kernel, { shard: 3 });
      const good = at < MAGIC_BYTES ? 0 : places[recordAt(at)];
      expect([bit, scan.goodBytes]).toEqual([bit, good]);
      expect([bit, scan.damage?.offset ?? (scan.unknown && 0)]).toEqual([bit, good]);
      expect([bit, scan.records]).toEqual([bit, good === 0 ? 0 : plain[places.indexOf(good)]]);
      const kind = scan.damage?.kind ?? String(scan.unknown);
      if (at >= MAGIC_BYTES && at - good >= 4) expect([bit, kind]).toEqual([bit, 'checksum']);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    // A length that was bent reaches behind the file, or is impossible, or covers other bytes.
    expect([...kinds.keys()].sort()).toEqual([
      'KEVYAOF0',
      'KEVYAOF3',
      'KEVYAOF6',
      'checksum',
      'length',
      'magic',
      'torn record',
    ]);
  });

  it('is executed up to the damage, and from there on with `resync`', async () => {
    const bends = [0, 5, 9].map((inRecord) => (place: number) => place + inRecord);
    let hops = 0;
    for (const bend of bends) {
      for (let i = 1; i + 1 < places.length; i++) {
        const bent = Buffer.from(whole);
        bent[bend(places[i])] ^= 0x10;
        const target = openKernel(build);
        const scan = await scanOf(bent, target, { shard: 3 });
        await replayOf(bent, scan, target);
        const before = plain[i];
        expect(target.shard.calls.databaseKeys(5)).toBe(before > 2 ? 1 : 0);
        expect(target.text('LLEN', 'done')).toBe(`:${before > 2 ? before - 1 : before}\r\n`);

        const again = openKernel(build);
        const hopped = await scanOf(bent, again, { shard: 3, resync: true });
        const isLast = i + 2 === places.length;
        if (isLast) {
          expect(hopped).toMatchObject({ goodBytes: places[i], gaps: [], damage: { offset: places[i] } });
          continue;
        }
        expect([i, hopped.gaps]).toEqual([i, [{ from: places[i], to: places[i + 1], why: 'damage' }]]);
        expect(hopped).toMatchObject({ goodBytes: whole.length, damage: undefined });
        const lost = plain[i + 1] - plain[i];
        const replayed = await replayOf(bent, hopped, again);
        expect([i, replayed.commands, hopped.records]).toEqual([i, 6 - lost, 6 - lost]);
        hops++;
      }
    }
    expect(hops).toBe(3 * (places.length - 3));
  });

  it('ends in zeros, as after a crash', async () => {
    for (const zeros of [8, 9, 4096, 3 << 20]) {
      const scan = await scanOf(Buffer.concat([whole, Buffer.alloc(zeros)]), openKernel(build));
      expect(scan).toMatchObject({
        goodBytes: whole.length,
        damage: { kind: 'zeros', offset: whole.length, torn: true },
      });
    }
    const garbage = await scanOf(Buffer.concat([whole, Buffer.alloc(100), Buffer.from('x')]), openKernel(build));
    expect(garbage.damage).toMatchObject({ kind: 'length', torn: false });
  });

  it('has the right checksum over what is no command', async () => {
    const kernel = openKernel(build);
    const bad = [
      '*1\r\n$3\r\nGET\r\nx',
      '*2\r\n$3\r\nGET\r\n',
      '*0\r\n',
      'PING\r\n',
      '*1\r\n$-1\r\n',
      '*1\r\n$03\r\nGET\r\n',
      '*1\r\n$3\r\nGETxx',
      '*1\r\n:3\r\n',
    ];
    for (const payload of bad) {
      const record = encodeRecord(['X']);
      const bytes = Buffer.concat([record.subarray(0, RECORD_HEADER_BYTES), Buffer.from(payload, 'latin1')]);
      bytes.writeUInt32LE(payload.length, 0);
      const block = kernel.shard.calls.blockNew(payload.length) >>> 0;
      kernel.shard.view(block, payload.length).set(Buffer.from(payload, 'latin1'));
      bytes.writeUInt32LE(kernel.shard.calls.crc32c(0, block, payload.length) >>> 0, 4);
      const scan = await scanOf(Buffer.concat([whole, bytes]), kernel);
      expect([payload, scan.damage?.kind, scan.goodBytes]).toEqual([payload, 'no command', whole.length]);
    }
  });

  it('has lost records between others, or has others’ rounds: the round says so', async () => {
    const kernel = openKernel(build);
    const missing = Buffer.concat(log.parts.filter((_, i) => i !== 2));
    const found = await scanOf(missing, kernel, { shard: 3 });
    expect(found.damage).toMatchObject({ kind: 'strange round', offset: places[2] });
    const logs = {
      'of another shard': new SmallLog(3).command('SET', 'a', '1').round({ shard: 2 }),
      'that ends elsewhere': new SmallLog(3).command('SET', 'a', '1').round({ endLsn: 5 }),
      'in front of the first': new SmallLog(3).command('SET', 'a', '1').round({ number: 6 }),
      'that comes twice': new SmallLog(3).round().round({ number: 7 }),
      'synced before it was written': new SmallLog(3).round({ number: 9, synced: 9 }),
    };
    for (const [what, strange] of Object.entries(logs)) {
      const { damage, rounds, goodBytes } = await scanOf(strange.bytes, kernel, { shard: 3 });
      expect([what, damage?.kind, damage?.torn]).toEqual([what, 'strange round', false]);
      expect(goodBytes).toBe(strange.places[strange.places.length - 2]);
      expect(rounds.length).toBe(what === 'that comes twice' ? 1 : 0);
    }
    const start = log.parts[0].subarray(MAGIC_BYTES);
    const twice = await scanOf(Buffer.concat([whole, start]), kernel);
    expect(twice.damage).toMatchObject({ kind: 'second start', offset: whole.length });
    const nobody = await scanOf(Buffer.concat([whole.subarray(0, MAGIC_BYTES), ...log.parts.slice(1)]), kernel);
    expect(nobody.damage).toMatchObject({ kind: 'strange round' });
  });

  it('is of a newer version: nothing of it is used, and it is called by name', async () => {
    const kernel = openKernel(build);
    const newer = Buffer.concat([Buffer.from('KEVYAOF3\n'), whole.subarray(MAGIC_BYTES)]);
    expect(await scanOf(newer, kernel)).toMatchObject({
      unknown: 'KEVYAOF3',
      goodBytes: 0,
      records: 0,
      damage: undefined,
    });
    for (const name of ['\0WHAT', '\0LOG', '\0ROUND', '\0KEVYTXNBEGIN']) {
      const log = new SmallLog().command('SET', 'a', '1').other(name, 'x').command('SET', 'b', '1');
      const scan = await scanOf(log.bytes, kernel, { resync: true });
      expect(scan).toMatchObject({ unknown: name.slice(1), goodBytes: log.places[2], records: 1, damage: undefined });
    }
    const huge = new SmallLog().other('\0HUGE', Buffer.alloc(3 << 20));
    expect(await scanOf(huge.bytes, kernel)).toMatchObject({ unknown: 'HUGE', goodBytes: huge.places[1] });
  });
});

describe.each(BUILDS)('hopping over damage, $memory $mode', (build) => {
  it('does not take a value for records, where the damaged record still says how long it is', async () => {
    const inner = encodeRecord(['SET', 'smuggled', '1']);
    const log = new SmallLog().command('SET', 'outer', inner).command('SET', 'next', '1');
    const bent = log.bytes;
    bent[log.places[1] + 20] ^= 1;
    const target = openKernel(build);
    const scan = await scanOf(bent, target, { resync: true });
    expect(scan.gaps).toEqual([{ from: log.places[1], to: log.places[2], why: 'damage' }]);
    await replayOf(bent, scan, target);
    expect(target.text('EXISTS', 'smuggled', 'outer', 'next')).toBe(':1\r\n');
  });

  it('finds records that are larger than what is looked at in one go', async () => {
    const large = Buffer.alloc((5 << 20) + 3, 'y');
    const log = new SmallLog()
      .command('SET', 'first', large)
      .command('SET', 'second', large)
      .command('SET', 'third', '1');
    for (const inRecord of [0, 2, 6, 3 << 20]) {
      const bent = log.bytes;
      bent[log.places[1] + inRecord] ^= 4;
      const target = openKernel(build);
      const scan = await scanOf(bent, target, { resync: true });
      expect([inRecord, scan.gaps]).toEqual([inRecord, [{ from: log.places[1], to: log.places[2], why: 'damage' }]]);
      await replayOf(bent, scan, target);
      expect(target.text('STRLEN', 'second')).toBe(`:${large.length}\r\n`);
      expect(target.text('EXISTS', 'first', 'third')).toBe(':1\r\n');
    }
  });

  it('leaves out the whole group of which a part is damaged', async () => {
    const [begin, commit] = ['\0KEVYTXNBEGIN', '\0KEVYTXNCOMMIT'];
    const build1 = () =>
      new SmallLog()
        .command('SET', 'before', '1')
        .other(begin)
        .command('SET', 'in', '1')
        .command('SET', 'in too', '1')
        .other(commit)
        .command('SET', 'after', '1')
        .other(begin)
        .command('SET', 'in another', '1')
        .other(commit);
    const { places } = build1();
    // Damage in its beginning, in either command, in its end.
    const outcomes: [record: number, keys: number, gap: [from: number, to: number]][] = [
      [2, 3, [2, 6]],
      [3, 3, [2, 6]],
      [4, 3, [2, 6]],
      // Where the group ends is not known then: up to the beginning of the next one.
      [5, 2, [2, 7]],
    ];
    for (const [record, keys, [from, to]] of outcomes) {
      const bent = build1().bytes;
      bent[places[record] + 12] ^= 1;
      const target = openKernel(build);
      const scan = await scanOf(bent, target, { resync: true });
      expect([record, scan.gaps]).toEqual([record, [{ from: places[from], to: places[to], why: 'group' }]]);
      expect([record, scan.records]).toEqual([record, keys]);
      await replayOf(bent, scan, target, { ours: false, nowMs: 0 });
      expect(target.text('EXISTS', 'in', 'in too')).toBe(':0\r\n');
      expect(target.shard.calls.databaseKeys(0)).toBe(keys);
    }
  });
});

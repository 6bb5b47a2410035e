// Deadlines of hash fields, and the commands that read or set fields together with them. redis-server 7.0 has none of
// this: what is held against here is the documentation of Redis 7.4 and 8.
import { describe, expect, it } from 'vitest';
import { HEADER_DIRTY, HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAGS } from '../../host/kernel/kernel.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { setLimits } from '../support/limits.js';
import { takeLog } from '../support/log-replay.js';
import { decode } from '../support/resp-client.js';
import { BUILDS } from '../support/wasm.js';

const NOW = 1_700_000_000_000;
/** The latest deadline that Redis takes, Unix milliseconds. */
const LATEST = 2 ** 46 - 1;

/** A command line without quotes, and its decoded reply. */
function ask(kernel: TestKernel, line: string): unknown {
  const reply = decode(kernel.call(...line.split(' ')));
  return reply instanceof Error ? `-${reply.message}` : reply;
}
const effects = (kernel: TestKernel) => takeLog(kernel).commands.map((args) => args.map(String).join(' '));

describe.each(BUILDS)('deadlines of fields, $memory $mode', (build) => {
  const open = () => {
    const kernel = openKernel(build, { logBytes: 1 << 20 }).logOn();
    kernel.now = NOW;
    return kernel;
  };

  it('are given in seconds and milliseconds, from now or as Unix times, and asked for in each of the four', () => {
    const k = open();
    ask(k, 'HSET h a 1 b 2 c 3 d 4 e 5');
    expect(ask(k, 'HEXPIRE h 10 FIELDS 1 a')).toEqual([1]);
    expect(ask(k, 'HPEXPIRE h 1500 FIELDS 1 b')).toEqual([1]);
    expect(ask(k, `HEXPIREAT h ${NOW / 1000 + 20} FIELDS 1 c`)).toEqual([1]);
    expect(ask(k, `HPEXPIREAT h ${NOW + 2500} FIELDS 1 d`)).toEqual([1]);
    expect(ask(k, 'HTTL h FIELDS 6 a b c d e none')).toEqual([10, 2, 20, 3, -1, -2]);
    expect(ask(k, 'HPTTL h FIELDS 6 a b c d e none')).toEqual([10_000, 1500, 20_000, 2500, -1, -2]);
    expect(ask(k, 'HPEXPIRETIME h FIELDS 3 a b e')).toEqual([NOW + 10_000, NOW + 1500, -1]);
    // Rounded up, as HTTL is.
    expect(ask(k, 'HEXPIRETIME h FIELDS 3 a b none')).toEqual([NOW / 1000 + 10, NOW / 1000 + 2, -2]);
    expect(k.check()).toBe(0);
  });

  it('answer -2 for each field of a key that is not there', () => {
    const k = open();
    for (const line of [
      'HEXPIRE none 10 FIELDS 2 a b',
      'HPEXPIREAT none 1 NX FIELDS 2 a b',
      'HTTL none FIELDS 2 a b',
      'HPEXPIRETIME none FIELDS 2 a b',
      'HPERSIST none FIELDS 2 a b',
    ])
      expect([line, ask(k, line)]).toEqual([line, [-2, -2]]);
    expect(ask(k, 'HGETEX none EX 10 FIELDS 2 a b')).toEqual([null, null]);
    expect(ask(k, 'HGETDEL none FIELDS 2 a b')).toEqual([null, null]);
    expect(ask(k, 'EXISTS none')).toBe(0);
    expect(effects(k)).toEqual([]);
  });

  it('let a field live through its last millisecond and no longer, for every command', () => {
    const k = open();
    ask(k, 'HSET h a 1 b 2 lasting 3');
    ask(k, 'HPEXPIRE h 100 FIELDS 2 a b');
    k.now = NOW + 100;
    expect(ask(k, 'HGET h a')).toBe('1');
    expect(ask(k, 'HPTTL h FIELDS 1 a')).toEqual([0]);
    k.now = NOW + 101;
    // Nothing may be taken out while the clock stands still in the log's reader; here everything looks at it itself.
    for (const [line, wanted] of [
      ['HGET h a', null],
      ['HMGET h a lasting b', [null, '3', null]],
      ['HEXISTS h a', 0],
      ['HSTRLEN h a', 0],
      ['HLEN h', 1],
      ['HGETALL h', ['lasting', '3']],
      ['HKEYS h', ['lasting']],
      ['HVALS h', ['3']],
      ['HSCAN h 0', ['0', ['lasting', '3']]],
      ['HRANDFIELD h', 'lasting'],
      ['HRANDFIELD h 5', ['lasting']],
      ['HTTL h FIELDS 2 a lasting', [-2, -1]],
      ['HPERSIST h FIELDS 2 a lasting', [-2, -1]],
      ['HGETDEL h FIELDS 1 a', [null]],
      ['HGETEX h FIELDS 1 a', [null]],
      ['HDEL h a b', 0],
      ['HSETNX h a new', 1],
      ['HINCRBY h b 5', 5],
      ['HTTL h FIELDS 2 a b', [-1, -1]],
    ] as const) {
      const fresh = open();
      ask(fresh, 'HSET h a 1 b 2 lasting 3');
      ask(fresh, 'HPEXPIRE h 100 FIELDS 2 a b');
      fresh.now = NOW + 101;
      if (line.startsWith('HTTL h FIELDS 2 a b')) {
        ask(fresh, 'HSET h a 1');
        ask(fresh, 'HINCRBY h b 1');
      }
      expect([line, ask(fresh, line)]).toEqual([line, wanted]);
      expect(fresh.check()).toBe(0);
    }
  });

  it('take the key away with the last field, and log what went', () => {
    const k = open();
    ask(k, 'HSET h a 1 b 2');
    ask(k, 'HPEXPIRE h 100 FIELDS 2 a b');
    takeLog(k);
    k.now = NOW + 101;
    const dirty = k.counter(HEADER_DIRTY);
    expect(ask(k, 'HLEN h')).toBe(0);
    expect(ask(k, 'EXISTS h')).toBe(0);
    const [fields, key] = effects(k);
    expect(fields.split(' ').sort().join(' ')).toBe('HDEL a b h');
    expect(key).toBe('DEL h');
    expect(k.counter(HEADER_DIRTY)).toBe(dirty + 2);
    expect(ask(k, 'TYPE h')).toBe('none');
  });

  it('hold or do not hold under NX, XX, GT and LT', () => {
    const k = open();
    ask(k, 'HSET h timed 1 free 2');
    const at = (seconds: number, condition: string) => {
      ask(k, 'HPERSIST h FIELDS 1 free');
      ask(k, 'HEXPIRE h 100 FIELDS 1 timed');
      return ask(k, `HEXPIRE h ${seconds} ${condition} FIELDS 3 timed free none`);
    };
    expect(at(50, 'NX')).toEqual([0, 1, -2]);
    expect(at(50, 'xx')).toEqual([1, 0, -2]);
    expect(at(50, 'GT')).toEqual([0, 0, -2]);
    expect(at(100, 'GT')).toEqual([0, 0, -2]);
    expect(at(150, 'gt')).toEqual([1, 0, -2]);
    expect(at(50, 'LT')).toEqual([1, 1, -2]);
    expect(at(100, 'LT')).toEqual([0, 1, -2]);
    expect(at(150, 'lt')).toEqual([0, 1, -2]);
    expect(k.check()).toBe(0);
  });

  it('that have passed delete the field, if the condition holds', () => {
    const k = open();
    for (const line of [
      'HEXPIRE h 0 FIELDS 1 a',
      'HPEXPIRE h 0 FIELDS 1 a',
      'HEXPIREAT h 1 FIELDS 1 a',
      `HPEXPIREAT h ${NOW} FIELDS 1 a`,
    ]) {
      ask(k, 'HSET h a 1 b 2');
      takeLog(k);
      expect([line, ask(k, line)]).toEqual([line, [2]]);
      expect(effects(k)).toEqual(['HDEL h a']);
      expect(ask(k, 'HGETALL h')).toEqual(['b', '2']);
      expect(ask(k, 'OBJECT ENCODING h')).toBe('listpack');
    }
    expect(ask(k, 'HPEXPIREAT h 1 XX FIELDS 1 b')).toEqual([0]);
    expect(ask(k, 'HPEXPIREAT h 1 FIELDS 2 b b')).toEqual([2, -2]);
    expect(ask(k, 'EXISTS h')).toBe(0);
  });

  it('go when a field is set anew, and stay when it is counted up', () => {
    const k = open();
    ask(k, 'HSET h a 1 b 2 c 3 d 4 e 5');
    ask(k, 'HEXPIRE h 100 FIELDS 5 a b c d e');
    ask(k, 'HSET h a 2');
    ask(k, 'HMSET h b 2');
    ask(k, 'HINCRBY h c 1');
    ask(k, 'HINCRBYFLOAT h d 0.5');
    expect(ask(k, 'HSETNX h e 1')).toBe(0);
    expect(ask(k, 'HTTL h FIELDS 5 a b c d e')).toEqual([-1, -1, 100, 100, 100]);
    expect(ask(k, 'HMGET h a b c d e')).toEqual(['2', '2', '4', '4.5', '5']);
    expect(effects(k).slice(-4)).toEqual([
      'HSET h a 2',
      'HMSET h b 2',
      'HINCRBY h c 1',
      'HSETEX h KEEPTTL FIELDS 1 d 4.5',
    ]);
  });

  it('are taken by HPERSIST, one reply for each field', () => {
    const k = open();
    ask(k, 'HSET h a 1 b 2 c 3');
    expect(ask(k, 'HPERSIST h FIELDS 2 a none')).toEqual([-1, -2]);
    ask(k, 'HEXPIRE h 100 FIELDS 2 a b');
    takeLog(k);
    expect(ask(k, 'HPERSIST h FIELDS 4 a c none a')).toEqual([1, -1, -2, -1]);
    expect(effects(k)).toEqual(['HPERSIST h FIELDS 1 a']);
    expect(ask(k, 'HTTL h FIELDS 3 a b c')).toEqual([-1, 100, -1]);
    k.now += 1_000_000;
    expect(ask(k, 'HKEYS h')).toEqual(expect.arrayContaining(['a', 'c']));
    expect(ask(k, 'HLEN h')).toBe(2);
  });

  it('make `listpackex` of a small hash and leave a large one a `hashtable`', () => {
    const k = open();
    ask(k, 'HSET small a 1');
    ask(k, 'HEXPIRE small 100 FIELDS 1 a');
    expect(ask(k, 'OBJECT ENCODING small')).toBe('listpackex');
    ask(k, 'HPERSIST small FIELDS 1 a');
    expect(ask(k, 'OBJECT ENCODING small')).toBe('listpackex');
    ask(k, `HSET small b ${'x'.repeat(65)}`);
    expect(ask(k, 'OBJECT ENCODING small')).toBe('hashtable');
    ask(k, `HSET large a ${'x'.repeat(65)}`);
    ask(k, 'HEXPIRE large 100 FIELDS 1 a');
    expect(ask(k, 'OBJECT ENCODING large')).toBe('hashtable');
    setLimits(k, { hashMaxListpackEntries: 2 });
    ask(k, 'HSETEX many EX 100 FIELDS 2 a 1 b 2');
    expect(ask(k, 'OBJECT ENCODING many')).toBe('listpackex');
    ask(k, 'HSETEX many EX 100 FIELDS 1 c 3');
    expect(ask(k, 'OBJECT ENCODING many')).toBe('hashtable');
  });

  it('are logged as absolute times of the fields that changed', () => {
    const k = open();
    ask(k, 'HSET h a 1 b 2 c 3');
    takeLog(k);
    ask(k, 'HEXPIRE h 10 FIELDS 4 a none b a');
    ask(k, 'HPEXPIRE h 7 NX FIELDS 2 a c');
    ask(k, 'HEXPIRE h 1 NX FIELDS 1 a');
    ask(k, `HPEXPIREAT h ${NOW + 5} LT FIELDS 1 a`);
    ask(k, 'HGETEX h EX 20 FIELDS 2 a none');
    ask(k, 'HGETEX h PERSIST FIELDS 2 a none');
    ask(k, 'HGETEX h PERSIST FIELDS 1 a');
    ask(k, 'HGETEX h FIELDS 1 a');
    ask(k, 'HSETEX h PX 30 FIELDS 2 a 9 d 4');
    ask(k, 'HSETEX h KEEPTTL FIELDS 1 a 10');
    ask(k, 'HSETEX h FNX FIELDS 1 e 5');
    ask(k, 'HSETEX h FNX EX 5 FIELDS 1 e 5');
    ask(k, 'HGETDEL h FIELDS 3 e none d');
    expect(effects(k)).toEqual([
      `HPEXPIREAT h ${NOW + 10_000} FIELDS 3 a b a`,
      `HPEXPIREAT h ${NOW + 7} FIELDS 1 c`,
      `HPEXPIREAT h ${NOW + 5} FIELDS 1 a`,
      `HPEXPIREAT h ${NOW + 20_000} FIELDS 1 a`,
      'HPERSIST h FIELDS 1 a',
      `HSETEX h PXAT ${NOW + 30} FIELDS 2 a 9 d 4`,
      'HSETEX h KEEPTTL FIELDS 1 a 10',
      'HSET h e 5',
      'HDEL h e d',
    ]);
  });

  it('HGETDEL gives each value once and the key up with the last one', () => {
    const k = open();
    ask(k, 'HSET h a 1 b 2');
    expect(ask(k, 'HGETDEL h FIELDS 3 a none a')).toEqual(['1', null, null]);
    expect(ask(k, 'HGETALL h')).toEqual(['b', '2']);
    expect(ask(k, 'HGETDEL h FIELDS 1 b')).toEqual(['2']);
    expect(ask(k, 'EXISTS h')).toBe(0);
    // Values too long to be copied are pinned: they outlive their field.
    const long = 'v'.repeat(100_000);
    k.call('HSET', 'h', 'a', long, 'b', long, 'c', 'x');
    expect(decode(k.call('HGETDEL', 'h', 'FIELDS', '3', 'a', 'b', 'a'))).toEqual([long, long, null]);
    expect(ask(k, 'HGETALL h')).toEqual(['c', 'x']);
    expect(k.check()).toBe(0);
  });

  it('HGETEX gives the values first and then the deadlines', () => {
    const k = open();
    ask(k, 'HSET h a 1 b 2');
    expect(ask(k, 'HGETEX h EX 10 FIELDS 2 a none')).toEqual(['1', null]);
    expect(ask(k, 'HGETEX h PX 1500 FIELDS 1 b')).toEqual(['2']);
    expect(ask(k, 'HPTTL h FIELDS 2 a b')).toEqual([10_000, 1500]);
    expect(ask(k, `HGETEX h EXAT ${NOW / 1000 + 5} FIELDS 1 a`)).toEqual(['1']);
    expect(ask(k, `HGETEX h PXAT ${NOW + 6} FIELDS 1 b`)).toEqual(['2']);
    expect(ask(k, 'HPTTL h FIELDS 2 a b')).toEqual([5000, 6]);
    expect(ask(k, 'HGETEX h persist FIELDS 2 a b')).toEqual(['1', '2']);
    expect(ask(k, 'HTTL h FIELDS 2 a b')).toEqual([-1, -1]);
    expect(ask(k, 'HGETEX h EXAT 1 FIELDS 2 a a')).toEqual(['1', null]);
    expect(ask(k, 'HGETEX h PX 0 FIELDS 1 b')).toEqual(['2']);
    expect(ask(k, 'EXISTS h')).toBe(0);
  });

  it('HSETEX sets all fields or, under FNX and FXX, none', () => {
    const k = open();
    expect(ask(k, 'HSETEX h FXX FIELDS 1 a 1')).toBe(0);
    expect(ask(k, 'EXISTS h')).toBe(0);
    expect(ask(k, 'HSETEX h FNX EX 10 FIELDS 2 a 1 b 2')).toBe(1);
    expect(ask(k, 'HTTL h FIELDS 2 a b')).toEqual([10, 10]);
    expect(ask(k, 'HSETEX h FNX FIELDS 2 c 1 b 9')).toBe(0);
    expect(ask(k, 'HSETEX h FXX FIELDS 2 a 9 c 9')).toBe(0);
    expect(ask(k, 'HGETALL h')).toEqual(expect.arrayContaining(['a', '1', 'b', '2']));
    expect(ask(k, 'HSETEX h FXX KEEPTTL FIELDS 2 a 3 b 4')).toBe(1);
    expect(ask(k, 'HTTL h FIELDS 2 a b')).toEqual([10, 10]);
    expect(ask(k, 'HSETEX h FIELDS 1 a 5')).toBe(1);
    expect(ask(k, 'HTTL h FIELDS 2 a b')).toEqual([-1, 10]);
    // Options in any order, in front of FIELDS.
    expect(ask(k, 'hsetex h px 500 fxx fields 1 a 6')).toBe(1);
    expect(ask(k, 'HPTTL h FIELDS 1 a')).toEqual([500]);
    expect(ask(k, 'HSETEX h EXAT 1 FIELDS 2 a 7 c 8')).toBe(1);
    expect(ask(k, 'HGETALL h')).toEqual(['b', '4']);
    expect(ask(k, 'HSETEX h PXAT 5 FIELDS 1 b 1')).toBe(1);
    expect(ask(k, 'EXISTS h')).toBe(0);
    expect(ask(k, 'HSETEX h PXAT 5 FIELDS 1 b 1')).toBe(1);
    expect(ask(k, 'EXISTS h')).toBe(0);
  });

  it('say what is wrong with a command as Redis 8 does', () => {
    const k = open();
    ask(k, 'HSET h a 1');
    ask(k, 'SET s v');
    const wrongType = '-WRONGTYPE Operation against a key holding the wrong kind of value';
    const arity = (name: string) => `-ERR wrong number of arguments for '${name}' command`;
    const misplaced = '-ERR Mandatory argument FIELDS is missing or not at the right position';
    const mismatch = '-ERR The `numfields` parameter must match the number of arguments';
    const notPositive = '-ERR Number of fields must be a positive integer';
    const cases: [string, string][] = [
      ['HEXPIRE h 10 FIELDS 1', arity('hexpire')],
      ['HTTL h FIELDS 1', arity('httl')],
      ['HPERSIST h FIELDS 1', arity('hpersist')],
      ['HGETDEL h FIELDS 1', arity('hgetdel')],
      ['HGETEX h FIELDS 1', arity('hgetex')],
      ['HGETEX h EX 10 FIELDS', arity('hgetex')],
      ['HSETEX h FIELDS 1 a', arity('hsetex')],
      ['HEXPIRE s 10 FIELDS 1 a', wrongType],
      ['HEXPIRE s abc FIELDS 1 a', wrongType],
      ['HTTL s FIELDS 1 a', wrongType],
      ['HPERSIST s FIELDS 1 a', wrongType],
      ['HGETDEL s FIELDS 1 a', wrongType],
      ['HGETEX s FIELDS 1 a', wrongType],
      ['HSETEX s FIELDS 1 a 1', wrongType],
      ['HEXPIRE h abc FIELDS 1 a', '-ERR value is not an integer or out of range'],
      ['HEXPIRE h -1 FIELDS 1 a', '-ERR invalid expire time, must be >= 0'],
      ['HPEXPIREAT h -1 FIELDS 1 a', '-ERR invalid expire time, must be >= 0'],
      [`HEXPIRE h ${Math.floor(LATEST / 1000) + 1} FIELDS 1 a`, "-ERR invalid expire time in 'hexpire' command"],
      [`HPEXPIRE h ${LATEST} FIELDS 1 a`, "-ERR invalid expire time in 'hpexpire' command"],
      [`HPEXPIREAT h ${LATEST + 1} FIELDS 1 a`, "-ERR invalid expire time in 'hpexpireat' command"],
      ['HEXPIRE h 10 AB FIELDS 1 a', misplaced],
      ['HEXPIRE h 10 NX FIELD 1 a', misplaced],
      ['HEXPIRE h 10 NX XX FIELDS 1 a', misplaced],
      ['HTTL h FIELD 1 a', misplaced],
      ['HPERSIST h a FIELDS 1', misplaced],
      ['HGETDEL h FIELD 1 a', misplaced],
      ['HGETEX h KEEPTTL FIELDS 1 a', misplaced],
      ['HGETEX h EX 10 PERSIST FIELDS 1 a', misplaced],
      ['HEXPIRE h 10 FIELDS 0 a', '-ERR Parameter `numFields` should be greater than 0'],
      ['HEXPIRE h 10 FIELDS abc a', '-ERR Parameter `numFields` should be greater than 0'],
      ['HTTL h FIELDS 0 a', notPositive],
      ['HPERSIST h FIELDS -1 a', notPositive],
      ['HGETDEL h FIELDS abc a', notPositive],
      ['HGETEX h FIELDS 0 a', notPositive],
      ['HEXPIRE h 10 FIELDS 2 a', mismatch],
      ['HEXPIRE h 10 FIELDS 1 a b', mismatch],
      ['HTTL h FIELDS 3 a b', mismatch],
      ['HPERSIST h FIELDS 1 a b', mismatch],
      ['HGETDEL h FIELDS 2 a', mismatch],
      ['HGETEX h EX 10 FIELDS 2 a', mismatch],
      ['HGETEX h EX -1 FIELDS 1 a', '-ERR invalid expire time, must be >= 0'],
      ['HGETEX h EX abc FIELDS 1 a', '-ERR value is not an integer or out of range'],
      [`HGETEX h PXAT ${LATEST + 1} FIELDS 1 a`, "-ERR invalid expire time in 'hgetex' command"],
      ['HSETEX h FIELDS 0 a 1', '-ERR invalid number of fields'],
      ['HSETEX h FIELDS abc a 1', '-ERR invalid number of fields'],
      ['HSETEX h FIELDS 2 a 1', arity('hsetex')],
      ['HSETEX h FIELDS 1 a 1 b', arity('hsetex')],
      ['HSETEX h FIELDS 1 a 1 b 2', arity('hsetex')],
      ['HSETEX h NX FIELDS 1 a 1', '-ERR unknown argument: NX'],
      ['HSETEX h FNX FXX FIELDS 1 a 1', '-ERR Only one of FXX or FNX arguments can be specified'],
      ['HSETEX h FXX FXX FIELDS 1 a 1', '-ERR Only one of FXX or FNX arguments can be specified'],
      [
        'HSETEX h EX 10 KEEPTTL FIELDS 1 a 1',
        '-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified',
      ],
      [
        'HSETEX h PX 10 PX 10 FIELDS 1 a 1',
        '-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified',
      ],
      ['HSETEX h FNX KEEPTTL FXX EX', '-ERR Only one of FXX or FNX arguments can be specified'],
      ['HSETEX h FNX FIELDS a EX', arity('hsetex')],
      ['HSETEX h FNX a b EX', '-ERR unknown argument: a'],
      ['HSETEX h EX abc FIELDS 1 a 1', '-ERR value is not an integer or out of range'],
      ['HSETEX h EX -1 FIELDS 1 a 1', '-ERR invalid expire time, must be >= 0'],
      [`HSETEX h PX ${LATEST} FIELDS 1 a 1`, "-ERR invalid expire time in 'hsetex' command"],
    ];
    takeLog(k);
    for (const [line, wanted] of cases) expect([line, ask(k, line)]).toEqual([line, wanted]);
    expect(effects(k)).toEqual([]);
    expect(ask(k, 'HGETALL h')).toEqual(['a', '1']);
    expect(ask(k, `HPEXPIREAT h ${LATEST} FIELDS 1 a`)).toEqual([1]);
    expect(ask(k, 'HPEXPIRETIME h FIELDS 1 a')).toEqual([LATEST]);
  });

  it('are met by active expiry in every hash, a slice at a time', () => {
    const k = open();
    const commands: string[][] = [];
    for (let key = 0; key < 300; key++) {
      const pairs = Array.from({ length: 10 }, (_, i) => [`f${i}`, 'v']).flat();
      commands.push(['HSETEX', `h${key}`, 'PX', String(100 + key), 'FIELDS', '10', ...pairs]);
      if (key % 2) commands.push(['HSET', `h${key}`, 'lasting', 'v']);
    }
    for (let from = 0; from < 5000; from += 100) {
      const pairs = Array.from({ length: 100 }, (_, i) => [`f${from + i}`, 'v']).flat();
      commands.push(['HSETEX', 'huge', 'PX', '50', 'FIELDS', '100', ...pairs]);
    }
    k.feedAll(commands);
    expect(k.expire(1e6)).toBe(0);
    expect(ask(k, 'DBSIZE')).toBe(301);
    k.now = NOW + 250;
    let passes = 0;
    do {
      k.expire(100);
      passes++;
    } while (k.expiryStale() === 1 && passes < 10_000);
    expect(passes).toBeGreaterThan(5);
    // 150 of them were due, the huge one besides; those that hold a lasting field are still there.
    expect(ask(k, 'DBSIZE')).toBe(300 - 75);
    expect(ask(k, 'EXISTS huge')).toBe(0);
    expect(ask(k, 'HLEN h1')).toBe(1);
    expect(k.check()).toBe(0);
    k.now = NOW + 1000;
    while (k.expire(1000) >= 0 && k.expiryStale() === 1);
    expect(ask(k, 'DBSIZE')).toBe(150);
    expect(k.check()).toBe(0);
    // Nothing has a deadline any more: a pass finds nothing to look at.
    k.expire(1);
    expect(k.expiryStale()).toBe(0);
  });

  it('are found after the key was renamed or moved, or its database swapped', () => {
    const k = open();
    for (const key of ['renamed', 'moved', 'swapped']) ask(k, `HSETEX ${key} PX 100 FIELDS 1 a 1`);
    ask(k, 'RENAME renamed other');
    ask(k, 'MOVE moved 3');
    ask(k, 'SWAPDB 0 5');
    ask(k, 'HSETEX late PX 500 FIELDS 1 a 1');
    k.now = NOW + 101;
    k.expire(1e6);
    for (const [db, keys] of [
      [0, 1],
      [3, 0],
      [5, 0],
    ])
      expect([db, k.shard.calls.databaseKeys(db)]).toEqual([db, keys]);
    expect(k.check()).toBe(0);
    ask(k, 'FLUSHALL');
    while (k.shard.calls.reclaim(100) !== 0);
    expect(k.check()).toBe(0);
  });

  it('do nothing by themselves while the clock stands still', () => {
    const k = open();
    k.shard.setHeader(HEADER_FLAGS, HEADER_FLAG_CLOCK_STOPPED);
    ask(k, 'HSETEX h PXAT 5 FIELDS 2 a 1 b 2');
    expect(ask(k, 'HPEXPIREAT h 7 FIELDS 1 b')).toEqual([1]);
    expect(k.expire(1000)).toBe(0);
    expect(ask(k, 'HPEXPIRETIME h FIELDS 2 a b')).toEqual([5, 7]);
    expect(ask(k, 'HLEN h')).toBe(2);
    k.shard.setHeader(HEADER_FLAGS, 0);
    expect(ask(k, 'HLEN h')).toBe(0);
    expect(ask(k, 'EXISTS h')).toBe(0);
  });

  it('stay hidden when the log has no room for their deletion, and writes are refused then', () => {
    const k = openKernel(build, { logBytes: 4096 });
    k.now = NOW;
    const name = 'n'.repeat(3000);
    for (let i = 0; i < 30; i++) k.call('HSETEX', 'h', 'PX', '100', 'FIELDS', '1', `${name}${i}`, 'v');
    ask(k, 'HSET h lasting v');
    k.logOn();
    k.now = NOW + 101;
    // One HDEL of them all is longer than the ring and than a chunk of the log, and the memory for it fails.
    const starved = (line: string) => {
      k.failIn(1);
      const reply = ask(k, line);
      expect([line, k.failLeft()]).toEqual([line, 0]);
      return reply;
    };
    expect(starved('HLEN h')).toBe(1);
    expect(starved('HKEYS h')).toEqual(['lasting']);
    expect(starved('HSCAN h 0')).toEqual(['0', ['lasting', 'v']]);
    expect(starved('HRANDFIELD h 3')).toEqual(['lasting']);
    expect(starved(`HTTL h FIELDS 1 ${name}0`)).toEqual([-2]);
    expect(String(starved('HSET h other v'))).toMatch(/^-OOM/);
    expect(String(starved('HDEL h lasting'))).toMatch(/^-OOM/);
    expect(effects(k).length).toBe(0);
    expect(ask(k, 'HDEL h lasting')).toBe(1);
    expect(ask(k, 'EXISTS h')).toBe(0);
    expect(k.check()).toBe(0);
  });

  it('go with the hash when a string takes its place, in a block of any size', () => {
    for (let length = 0; length < 64; length++) {
      const k = open();
      ask(k, 'HSET h f v');
      ask(k, `HPEXPIREAT h ${NOW + 100} FIELDS 1 f`);
      k.call('SET', 'h', 'x'.repeat(length));
      expect(k.check()).toBe(0);
      k.now += 1000;
      k.expire(1000);
      expect(k.text('STRLEN', 'h')).toBe(`:${length}\r\n`);
      expect(k.check()).toBe(0);
    }
  });
});

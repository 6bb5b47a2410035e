// The benches, made tiny: they cannot rot between two uses. No test looks at a duration.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { describeWith } from '../support/programs.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** Standard output of a bench, run tiny from the repository's root. */
async function tiny(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [script, '--tiny', ...args], { cwd: ROOT });
  return stdout;
}

describe('the kernel bench', () => {
  it('times every command and does the same work each time', async () => {
    const first = await tiny('bench/micro/kernel.mjs');
    const rows = first.split('\n').filter((line) => /^\| (SET|GET|INCR|MGET)/.test(line));
    expect(rows).toHaveLength(6);
    const hash = /result hash: ([0-9a-f]{8})/.exec(first)?.[1];
    expect(hash).toBeDefined();
    expect(await tiny('bench/micro/kernel.mjs')).toContain(`result hash: ${hash}`);
  });

  it('refuses an option it does not know', async () => {
    await expect(tiny('bench/micro/kernel.mjs', '--pipelin', '16')).rejects.toThrow('unknown option --pipelin');
  });
});

describe('the dump bench', () => {
  it('finds each shape again in the shard that its dump was loaded into', async () => {
    const output = await tiny('bench/micro/dump.mjs');
    expect(
      output.split('\n').filter((line) => /^\| (strings|integers|hashes|lists|sets|sorted|stream)/.test(line)),
    ).toHaveLength(10);
    expect(output).toMatch(/result hash: [0-9a-f]{8}/);
  });
});

describe('the growth bench', () => {
  it('sees splits, and none of them moves more than 1024 entries', async () => {
    const output = await tiny('bench/micro/growth.mjs');
    const moved = Number(/biggest split: (\d+) entries moved/.exec(output)?.[1]);
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThanOrEqual(1024);
    expect(output).toMatch(/\| all +\| 20000 \|/);
    expect(output).toMatch(/result hash: [0-9a-f]{8}/);
  });
});

describe('the memory bench', () => {
  it('fills its table, and a thinned shard serves its load again in the memory it had', async () => {
    const output = await tiny('bench/micro/memory.mjs');
    expect(output.match(/^\| (SET|the same)/gm)).toHaveLength(6);
    expect(output).toMatch(/before: met/);
    expect(output).toMatch(/result hash: [0-9a-f]{8}/);
    expect(output).not.toMatch(/NaN|undefined/);
  });
});

describeWith(['redis-server', 'redis-benchmark'], 'the comparison with redis-server', () => {
  // Another redis-server stands in our place, so that no part of the product decides whether a bench works.
  it.each([
    {
      only: 'load,list,memory,start',
      titles: ['SET and GET', 'second worker', 'More shards', "redis-benchmark's own list", 'Memory$', 'Start'],
      rows: ['SET, pipeline 64', 'GET, pipeline 1', 'mset', 'lrange_600', 'node printing a line'],
    },
    {
      only: 'types,elements',
      titles: ['Data types', 'Memory per element'],
      rows: [
        ...['ZRANK, 20000 members', 'HGETALL, 1000 fields', 'LRANGE, all of 100', 'SINTER, 2 sets of 1000'],
        ...['XREADGROUP, 1 new entry', 'hash, .*, 10 a key', 'sorted set, .*, 80000 in one'],
      ],
    },
  ])('fills the tables of $only', async ({ only, titles, rows }) => {
    const output = await tiny('bench/macro/compare.mjs', '--subject', 'redis-server', '--only', only);
    for (const title of titles) expect(output).toMatch(new RegExp(`^## .*${title}`, 'm'));
    for (const row of rows) expect(output).toMatch(new RegExp(`^\\| ${row} .*\\d`, 'm'));
    expect(output).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('refuses a section that it does not have', async () => {
    await expect(tiny('bench/macro/compare.mjs', '--only', 'loud')).rejects.toThrow('--only knows load');
  });
});

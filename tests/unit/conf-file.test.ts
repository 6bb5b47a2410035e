// Files, the standard input and the command line as redis-server reads them, each mistake told in one line that names
// its place; and what is made of the table for people to read.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LatchkeyError } from '../../host/errors.js';
import { Config } from '../../host/server/config.js';
import { flagsMarkdown, helpText, versionText } from '../../host/server/config-docs.js';
import { parseCommandLine, readConfig } from '../../host/server/config-file.js';
import { PARAMETERS } from '../../host/server/config-parameters.js';
import { log, logLine } from '../../host/server/log.js';
import { latchkeyVersion } from '../../host/server/version.js';
import { splitWords } from '../../host/words.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-config-'));
});
afterAll(() => {
  log.use({ loglevel: 'notice', logfile: '' });
  rmSync(directory, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

/** Message and code of what `readConfig` throws. */
function refusal(...argv: string[]): [code: string, message: string] {
  try {
    readConfig(argv);
  } catch (error) {
    if (error instanceof LatchkeyError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('words of a line', () => {
  const lines: [line: string, words: string[] | undefined][] = [
    ['', []],
    ['  a  b\tc ', ['a', 'b', 'c']],
    ['a "b c"', ['a', 'b c']],
    ['a ""', ['a', '']],
    ['a "x\\x41\\n\\"\\q\\xzz"', ['a', 'xA\n"qxzz']],
    ["a 'b\\'c\\n'", ['a', "b'c\\n"]],
    ['a b"c d"', ['a', 'bc d']],
    ['a "b', undefined],
    ['a "b"c', undefined],
    ["a 'b'c", undefined],
    ['a "b\\', undefined],
  ];
  test.each(lines)('%j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });
});

describe('a configuration file', () => {
  test('sets what it says, the last line about a parameter winning', () => {
    const path = file(
      'good.conf',
      [
        '# a comment',
        '',
        '  PORT 7000\r',
        'port 7001',
        'bind 127.0.0.1 -::1',
        'requirepass "two words"',
        'client-output-buffer-limit normal 1mb 0 0',
        'client-output-buffer-limit pubsub 2mb 1mb 5',
        'unixsocketperm 770',
      ].join('\n'),
    );
    const config = readConfig([path]);
    expect(config.file).toBe(path);
    expect(config.values).toMatchObject({
      port: 7001,
      bind: ['127.0.0.1', '-::1'],
      requirepass: 'two words',
      unixsocketperm: 0o770,
      clientOutputBufferLimit: { normal: { hardBytes: 1 << 20 }, pubsub: { hardBytes: 2 << 20, softSeconds: 5 } },
    });
  });

  test('one quoted argument stands for several words', () => {
    expect(readConfig([file('quoted.conf', 'bind "10.0.0.1 10.0.0.2"')]).values.bind).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('includes files and patterns where the line stands', () => {
    file('part-b.inc', 'timeout 2\nhz 20');
    file('part-a.inc', 'timeout 1');
    const path = file(
      'including.conf',
      `timeout 9\ninclude ${directory}/part-*.inc\nhz 30\ninclude ${directory}/none-*`,
    );
    expect(readConfig([path]).values).toMatchObject({ timeout: 2, hz: 30 });
  });

  test('takes a shard for every 3 GiB of maxmemory, unless it says how many', () => {
    const shards = (text: string) => readConfig([file('memory.conf', text)]).values.shards;
    const usual = shards('maxmemory 1gb');
    expect(shards('maxmemory 600gb')).toBe(200);
    expect(shards('maxmemory 2000gb')).toBe(256);
    expect(shards('maxmemory 600gb\nshards 2')).toBe(2);
    expect(usual).toBe(new Config().values.shards);
  });

  test.each(['save 3600 1', 'appendonly yes'])('%j needs a directory', (text) => {
    const [name] = text.split(' ');
    expect(refusal(file('nowhere.conf', text))).toEqual(['BAD_CONFIG', `${name} needs a directory: say --dir`]);
    expect(readConfig([file('somewhere.conf', `dir /nowhere\n${text}`)]).get(name)).toBe(text.slice(name.length + 1));
  });

  const mistakes: [text: string, line: number, why: string][] = [
    ['port 1\n\nnosuch "a b"', 3, '\'nosuch "a b"\': Bad directive or wrong number of arguments'],
    ['maxmemory-clients 100mb', 1, "'maxmemory-clients 100mb': Bad directive or wrong number of arguments"],
    ['save "3600 one"', 1, '\'save "3600 one"\': Invalid save parameters'],
    ['appendonly maybe', 1, "'appendonly maybe': argument must be 'yes' or 'no'"],
    ['include', 1, "'include': Bad directive or wrong number of arguments"],
    ['port', 1, "'port': wrong number of arguments"],
    ['port 1 2', 1, "'port 1 2': wrong number of arguments"],
    ['port "abc', 1, "'port \"abc': Unbalanced quotes in configuration line"],
    ['port abc', 1, "'port abc': argument couldn't be parsed into an integer"],
    ['port 70000', 1, "'port 70000': argument must be between 0 and 65535 inclusive"],
    ['unixsocketperm 888', 1, "'unixsocketperm 888': argument couldn't be parsed as an octal number"],
    ['unixsocketperm 7777', 1, "'unixsocketperm 7777': argument must be between 0 and 777 inclusive"],
    [
      'enable-debug-command maybe',
      1,
      "'enable-debug-command maybe': argument(s) must be one of the following: no, yes, local",
    ],
    [`bind ${'1.1.1.1 '.repeat(17)}`, 1, `'bind ${'1.1.1.1 '.repeat(17).trim()}': Too many bind addresses specified.`],
  ];
  test.each(mistakes)('%j is refused by file and line', (text, line, why) => {
    const path = file('bad.conf', text);
    expect(refusal(path)).toEqual(['BAD_CONFIG', `Bad configuration, ${path} line ${line}: ${why}`]);
  });

  test('that cannot be read, or includes what cannot, is refused by name', () => {
    const missing = join(directory, 'missing.conf');
    const including = file('broken.conf', `include ${missing}`);
    for (const path of [missing, including]) {
      const [code, message] = refusal(path);
      expect(code).toBe('CONFIG_UNREADABLE');
      expect(message).toContain(`Cannot read config file '${missing}': ENOENT`);
    }
    expect(refusal(directory)[0]).toBe('CONFIG_UNREADABLE');
  });

  test('that includes itself is refused', () => {
    const path = join(directory, 'self.conf');
    file('self.conf', `include ${path}`);
    expect(refusal(path)[1]).toMatch(/Files include each other too deeply$/);
  });
});

describe('the command line', () => {
  test('is a file, options with their arguments, and a dash', () => {
    expect(parseCommandLine(['a.conf', '--port', '1', '--bind', 'x', 'y', '--requirepass', '--z', '-'])).toEqual({
      file: 'a.conf',
      stdin: true,
      options: [
        ['port', '1'],
        ['bind', 'x', 'y'],
        ['requirepass', '--z'],
      ],
    });
    expect(parseCommandLine(['--port 1', '--hz', '2'])).toMatchObject({
      file: undefined,
      stdin: false,
      options: [
        ['port', '1'],
        ['hz', '2'],
      ],
    });
  });

  test('wins over the file', () => {
    const path = file('over.conf', 'port 7000\ntimeout 5');
    expect(readConfig([path, '--port', '7002', '--requirepass', '']).values).toMatchObject({
      port: 7002,
      timeout: 5,
      requirepass: '',
    });
  });

  test('takes every parameter of the table', () => {
    const argv = PARAMETERS.flatMap(({ name, default: text }) => [`--${name}`, text]);
    const config = readConfig(argv);
    for (const { name, default: text } of PARAMETERS) expect(config.get(name)).toBe(text);
  });

  const mistakes: [argv: string[], text: string][] = [
    [['--port', '70000'], '--port 70000: argument must be between 0 and 65535 inclusive'],
    [['--port', 'abc'], "--port abc: argument couldn't be parsed into an integer"],
    [['--port'], '--port: wrong number of arguments'],
    [['--port', '1', 'timeout', '5'], '--port 1 timeout 5: wrong number of arguments'],
    [['--port=1'], '--port=1: Bad directive or wrong number of arguments'],
    [['--nosuch', '1'], '--nosuch 1: Bad directive or wrong number of arguments'],
    [['--threads', '0'], '--threads 0: argument must be between 1 and 128 inclusive'],
    [['-x'], '-x: Bad directive or wrong number of arguments'],
    [['--'], '--: Bad directive or wrong number of arguments'],
  ];
  test.each(mistakes)('%j is refused', (argv, text) => {
    const [what, ...why] = text.split(': ');
    expect(refusal(...argv)).toEqual(['BAD_CONFIG', `Bad configuration, command line: '${what}': ${why.join(': ')}`]);
  });
});

describe('the log', () => {
  test('writes lines as Redis does, each message on one', () => {
    const date = new Date(2026, 10, 5, 7, 8, 9, 42);
    expect(logLine('two\n  lines', '*', date)).toBe(`${process.pid}:M 05 Nov 2026 07:08:09.042 * two lines\n`);
  });

  test('appends what is important enough, and obeys a changed level at once', () => {
    const path = file('server.log', 'before\n');
    const settings: { loglevel: 'notice' | 'warning' | 'debug'; logfile: string } = {
      loglevel: 'notice',
      logfile: path,
    };
    log.use(settings);
    log.warning('one');
    log.notice('two');
    log.verbose('never');
    settings.loglevel = 'debug';
    log.verbose('three');
    log.debug('four');
    settings.loglevel = 'warning';
    log.notice('never');
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines[0]).toBe('before');
    expect(lines.slice(1).map((line) => line.replace(/^\d+:M .{20}\.\d{3} /, ''))).toEqual([
      '# one',
      '* two',
      '- three',
      '. four',
    ]);
  });

  test('refuses a file that cannot be written', () => {
    const path = join(directory, 'no', 'such', 'folder.log');
    expect(() => log.use({ loglevel: 'notice', logfile: path })).toThrow(/^Cannot open the log file: ENOENT/);
  });
});

describe('documents', () => {
  test('docs/flags.md is what the table says', () => {
    expect(readFileSync('docs/flags.md', 'utf8')).toBe(flagsMarkdown());
  });

  test('the help names every parameter, within 100 columns', () => {
    const help = helpText();
    for (const { name } of PARAMETERS) expect(help).toContain(`  --${name} <`);
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('the version is that of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(latchkeyVersion()).toBe(version);
    expect(versionText()).toContain(`v=${version} redis=7.0.`);
  });
});

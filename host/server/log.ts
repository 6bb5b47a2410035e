// Messages for whoever runs the server, in the form of Redis's own log:
//   7140:M 25 Nov 2026 15:28:33.418 * Ready to accept connections …
// process id, M, local time, a sign for the level, text. They go to the standard output, or to the end of `logfile`,
// which is opened anew for each line, so that it may be moved away at any time.
import { appendFileSync, writeSync } from 'node:fs';
import { createConsola, type LogObject } from 'consola/core';
import { LatchkeyError } from '../errors.js';
import type { ConfigValues, LogLevel } from './config.js';

type LogSettings = Pick<ConfigValues, 'loglevel' | 'logfile'>;

/** Our levels as consola has them, and the signs that Redis gives them. */
const LEVELS = {
  warning: { level: 1, type: 'warn', sign: '#' },
  notice: { level: 3, type: 'info', sign: '*' },
  verbose: { level: 4, type: 'debug', sign: '-' },
  debug: { level: 5, type: 'trace', sign: '.' },
} as const;
const SIGNS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(LEVELS).map(({ type, sign }) => [type, sign]),
);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const digits = (value: number, count: number): string => String(value).padStart(count, '0');

/** One message as a line, line breaks in it become spaces. */
export function logLine(text: string, sign: string, date: Date): string {
  const day = `${digits(date.getDate(), 2)} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => digits(part, 2)).join(':');
  const oneLine = text.replace(/\s*[\r\n]+\s*/g, ' ');
  return `${process.pid}:M ${day} ${clock}.${digits(date.getMilliseconds(), 3)} ${sign} ${oneLine}\n`;
}

let settings: LogSettings = { loglevel: 'notice', logfile: '' };

/** Written at once: what is logged last, before the process ends, is seen too. Logging itself never fails. */
function write(line: string): void {
  try {
    if (settings.logfile) appendFileSync(settings.logfile, line);
    else writeSync(1, line);
  } catch (error) {
    // A pipe that is full for the moment gets the line later; a disk or a pipe that takes nothing is none of ours to mend.
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN' && !settings.logfile) process.stdout.write(line);
  }
}

// Every message is let through to this reporter only if `at` has found its level to be wanted.
const consola = createConsola({
  level: LEVELS.debug.level,
  throttle: 0,
  reporters: [{ log: ({ args, type, date }: LogObject) => write(logLine(args.join(' '), SIGNS[type] ?? '*', date)) }],
});

function at(level: LogLevel): (text: string) => void {
  const { level: number, type } = LEVELS[level];
  return (text) => {
    if (number <= LEVELS[settings.loglevel].level) consola[type](text);
  };
}

export const log = {
  debug: at('debug'),
  verbose: at('verbose'),
  notice: at('notice'),
  warning: at('warning'),

  /**
   * Obeys these settings from now on, and whatever becomes of them: CONFIG SET loglevel counts at once.
   * @throws LatchkeyError `BAD_CONFIG` if the log file cannot be written.
   */
  use(values: LogSettings): void {
    if (values.logfile) {
      try {
        appendFileSync(values.logfile, '');
      } catch (error) {
        const { message } = error as Error;
        throw new LatchkeyError('BAD_CONFIG', `Cannot open the log file: ${message}`, { cause: error });
      }
    }
    settings = values;
  },
};

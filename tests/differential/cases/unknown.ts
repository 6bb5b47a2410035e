// Commands that do not exist, and what the server says about them.
import type { Script } from '../script.js';

const raw = String.raw;
const long = (length: number) => 'y'.repeat(length);

export const unknownScripts: Script[] = [
  {
    title: 'unknown commands',
    lines: raw`
      FOO
      foo bar
      FOO "" ""
      "" x
      ""
      FOO a b c d e f g h i j k l m n o p q r s t u v w x y z
      FOO ${long(127)}
      FOO ${long(128)}
      FOO ${long(129)}
      FOO ${long(60)} ${long(60)} ${long(60)}
      FOO ${long(124)} b c
      FOO ${long(125)} b c
      FOO ${long(126)} b c
      ${long(127)}
      ${long(128)} a
      ${long(129)} a
      ${long(500)} ${long(500)}
      "GET\r\nSET" k
      FOO "a\r\nb"
      FOO "a'b"
      FOO "\x00after nul" b
      "FO\x00O" b
      FOO "\xff\xfe"
      "GET " k
      " GET" k
      GET|x k
      object|encoding k
      OBJECT|ENCODING k
    `,
  },
];

// Streams: entries, trimming, groups, and every error of theirs.
import type { Script } from '../script.js';

export const streamScripts: readonly Script[] = [
  {
    title: 'XADD reads its options and its ID as Redis does',
    lines: `
      XADD
      XADD s
      XADD s 1-1
      XADD s 1-1 f
      XADD s 1-1 f v g
      XADD s 0-0 f v
      XADD s 0 f v
      XADD s 0-* f v
      XADD s abc f v
      XADD s - f v
      XADD s + f v
      XADD s 1- f v
      XADD s -1 f v
      XADD s 1-2-3 f v
      XADD s 1-** f v
      XADD s **  f v
      XADD s (1-1 f v
      XADD s " 5-1" f v
      XADD s "5- 2" f v
      XADD s +5-+3 f v
      XADD s 005-004 f v
      XADD s "5- -9" f v
      XADD s 5-2 f v
      XADD s 5-* f v
      XADD s 6 f v
      XADD s 6 f v
      XADD s 6-* f v
      XADD s "7-1\\x00junk" f v
      XADD s "7\\x00-9" f v
      XADD s 18446744073709551616 f v
      XADD s 00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000009-1 f v
      XADD none NOMKSTREAM 1-1 f v
      XADD s NOMKSTREAM 8-1 f v
      XADD s nomkstream nomkstream 9-1 f v
      XADD s MAXLEN 3 10-1 f v
      XADD s MAXLEN = 3 10-2 f v
      XADD s MAXLEN ~ 3 10-3 f v
      XADD s MAXLEN ~ 3 LIMIT 5 10-4 f v
      XADD s MAXLEN = 3 LIMIT 5 10-5 f v
      XADD s MAXLEN 3 LIMIT 0 10-5 f v
      XADD s LIMIT 5 10-5 f v
      XADD s LIMIT 0 10-5 f v
      XADD s LIMIT -1 10-6 f v
      XADD s LIMIT abc 10-6 f v
      XADD s LIMIT 10-6 f v
      XADD s MAXLEN -1 10-6 f v
      XADD s MAXLEN abc 10-6 f v
      XADD s MAXLEN ~ f v
      XADD s MAXLEN
      XADD s MAXLEN 3 MINID 4 10-6 f v
      XADD s MAXLEN 3 MAXLEN 4 10-6 f v
      XADD s MINID 10 10-7 f v
      XADD s MINID ~ 10-2 10-8 f v
      XADD s MINID abc 10-9 f v
      XADD s MINID - 10-9 f v
      XADD s MINID = 10-3 10-9 f v
      XADD s MAXLEN 0 11-1 f v
      XLEN s
      XADD s 18446744073709551615-18446744073709551614 f v
      XADD s 18446744073709551615-* f v
      XADD s 18446744073709551615-* f v
      XADD s * f v
      XADD t 18446744073709551615-18446744073709551615 f v
      XADD t * f v
      XADD t 20-1 f v
      XADD u 18446744073709551614-18446744073709551615 f v
      XADD u 18446744073709551614-* f v
      XADD u * f v
      XRANGE u - +
      XADD far 20000000000000-0 f v
      XADD far * f v
      XADD far * f v
      XRANGE far - +
      SET str x
      XADD str * f v
      XADD str 0-0 f v
      XADD str NOMKSTREAM * f v`,
  },
  {
    title: 'entries keep their fields, whatever they are',
    lines: `
      XADD s 1-1 a 1 b 2
      XADD s 1-2 a 1 b 2
      XADD s 1-3 b 2 a 1
      XADD s 1-4 a 1
      XADD s 1-5 a 1 a 2
      XADD s 1-6 "" ""
      XADD s 1-7 007 -0
      XADD s 1-8 9223372036854775807 -9223372036854775808
      XADD s 1-9 9223372036854775808 12345678901234567890
      XADD s 1-10 a 0123456789012345678901234567890123456789012345678901234567890123 b "\\x00\\xff"
      XRANGE s - +
      XREVRANGE s + -
      XINFO STREAM s
      XINFO STREAM s FULL
      OBJECT ENCODING s
      TYPE s
      XLEN s
      XLEN none
      XLEN
      SET str x
      XLEN str`,
  },
  {
    title: 'ranges',
    lines: `
      XADD s 1-0 n 1
      XADD s 1-1 n 2
      XADD s 2-0 n 3
      XADD s 2-5 n 4
      XADD s 3-0 n 5
      XRANGE s
      XRANGE s -
      XRANGE s - +
      XRANGE s + -
      XRANGE s 1 2
      XRANGE s 2 2
      XRANGE s 1-1 2-0
      XRANGE s (1-1 (2-5
      XRANGE s (1 3
      XRANGE s (0-0 (18446744073709551615-18446744073709551615
      XRANGE s (18446744073709551615-18446744073709551615 +
      XRANGE s - (0-0
      XRANGE s - (0
      XRANGE s (- +
      XRANGE s - (+
      XRANGE s ( +
      XRANGE s abc +
      XRANGE s - abc
      XRANGE s - + COUNT 2
      XRANGE s - + COUNT 0
      XRANGE s - + COUNT -5
      XRANGE s - + COUNT abc
      XRANGE s - + COUNT
      XRANGE s - + LIMIT 2
      XRANGE s - + COUNT 2 COUNT 3
      XRANGE s - + COUNT 2 junk
      XREVRANGE s + - COUNT 2
      XREVRANGE s 2 1
      XREVRANGE s (2-5 (1-0
      XREVRANGE s - +
      XREVRANGE s abc -
      XRANGE none - +
      XRANGE none - + COUNT 0
      XRANGE none abc +
      SET str x
      XRANGE str - +
      XREVRANGE str + -`,
  },
  {
    title: 'deleting and trimming',
    lines: `
      XADD s 1-1 n 1
      XADD s 1-2 n 2
      XADD s 1-3 n 3
      XADD s 1-4 n 4
      XDEL s
      XDEL s abc
      XDEL s 1-2 abc
      XDEL s 1-2 1-2 9-9
      XDEL none abc
      XINFO STREAM s
      XDEL s 1-1
      XINFO STREAM s
      XRANGE s - +
      XREVRANGE s + -
      XDEL s 1-3 1-4
      XINFO STREAM s
      XRANGE s - +
      EXISTS s
      XADD s 1-4 n 4
      XADD s 1-5 n 5
      XTRIM s
      XTRIM s MAXLEN
      XTRIM s MAXLEN 1 MINID 2
      XTRIM s MAXLEN = 1 LIMIT 5
      XTRIM s MAXLEN -1
      XTRIM s MAXLEN abc
      XTRIM s LIMIT 10 MAXLEN ~ 0
      XTRIM s LIMIT 10
      XTRIM s NOMKSTREAM MAXLEN 0
      XTRIM s * MAXLEN 0
      XTRIM s MINID abc
      XTRIM s MINID 1-5
      XTRIM none MAXLEN 0
      XTRIM s MAXLEN 0
      XINFO STREAM s
      SET str x
      XDEL str 1-1
      XDEL str abc
      XTRIM str MAXLEN 0`,
  },
  {
    title: 'a stream without entries stays, and its last ID counts',
    lines: `
      XADD s 5-5 n 1
      XDEL s 5-5
      XADD s 5-5 n 1
      XADD s 5-6 n 1
      XINFO STREAM s
      XSETID s
      XSETID s 5
      XSETID s abc
      XSETID s 5-5
      XSETID s 6-0
      XSETID s 6-0 ENTRIESADDED 0
      XSETID s 6-0 ENTRIESADDED -1
      XSETID s 6-0 ENTRIESADDED abc
      XSETID s 6-0 ENTRIESADDED
      XSETID s 6-0 ENTRIESADDED 100
      XSETID s 6-0 MAXDELETEDID 7-0
      XSETID s 6-0 MAXDELETEDID abc
      XSETID s 6-0 MAXDELETEDID 5-9
      XSETID s 5-8
      XSETID s 6-1 ENTRIESADDED 200 MAXDELETEDID 0-0
      XSETID s 6-1 junk 1
      XSETID none 1-1
      XSETID none abc
      XINFO STREAM s
      SET str x
      XSETID str 1-1`,
  },
  {
    title: 'an ID that turns back behind deleted entries',
    lines: `
      XADD s 5-1 n 1
      XADD s 5-2 n 2
      XADD s 5-3 n 3
      XDEL s 5-2 5-3
      XSETID s 9-9 MAXDELETEDID 0-1
      XSETID s 5-1
      XADD s 5-2 n 4
      XADD s 5-3 n 5
      XRANGE s - +
      XREVRANGE s + -
      XRANGE s 5-2 5-2
      XDEL s 5-2
      XRANGE s - +
      XADD t 5-1 n 1
      XADD t 5-2 n 2
      XADD t 5-3 n 3
      XDEL t 5-3
      XTRIM t MINID = 5-3
      XLEN t
      XSETID t 9-9 MAXDELETEDID 0-1
      XSETID t 1-1
      XADD t 2-2 n 4
      XRANGE t - +
      XREVRANGE t + -
      XDEL t 2-2
      XLEN t`,
  },
  {
    title: 'XREAD',
    lines: `
      XADD a 1-1 n 1
      XADD a 1-2 n 2
      XADD b 2-1 n 3
      XREAD STREAMS a 0
      XREAD STREAMS a b 0 0
      XREAD COUNT 1 STREAMS a b 0 0
      XREAD COUNT 0 STREAMS a 0
      XREAD COUNT -1 STREAMS a 0
      XREAD COUNT abc STREAMS a 0
      XREAD COUNT STREAMS a 0
      XREAD STREAMS a 1-1
      XREAD STREAMS a 1-2
      XREAD STREAMS a $
      XREAD STREAMS none 0
      XREAD STREAMS none $
      XREAD STREAMS a none b 0 0 2
      XREAD STREAMS a >
      XREAD STREAMS a -
      XREAD STREAMS a +
      XREAD STREAMS a abc
      XREAD STREAMS a b 0
      XREAD STREAMS a
      XREAD STREAMS
      XREAD a 0
      XREAD GROUP g c STREAMS a 0
      XREAD NOACK STREAMS a 0
      XREAD BLOCK 1 STREAMS a $
      XREAD BLOCK 0 STREAMS a 0
      XREAD BLOCK -1 STREAMS a 0
      XREAD BLOCK abc STREAMS a 0
      XREAD BLOCK 9223372036854775807 STREAMS a 0
      XREAD BLOCK 1.5 STREAMS a 0
      XREAD STREAMS a a 0 1-1
      XREAD STREAMS a 18446744073709551615-18446744073709551615
      SET str x
      XREAD STREAMS a str 0 0
      XREAD STREAMS str abc`,
  },
  {
    title: 'groups are made and unmade',
    lines: `
      XGROUP CREATE s g $
      XGROUP CREATE s g abc MKSTREAM
      EXISTS s
      XGROUP CREATE s g $ MKSTREAM
      XGROUP CREATE s g $ MKSTREAM
      XGROUP CREATE s g 0
      XGROUP CREATE s h 5 ENTRIESREAD 3
      XGROUP CREATE s h2 5-* ENTRIESREAD 3
      XGROUP CREATE s i 5 ENTRIESREAD -1
      XGROUP CREATE s i2 5 ENTRIESREAD -2
      XGROUP CREATE s i2 5 ENTRIESREAD abc
      XGROUP CREATE s i2 5 ENTRIESREAD
      XGROUP CREATE s i2 5 JUNK
      XGROUP CREATE s i2 5 MKSTREAM ENTRIESREAD 1 MKSTREAM
      XGROUP CREATE s j - MKSTREAM
      XGROUP CREATE s j +
      XGROUP CREATE s ""  0
      XGROUP CREATE s
      XGROUP CREATE s g
      XINFO GROUPS s
      XGROUP SETID s g $
      XGROUP SETID s g -
      XGROUP SETID s g +
      XGROUP SETID s g 7-7 ENTRIESREAD 9
      XGROUP SETID s g 7-7 ENTRIESREAD -7
      XGROUP SETID s g 7-7 MKSTREAM
      XGROUP SETID s g abc
      XGROUP SETID s none 0
      XGROUP SETID none g 0
      XGROUP SETID s g
      XGROUP CREATECONSUMER s g alice
      XGROUP CREATECONSUMER s g alice
      XGROUP CREATECONSUMER s g bob
      XGROUP CREATECONSUMER s none bob
      XGROUP CREATECONSUMER none g bob
      XGROUP CREATECONSUMER s g
      XGROUP CREATECONSUMER s g a b
      XINFO CONSUMERS s g
      XGROUP DELCONSUMER s g alice
      XGROUP DELCONSUMER s g alice
      XGROUP DELCONSUMER s none alice
      XGROUP DELCONSUMER s g
      XINFO CONSUMERS s g
      XGROUP DESTROY s g
      XGROUP DESTROY s g
      XGROUP DESTROY none g
      XGROUP DESTROY s
      XGROUP DESTROY s g x
      XGROUP NONSENSE s g
      XGROUP HELP s
      XINFO GROUPS s
      SET str x
      XGROUP CREATE str g 0
      XGROUP CREATE str g 0 MKSTREAM
      XGROUP CREATE str g abc
      XGROUP DESTROY str g
      XGROUP CREATECONSUMER str g c`,
  },
  {
    title: 'XREADGROUP delivers, remembers and counts',
    lines: `
      XADD s 1-1 n 1
      XADD s 1-2 n 2
      XADD s 1-3 n 3
      XGROUP CREATE s g 0
      XREADGROUP GROUP g alice COUNT 1 STREAMS s >
      XREADGROUP GROUP g bob COUNT 1 STREAMS s >
      XREADGROUP GROUP g alice STREAMS s 0
      XREADGROUP GROUP g alice STREAMS s 1-1
      XREADGROUP GROUP g carol STREAMS s 0
      XREADGROUP GROUP g carol NOACK STREAMS s >
      XREADGROUP GROUP g carol STREAMS s >
      XREADGROUP GROUP g carol BLOCK 1 STREAMS s >
      XINFO GROUPS s
      XINFO CONSUMERS s g
      XINFO STREAM s FULL
      XPENDING s g
      XPENDING s g - + 10
      XDEL s 1-1
      XREADGROUP GROUP g alice STREAMS s 0
      XREADGROUP GROUP g alice STREAMS s 0
      XPENDING s g - + 10 alice
      XINFO GROUPS s
      XGROUP SETID s g 0
      XREADGROUP GROUP g dave STREAMS s >
      XPENDING s g - + 10
      XINFO GROUPS s
      XACK s g 1-2 1-2 9-9
      XACK s g abc
      XACK s none 1-3
      XACK s none abc
      XACK none g abc
      XACK s g
      XGROUP DELCONSUMER s g dave
      XPENDING s g
      XPENDING s g - + 10
      XREADGROUP GROUP g c STREAMS s $
      XREADGROUP GROUP g c STREAMS s -
      XREADGROUP GROUP g c STREAMS s
      XREADGROUP GROUP g c STREAMS s s2 >
      XREADGROUP GROUP g c s >
      XREADGROUP STREAMS s > COUNT 1 x y
      XREADGROUP COUNT 1 NOACK STREAMS s >
      XREADGROUP GROUP g STREAMS s >
      XREADGROUP GROUP none c STREAMS s >
      XREADGROUP GROUP g c STREAMS none >
      XREADGROUP GROUP g c STREAMS s none > >
      XREADGROUP GROUP "odd\\r\\ngroup" c STREAMS s >
      XREADGROUP GROUP g c STREAMS s 18446744073709551615-18446744073709551615
      XREADGROUP GROUP g c STREAMS s s 0 0
      SET str x
      XREADGROUP GROUP g c STREAMS str >
      XACK str g 1-1
      XREADGROUP GROUP g c STREAMS s str > >`,
  },
  {
    title: 'one stream twice in one XREADGROUP',
    lines: `
      XADD s 1-1 n 1
      XADD s 1-2 n 2
      XGROUP CREATE s g 0
      XREADGROUP GROUP g c COUNT 1 STREAMS s s > >
      XREADGROUP GROUP g c COUNT 1 STREAMS s s > 0`,
  },
  {
    title: 'entries read and lag',
    lines: `
      XGROUP CREATE s g $ MKSTREAM
      XINFO GROUPS s
      XADD s 1-0 f v
      XADD s 2-0 f v
      XADD s 3-0 f v
      XADD s 4-0 f v
      XADD s 5-0 f v
      XGROUP CREATE s zero 0
      XGROUP CREATE s one 1-0
      XGROUP CREATE s three 3-0
      XGROUP CREATE s last $
      XGROUP CREATE s past 9-9
      XINFO GROUPS s
      XREADGROUP GROUP g c COUNT 1 STREAMS s >
      XREADGROUP GROUP zero c COUNT 2 STREAMS s >
      XREADGROUP GROUP one c COUNT 1 STREAMS s >
      XREADGROUP GROUP three c COUNT 1 STREAMS s >
      XINFO GROUPS s
      XDEL s 3-0
      XINFO GROUPS s
      XREADGROUP GROUP zero c COUNT 1 STREAMS s >
      XREADGROUP GROUP one c COUNT 9 STREAMS s >
      XINFO GROUPS s
      XDEL s 1-0 2-0
      XINFO GROUPS s
      XTRIM s MAXLEN 1
      XINFO GROUPS s
      XADD s 6-0 f v
      XINFO GROUPS s
      XREADGROUP GROUP three c STREAMS s >
      XINFO GROUPS s
      XDEL s 5-0 6-0
      XINFO GROUPS s
      XSETID s 7-0 ENTRIESADDED 20 MAXDELETEDID 6-5
      XINFO GROUPS s
      XADD s 8-0 f v
      XREADGROUP GROUP g c STREAMS s >
      XINFO GROUPS s
      XINFO STREAM s`,
  },
  {
    title: 'XPENDING',
    lines: `
      XADD s 1-1 n 1
      XADD s 1-2 n 2
      XADD s 1-3 n 3
      XGROUP CREATE s g 0
      XPENDING s g
      XPENDING s g - + 10
      XREADGROUP GROUP g a COUNT 2 STREAMS s >
      XREADGROUP GROUP g b COUNT 2 STREAMS s >
      XPENDING s g
      XPENDING s g - + 0
      XPENDING s g - + -1
      XPENDING s g - + abc
      XPENDING s g - + 1
      XPENDING s g (1-1 (1-3 10
      XPENDING s g 1-2 1-2 10
      XPENDING s g + - 10
      XPENDING s g abc + 10
      XPENDING s g - abc 10
      XPENDING s g (18446744073709551615-18446744073709551615 + 10
      XPENDING s g - (0-0 10
      XPENDING s g - + 10 a
      XPENDING s g - + 10 nobody
      XPENDING s g - + 10 a b
      XPENDING s g IDLE 0 - + 10
      XPENDING s g IDLE 4000000000 - + 10
      XPENDING s g IDLE 0 - + 10 a
      XPENDING s g IDLE abc - + 10
      XPENDING s g IDLE 0 - +
      XPENDING s g IDLE 0 -
      XPENDING s g -
      XPENDING s g - +
      XPENDING s g IDLE 0 - + 10 a b
      XPENDING s none
      XPENDING none g
      XPENDING none g - + 10
      XPENDING none g abc + 10
      XPENDING s
      SET str x
      XPENDING str g`,
  },
  {
    title: 'XCLAIM',
    lines: `
      XADD s 1-1 n 1
      XADD s 1-2 n 2
      XADD s 1-3 n 3
      XADD s 1-4 n 4
      XGROUP CREATE s g 0
      XREADGROUP GROUP g a COUNT 2 STREAMS s >
      XCLAIM s g b 0 1-1
      XCLAIM s g b 0 1-1 1-1
      XCLAIM s g b 4000000000 1-1
      XCLAIM s g b -1 1-1 JUSTID
      XCLAIM s g b 0 1-3
      XCLAIM s g b 0 1-3 FORCE
      XPENDING s g - + 10
      XCLAIM s g b 0 1-4 FORCE JUSTID
      XCLAIM s g b 0 9-9 FORCE
      XCLAIM s g b 0 1-1 RETRYCOUNT 7
      XCLAIM s g b 0 1-1 RETRYCOUNT -7
      XCLAIM s g b 0 1-1 RETRYCOUNT abc
      XCLAIM s g b 0 1-1 IDLE 100000
      XCLAIM s g c 50000 1-1 1-2
      XCLAIM s g c 0 1-1 IDLE abc
      XCLAIM s g c 0 1-1 IDLE -100000
      XCLAIM s g c 0 1-1 TIME 1
      XCLAIM s g c 0 1-1 TIME abc
      XCLAIM s g c 0 1-1 TIME -1
      XCLAIM s g c 0 1-1 TIME 99999999999999
      XCLAIM s g c 0 1-1 LASTID 5-5
      XINFO GROUPS s
      XCLAIM s g c 0 1-1 LASTID 2-2
      XCLAIM s g c 0 1-1 LASTID abc
      XCLAIM s g c 0 1-1 IDLE
      XCLAIM s g c 0 1-1 JUNK
      XCLAIM s g c 0 1-1 "JU\\r\\nNK\\x00x"
      XCLAIM s g c 0 1-1 abc
      XCLAIM s g c 0 1-1 JUSTID 1-2
      XCLAIM s g d 0 FORCE
      XCLAIM s g d 0 - FORCE
      XCLAIM s g d abc 1-1
      XCLAIM s g d abc 1-1 JUNK
      XCLAIM s g d 0
      XDEL s 1-1 1-2
      XCLAIM s g d 0 1-1 1-2 1-3 1-1
      XCLAIM s g d 4000000000 1-4
      XPENDING s g - + 10
      XINFO CONSUMERS s g
      XINFO STREAM s FULL
      XCLAIM s none d 0 1-1
      XCLAIM none g d abc 1-1
      SET str x
      XCLAIM str g d 0 1-1`,
  },
  {
    title: 'XAUTOCLAIM',
    lines: `
      XADD s 1-1 n 1
      XADD s 1-2 n 2
      XADD s 1-3 n 3
      XADD s 1-4 n 4
      XADD s 1-5 n 5
      XGROUP CREATE s g 0
      XREADGROUP GROUP g a STREAMS s >
      XAUTOCLAIM s g b 0 - COUNT 2
      XAUTOCLAIM s g b 0 1-3 COUNT 2
      XAUTOCLAIM s g b 0 (1-3 COUNT 2 JUSTID
      XAUTOCLAIM s g b 0 9-9
      XAUTOCLAIM s g b 0 (18446744073709551615-18446744073709551615
      XAUTOCLAIM s g b 4000000000 0
      XAUTOCLAIM s g c 0 0
      XPENDING s g - + 10
      XDEL s 1-1 1-3 1-4
      XAUTOCLAIM s g d 0 0 COUNT 2
      XAUTOCLAIM s g d 0 1-3 COUNT 1
      XPENDING s g - + 10
      XAUTOCLAIM s g d 4000000000 0 COUNT 1
      XPENDING s g - + 10
      XAUTOCLAIM s g d -5 0 COUNT 1
      XAUTOCLAIM s g d abc 0
      XAUTOCLAIM s g d 0 abc
      XAUTOCLAIM s g d 0 0 COUNT 0
      XAUTOCLAIM s g d 0 0 COUNT -1
      XAUTOCLAIM s g d 0 0 COUNT abc
      XAUTOCLAIM s g d 0 0 COUNT
      XAUTOCLAIM s g d 0 0 JUNK
      XAUTOCLAIM s g d 0 0 COUNT 922337203685477580
      XAUTOCLAIM s g d 0
      XAUTOCLAIM s none d 0 0
      XAUTOCLAIM none g d 0 0
      XAUTOCLAIM none g d abc 0
      XINFO CONSUMERS s g
      SET str x
      XAUTOCLAIM str g d 0 0`,
  },
  {
    title: 'XINFO',
    lines: `
      XINFO STREAM none
      XINFO GROUPS none
      XINFO CONSUMERS none g
      XINFO NONSENSE s
      XINFO HELP s
      XINFO STREAM
      XADD s 1-1 n 1
      XINFO STREAM s
      XINFO STREAM s FULL
      XINFO STREAM s FULL COUNT
      XINFO STREAM s FULL COUNT abc
      XINFO STREAM s FULL COUNT -1
      XINFO STREAM s FULL COUNT 0
      XINFO STREAM s FULL LIMIT 1
      XINFO STREAM s SHORT
      XINFO STREAM s FULL COUNT 1 x
      XINFO GROUPS s
      XINFO GROUPS s g
      XINFO CONSUMERS s
      XINFO CONSUMERS s g
      XINFO CONSUMERS s g h
      XINFO CONSUMERS s "a\\r\\nb"
      XDEL s 1-1
      XINFO STREAM s
      XADD s 1-2 n 1
      XADD s 256-1 n 1
      XADD s 257-0 n 1
      XADD s 65536-0 n 1
      XADD s 18446744073709551615-0 n 1
      XINFO STREAM s
      SET str x
      XINFO STREAM str
      XINFO STREAM str NONSENSE
      XINFO GROUPS str
      XINFO CONSUMERS str g`,
  },
];

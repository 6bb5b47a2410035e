// Command lines over sets.
import type { Script } from '../script.js';

const raw = String.raw;
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i).join(' ');

export const setScripts: Script[] = [
  {
    title: 'SADD, SREM and what a set says of itself',
    lines: raw`
      SADD
      SADD k
      SADD k a
      SADD k a b a c
      SADD k 1 01 -0 +1 " 1" 1.0 9223372036854775807 9223372036854775808
      SCARD
      SCARD k x
      SCARD k
      SCARD none
      SISMEMBER
      SISMEMBER k
      SISMEMBER k a b
      SISMEMBER k a
      SISMEMBER k 01
      SISMEMBER k 001
      SISMEMBER none a
      SMISMEMBER
      SMISMEMBER k
      SMISMEMBER k a x 1 1
      SMISMEMBER none a x
      SMEMBERS
      SMEMBERS k x
      SMEMBERS k
      SMEMBERS none
      SREM
      SREM k
      SREM none a
      SREM k x
      SREM k a a b
      SMEMBERS k
      SREM k c 1 01 -0 +1 " 1" 1.0 9223372036854775807 9223372036854775808 a b
      EXISTS k
      TYPE k
      SADD k ""
      SISMEMBER k ""
      SREM k ""
      EXISTS k
      SET s x
      SADD s a
      SREM s a
      SCARD s
      SISMEMBER s a
      SMISMEMBER s a
      SMEMBERS s
      SADD k 1
      EXPIRE k 100000
      SADD k 2
      TTL k
      TYPE k
      COPY k l
      SMEMBERS l
      RENAME k m
      SMEMBERS m
      APPEND m x
      GET m
      INCR m
    `,
  },
  {
    title: 'the encodings of a set',
    lines: raw`
      SADD k 1 2 3
      OBJECT ENCODING k
      SADD k 70000 -3000000000
      OBJECT ENCODING k
      SREM k a
      OBJECT ENCODING k
      SADD k a
      OBJECT ENCODING k
      SREM k a
      OBJECT ENCODING k
      SADD i ${numbers(1, 512)}
      OBJECT ENCODING i
      SADD i 512
      OBJECT ENCODING i
      SADD i 513
      OBJECT ENCODING i
      SREM i 513
      OBJECT ENCODING i
      SADD t ${numbers(1, 600)}
      OBJECT ENCODING t
      SADD s a
      OBJECT ENCODING s
      SADD s2 1 a
      OBJECT ENCODING s2
      SINTERSTORE d i t
      OBJECT ENCODING d
      SREM t 600 599
      SUNIONSTORE d i t
      OBJECT ENCODING d
      SINTERSTORE d k k
      OBJECT ENCODING d
      SADD k a
      SINTERSTORE d k k
      OBJECT ENCODING d
      SDIFFSTORE d k s
      OBJECT ENCODING d
      SADD one ${numbers(1, 600)}
      SADD two ${numbers(1, 300)}
      SDIFFSTORE d one two
      OBJECT ENCODING d
      SDIFFSTORE d one two two two two
      OBJECT ENCODING d
      SADD few ${numbers(1, 3)}
      SDIFFSTORE d one few few few
      OBJECT ENCODING d
      SADD mixed x ${numbers(1, 99)}
      SREM mixed x
      OBJECT ENCODING mixed
      ~ SPOP mixed 10
      OBJECT ENCODING mixed
      ~ SPOP mixed 80
      SCARD mixed
      OBJECT ENCODING mixed
      DEL mixed
      SADD from 1 2
      SADD to 1 x
      SMOVE from to 2
      OBJECT ENCODING to
      SMOVE to from x
      OBJECT ENCODING from
      SMOVE from fresh 1
      OBJECT ENCODING fresh
      SMOVE from fresher x
      OBJECT ENCODING fresher
    `,
  },
  {
    title: 'SPOP and SRANDMEMBER',
    lines: raw`
      SPOP
      SPOP k 1 2
      SPOP none
      SPOP none 0
      SPOP none 1
      SPOP none -1
      SPOP none abc
      SADD k 1 2 3 a
      SPOP k 0
      SPOP k -1
      SPOP k abc
      SPOP k ""
      SPOP k 1.5
      SPOP k 9223372036854775808
      ~ SPOP k
      SCARD k
      SPOP k 2
      SCARD k
      SPOP k 9223372036854775807
      EXISTS k
      SADD k only
      SPOP k
      EXISTS k
      SADD k only
      SPOP k 1
      EXISTS k
      SRANDMEMBER
      SRANDMEMBER k 1 2
      SRANDMEMBER none
      SRANDMEMBER none 0
      SRANDMEMBER none 5
      SRANDMEMBER none -5
      SRANDMEMBER none abc
      SADD k only
      SRANDMEMBER k
      SRANDMEMBER k 0
      SRANDMEMBER k -0
      SRANDMEMBER k 1
      SRANDMEMBER k 100
      SRANDMEMBER k -3
      SRANDMEMBER k abc
      SRANDMEMBER k ""
      SRANDMEMBER k -9223372036854775808
      SRANDMEMBER k 9223372036854775807
      SADD k 2 3 4 5 6 7 8 9 10 11 12
      ~ SRANDMEMBER k
      SRANDMEMBER k 5
      SRANDMEMBER k 100
      SRANDMEMBER k -100
      SCARD k
      SET s x
      SPOP s
      SPOP s 0
      SPOP s 1
      SPOP s -1
      SRANDMEMBER s
      SRANDMEMBER s 0
      SRANDMEMBER s abc
    `,
  },
  {
    title: 'SMOVE',
    lines: raw`
      SMOVE
      SMOVE a
      SMOVE a b
      SMOVE a b c d
      SMOVE none none2 x
      SET s x
      SMOVE none s x
      SMOVE s none x
      SADD a 1 2
      SMOVE a s 1
      SMOVE a s 9
      SMOVE s a 1
      SMOVE s s x
      SMOVE a a 1
      SMOVE a a 9
      SMOVE a b 9
      EXISTS b
      SMOVE a b 1
      SMEMBERS b
      SMOVE a b 2
      EXISTS a
      SADD a 2
      SMOVE a b 2
      SMEMBERS b
      EXISTS a
    `,
  },
  {
    title: 'intersection, union and difference',
    lines: raw`
      SINTER
      SUNION
      SDIFF
      SINTERSTORE
      SINTERSTORE d
      SUNIONSTORE d
      SDIFFSTORE d
      SADD a 1 2 3 x y
      SADD b 2 3 4 y z
      SADD c 3
      SADD i 1 2 3 4 5
      SINTER a
      SINTER none
      SINTER a b
      SINTER a b c
      SINTER a i
      SINTER i a
      SINTER a none
      SINTER none a
      SINTER a a
      SUNION a
      SUNION none
      SUNION none none
      SUNION a b
      SUNION a none c
      SUNION i c
      SDIFF a
      SDIFF none
      SDIFF none a
      SDIFF a b
      SDIFF a none b
      SDIFF a a
      SDIFF a b a
      SDIFF i c
      SDIFF a i b
      SDIFF i a a a a a
      SINTERSTORE d a b
      SMEMBERS d
      SUNIONSTORE d a b
      SMEMBERS d
      SDIFFSTORE d a b
      SMEMBERS d
      EXPIRE d 100000
      SINTERSTORE d d a
      TTL d
      SMEMBERS d
      SINTERSTORE d a none
      EXISTS d
      SINTERSTORE d a none
      SDIFFSTORE d a a
      EXISTS d
      SUNIONSTORE d none
      EXISTS d
      SUNIONSTORE a a b
      SMEMBERS a
      SINTERSTORE a a b
      SMEMBERS a
      SDIFFSTORE a a b
      EXISTS a
      SET s x
      SINTER s
      SINTER none s
      SINTER s none
      SINTER b s
      SUNION none s
      SUNION b s
      SDIFF none s
      SDIFF b b s
      SINTERSTORE d b s
      SUNIONSTORE d b s
      SDIFFSTORE d b s
      SINTERSTORE s b c
      TYPE s
      SET s x
      SUNIONSTORE s b
      TYPE s
      SET s x
      SDIFFSTORE s b b
      EXISTS s
      SET s x
      SINTERSTORE s b none
      EXISTS s
    `,
  },
  {
    title: 'SINTERCARD',
    lines: raw`
      SINTERCARD
      SINTERCARD 1
      SINTERCARD a a
      SINTERCARD 0 a
      SINTERCARD -1 a
      SINTERCARD 2 a
      SINTERCARD 9223372036854775807 a
      SADD a 1 2 3
      SADD b 2 3 4
      SINTERCARD 1 a
      SINTERCARD 1 none
      SINTERCARD 2 a b
      SINTERCARD 2 a none
      SINTERCARD 2 a b LIMIT 1
      SINTERCARD 2 a b limit 0
      SINTERCARD 2 a b limit 5
      SINTERCARD 2 a b LIMIT
      SINTERCARD 2 a b LIMIT -1
      SINTERCARD 2 a b LIMIT x
      SINTERCARD 2 a b LIMIT 1 LIMIT 0
      SINTERCARD 2 a b nonsense 1
      SINTERCARD 1 a b
      SET s x
      SINTERCARD 1 s
      SINTERCARD 2 none s
      SINTERCARD 2 s none LIMIT x
    `,
  },
  {
    title: 'SSCAN',
    lines: raw`
      SSCAN
      SSCAN k
      SSCAN k abc
      SSCAN k ""
      SSCAN k -1
      SSCAN none 0
      SSCAN none 0 nonsense
      SSCAN none 5 COUNT 0
      SADD k 1 2 3
      SSCAN k 0
      SSCAN k 0 COUNT 1
      SSCAN k 0 COUNT 0
      SSCAN k 0 COUNT abc
      SSCAN k 0 COUNT
      SSCAN k 0 MATCH
      SSCAN k 0 MATCH 1*
      SSCAN k 0 MATCH * COUNT 100
      SSCAN k 0 MATCH x
      SSCAN k 0 TYPE set
      SADD k a b c
      SSCAN k 0 COUNT 100
      SSCAN k 0 MATCH [a-b] COUNT 100
      SET s x
      SSCAN s 0
      SSCAN s abc
      SSCAN s 0 nonsense
    `,
  },
];

// Command lines over strings: wrong arity, wrong options, boundary values, and the replies next to them.
import type { Script } from '../script.js';

const raw = String.raw;
const long = (length: number) => 'x'.repeat(length);

export const stringScripts: Script[] = [
  {
    title: 'SET and its options',
    lines: raw`
      SET
      SET k
      SET k v
      SET k v garbage
      SET k v EX
      SET k v EX 0
      SET k v EX -1
      SET k v EX 1.5
      SET k v EX abc
      SET k v EX ""
      SET k v EX " 1"
      SET k v EX 9223372036854775807
      SET k v EX 9223372036854775808
      SET k v EX 9223372036854776
      SET k v EX 9223372036854775
      SET k v EX -9223372036854775808
      SET k v PX
      SET k v PX 0
      SET k v PX -1
      SET k v PX abc
      SET k v PX 9223372036854775807
      SET k v PX 9223372036854775808
      SET k v EXAT
      SET k v EXAT 0
      SET k v EXAT -1
      SET k v EXAT abc
      SET k v EXAT 9223372036854775807
      SET k v PXAT 0
      SET k v PXAT -5
      SET k v PXAT abc
      SET k v EX 100 PX 100
      SET k v EX 100 EX 100
      SET k v EX 100 EXAT 4000000000
      SET k v PX 100 PXAT 4000000000000
      SET k v EX 100 KEEPTTL
      SET k v KEEPTTL EX 100
      SET k v KEEPTTL PXAT 4000000000000
      SET k v KEEPTTL KEEPTTL
      SET k v PERSIST
      SET k v NX XX
      SET k v XX NX
      SET k v NX NX
      SET k v XX XX
      SET k v GET GET
      SET k v EX abc NX
      SET k v NX XX EX abc
      SET k v EX 0 garbage
      GET k
      TTL k
      SET k v EX 100000 NX
      SET k w XX EX 100000
      TTL k
      SET k x KEEPTTL
      TTL k
      SET k y
      TTL k
      SET k z exat 4000000000 xx
      EXPIRETIME k
      SET k z pxat 4000000000123 get
      PEXPIRETIME k
      SET k a PXAT 9223372036854775807
      PEXPIRETIME k
      SET k a EXAT 9223372036854775
      EXPIRETIME k
      SET k b GET
      SET new b GET
      SET new c NX GET
      SET other c NX GET
      SET missing c XX GET
      SET missing c XX
      SET k v NX
      GET missing
      SET gone v PXAT 1
      EXISTS gone
      SET gone v EXAT 1 GET
      EXISTS gone
      SET "" empty
      GET ""
      SET "bin\x00\xff\r\n" "\x00\r\n\xff"
      GET "bin\x00\xff\r\n"
    `,
  },
  {
    title: 'SETNX, SETEX, PSETEX, GETSET',
    lines: raw`
      SETNX
      SETNX k
      SETNX k v w
      SETNX k v
      SETNX k w
      SETEX
      SETEX k
      SETEX k 10
      SETEX k 10 v w
      SETEX k 0 v
      SETEX k -1 v
      SETEX k abc v
      SETEX k 1.5 v
      SETEX k "" v
      SETEX k 9223372036854775807 v
      SETEX k 9223372036854775808 v
      SETEX k 9223372036854775 v
      SETEX k 100000 v
      TTL k
      PSETEX
      PSETEX k 10
      PSETEX k 0 v
      PSETEX k -1 v
      PSETEX k abc v
      PSETEX k 9223372036854775807 v
      PSETEX k 100000000 v
      PTTL k
      GETSET
      GETSET k
      GETSET k a b
      GETSET k a
      TTL k
      GETSET none a
      GET none
    `,
  },
  {
    title: 'GET, GETDEL, GETEX',
    lines: raw`
      GET
      GET a b
      GETDEL
      GETDEL a b
      GETDEL none
      SET k v
      GETDEL k
      GETDEL k
      GETEX
      GETEX none
      GETEX none EX 100
      SET k v
      GETEX k
      GETEX k EX
      GETEX k EX 0
      GETEX k EX -1
      GETEX k EX abc
      GETEX k EX 9223372036854775807
      GETEX k EX 9223372036854775
      GETEX k PX 0
      GETEX k PX abc
      GETEX k EXAT 0
      GETEX k EXAT -1
      GETEX k PXAT abc
      GETEX k PERSIST EX 10
      GETEX k EX 10 PERSIST
      GETEX k EX 10 PX 10
      GETEX k PERSIST PERSIST
      GETEX k KEEPTTL
      GETEX k NX
      GETEX k GET
      GETEX k garbage
      GETEX none EX abc
      GETEX none garbage
      GETEX k EX 100000
      TTL k
      GETEX k persist
      TTL k
      GETEX k EXAT 4000000000
      EXPIRETIME k
      GETEX k PXAT 4000000000123
      PEXPIRETIME k
      GETEX k PXAT 1
      EXISTS k
    `,
  },
  {
    title: 'MGET, MSET, MSETNX',
    lines: raw`
      MGET
      MGET none
      MSET
      MSET k
      MSET k v k2
      MSET a 1 b 2 a 3
      MGET a b none a
      MSETNX
      MSETNX k
      MSETNX k v k2
      MSETNX a 1 c 2
      EXISTS c
      MSETNX c 1 d 2 c 3
      MGET c d
      MSET "" x
      MGET "" ""
    `,
  },
  {
    title: 'APPEND, STRLEN and how a value is kept',
    lines: raw`
      APPEND
      APPEND k
      APPEND k a b
      STRLEN
      STRLEN a b
      STRLEN none
      APPEND k ""
      EXISTS k
      OBJECT ENCODING k
      APPEND k 12
      OBJECT ENCODING k
      INCR k
      OBJECT ENCODING k
      APPEND k 0
      OBJECT ENCODING k
      GET k
      SET n 12345
      OBJECT ENCODING n
      STRLEN n
      SET n 012
      OBJECT ENCODING n
      SET n -0
      OBJECT ENCODING n
      SET n +1
      OBJECT ENCODING n
      SET n -1
      OBJECT ENCODING n
      SET n 9223372036854775807
      OBJECT ENCODING n
      SET n 9223372036854775808
      OBJECT ENCODING n
      SET n -9223372036854775808
      OBJECT ENCODING n
      SET n -9223372036854775809
      OBJECT ENCODING n
      SET n " 1"
      OBJECT ENCODING n
      SET n ""
      OBJECT ENCODING n
      SET n 1.0
      OBJECT ENCODING n
      SET s ${long(44)}
      OBJECT ENCODING s
      SET s ${long(45)}
      OBJECT ENCODING s
      GETSET s 7
      OBJECT ENCODING s
      GETSET s ${long(44)}
      OBJECT ENCODING s
      APPEND s ""
      OBJECT ENCODING s
      SETRANGE s 0 ""
      OBJECT ENCODING s
      SETRANGE s 0 y
      OBJECT ENCODING s
      MSET m 10 o ${long(45)}
      OBJECT ENCODING m
      OBJECT ENCODING o
      COPY s t
      OBJECT ENCODING t
      SETEX u 100000 10
      OBJECT ENCODING u
      INCRBYFLOAT u 1
      OBJECT ENCODING u
      SET v 10
      SETBIT v 1 1
      OBJECT ENCODING v
      GET v
      SET w 10
      GETDEL w
      SETNX w 10
      OBJECT ENCODING w
      RENAME w x
      OBJECT ENCODING x
      OBJECT REFCOUNT x
      SET x 10000
      OBJECT REFCOUNT x
      SET x 9999
      OBJECT REFCOUNT x
      SET x abc
      OBJECT REFCOUNT x
      LCS x t
    `,
  },
  {
    title: 'GETRANGE, SUBSTR, SETRANGE',
    lines: raw`
      GETRANGE
      GETRANGE k 0
      GETRANGE k 0 1 2
      SUBSTR
      SUBSTR k 0
      SUBSTR k 0 1 2
      SET k "Hello World"
      GETRANGE k 0 -1
      GETRANGE k 0 0
      GETRANGE k -1 -1
      GETRANGE k -3 -1
      GETRANGE k -1 -3
      GETRANGE k -100 -50
      GETRANGE k -100 3
      GETRANGE k 3 100
      GETRANGE k 10 10
      GETRANGE k 11 11
      GETRANGE k 100 200
      GETRANGE k 5 3
      GETRANGE k -5 -100
      GETRANGE k 0 -12
      GETRANGE k 0 -11
      GETRANGE k 0 9223372036854775807
      GETRANGE k -9223372036854775808 9223372036854775807
      GETRANGE k 9223372036854775807 -9223372036854775808
      GETRANGE k abc 1
      GETRANGE k 0 abc
      GETRANGE k 1.5 2
      GETRANGE k 0 9223372036854775808
      GETRANGE none 0 -1
      GETRANGE none abc 1
      SUBSTR k 0 4
      SUBSTR k -5 -1
      SUBSTR none 0 -1
      SET n 1234567
      GETRANGE n 2 4
      SETRANGE
      SETRANGE k 0
      SETRANGE k 0 a b
      SETRANGE k -1 x
      SETRANGE k abc x
      SETRANGE k 1.5 x
      SETRANGE k "" x
      SETRANGE k 9223372036854775808 x
      SETRANGE k 9223372036854775807 x
      SETRANGE k 536870912 x
      SETRANGE k 536870911 xy
      SETRANGE k 536870912 ""
      SETRANGE none 536870912 ""
      SETRANGE none 536870912 x
      SETRANGE none 0 ""
      EXISTS none
      SETRANGE k -1 ""
      SETRANGE k 6 Redis
      GET k
      SETRANGE k 13 !
      GET k
      SETRANGE none 3 x
      GET none
      SETRANGE n 1 x
      GET n
      SETRANGE k 0 ""
    `,
  },
  {
    title: 'INCR, DECR, INCRBY, DECRBY',
    lines: raw`
      INCR
      INCR a b
      DECR
      DECR a b
      INCRBY
      INCRBY a
      INCRBY a 1 2
      DECRBY
      DECRBY a
      DECRBY a 1 2
      INCR n
      DECR n
      DECR n
      INCRBY n abc
      INCRBY n ""
      INCRBY n 1.5
      INCRBY n " 1"
      INCRBY n "1 "
      INCRBY n +1
      INCRBY n 01
      INCRBY n 0x10
      INCRBY n 1e3
      INCRBY n 9223372036854775808
      INCRBY n -9223372036854775809
      INCRBY n 9223372036854775807
      INCRBY n 1
      INCRBY n 1
      INCR n
      GET n
      DECRBY n 9223372036854775807
      DECRBY n -9223372036854775808
      DECRBY n 9223372036854775808
      DECRBY n abc
      SET n -9223372036854775808
      DECR n
      DECRBY n 1
      INCRBY n -1
      INCRBY n -9223372036854775808
      INCRBY n 9223372036854775807
      GET n
      SET s abc
      INCR s
      DECR s
      INCRBY s 1
      DECRBY s 1
      INCRBY s abc
      SET s ""
      INCR s
      SET s " 1"
      INCR s
      SET s "1 "
      INCR s
      SET s 1.0
      INCR s
      SET s 007
      INCR s
      SET s -0
      INCR s
      SET s 9223372036854775808
      INCR s
      SET s "12\x00"
      INCR s
      SET s 00
      INCR s
      SET s 0
      INCRBY s 0
      SET e 5 EX 100000
      INCR e
      TTL e
    `,
  },
  {
    title: 'INCRBYFLOAT',
    lines: raw`
      INCRBYFLOAT
      INCRBYFLOAT k
      INCRBYFLOAT k 1 2
      INCRBYFLOAT k abc
      INCRBYFLOAT k ""
      INCRBYFLOAT k " 1"
      INCRBYFLOAT k "1 "
      INCRBYFLOAT k nan
      INCRBYFLOAT k inf
      INCRBYFLOAT k -inf
      INCRBYFLOAT k infinity
      INCRBYFLOAT k 1e
      INCRBYFLOAT k 1,5
      INCRBYFLOAT k "1\x00"
      EXISTS k
      INCRBYFLOAT k 1e-20
      INCRBYFLOAT k 0
      DEL k
      INCRBYFLOAT k 10.50
      INCRBYFLOAT k 0.1
      INCRBYFLOAT k -5
      INCRBYFLOAT k 5.0e3
      INCRBYFLOAT k +1
      INCRBYFLOAT k .5
      INCRBYFLOAT k 5.
      INCRBYFLOAT k 0x10
      SET s abc
      INCRBYFLOAT s 1
      SET s ""
      INCRBYFLOAT s 1
      SET s " 1"
      INCRBYFLOAT s 1
      SET s nan
      INCRBYFLOAT s 1
      SET s inf
      INCRBYFLOAT s 1
      SET n 3
      INCRBYFLOAT n 1.5
      INCRBYFLOAT n -1.5
      OBJECT ENCODING n
      INCR n
      SET e 5 EX 100000
      INCRBYFLOAT e 0.5
      TTL e
    `,
  },
  {
    title: 'LCS',
    lines: raw`
      LCS
      LCS a
      LCS a b
      LCS a b LEN
      LCS a b IDX
      LCS a b IDX LEN
      LCS a b LEN IDX
      LCS a b garbage
      LCS a b MINMATCHLEN
      LCS a b MINMATCHLEN abc
      LCS a b MINMATCHLEN 1.5
      LCS a b MINMATCHLEN 9223372036854775808
      LCS a b IDX garbage
      LCS a b LEN IDX garbage
      SET a ohmytext
      SET b mynewtext
      LCS a b
      LCS b a
      LCS a a
      LCS a none
      LCS a b LEN
      LCS a b len
      LCS a b IDX
      LCS a b IDX MINMATCHLEN 4
      LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
      LCS a b IDX WITHMATCHLEN
      LCS a b IDX MINMATCHLEN -1
      LCS a b IDX MINMATCHLEN 0
      LCS a b IDX MINMATCHLEN 100
      LCS a b IDX MINMATCHLEN 2 MINMATCHLEN 4
      LCS a b WITHMATCHLEN
      LCS a b MINMATCHLEN 3
      LCS a b LEN MINMATCHLEN 3 WITHMATCHLEN
      LCS a b LEN LEN
      SET c ""
      LCS a c
      LCS a c IDX
      SET d 12345
      SET e 345
      LCS d e
      LCS d e IDX WITHMATCHLEN
    `,
  },
];

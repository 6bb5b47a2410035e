// Command lines over strings as bits and packed integers.
import type { Script } from '../script.js';

const raw = String.raw;

export const bitScripts: Script[] = [
  {
    title: 'SETBIT and GETBIT',
    lines: raw`
      SETBIT
      SETBIT k 0
      SETBIT k 0 1 1
      GETBIT
      GETBIT k
      GETBIT k 0 1
      SETBIT k -1 1
      SETBIT k abc 1
      SETBIT k 1.5 1
      SETBIT k "" 1
      SETBIT k #1 1
      SETBIT k 4294967296 1
      SETBIT k 9223372036854775807 1
      SETBIT k 9223372036854775808 1
      SETBIT k 0 2
      SETBIT k 0 -1
      SETBIT k 0 abc
      SETBIT k 0 ""
      SETBIT k 0 01
      SETBIT k 4294967296 2
      EXISTS k
      GETBIT none 0
      GETBIT none 4294967295
      GETBIT none 4294967296
      GETBIT k -1
      GETBIT k abc
      SETBIT k 7 1
      GET k
      SETBIT k 7 0
      SETBIT k 7 0
      GET k
      SETBIT k 23 0
      STRLEN k
      SET n 10
      SETBIT n 6 1
      GET n
      GETBIT n 6
      GETBIT n 1000
      SET i 5 EX 100000
      SETBIT i 0 1
      TTL i
    `,
  },
  {
    title: 'BITCOUNT and BITPOS',
    lines: raw`
      BITCOUNT
      BITCOUNT none
      BITCOUNT none 0
      BITCOUNT none 0 -1
      BITCOUNT none 0 -1 garbage
      BITCOUNT none abc 1
      SET k foobar
      BITCOUNT k
      BITCOUNT k 0
      BITCOUNT k 0 0
      BITCOUNT k 1 1
      BITCOUNT k 1 1 BYTE
      BITCOUNT k 5 30 BIT
      BITCOUNT k 5 30 bit
      BITCOUNT k 5 30 BITS
      BITCOUNT k 0 0 BYTE garbage
      BITCOUNT k abc 1
      BITCOUNT k 0 abc
      BITCOUNT k 1.5 2
      BITCOUNT k -1 -1
      BITCOUNT k -3 -5
      BITCOUNT k -100 100
      BITCOUNT k -8 -1 BIT
      BITCOUNT k 5 3
      BITCOUNT k 100 200
      BITCOUNT k 0 9223372036854775807 BIT
      BITCOUNT k -9223372036854775808 9223372036854775807
      BITCOUNT k 0 9223372036854775808
      SET e ""
      BITCOUNT e
      BITCOUNT e 0 -1 BIT
      SET n 255
      BITCOUNT n
      BITPOS
      BITPOS k
      BITPOS none 0
      BITPOS none 1
      BITPOS none 0 0 -1
      BITPOS none 1 5
      BITPOS none 2
      BITPOS none abc
      BITPOS k 2
      BITPOS k -1
      BITPOS k abc
      BITPOS k 1 abc
      BITPOS k 1 0 abc
      BITPOS k 1 0 1 garbage
      BITPOS k 1 0 1 BYTE garbage
      BITPOS k 0
      BITPOS k 1
      BITPOS k 1 2
      BITPOS k 0 2
      BITPOS k 1 -1
      BITPOS k 1 -3 -1
      BITPOS k 1 2 2 BYTE
      BITPOS k 1 10 20 BIT
      BITPOS k 0 10 20 bit
      BITPOS k 1 5 3
      BITPOS k 1 100
      BITPOS k 1 BIT
      SET f "\xff\xff\xff"
      BITPOS f 0
      BITPOS f 0 0
      BITPOS f 0 0 -1
      BITPOS f 0 0 -1 BIT
      BITPOS f 0 7 15 BIT
      BITPOS f 0 3
      BITPOS f 0 -1
      SET z "\x00\x00\x00"
      BITPOS z 1
      BITPOS z 1 0
      BITPOS z 1 0 -1
      BITPOS z 0 1
      BITPOS z 0 5 5 BIT
      BITPOS e 0
      BITPOS e 1
      BITPOS e 0 0 -1
    `,
  },
  {
    title: 'BITOP',
    lines: raw`
      BITOP
      BITOP AND
      BITOP AND d
      BITOP garbage d a
      BITOP NOT d a b
      BITOP NOT d
      BITOP AND d none
      EXISTS d
      SET a "abc\xff"
      SET b "ab"
      SET n 12
      BITOP AND d a b
      GET d
      BITOP OR d a b
      GET d
      BITOP XOR d a b
      GET d
      BITOP XOR d a a
      GET d
      BITOP NOT d a
      GET d
      BITOP not a a
      GET a
      BITOP AND d a none
      GET d
      BITOP OR d a b n none
      GET d
      BITOP AND d n n
      OBJECT ENCODING d
      EXPIRE d 100000
      BITOP OR d b
      TTL d
      BITOP AND d none none2
      EXISTS d
      BITOP NOT d none
      SET e ""
      BITOP NOT d e
      EXISTS d
    `,
  },
  {
    title: 'BITFIELD and BITFIELD_RO',
    lines: raw`
      BITFIELD
      BITFIELD k
      EXISTS k
      BITFIELD k garbage
      BITFIELD k GET
      BITFIELD k GET u8
      BITFIELD k GET u64 0
      BITFIELD k GET i65 0
      BITFIELD k GET u0 0
      BITFIELD k GET i0 0
      BITFIELD k GET u 0
      BITFIELD k GET x8 0
      BITFIELD k GET "" 0
      BITFIELD k GET u-1 0
      BITFIELD k GET U8 0
      BITFIELD k GET u08 0
      BITFIELD k GET u8x 0
      BITFIELD k GET u8 -1
      BITFIELD k GET u8 abc
      BITFIELD k GET u8 #
      BITFIELD k GET u8 #abc
      BITFIELD k GET u8 #-1
      BITFIELD k GET u8 ""
      BITFIELD k GET u8 1.5
      BITFIELD k GET u8 4294967295
      BITFIELD k GET u8 4294967296
      BITFIELD k GET u8 #536870911
      BITFIELD k GET u8 #536870912
      BITFIELD k GET u63 0 GET i64 0 GET u1 0 GET i1 0
      BITFIELD k SET u8 0
      BITFIELD k SET u8 0 abc
      BITFIELD k SET u8 0 1.5
      BITFIELD k SET u8 0 9223372036854775808
      BITFIELD k SET u8 4294967296 1
      BITFIELD k SET u64 0 1
      BITFIELD k INCRBY u8 0
      BITFIELD k INCRBY u8 0 abc
      BITFIELD k INCRBY u8 0 ""
      BITFIELD k OVERFLOW
      BITFIELD k OVERFLOW garbage
      BITFIELD k OVERFLOW WRAP
      BITFIELD k OVERFLOW SAT OVERFLOW FAIL
      BITFIELD k GET u8 0 garbage
      BITFIELD k SET u8 0 5 GET u99 0
      EXISTS k
      BITFIELD k SET u8 0 255
      BITFIELD k SET u8 0 256
      BITFIELD k SET u8 0 -1
      BITFIELD k SET i8 0 127
      BITFIELD k SET i8 0 128
      BITFIELD k SET i8 0 -129
      BITFIELD k INCRBY u8 0 10
      BITFIELD k INCRBY u8 0 300
      BITFIELD k INCRBY u8 0 -300
      BITFIELD k OVERFLOW SAT INCRBY u8 0 300
      BITFIELD k OVERFLOW SAT INCRBY u8 0 -300
      BITFIELD k OVERFLOW FAIL INCRBY u8 0 -1
      BITFIELD k OVERFLOW FAIL SET u8 0 256
      BITFIELD k OVERFLOW SAT SET u8 0 300
      BITFIELD k OVERFLOW SAT SET i8 0 300
      BITFIELD k OVERFLOW SAT SET i8 0 -300
      BITFIELD k OVERFLOW SAT SET u8 0 -1
      BITFIELD k OVERFLOW WRAP INCRBY i8 0 -1 OVERFLOW FAIL INCRBY i8 0 100 INCRBY i8 0 100
      BITFIELD k SET i64 0 9223372036854775807
      BITFIELD k INCRBY i64 0 1
      BITFIELD k OVERFLOW SAT INCRBY i64 0 -1 INCRBY i64 0 -9223372036854775808
      BITFIELD k OVERFLOW FAIL INCRBY i64 0 -9223372036854775808
      BITFIELD k SET u63 0 9223372036854775807
      BITFIELD k INCRBY u63 0 1
      BITFIELD k OVERFLOW SAT INCRBY u63 0 9223372036854775807
      BITFIELD k SET u5 3 31 GET u5 3 GET i5 3 GET u8 0
      BITFIELD k SET i17 13 -5 GET i17 13 GET u17 13
      BITFIELD k SET u8 #2 65 GET u8 #2 GET u8 16
      BITFIELD k INCRBY u2 100 1 INCRBY u2 100 1 INCRBY u2 100 1 INCRBY u2 100 1
      GET k
      STRLEN k
      BITFIELD grow GET u8 1000
      STRLEN grow
      BITFIELD grow OVERFLOW FAIL INCRBY u8 1000 300
      STRLEN grow
      BITFIELD grow SET u8 1000 1
      STRLEN grow
      SET n 10
      BITFIELD n GET u8 0 INCRBY u8 0 1
      GET n
      BITFIELD_RO
      BITFIELD_RO k
      BITFIELD_RO k GET u8 0
      BITFIELD_RO k get u8 #1 GET i8 0
      BITFIELD_RO k SET u8 0 1
      BITFIELD_RO k INCRBY u8 0 1
      BITFIELD_RO k OVERFLOW SAT
      BITFIELD_RO k OVERFLOW SAT GET u8 0
      BITFIELD_RO k OVERFLOW garbage
      BITFIELD_RO k garbage
      BITFIELD_RO none GET u8 0 GET i64 #3
    `,
  },
];

/** Values of half a gigabyte, the largest there are. Each script removes them before its keyspaces are compared. */
export const halfGigabyteScripts: Script[] = [
  {
    title: 'the largest SETRANGE',
    lines: raw`
      SETRANGE k 536870911 x
      STRLEN k
      APPEND k y
      SETRANGE k 536870910 yz
      SETRANGE k 536870911 yz
      GETRANGE k -3 -1
      FLUSHALL
    `,
  },
  {
    title: 'the largest SETBIT',
    lines: raw`
      SETBIT k 4294967295 1
      STRLEN k
      GETBIT k 4294967295
      SETBIT k 4294967296 1
      GETRANGE k -2 -1
      FLUSHALL
    `,
  },
  {
    title: 'the largest BITFIELD',
    lines: raw`
      BITFIELD k SET u8 4294967288 255
      STRLEN k
      BITFIELD k GET u8 #536870911 GET u8 4294967292
      FLUSHALL
    `,
  },
];

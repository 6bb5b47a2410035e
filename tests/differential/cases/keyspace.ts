// Command lines over keys as such: deleting, expiring, moving, listing, and asking about them.
import type { Script } from '../script.js';

const raw = String.raw;

export const keyspaceScripts: Script[] = [
  {
    title: 'DEL, UNLINK, EXISTS, TYPE, TOUCH',
    lines: raw`
      DEL
      UNLINK
      EXISTS
      TYPE
      TYPE a b
      TOUCH
      DEL none
      MSET a 1 b 2 c 3 d 4
      EXISTS a a b none
      TOUCH a a b none
      DEL a a none
      UNLINK b b c
      TYPE d
      TYPE a
      EXISTS a b c d
      SET "" x
      DEL "" ""
    `,
  },
  {
    title: 'EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT',
    lines: raw`
      EXPIRE
      EXPIRE k
      EXPIRE k abc
      PEXPIRE
      PEXPIRE k
      EXPIREAT
      EXPIREAT k
      PEXPIREAT
      PEXPIREAT k
      EXPIRE none 100
      EXPIRE none abc
      EXPIRE none 100 garbage
      EXPIRE none 9223372036854775807
      SET k v
      EXPIRE k abc
      EXPIRE k ""
      EXPIRE k 1.5
      EXPIRE k " 1"
      EXPIRE k 9223372036854775807
      EXPIRE k 9223372036854775808
      EXPIRE k 9223372036854776
      EXPIRE k 9223372036854775
      EXPIRE k -9223372036854775808
      EXPIRE k -9223372036854776
      PEXPIRE k 9223372036854775807
      PEXPIRE k 9223370000000000000
      EXPIREAT k 9223372036854775807
      EXPIREAT k -9223372036854775808
      EXPIREAT k 9223372036854775
      EXPIRETIME k
      PEXPIREAT k 9223372036854775807
      PEXPIRETIME k
      EXPIRE k 100 garbage
      EXPIRE k 100 NX XX
      EXPIRE k 100 NX GT
      EXPIRE k 100 NX LT
      EXPIRE k 100 GT LT
      EXPIRE k 100 XX GT LT
      EXPIRE k 100 NX garbage
      EXPIRE k abc NX XX
      EXPIRE k 100 NX NX
      EXPIRE k 100 ""
      EXPIRE k 100 "with\r\nbreak"
      PERSIST k
      EXPIRE k 100000 XX
      EXPIRE k 100000 GT
      TTL k
      EXPIRE k 100000 LT
      TTL k
      EXPIRE k 200000 NX
      EXPIRE k 200000 LT
      EXPIRE k 200000 GT
      TTL k
      EXPIRE k 300000 XX GT
      EXPIRE k 200000 XX LT
      EXPIRE k 250000 xx
      TTL k
      PERSIST k
      EXPIRE k 100000 NX
      TTL k
      EXPIREAT k 4000000000
      EXPIREAT k 4000000000 GT
      EXPIREAT k 4000000000 LT
      EXPIREAT k 4000000001 GT
      PEXPIREAT k 4000000001000 GT
      PEXPIREAT k 4000000000999 LT
      EXPIRETIME k
      PEXPIRETIME k
      EXPIRE k -1 NX
      EXPIRE k -1 GT
      EXISTS k
      EXPIRE k -1 LT
      EXISTS k
      SET k v
      EXPIRE k 0
      EXISTS k
      SET k v
      PEXPIRE k -1 XX
      EXISTS k
      PEXPIRE k -9223372036854775808
      EXISTS k
      SET k v
      EXPIREAT k 1
      EXISTS k
      SET k v
      PEXPIREAT k 0
      EXISTS k
      SET k v
      EXPIREAT k -1
      EXISTS k
      SET k v
      EXPIRE k -1 GT
      EXPIRE k -1 LT
      EXISTS k
    `,
  },
  {
    title: 'TTL, PTTL, EXPIRETIME, PEXPIRETIME, PERSIST',
    lines: raw`
      TTL
      TTL a b
      PTTL
      PTTL a b
      EXPIRETIME
      EXPIRETIME a b
      PEXPIRETIME
      PEXPIRETIME a b
      PERSIST
      PERSIST a b
      TTL none
      PTTL none
      EXPIRETIME none
      PEXPIRETIME none
      PERSIST none
      SET k v
      TTL k
      PTTL k
      EXPIRETIME k
      PEXPIRETIME k
      PERSIST k
      PEXPIREAT k 4000000000500
      EXPIRETIME k
      PEXPIRETIME k
      PEXPIREAT k 4000000000499
      EXPIRETIME k
      TTL k
      PTTL k
      PERSIST k
      TTL k
    `,
  },
  {
    title: 'RENAME, RENAMENX, COPY, MOVE',
    lines: raw`
      RENAME
      RENAME a
      RENAME a b c
      RENAMENX
      RENAMENX a
      RENAMENX a b c
      RENAME none other
      RENAME none none
      RENAMENX none other
      RENAMENX none none
      SET a 1 EX 100000
      SET b 2
      RENAME a a
      RENAMENX a a
      RENAMENX a b
      RENAME a b
      MGET a b
      TTL b
      RENAMENX b c
      TTL c
      COPY
      COPY a
      COPY a b garbage
      COPY a b DB
      COPY a b DB abc
      COPY a b DB -1
      COPY a b DB 16
      COPY a b DB 1.5
      COPY a b DB 4294967296
      COPY a b DB 9223372036854775808
      COPY a a
      COPY a a DB 0
      COPY a a REPLACE
      COPY none other
      COPY none none DB 1
      COPY c d
      TTL d
      COPY c d
      SET e 5
      COPY e d REPLACE
      TTL d
      GET d
      COPY c c DB 1
      COPY c c DB 1
      COPY c c DB 1 REPLACE
      COPY c c REPLACE DB 1
      COPY c c DB 1 DB 2 REPLACE
      COPY c c db 0 replace
      MOVE
      MOVE a
      MOVE a b c
      MOVE c abc
      MOVE c ""
      MOVE c -1
      MOVE c 16
      MOVE c 1.5
      MOVE c 4294967296
      MOVE c 9223372036854775808
      MOVE c 0
      MOVE none 0
      MOVE none 1
      MOVE c 1
      MOVE e 1
      EXISTS e
      SELECT 1
      TTL c
      GET e
      MOVE e 0
      DBSIZE
    `,
  },
  {
    title: 'SELECT, SWAPDB, FLUSHDB, FLUSHALL, DBSIZE',
    lines: raw`
      SELECT
      SELECT a b
      SELECT abc
      SELECT ""
      SELECT 1.5
      SELECT -1
      SELECT 16
      SELECT 2147483648
      SELECT 4294967296
      SELECT 9223372036854775808
      SELECT 15
      SET k fifteen
      SWAPDB
      SWAPDB 1
      SWAPDB 1 2 3
      SWAPDB abc 1
      SWAPDB 1 abc
      SWAPDB abc def
      SWAPDB 16 1
      SWAPDB 1 16
      SWAPDB -1 0
      SWAPDB 0 -1
      SWAPDB 2147483648 0
      SWAPDB 0 9223372036854775808
      SWAPDB 15 15
      SWAPDB 15 0
      GET k
      DBSIZE
      SELECT 0
      GET k
      DBSIZE
      DBSIZE x
      FLUSHDB garbage
      FLUSHDB SYNC ASYNC
      FLUSHDB ""
      FLUSHALL garbage
      FLUSHALL ASYNC x
      FLUSHDB async
      DBSIZE
      SET k v
      FLUSHDB SYNC
      SET k v
      FLUSHALL sync
      DBSIZE
      FLUSHALL ASYNC
    `,
  },
  {
    title: 'KEYS and RANDOMKEY',
    lines: raw`
      KEYS
      KEYS a b
      RANDOMKEY x
      RANDOMKEY
      KEYS *
      MSET a 1 b 2 ab 3 abc 4 "" 5 "a\x00b" 6 "*" 7 "[a]" 8 "a\\b" 9 key:1 10 key:22 11 "A" 12 "\xff" 13
      KEYS *
      KEYS ""
      KEYS ?
      KEYS a?
      KEYS a*
      KEYS *b
      KEYS **b**
      KEYS [ab]
      KEYS [a-b]
      KEYS [b-a]
      KEYS [^a]
      KEYS [^a-z]
      KEYS [!a]
      KEYS [a]
      KEYS "\\[a\\]"
      KEYS "\\*"
      KEYS "a\\\\b"
      KEYS "a\\"
      KEYS "\\"
      KEYS [
      KEYS [a
      KEYS [a-
      KEYS []
      KEYS []a]
      KEYS [a-b
      KEYS [^
      KEYS "[\\"
      KEYS "[\\]]"
      KEYS "[*]"
      KEYS a[a-c]c
      KEYS key:?
      KEYS key:*
      KEYS key:[0-9][0-9]
      KEYS nothing*
      KEYS "a\x00b"
      KEYS "a\x00*"
      KEYS "[\xf0-\xff]"
      KEYS ***************************************a
      RANDOMKEY
    `,
  },
  {
    title: 'SCAN errors',
    lines: raw`
      SCAN
      SET limit v PXAT 9223372036854775807
      EXPIRETIME limit
      PEXPIRETIME limit
      SCAN "1\x00"
      SCAN "\x00"
      SCAN "\x001"
      SCAN "1\x00" COUNT 0
      SCAN abc
      SCAN ""
      SCAN -1
      SCAN 1.5
      SCAN " 0"
      SCAN 18446744073709551616
      SCAN 99999999999999999999999
      SCAN 0 MATCH
      SCAN 0 COUNT
      SCAN 0 TYPE
      SCAN 0 COUNT 0
      SCAN 0 COUNT -1
      SCAN 0 COUNT abc
      SCAN 0 COUNT ""
      SCAN 0 COUNT 1.5
      SCAN 0 COUNT 9223372036854775808
      SCAN 0 garbage
      SCAN 0 garbage x
      SCAN 0 MATCH * garbage
      SCAN 0 MATCH * COUNT
      SCAN abc COUNT abc
      SCAN abc garbage
      SCAN 0
      SCAN 0 COUNT 10 COUNT 20
      SCAN 0 TYPE nosuchtype
      SCAN 0 TYPE string COUNT 1000 MATCH *
    `,
  },
  {
    title: 'OBJECT and MEMORY USAGE',
    lines: raw`
      OBJECT
      OBJECT ENCODING
      OBJECT ENCODING a b
      OBJECT REFCOUNT
      OBJECT FREQ
      OBJECT IDLETIME
      OBJECT garbage
      OBJECT garbage k
      OBJECT "with\r\nbreak" k
      OBJECT ENCODING none
      OBJECT REFCOUNT none
      OBJECT FREQ none
      OBJECT IDLETIME none
      SET k v
      OBJECT ENCODING k
      object encoding k
      OBJECT REFCOUNT k
      OBJECT FREQ k
      OBJECT IDLETIME k
      SET n 100
      OBJECT ENCODING n
      OBJECT REFCOUNT n
      MEMORY
      MEMORY garbage
      MEMORY USAGE
      MEMORY USAGE none
      MEMORY USAGE k
      MEMORY USAGE k SAMPLES
      MEMORY USAGE k SAMPLES abc
      MEMORY USAGE k SAMPLES -1
      MEMORY USAGE k SAMPLES 0
      MEMORY USAGE k SAMPLES 5
      MEMORY USAGE k garbage
      MEMORY USAGE k garbage 5
      MEMORY USAGE none garbage
      MEMORY USAGE none SAMPLES abc
      MEMORY USAGE k SAMPLES 1 SAMPLES 2
    `,
  },
];

// Command lines over lists: wrong arity, options, types and numbers, and the replies next to them.
import type { Script } from '../script.js';

const raw = String.raw;
const long = (length: number) => 'x'.repeat(length);
const I64 = ['9223372036854775807', '9223372036854775808', '-9223372036854775807', '-9223372036854775808'];

export const listScripts: Script[] = [
  {
    title: 'LPUSH, RPUSH, LPUSHX, RPUSHX, LLEN',
    lines: raw`
      LPUSH
      LPUSH l
      RPUSH
      RPUSH l
      LPUSHX
      LPUSHX l
      RPUSHX
      RPUSHX l
      LLEN
      LLEN l l
      LLEN l
      LPUSHX l a
      RPUSHX l a b
      EXISTS l
      LPUSH l a b c
      RPUSH l d e "" 12 -12 007 9223372036854775807 9223372036854775808
      LPUSHX l x y
      RPUSHX l z
      LLEN l
      LRANGE l 0 -1
      OBJECT ENCODING l
      TYPE l
      SET s v
      LPUSH s a
      RPUSH s a
      LPUSHX s a
      RPUSHX s a
      LLEN s
      LPUSH "" ""
      LRANGE "" 0 -1
      RPUSH big ${long(4084)} ${long(4085)} ${long(4090)} ${long(8180)} ${long(8190)} ${long(9000)} ${long(70000)} small
      LLEN big
      LINDEX big -2
      LINDEX big 4
      RPOP big
      RPOP big
      LPOP big
      OBJECT ENCODING big
    `,
  },
  {
    title: 'LPOP, RPOP',
    lines: raw`
      LPOP
      RPOP
      LPOP l 1 2
      RPOP l 1 2
      LPOP l
      RPOP l
      LPOP l 0
      LPOP l 2
      RPOP l 0
      LPOP l -1
      LPOP l abc
      LPOP l ""
      RPOP l 1.5
      ${I64.map((n) => `LPOP l ${n}`).join('\n')}
      RPUSH l a b c d e f 1 2 3
      LPOP l
      RPOP l
      LPOP l 0
      RPOP l 0
      LPOP l -1
      LPOP l -9223372036854775808
      LPOP l 9223372036854775808
      LPOP l abc
      RPOP l abc
      LPOP l 2
      RPOP l 2
      RPOP l 1
      LRANGE l 0 -1
      LPOP l 100
      EXISTS l
      RPUSH l a b c
      RPOP l 3
      EXISTS l
      RPUSH l a
      RPOP l
      EXISTS l
      RPUSH l a
      RPOP l 9223372036854775807
      EXISTS l
      SET s v
      LPOP s
      RPOP s
      LPOP s 1
      LPOP s 0
      LPOP s -1
      LPOP s 1 2
    `,
  },
  {
    title: 'LRANGE, LINDEX, LTRIM',
    lines: raw`
      LRANGE
      LRANGE l 0
      LRANGE l 0 1 2
      LINDEX
      LINDEX l
      LINDEX l 0 1
      LTRIM
      LTRIM l 0
      LTRIM l 0 1 2
      LRANGE l 0 -1
      LRANGE l a 0
      LRANGE l 0 a
      LINDEX l 0
      LINDEX l a
      LTRIM l 0 -1
      LTRIM l a 0
      LTRIM l 0 a
      RPUSH l a b c d e 1 2 3
      LRANGE l 0 0
      LRANGE l -1 -1
      LRANGE l -3 -1
      LRANGE l 2 4
      LRANGE l 4 2
      LRANGE l -100 100
      LRANGE l -100 -9
      LRANGE l 8 10
      LRANGE l 7 7
      LRANGE l 0 9223372036854775807
      LRANGE l -9223372036854775808 9223372036854775807
      LRANGE l -9223372036854775808 -9223372036854775808
      LRANGE l 9223372036854775807 -9223372036854775808
      LRANGE l 9223372036854775808 0
      LRANGE l 0 1.5
      LRANGE l "" 1
      LINDEX l 0
      LINDEX l 7
      LINDEX l 8
      LINDEX l -1
      LINDEX l -8
      LINDEX l -9
      LINDEX l 9223372036854775807
      LINDEX l -9223372036854775808
      LINDEX l 9223372036854775808
      LINDEX l 1.5
      LINDEX l ""
      LTRIM l 0 1.5
      LTRIM l "" 1
      LTRIM l 0 -1
      LRANGE l 0 -1
      LTRIM l 1 -2
      LRANGE l 0 -1
      LTRIM l -3 100
      LRANGE l 0 -1
      LTRIM l 2 1
      EXISTS l
      RPUSH l a b c
      LTRIM l 3 5
      EXISTS l
      RPUSH l a b c
      LTRIM l -9223372036854775808 -4
      EXISTS l
      SET s v
      LRANGE s 0 -1
      LRANGE s a b
      LINDEX s 0
      LINDEX s a
      LTRIM s 0 -1
      LTRIM s a b
    `,
  },
  {
    title: 'LSET, LINSERT, LREM',
    lines: raw`
      LSET
      LSET l 0
      LSET l 0 a b
      LSET l 0 a
      LSET l a a
      LINSERT
      LINSERT l BEFORE a
      LINSERT l BEFORE a b c
      LINSERT l BESIDE a b
      LINSERT l BEFORE a b
      LREM
      LREM l 0
      LREM l 0 a b
      LREM l 0 a
      LREM l a a
      RPUSH l a b c 1 2 3 a b c
      LSET l 0 A
      LSET l -1 C
      LSET l 3 one
      LSET l 9 x
      LSET l -10 x
      LSET l a x
      LSET l 9223372036854775808 x
      LSET l 9223372036854775807 x
      LSET l -9223372036854775808 x
      LRANGE l 0 -1
      LINSERT l before A 0
      LINSERT l AFTER C 100
      LINSERT l after 2 2.5
      LINSERT l BEFORE missing x
      LINSERT l BESIDE A x
      LINSERT l "" A x
      LINSERT l "AFTER\x00more" A x
      LRANGE l 0 -1
      LREM l 1 b
      LREM l -1 a
      LREM l 0 missing
      LREM l 5 2
      LREM l 2.5 2
      LREM l "" 2
      ${I64.map((n) => `LREM l ${n} nothing`).join('\n')}
      LRANGE l 0 -1
      RPUSH m x 1 x 2 x 3 x 01 x
      LREM m 2 x
      LRANGE m 0 -1
      LREM m -2 x
      LRANGE m 0 -1
      LREM m 0 x
      LREM m 0 01
      LREM m 0 1
      LREM m -9223372036854775807 2
      LREM m 9223372036854775807 3
      EXISTS m
      SET s v
      LSET s 0 a
      LSET s a a
      LINSERT s BEFORE a b
      LINSERT s BESIDE a b
      LREM s 0 a
      LREM s a a
      RPUSH big a b c
      LSET big 1 ${long(9000)}
      LINSERT big AFTER a ${long(8500)}
      LINSERT big BEFORE ${long(9000)} between
      LSET big 1 ${long(20000)}
      LSET big 3 small
      LRANGE big 0 -1
      LREM big 0 ${long(20000)}
      LRANGE big 0 -1
    `,
  },
  {
    title: 'LPOS',
    lines: raw`
      LPOS
      LPOS l
      LPOS l a
      LPOS l a COUNT 0
      LPOS l a COUNT 1
      LPOS l a RANK
      LPOS l a RANK 0
      LPOS l a RANK a
      LPOS l a COUNT
      LPOS l a COUNT -1
      LPOS l a COUNT a
      LPOS l a MAXLEN
      LPOS l a MAXLEN -1
      LPOS l a MAXLEN a
      LPOS l a nonsense
      LPOS l a nonsense 1
      LPOS l a RANK 1 RANK
      LPOS l a COUNT -1 nonsense
      ${I64.map((n) => `LPOS l a RANK ${n}\nLPOS l a COUNT ${n}\nLPOS l a MAXLEN ${n}`).join('\n')}
      RPUSH l a b c 1 2 3 c c a 1 "" ""
      LPOS l a
      LPOS l c
      LPOS l 1
      LPOS l 01
      LPOS l ""
      LPOS l missing
      LPOS l missing COUNT 0
      LPOS l c RANK 1
      LPOS l c RANK 2
      LPOS l c RANK 4
      LPOS l c RANK -1
      LPOS l c RANK -3
      LPOS l c RANK -4
      LPOS l c rank -2 count 2
      LPOS l c COUNT 0
      LPOS l c COUNT 2
      LPOS l c COUNT 100
      LPOS l c COUNT 0 RANK 2
      LPOS l c COUNT 0 RANK -1
      LPOS l c COUNT 0 RANK 4
      LPOS l c MAXLEN 0
      LPOS l c MAXLEN 2
      LPOS l c MAXLEN 3
      LPOS l c MAXLEN 7 COUNT 0
      LPOS l c MAXLEN 7 COUNT 0 RANK -1
      LPOS l c MAXLEN 1 RANK -1
      LPOS l c RANK 9223372036854775807
      LPOS l c RANK -9223372036854775807
      LPOS l c RANK -9223372036854775808
      LPOS l c RANK 2 RANK 1
      LPOS l c COUNT 1 COUNT 2
      LPOS l a RANK 0
      SET s v
      LPOS s a
      LPOS s a COUNT 0
      LPOS s a RANK 0
    `,
  },
  {
    title: 'LMOVE, RPOPLPUSH, LMPOP',
    lines: raw`
      LMOVE
      LMOVE a b LEFT
      LMOVE a b LEFT RIGHT x
      LMOVE a b UP RIGHT
      LMOVE a b LEFT DOWN
      LMOVE {k}a {k}b LEFT RIGHT
      RPOPLPUSH
      RPOPLPUSH a
      RPOPLPUSH a b c
      RPOPLPUSH {k}a {k}b
      RPUSH {k}a 1 2 3 a b c ${long(9000)} 2
      LMOVE {k}a {k}b LEFT RIGHT
      LMOVE {k}a {k}b left left
      LMOVE {k}a {k}b RIGHT LEFT
      LMOVE {k}a {k}b Right Right
      LRANGE {k}b 0 -1
      LMOVE {k}a {k}a LEFT RIGHT
      LMOVE {k}a {k}a RIGHT LEFT
      LMOVE {k}a {k}a LEFT LEFT
      LMOVE {k}a {k}a RIGHT RIGHT
      LRANGE {k}a 0 -1
      RPOPLPUSH {k}a {k}b
      RPOPLPUSH {k}b {k}b
      RPOPLPUSH {k}a {k}c
      RPOPLPUSH {k}a {k}c
      RPOPLPUSH {k}a {k}c
      RPOPLPUSH {k}a {k}c
      EXISTS {k}a
      LRANGE {k}c 0 -1
      SET {k}s v
      LMOVE {k}c {k}s LEFT LEFT
      LMOVE {k}s {k}c LEFT LEFT
      LMOVE {k}none {k}s LEFT LEFT
      LMOVE {k}s {k}s UP LEFT
      RPOPLPUSH {k}s {k}c
      RPOPLPUSH {k}c {k}s
      EXPIRE {k}c 100000
      LMOVE {k}b {k}c LEFT LEFT
      TTL {k}c
      LMPOP
      LMPOP 1
      LMPOP 1 l
      LMPOP 1 {k}none LEFT
      LMPOP 0 {k}c LEFT
      LMPOP -1 {k}c LEFT
      LMPOP a {k}c LEFT
      LMPOP 1.5 {k}c LEFT
      LMPOP 2 {k}c LEFT
      LMPOP 3 {k}c LEFT
      LMPOP 9223372036854775807 {k}c LEFT
      LMPOP 3 {k}c {k}b LEFT
      LMPOP 4 {k}c {k}b other LEFT
      LMPOP 2 {k}c {k}b
      LMPOP 1 {k}c UP
      LMPOP 1 {k}c {k}b LEFT
      LMPOP 1 {k}c LEFT COUNT
      LMPOP 1 {k}c LEFT COUNT 0
      LMPOP 1 {k}c LEFT COUNT -1
      LMPOP 1 {k}c LEFT COUNT a
      LMPOP 1 {k}c LEFT COUNT 1 COUNT 2
      LMPOP 1 {k}c LEFT COUNT 1 x
      LMPOP 1 {k}c LEFT x 1
      LMPOP 1 {k}c LEFT 1
      LMPOP 1 {k}c LEFT
      LMPOP 1 {k}c RIGHT COUNT 2
      LMPOP 2 {k}none {k}b LEFT count 2
      LMPOP 2 {k}s {k}b LEFT
      LMPOP 2 {k}b {k}s RIGHT COUNT 100
      LMPOP 2 {k}b {k}s RIGHT
      LMPOP 2 {k}b {k}c left COUNT 9223372036854775807
      LMPOP 2 {k}b {k}c left COUNT 9223372036854775807
      EXISTS {k}b {k}c
    `,
  },
  {
    title: 'commands on keys, where the keys are lists',
    lines: raw`
      RPUSH l a b c
      GET l
      SET l v NX
      SET l v GET
      APPEND l x
      INCR l
      STRLEN l
      GETRANGE l 0 -1
      TYPE l
      OBJECT ENCODING l
      OBJECT REFCOUNT l
      EXPIRE l 100000
      TTL l
      LPUSH l 0
      TTL l
      PERSIST l
      SCAN 0 TYPE list
      SCAN 0 TYPE string
      RENAME l m
      LRANGE m 0 -1
      SET m v
      LLEN m
      GET m
      RPUSH gone a
      PEXPIREAT gone 1
      EXISTS gone
      RPUSH d 1 2 3
      DEL d
      RPUSH d 1 2 3
      UNLINK d
      EXISTS d
      MGET m d
      MSETNX d 1 m 2
    `,
  },
];

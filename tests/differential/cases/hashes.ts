// Command lines over hashes: wrong arity, wrong options, boundary values, both encodings, and the replies next to them.
import type { Script } from '../script.js';

const raw = String.raw;
const long = (length: number) => 'x'.repeat(length);
const many = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `f${from + i} ${i}`).join(' ');

export const hashScripts: Script[] = [
  {
    title: 'HSET, HMSET and HSETNX',
    lines: raw`
      HSET
      HSET h
      HSET h f
      HSET h f v
      HSET h f v g
      HSET h f w g 1
      HSET h f w f x f y
      HGET h f
      HSET h "" ""
      HGET h ""
      HSET h "\x00" "a\r\nb"
      HGET h "\x00"
      HMSET
      HMSET h
      HMSET h f
      HMSET h f v g
      HMSET h f v
      HMSET h f v g 2 i 3
      HSETNX
      HSETNX h f
      HSETNX h f v w
      HSETNX h f v
      HSETNX h new v
      HSETNX fresh new v
      HGETALL fresh
      OBJECT ENCODING fresh
      SET s v
      HSET s f v
      HSET s f
      HMSET s f v
      HMSET s f v g
      HSETNX s f v
      HLEN h
      HGETALL h
    `,
  },
  {
    title: 'HGET, HMGET, HEXISTS, HSTRLEN, HLEN and whole hashes',
    lines: raw`
      HGET
      HGET h
      HGET h f g
      HGET h f
      HSET h f v n 12345678901234567 e "" i -12 big 9223372036854775808
      HGET h f
      HGET h n
      HGET h nothing
      HMGET
      HMGET h
      HMGET h f nothing n f
      HMGET nothing f g
      HEXISTS h
      HEXISTS h f
      HEXISTS h nothing
      HEXISTS nothing f
      HSTRLEN h
      HSTRLEN h f
      HSTRLEN h n
      HSTRLEN h i
      HSTRLEN h e
      HSTRLEN h big
      HSTRLEN h nothing
      HSTRLEN nothing f
      HLEN
      HLEN h
      HLEN nothing
      HLEN h f
      HGETALL
      HGETALL h
      HGETALL nothing
      HGETALL h f
      HKEYS h
      HKEYS nothing
      HKEYS
      HVALS h
      HVALS nothing
      HVALS h f
      SET s v
      HGET s f
      HMGET s f
      HEXISTS s f
      HSTRLEN s f
      HLEN s
      HGETALL s
      HKEYS s
      HVALS s
    `,
  },
  {
    title: 'HDEL, and the key with the last field',
    lines: raw`
      HDEL
      HDEL h
      HDEL h f
      HSET h a 1 b 2 c 3 d 4
      HDEL h nothing
      HDEL h a a
      HDEL h b nothing c
      EXISTS h
      HDEL h d b
      EXISTS h
      TYPE h
      SET s v
      HDEL s f
      HSET h a 1
      EXPIRE h 1000000
      HDEL h a
      TTL h
      HSET h a 1
      TTL h
    `,
  },
  {
    title: 'HINCRBY',
    lines: raw`
      HINCRBY
      HINCRBY h f
      HINCRBY h f 1 2
      HINCRBY h f abc
      HINCRBY h f 1.5
      HINCRBY h f ""
      HINCRBY h f " 1"
      EXISTS h
      HINCRBY h f 5
      HINCRBY h f -7
      HINCRBY h f 9223372036854775807
      HINCRBY h f 9223372036854775807
      HINCRBY h f -9223372036854775808
      HINCRBY h f -9223372036854775808
      HINCRBY h f 9223372036854775808
      HSET h t abc e "" s " 1" z 007 u -0 d 1.0 big 9223372036854775807
      HINCRBY h t 1
      HINCRBY h e 1
      HINCRBY h s 1
      HINCRBY h z 1
      HINCRBY h u 1
      HINCRBY h d 1
      HINCRBY h big 1
      HINCRBY h big -1
      SET s v
      HINCRBY s f 1
      HINCRBY s f abc
      HGETALL h
    `,
  },
  {
    title: 'HINCRBYFLOAT',
    lines: raw`
      HINCRBYFLOAT
      HINCRBYFLOAT h f
      HINCRBYFLOAT h f abc
      HINCRBYFLOAT h f ""
      HINCRBYFLOAT h f " 1"
      HINCRBYFLOAT h f inf
      HINCRBYFLOAT h f -inf
      HINCRBYFLOAT h f nan
      EXISTS h
      HINCRBYFLOAT h f 0.1
      HINCRBYFLOAT h f 0.2
      HINCRBYFLOAT h f -0.3
      HINCRBYFLOAT h f 3.0e3
      HINCRBYFLOAT h f 5.0e-2
      HINCRBYFLOAT h f 1e4000
      HSET h t abc e "" s " 1" i 12 m 1.7e308 l 10.50 x inf n nan
      HINCRBYFLOAT h t 1
      HINCRBYFLOAT h e 1
      HINCRBYFLOAT h s 1
      HINCRBYFLOAT h i 0.25
      HINCRBYFLOAT h m 1.7e308
      HINCRBYFLOAT h l 0.1
      HINCRBYFLOAT h x 1
      HINCRBYFLOAT h n 1
      HINCRBYFLOAT h f 12345678901234567890.123
      SET s v
      HINCRBYFLOAT s f 1
      HINCRBYFLOAT s f abc
      HINCRBYFLOAT s f inf
      HGETALL h
    `,
  },
  {
    title: 'HRANDFIELD',
    lines: raw`
      HRANDFIELD
      HRANDFIELD h
      HRANDFIELD h 1
      HRANDFIELD h 1 WITHVALUES
      HRANDFIELD h abc
      HRANDFIELD h abc WITHVALUES
      HRANDFIELD h 1 values
      HRANDFIELD h 1 WITHVALUES more
      HRANDFIELD h -9223372036854775808
      HRANDFIELD h -9223372036854775807
      HRANDFIELD h 4611686018427387904 WITHVALUES
      HRANDFIELD h -4611686018427387904 WITHVALUES
      HRANDFIELD h 4611686018427387903 WITHVALUES
      HRANDFIELD h 9223372036854775807
      HRANDFIELD h 9223372036854775808
      HSET h a 1
      HRANDFIELD h
      HRANDFIELD h 0
      HRANDFIELD h 1
      HRANDFIELD h 9223372036854775807
      HRANDFIELD h 5 withvalues
      HRANDFIELD h -3
      HRANDFIELD h -3 WithValues
      HSET h b 2 c 3
      HRANDFIELD h 2
      HRANDFIELD h 10
      HRANDFIELD h 10 WITHVALUES
      HRANDFIELD h -5 WITHVALUES
      SET s v
      HRANDFIELD s
      HRANDFIELD s 1
      HRANDFIELD s abc
    `,
  },
  {
    title: 'HSCAN',
    lines: raw`
      HSCAN
      HSCAN h
      HSCAN h 0
      HSCAN h abc
      HSCAN h 0 COUNT
      HSCAN h 0 nonsense
      HSET h a 1 b 2 field:1 x field:2 y
      HSCAN h 0
      HSCAN h ""
      HSCAN h abc
      HSCAN h " 0"
      HSCAN h 0 COUNT
      HSCAN h 0 COUNT 0
      HSCAN h 0 COUNT -1
      HSCAN h 0 COUNT abc
      HSCAN h 0 COUNT 1
      HSCAN h 0 MATCH field:*
      HSCAN h 0 MATCH nothing
      HSCAN h 0 MATCH
      HSCAN h 0 MATCH * COUNT 100
      HSCAN h 0 TYPE hash
      HSCAN h 0 NOVALUES
      HSCAN h 0 match "[ab]" count 2
      SET s v
      HSCAN s 0
      HSCAN s abc
      HSCAN s 0 COUNT abc
    `,
  },
  {
    title: 'the encoding, by the length of fields and values',
    lines: raw`
      HSET h f ${long(64)}
      OBJECT ENCODING h
      HSET h ${long(64)} v
      OBJECT ENCODING h
      HSET h f ${long(65)}
      OBJECT ENCODING h
      HSET h f v
      OBJECT ENCODING h
      HGETALL h
      HSETNX j f v
      HSETNX j f ${long(65)}
      OBJECT ENCODING j
      HSETNX j g ${long(65)}
      OBJECT ENCODING j
      HINCRBY k ${long(64)} 1
      OBJECT ENCODING k
      HINCRBY k ${long(65)} 1
      OBJECT ENCODING k
      HINCRBYFLOAT l ${long(65)} 1
      OBJECT ENCODING l
      HSET m ${long(65)} v
      OBJECT ENCODING m
      HDEL m ${long(65)}
      EXISTS m
      HSET m f v
      OBJECT ENCODING m
      HSET big f ${long(5000)}
      OBJECT ENCODING big
      HSTRLEN big f
      HGETALL big
    `,
  },
  {
    title: 'the encoding, by the number of fields',
    lines: raw`
      HSET h ${many(512)}
      OBJECT ENCODING h
      HSET h f5 again
      OBJECT ENCODING h
      HSET h one more
      OBJECT ENCODING h
      HLEN h
      HDEL h one f0 f1 f2
      OBJECT ENCODING h
      HGETALL h
      HSET j ${many(513)}
      OBJECT ENCODING j
      HSET same ${Array(600).fill('f v').join(' ')}
      OBJECT ENCODING same
      HLEN same
      HSET h ${many(600, 300)}
      HLEN h
      HKEYS h
      HVALS h
      HMGET h f0 f511 f899 f900
      HSCAN h 0 COUNT 10000
      HRANDFIELD h 1000 WITHVALUES
      HRANDFIELD h 300
      HRANDFIELD h 20 WITHVALUES
      HRANDFIELD h -500
      COPY h copy
      OBJECT ENCODING copy
      HLEN copy
      RENAME h moved
      HLEN moved
      OBJECT ENCODING moved
      DEL moved copy j same
      DBSIZE
    `,
  },
  {
    title: 'keys that hold hashes',
    lines: raw`
      HSET h a 1 b 2
      TYPE h
      GET h
      APPEND h x
      INCR h
      SETRANGE h 0 x
      GETSET h x
      STRLEN h
      MGET h
      SETNX h v
      HSET g a 1
      SET g v
      TYPE g
      EXPIRE h 1000000
      HSET h c 3
      TTL h
      PERSIST h
      RENAME h i
      HGETALL i
      COPY i j
      HSET j a other
      HGET i a
      MOVE i 1
      EXISTS i
      OBJECT REFCOUNT j
      OBJECT ENCODING j
      UNLINK j
      EXISTS j
    `,
  },
];

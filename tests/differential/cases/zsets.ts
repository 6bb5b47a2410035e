// Command lines over sorted sets: wrong arity, wrong options, boundary values, both encodings, and the replies next to
// them.
import type { Script } from '../script.js';

const raw = String.raw;
const long = (length: number) => 'x'.repeat(length);
const many = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `${i % 7} m${from + i}`).join(' ');

export const zsetScripts: Script[] = [
  {
    title: 'ZADD and ZINCRBY',
    lines: raw`
      ZADD
      ZADD z
      ZADD z 1
      ZADD z 1 a
      ZADD z 1 a 2
      ZADD z x a
      ZADD z 1 a x b
      ZADD z nan a
      ZADD z 1e400 a
      ZADD z 1e-400 a
      ZADD z " 1" a
      ZADD z "" a
      ZADD z inf a -inf b +Infinity c 0x10 d 5e-324 e -0 f
      ZRANGE z 0 -1 WITHSCORES
      ZADD z NX 1 a
      ZADD z XX 1 a
      ZADD z XX 1 new
      ZADD none XX 1 new
      EXISTS none
      ZADD z NX XX 1 a
      ZADD z NX GT 1 a
      ZADD z LT NX 1 a
      ZADD z GT LT 1 a
      ZADD z GT 0 a
      ZADD z GT CH 5 a
      ZADD z LT CH 7 a 3 new
      ZADD z CH 5 a 6 b 7 g
      ZADD z GT XX CH 9 a 9 newer
      ZADD z INCR 1 a
      ZADD z INCR 1 a 2 b
      ZADD z NX INCR 1 a
      ZADD z XX INCR 1 none
      ZADD none XX INCR 1 none
      ZADD z GT INCR -1 a
      ZADD z LT INCR -1 a
      ZADD z NX INCR 4 newest
      ZADD z nx ch incr 4 yet
      ZADD z CH
      ZADD z CH 1
      ZADD z BAD 1 a
      ZADD z 0 f
      ZSCORE z f
      ZADD z -0 zero
      ZADD z 0 zero
      ZSCORE z zero
      ZADD z inf top
      ZADD z INCR -inf top
      ZINCRBY z -inf top
      ZINCRBY
      ZINCRBY z
      ZINCRBY z 1
      ZINCRBY z 1 a
      ZINCRBY z 0.1 a
      ZINCRBY z x a
      ZINCRBY z nan a
      ZINCRBY z NX 1
      ZINCRBY z 1 a b
      ZINCRBY fresh 1.5 a
      ZINCRBY fresh -1.5 a
      ZRANGE z 0 -1 WITHSCORES
      OBJECT ENCODING z
      SET s v
      ZADD s 1 a
      ZADD s x a
      ZADD s NX XX 1 a
      ZINCRBY s 1 a
    `,
  },
  {
    title: 'scores as they print',
    lines: raw`
      ZADD z 0.1 a 1e15 b 1e16 c 1e17 d 1e21 e 3.141592653589793 f 1e-5 g 123456789012345678 h 9007199254740993 i
      ZADD z 1.7976931348623157e308 j -1e-300 k 0.30000000000000004 l 17179869184.5 m 4503599627370497.5 n 100 o
      ZRANGE z 0 -1 WITHSCORES
      ZSCAN z 0
      ZMSCORE z a b c d e f g h i j k l m n o p
      ZSCORE z d
      ZINCRBY z 0.1 l
      ZINCRBY z 1e-17 o
      ZRANGEBYSCORE z 0.1 0.30000000000000004
      ZPOPMIN z
      ZPOPMAX z 3
    `,
  },
  {
    title: 'looking at members',
    lines: raw`
      ZADD z 1 a 2 b 2 c 3 d 3.5 12 -1 -7
      ZSCORE
      ZSCORE z
      ZSCORE z a b
      ZSCORE z a
      ZSCORE z 12
      ZSCORE z none
      ZSCORE none a
      ZMSCORE z
      ZMSCORE z a none c 12
      ZMSCORE none a b
      ZCARD
      ZCARD z
      ZCARD none
      ZCARD z z
      ZRANK z
      ZRANK z a
      ZRANK z -7
      ZRANK z none
      ZRANK none a
      ZREVRANK z a
      ZREVRANK z 12
      ZREVRANK none a
      ZRANK z a junk
      ZREVRANK z a b c
      ZCOUNT
      ZCOUNT z 1
      ZCOUNT z 1 2
      ZCOUNT z (1 2
      ZCOUNT z 1 (2
      ZCOUNT z (2 (2
      ZCOUNT z 3 1
      ZCOUNT z -inf +inf
      ZCOUNT z "" 5
      ZCOUNT z "(" "( 5"
      ZCOUNT z nan 1
      ZCOUNT z 1 nan
      ZCOUNT z x 1
      ZCOUNT z "1\x00x" 2
      ZCOUNT none x 1
      ZCOUNT none 0 1
      ZLEXCOUNT
      ZLEXCOUNT z - +
      ZLEXCOUNT z a b
      ZLEXCOUNT z [a b
      ZLEXCOUNT none [a (b
      ZLEXCOUNT none a b
      SET s v
      ZSCORE s a
      ZMSCORE s a
      ZCARD s
      ZRANK s a
      ZREVRANK s a
      ZCOUNT s 0 1
      ZCOUNT s x 1
      ZLEXCOUNT s - +
    `,
  },
  {
    title: 'ranges by rank',
    lines: raw`
      ZADD z 1 a 2 b 2 c 3 d 4 e
      ZRANGE
      ZRANGE z
      ZRANGE z 0
      ZRANGE z 0 -1
      ZRANGE z 1 2 WITHSCORES
      ZRANGE z 0 -1 REV WITHSCORES
      ZRANGE z 1 1 REV
      ZRANGE z -2 -1
      ZRANGE z -100 100
      ZRANGE z 3 1
      ZRANGE z 9 10
      ZRANGE z a 1
      ZRANGE z 0 b
      ZRANGE z 0 1.5
      ZRANGE z 0 9223372036854775807
      ZRANGE z -9223372036854775808 9223372036854775807
      ZRANGE z 0 9223372036854775808
      ZRANGE z 0 -1 LIMIT 0 1
      ZRANGE z 0 -1 LIMIT 0 -1
      ZRANGE z 0 -1 LIMIT 5 -1
      ZRANGE z 0 -1 LIMIT a 1
      ZRANGE z 0 -1 LIMIT 1
      ZRANGE z 0 -1 REV REV
      ZRANGE z 0 -1 JUNK
      ZRANGE z 0 -1 WITHSCORES WITHSCORES
      ZRANGE none 0 -1
      ZRANGE none a b
      ZREVRANGE z 0 1
      ZREVRANGE z 0 1 WITHSCORES
      ZREVRANGE z 0 1 REV
      ZREVRANGE z 0 1 BYSCORE
      ZREVRANGE z 0 -1 LIMIT 0 2
      ZREVRANGE none 0 -1
      SET s v
      ZRANGE s 0 -1
      ZRANGE s a b
      ZREVRANGE s 0 1
    `,
  },
  {
    title: 'ranges by score',
    lines: raw`
      ZADD z 1 a 2 b 2 c 3 d 4 e inf top -inf bottom
      ZRANGE z 1 3 BYSCORE
      ZRANGE z (1 3 BYSCORE WITHSCORES
      ZRANGE z 3 1 BYSCORE REV
      ZRANGE z 1 3 BYSCORE REV
      ZRANGE z -inf +inf BYSCORE LIMIT 1 2
      ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2 WITHSCORES
      ZRANGE z (-inf (inf BYSCORE
      ZRANGE z -inf +inf BYSCORE LIMIT -1 2
      ZRANGE z -inf +inf BYSCORE LIMIT 1 -1
      ZRANGE z -inf +inf BYSCORE LIMIT 1 -7
      ZRANGE z -inf +inf BYSCORE LIMIT 100 1
      ZRANGE z -inf +inf BYSCORE LIMIT 0 0
      ZRANGE z -inf +inf BYSCORE LIMIT 1 1 LIMIT 0 3
      ZRANGE z -inf +inf BYSCORE LIMIT a 1
      ZRANGE z -inf +inf BYSCORE LIMIT 1 b
      ZRANGE z -inf +inf BYSCORE LIMIT 1
      ZRANGE z -inf +inf BYSCORE LIMIT 9223372036854775807 1
      ZRANGE z -inf +inf BYSCORE BYSCORE
      ZRANGE z -inf +inf BYSCORE BYLEX
      ZRANGE z a 3 BYSCORE
      ZRANGE z 1 "" BYSCORE
      ZRANGE none 1 3 BYSCORE
      ZRANGEBYSCORE
      ZRANGEBYSCORE z 1
      ZRANGEBYSCORE z 1 2
      ZRANGEBYSCORE z (1 (4 WITHSCORES
      ZRANGEBYSCORE z 1 4 WITHSCORES LIMIT 1 2
      ZRANGEBYSCORE z 1 4 LIMIT 1 2 WITHSCORES
      ZRANGEBYSCORE z 1 4 LIMIT 0
      ZRANGEBYSCORE z 1 4 REV
      ZRANGEBYSCORE z 1 4 BYSCORE
      ZRANGEBYSCORE z x 4
      ZRANGEBYSCORE z 4 1
      ZRANGEBYSCORE z "" "("
      ZRANGEBYSCORE z " 1" " 3"
      ZRANGEBYSCORE z 1e400 inf
      ZRANGEBYSCORE none 1 4
      ZREVRANGEBYSCORE z 4 1
      ZREVRANGEBYSCORE z 4 (1 WITHSCORES LIMIT 1 1
      ZREVRANGEBYSCORE z 1 4
      ZREVRANGEBYSCORE z x y
      SET s v
      ZRANGE s 0 1 BYSCORE
      ZRANGEBYSCORE s 0 1
      ZRANGEBYSCORE s x 1
    `,
  },
  {
    title: 'ranges by bytes',
    lines: raw`
      ZADD z 0 a 0 b 0 c 0 d 0 ab 0 "" 0 12 0 9 0 "\xff"
      ZRANGE z - + BYLEX
      ZRANGE z + - BYLEX REV
      ZRANGE z + - BYLEX
      ZRANGE z [a (c BYLEX
      ZRANGE z (a [c BYLEX
      ZRANGE z [c [a BYLEX
      ZRANGE z [c [a BYLEX REV
      ZRANGE z [ (b BYLEX
      ZRANGE z ( (b BYLEX
      ZRANGE z - [ BYLEX
      ZRANGE z - + BYLEX LIMIT 1 3
      ZRANGE z + - BYLEX REV LIMIT 1 3
      ZRANGE z - + BYLEX LIMIT -1 3
      ZRANGE z - + BYLEX WITHSCORES
      ZRANGE z a b BYLEX
      ZRANGE z "" [b BYLEX
      ZRANGE z -x + BYLEX
      ZRANGE z "-\x00x" + BYLEX
      ZRANGE z - - BYLEX
      ZRANGE z + + BYLEX
      ZRANGE none - + BYLEX
      ZRANGEBYLEX
      ZRANGEBYLEX z -
      ZRANGEBYLEX z - +
      ZRANGEBYLEX z [1 [b LIMIT 1 2
      ZRANGEBYLEX z - + WITHSCORES
      ZRANGEBYLEX z - + BYLEX
      ZRANGEBYLEX z - + LIMIT a b
      ZREVRANGEBYLEX z + -
      ZREVRANGEBYLEX z [b [1 LIMIT 0 2
      ZREVRANGEBYLEX z - +
      ZLEXCOUNT z - +
      ZLEXCOUNT z [a (b
      ZLEXCOUNT z (b [a
      ZLEXCOUNT z + -
      ZREMRANGEBYLEX z [a (b
      ZREMRANGEBYLEX z x y
      ZREMRANGEBYLEX z - (a
      ZREMRANGEBYLEX z [zz +
      ZRANGE z 0 -1
      ZADD mixed 1 d 2 a 3 c 4 b
      ZRANGE mixed [b [c BYLEX
      ZRANGE mixed [a [z BYLEX
      ZRANGE mixed - [a BYLEX
      ZRANGE mixed - [d BYLEX
      ZRANGE mixed [c [a BYLEX REV
      ZRANGE mixed + [b BYLEX REV
      ZLEXCOUNT mixed [a [d
      ZLEXCOUNT mixed [b [c
      ZREMRANGEBYLEX mixed [a [d
      SET s v
      ZRANGEBYLEX s - +
      ZRANGEBYLEX s a b
      ZREMRANGEBYLEX s - +
    `,
  },
  {
    title: 'ZRANGESTORE',
    lines: raw`
      ZADD z 1 a 2 b 3 c 4 d
      ZRANGESTORE
      ZRANGESTORE d z
      ZRANGESTORE d z 0
      ZRANGESTORE d z 0 -1
      ZRANGE d 0 -1 WITHSCORES
      ZRANGESTORE d z 0 1 REV
      ZRANGE d 0 -1 WITHSCORES
      ZRANGESTORE d z (1 3 BYSCORE
      ZRANGE d 0 -1 WITHSCORES
      ZRANGESTORE d z [b + BYLEX LIMIT 0 2
      ZRANGE d 0 -1 WITHSCORES
      ZRANGESTORE d z 0 -1 WITHSCORES
      ZRANGESTORE d z 0 -1 LIMIT 0 1
      ZRANGESTORE d z a b
      ZRANGESTORE d z 7 9
      EXISTS d
      ZRANGESTORE d none 0 -1
      SET s v
      ZRANGESTORE s z 0 0
      TYPE s
      SET s v
      ZRANGESTORE d s 0 -1
      ZRANGESTORE s none 0 -1
      EXISTS s
      ZRANGESTORE z z 1 2
      ZRANGE z 0 -1 WITHSCORES
      EXPIRE z 1000
      ZRANGESTORE z z 0 -1
      TTL z
      OBJECT ENCODING z
    `,
  },
  {
    title: 'taking members out',
    lines: raw`
      ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
      ZREM
      ZREM z
      ZREM z a a none
      ZREM none a
      ZREMRANGEBYRANK
      ZREMRANGEBYRANK z 0
      ZREMRANGEBYRANK z 0 0
      ZREMRANGEBYRANK z -1 -1
      ZREMRANGEBYRANK z 5 1
      ZREMRANGEBYRANK z a b
      ZREMRANGEBYRANK none 0 1
      ZREMRANGEBYRANK none a 1
      ZREMRANGEBYSCORE z (3 4
      ZREMRANGEBYSCORE z 9 1
      ZREMRANGEBYSCORE z x 1
      ZREMRANGEBYSCORE none x 1
      ZREMRANGEBYSCORE none 0 1
      ZRANGE z 0 -1 WITHSCORES
      ZREMRANGEBYSCORE z -inf inf
      EXISTS z
      ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
      ZPOPMIN
      ZPOPMIN z
      ZPOPMIN z 2
      ZPOPMAX z
      ZPOPMAX z 1
      ZPOPMIN z 0
      ZPOPMIN z -1
      ZPOPMIN z a
      ZPOPMIN z 9223372036854775808
      ZPOPMIN z 1 2
      ZPOPMAX z 100
      EXISTS z
      ZPOPMIN z
      ZPOPMIN z 5
      ZPOPMAX z -5
      ZADD y 1 a 2 b 3 c 4 d
      ZMPOP
      ZMPOP 1
      ZMPOP 1 y
      ZMPOP 1 y MIN
      ZMPOP 2 z y MAX
      ZMPOP 2 z y max COUNT 5
      ZMPOP 2 z y MIN
      ZADD y 1 a
      ZMPOP 1 y junk
      ZMPOP 1 y MIN COUNT
      ZMPOP 1 y MIN COUNT 0
      ZMPOP 1 y MIN COUNT -1
      ZMPOP 1 y MIN COUNT a
      ZMPOP 1 y MIN COUNT 1 COUNT 1
      ZMPOP 1 y MIN 1
      ZMPOP 0 y MIN
      ZMPOP -1 y MIN
      ZMPOP a y MIN
      ZMPOP 3 y MIN
      ZMPOP 2 y MIN COUNT 1
      SET s v
      ZMPOP 2 z s MIN
      ZMPOP 2 y s MIN
      ZREM s a
      ZPOPMIN s
      ZPOPMIN s 0
      ZPOPMAX s x
      ZREMRANGEBYRANK s 0 1
      ZREMRANGEBYSCORE s 0 1
    `,
  },
  {
    title: 'ZUNION, ZINTER, ZDIFF and ZINTERCARD',
    lines: raw`
      ZADD a 1 x 2 y 3 z
      ZADD b 10 y 20 z 30 w
      ZADD c inf x -inf y
      SADD s x z q 12
      SADD i 1 2 3
      ZADD n 5 1 6 2 7 9
      ZUNION
      ZUNION 1
      ZUNION 0 a
      ZUNION -1 a
      ZUNION k a
      ZUNION 2 a
      ZUNION 1 a
      ZUNION 2 a b WITHSCORES
      ZUNION 2 a b WEIGHTS 2 0.5 WITHSCORES
      ZUNION 2 a b WEIGHTS 2
      ZUNION 2 a b WEIGHTS 2 x
      ZUNION 2 a b WEIGHTS nan 1
      ZUNION 2 a b AGGREGATE MIN WITHSCORES
      ZUNION 2 a b AGGREGATE max WITHSCORES WEIGHTS 1 -1
      ZUNION 2 a b AGGREGATE
      ZUNION 2 a b AGGREGATE AVG
      ZUNION 2 a b JUNK
      ZUNION 3 a none s WITHSCORES
      ZUNION 2 i n WITHSCORES
      ZUNION 2 a a WITHSCORES
      ZUNION 2 c c WEIGHTS 1 -1 WITHSCORES
      ZUNION 2 a c WEIGHTS inf 0 WITHSCORES
      ZUNION 1 none WITHSCORES
      ZINTER 2 a b WITHSCORES
      ZINTER 2 a b WEIGHTS 1 0 AGGREGATE MAX WITHSCORES
      ZINTER 2 a c WITHSCORES
      ZINTER 2 c c WEIGHTS 1 -1 WITHSCORES
      ZINTER 2 c c WEIGHTS 0 0 AGGREGATE MIN WITHSCORES
      ZINTER 3 a b s WITHSCORES
      ZINTER 2 s a
      ZINTER 2 i n WITHSCORES
      ZINTER 2 a none
      ZINTER 1 a WITHSCORES
      ZINTER 2 a b LIMIT 1
      ZDIFF 2 a b
      ZDIFF 2 a b WITHSCORES
      ZDIFF 2 a a
      ZDIFF 2 none a
      ZDIFF 2 a none WITHSCORES
      ZDIFF 2 s a WITHSCORES
      ZDIFF 2 a s WITHSCORES
      ZDIFF 2 a b WEIGHTS 1 1
      ZDIFF 2 a b AGGREGATE SUM
      ZDIFF 1 a
      ZINTERCARD
      ZINTERCARD 2 a b
      ZINTERCARD 2 a b LIMIT 1
      ZINTERCARD 2 a b LIMIT 0
      ZINTERCARD 2 a b LIMIT -1
      ZINTERCARD 2 a b LIMIT x
      ZINTERCARD 2 a b LIMIT
      ZINTERCARD 2 a b WITHSCORES
      ZINTERCARD 2 a b WEIGHTS 1 1
      ZINTERCARD 0 a
      ZINTERCARD k a
      ZINTERCARD 3 a b
      ZINTERCARD 2 s n
      SET str v
      ZUNION 2 a str
      ZINTER 2 str a
      ZDIFF 2 a str
      ZINTERCARD 2 none str
      ZINTER 2 a str WEIGHTS x y
    `,
  },
  {
    title: 'ZUNIONSTORE, ZINTERSTORE and ZDIFFSTORE',
    lines: raw`
      ZADD a 1 x 2 y 3 z
      ZADD b 10 y 20 z 30 w
      SADD s x z q 12
      ZUNIONSTORE
      ZUNIONSTORE d
      ZUNIONSTORE d 0 a
      ZUNIONSTORE d k a
      ZUNIONSTORE d 3 a b
      ZUNIONSTORE d 2 a b
      ZRANGE d 0 -1 WITHSCORES
      ZUNIONSTORE d 3 a b s WEIGHTS 1 2 3 AGGREGATE MAX
      ZRANGE d 0 -1 WITHSCORES
      ZUNIONSTORE d 2 a b WITHSCORES
      ZINTERSTORE d 2 a b
      ZRANGE d 0 -1 WITHSCORES
      ZINTERSTORE d 2 a none
      EXISTS d
      ZINTERSTORE d 2 a none
      ZDIFFSTORE d 2 a b
      ZRANGE d 0 -1 WITHSCORES
      ZDIFFSTORE d 2 a b WITHSCORES
      ZDIFFSTORE d 2 a a
      EXISTS d
      ZUNIONSTORE a 2 a b
      ZRANGE a 0 -1 WITHSCORES
      EXPIRE a 1000
      ZUNIONSTORE a 1 a
      TTL a
      SET str v
      ZUNIONSTORE str 1 a
      TYPE str
      SET str v
      ZUNIONSTORE d 2 a str
      ZINTERSTORE str 1 none
      EXISTS str
      ZUNIONSTORE only 1 s
      TYPE only
      OBJECT ENCODING only
    `,
  },
  {
    title: 'random members and ZSCAN',
    lines: raw`
      ZADD z 1.5 a
      ZRANDMEMBER
      ZRANDMEMBER z
      ZRANDMEMBER z 1
      ZRANDMEMBER z 3
      ZRANDMEMBER z -3
      ZRANDMEMBER z -2 WITHSCORES
      ZRANDMEMBER z 2 WITHSCORES
      ZRANDMEMBER z 0
      ZRANDMEMBER z 0 WITHSCORES
      ZRANDMEMBER z a
      ZRANDMEMBER z 1 JUNK
      ZRANDMEMBER z a JUNK
      ZRANDMEMBER z 1 WITHSCORES x
      ZRANDMEMBER z -9223372036854775808
      ZRANDMEMBER z 9223372036854775807
      ZRANDMEMBER z 9223372036854775807 WITHSCORES
      ZRANDMEMBER z -4611686018427387904 WITHSCORES
      ZRANDMEMBER none
      ZRANDMEMBER none 1
      ZRANDMEMBER none -1 WITHSCORES
      ZRANDMEMBER none x
      ZADD y 1 a 2 b 3 c
      ZRANDMEMBER y 3
      ZRANDMEMBER y 5 WITHSCORES
      ZRANDMEMBER y 2
      ZSCAN
      ZSCAN z
      ZSCAN z 0
      ZSCAN y 0
      ZSCAN y 0 MATCH a*
      ZSCAN y 0 MATCH a* COUNT 1
      ZSCAN y 0 COUNT 0
      ZSCAN y 0 COUNT x
      ZSCAN y 0 COUNT
      ZSCAN y 0 JUNK 1
      ZSCAN y a
      ZSCAN none 0
      ZSCAN none a
      ZSCAN none 0 COUNT x
      SET s v
      ZRANDMEMBER s
      ZRANDMEMBER s 1
      ZSCAN s 0
      ZSCAN s 0 COUNT x
    `,
  },
  {
    title: 'encodings',
    lines: raw`
      ZADD z ${many(127)}
      OBJECT ENCODING z
      ZADD z 1 one
      OBJECT ENCODING z
      ZADD z 1 more
      OBJECT ENCODING z
      ZRANGE z 0 -1 WITHSCORES
      ZREM z more one
      OBJECT ENCODING z
      ZRANK z m77
      ZRANGEBYSCORE z 3 4 LIMIT 2 5
      ZREVRANGEBYSCORE z (4 2 WITHSCORES LIMIT 20 5
      ZCOUNT z 1 (5
      ZADD v 1 ${long(64)}
      OBJECT ENCODING v
      ZADD v 1 ${long(65)}
      OBJECT ENCODING v
      ZREM v ${long(65)}
      OBJECT ENCODING v
      ZADD w 1 ${long(65)}
      OBJECT ENCODING w
      ZADD u XX 1 ${long(65)}
      ZUNIONSTORE all 2 z v
      OBJECT ENCODING all
      ZRANGESTORE few all 0 5
      OBJECT ENCODING few
      ZINTERSTORE small 1 few
      OBJECT ENCODING small
      ZRANGESTORE half all 0 127
      OBJECT ENCODING half
      ZRANGESTORE half all 0 128
      OBJECT ENCODING half
      ZUNIONSTORE longer 1 w
      OBJECT ENCODING longer
      ZINCRBY half 5 m0
      ZPOPMIN half 60
      ZPOPMAX half 60
      OBJECT ENCODING half
      ZRANGE half 0 -1 WITHSCORES
      ZRANDMEMBER all 1000 WITHSCORES
    `,
  },
];

// Command lines for SORT and SORT_RO. None with a number out of a double's range: redis-server does not clear errno, so
// that one of them makes it refuse the next numbers as well.
import type { Script } from '../script.js';

const raw = String.raw;

export const sortScripts: Script[] = [
  {
    title: 'SORT of numbers and texts',
    lines: raw`
      SORT
      SORT none
      SORT none STORE out
      SORT none BY w_* GET # DESC ALPHA LIMIT 0 10
      RPUSH l 3 1 2 10 1 -5
      SORT l
      SORT l ASC
      SORT l DESC
      SORT l asc desc
      SORT l DESC ASC
      SORT l ALPHA
      SORT l ALPHA DESC
      SORT l LIMIT 0 2
      SORT l LIMIT 1 3
      SORT l LIMIT 4 100
      SORT l LIMIT 6 1
      SORT l LIMIT 100 1
      SORT l LIMIT -5 2
      SORT l LIMIT 2 -1
      SORT l LIMIT 2 -100
      SORT l LIMIT 2 0
      SORT l LIMIT 9223372036854775807 9223372036854775807
      SORT l LIMIT -9223372036854775808 -9223372036854775808
      SORT l LIMIT 1
      SORT l LIMIT
      SORT l LIMIT a 1
      SORT l LIMIT 1 b
      SORT l LIMIT 1.5 2
      SORT l LIMIT 0 1 LIMIT 1 1
      SORT l nonsense
      SORT l BY
      SORT l GET
      SORT l STORE
      SORT l STORE out BY
      SORT_RO
      SORT_RO l
      SORT_RO l DESC LIMIT 0 2
      SORT_RO l STORE out
      SORT_RO l GET
      RPUSH f 1.5 -1.5 1e2 .5 0x10 inf -inf " 4" -0 0 +3 9007199254740993 9007199254740992
      SORT f
      SORT f DESC
      RPUSH t b a C "" aa ab
      SORT t
      SORT t ALPHA
      SORT t ALPHA DESC
      SORT t ALPHA LIMIT 1 2
      RPUSH e ""
      SORT e
      RPUSH bad 1 2x
      SORT bad
      SORT bad STORE out
      SORT bad LIMIT 0 0
      SORT bad ALPHA
      RPUSH bad1 nan
      SORT bad1
      RPUSH bad3 "5 "
      SORT bad3
      RPUSH z "1\x00x" "0\x00y"
      SORT z
      SORT z ALPHA
      RPUSH z2 "a\x00x" "a\x00b" "a"
      SORT z2 ALPHA
      SORT z2 ALPHA DESC
      SORT z2 ALPHA STORE out
      LRANGE out 0 -1
      SET s x
      SORT s
      SORT s nonsense
      SORT_RO s
      HSET h f v
      SORT h
      SADD set 3 1 2
      SORT set
      SORT set DESC LIMIT 1 1
      SADD set x
      SORT set
      SORT set ALPHA
      ZADD zs 1 c 2 a 3 b
      SORT zs ALPHA
      SORT zs
      ZADD zn 1 30 2 10 3 20
      SORT zn
      SORT zn DESC
    `,
  },
  {
    title: 'SORT BY and GET',
    lines: raw`
      RPUSH l 1 2 3 4
      MSET w_1 40 w_2 30 w_3 20 w_4 10
      HSET h_1 f 4 g one
      HSET h_2 f 3 g two
      HSET h_3 f 2
      SORT l BY w_*
      SORT l BY w_* DESC
      SORT l BY w_* LIMIT 1 2
      SORT l BY h_*->f
      SORT l BY h_*->none
      SORT l BY w_*->f
      SORT l BY h_*
      SORT l BY none_*
      SORT l BY *
      SORT l BY #
      SORT l BY nosort
      SORT l BY nosort DESC
      SORT l BY nosort LIMIT 1 2
      SORT l BY nosort LIMIT 1 2 DESC
      SORT l BY nosort LIMIT 3 10 DESC
      SORT l BY nosort LIMIT 4 10
      SORT l BY nosort LIMIT 2 0
      SORT l BY nosort BY w_*
      SORT l BY w_* BY nosort
      SORT l BY "no\x00*"
      SORT l GET #
      SORT l GET w_*
      SORT l GET w_* GET #
      SORT l GET # GET w_* GET h_*->g GET none
      SORT l GET h_*->f GET h_*->none GET h_*-> GET h_*
      SORT l GET #x
      SORT l GET "#\x00x"
      SORT l GET "w_*\x00"
      SORT l GET none*
      SORT l GET *
      SORT l GET w_**
      SORT l BY w_* GET # GET w_* LIMIT 0 1 DESC
      SORT l BY nosort GET # GET w_*
      SET "h_1->" arrow
      SORT l GET h_*->
      SET "w_1*" star
      SORT l GET w_**
      MSET w_1 b w_2 a w_3 a w_4 b
      SORT l BY w_*
      SORT l BY w_* ALPHA
      SORT l BY w_* ALPHA DESC
      SORT l BY w_* ALPHA LIMIT 0 3
      SORT l BY w_* ALPHA LIMIT 1 2 DESC
      DEL w_1 w_3
      SORT l BY w_* ALPHA
      SORT l BY w_* ALPHA DESC
      DEL w_2 w_4
      SORT l BY w_*
      SORT l BY w_* DESC
      SORT l BY w_* ALPHA
      SORT l BY w_* ALPHA DESC
      SORT l BY w_* GET w_*
      LPUSH w_1 not a string
      SORT l BY w_* GET w_*
      ZADD z 3 a 2 b 1 c
      SORT z BY nosort
      SORT z BY nosort DESC
      SORT z BY nosort LIMIT 1 1
      SORT z BY nosort LIMIT 1 5 DESC
      SORT z BY nosort LIMIT 3 5
      SADD i 5 1 3
      SORT i BY nosort
      SORT i BY nosort LIMIT 1 2
      SORT i BY nosort DESC
      SORT_RO l BY nosort GET #
      SETEX gone 1000 x
      RPUSH many 9 8 7 6 5 4 3 2 1 9 8 7 6 5 4 3 2 1 9 8 7 6 5 4 3 2 1 9 8 7 6 5 4 3 2 1 9 8 7 6 5 4 3 2 1
      MSET x_9 a x_8 b x_7 a x_6 b x_5 a x_4 b x_3 a x_2 b
      SORT many BY x_* ALPHA
      SORT many BY x_* ALPHA LIMIT 0 44
      SORT many BY x_* ALPHA LIMIT 3 20
      SORT many BY x_* ALPHA LIMIT 3 20 DESC
      SORT many BY x_* ALPHA DESC LIMIT 40 5
    `,
  },
  {
    title: 'SORT STORE',
    lines: raw`
      RPUSH l 3 1 2
      SORT l STORE out
      LRANGE out 0 -1
      TYPE out
      OBJECT ENCODING out
      SORT l DESC LIMIT 0 2 STORE out
      LRANGE out 0 -1
      SET w_1 x
      SORT l GET w_* GET # STORE out
      LRANGE out 0 -1
      SORT l STORE l
      LRANGE l 0 -1
      EXPIRE out 100000
      SORT l STORE out
      TTL out
      SORT l LIMIT 5 5 STORE out
      EXISTS out
      SORT l LIMIT 5 5 STORE out
      SORT none STORE out
      SET out x
      SORT none STORE out
      EXISTS out
      SET out x
      SORT l STORE out
      TYPE out
      SORT l STORE a STORE b
      EXISTS a
      EXISTS b
      RPUSH bad x
      SORT bad STORE out
      TYPE out
      SADD s c a b
      SORT s BY nosort STORE out
      LRANGE out 0 -1
      SORT s BY nosort DESC STORE out
      LRANGE out 0 -1
      SORT s BY nosort GET # GET w_* LIMIT 1 1 STORE out
      LRANGE out 0 -1
      ZADD z 3 a 2 b 1 c
      SORT z BY nosort STORE out
      LRANGE out 0 -1
      SORT z ALPHA STORE z
      TYPE z
      LRANGE z 0 -1
      SET str x
      SORT str STORE out
      SORT str STORE str
      RPUSH big ${Array.from({ length: 300 }, (_, i) => (i * 7919) % 1009).join(' ')}
      SORT big STORE out
      LRANGE out 0 -1
      LLEN out
      OBJECT ENCODING out
    `,
  },
];

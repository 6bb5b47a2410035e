// Transactions, and commands that wait: what each of several clients is sent, against redis-server 7.0.
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkeyServer } from '../support/latchkey-server.js';
import { describeWith } from '../support/programs.js';
import { startRedisServer } from '../support/redis-server.js';
import { play, type Session } from './sessions.js';
import { SELF, ServerSide, SUBJECT } from './sides.js';

const TRANSACTIONS: readonly Session[] = [
  ['a: MULTI; SET k 1; INCR k; GET k; EXEC; GET k'],
  ['a: MULTI; EXEC; MULTI; DISCARD; EXEC; DISCARD'],
  ['a: MULTI; MULTI; SET k 1; EXEC; GET k'],
  ['a: MULTI; SET k 1; nosuch; EXEC; GET k'],
  ['a: MULTI; SET k; INCR k; EXEC; EXEC'],
  ['a: SET k word; MULTI; INCR k; LPUSH k 1; SET k 2; EXEC; GET k'],
  ['a: MULTI; SELECT 3; SET k 3; SELECT 0; GET k; SELECT 99; SELECT x; EXEC; SELECT 3; GET k'],
  ['a: MULTI; PING; ECHO x; TIME now; EXEC', 'a: MULTI; PING hello; EXEC'],
  ['a: MULTI; WATCH k; SET k 1; EXEC'],
  ['a: MULTI; MGET a b c d e; MSET a 1 b 2 c 3; MGET a b c d e; DEL a b c; DBSIZE; EXEC'],
  ['a: MULTI; HELLO 3; HGETALL none; HELLO 2; HGETALL none; EXEC'.replace(/HELLO \d; /g, '')],
  ['a: MULTI; SAVE; EXEC; MULTI; MONITOR; EXEC'.replace('MULTI; MONITOR; EXEC', 'PING')],
  ['a: MULTI; SET k v; RESET; GET k; EXEC; PING'],
  ['a: MULTI; SET k v; QUIT; GET k', 'b: GET k'],
  ['a: MULTI; SET k v', 'a!', 'b: GET k'],
  ['a: MULTI; FLUSHALL; SET k 1; KEYS *; RANDOMKEY; EXEC'],
  ['a: MULTI; RENAME no such; COPY no such; LMOVE a b LEFT RIGHT; SORT none BY w* GET #; EXEC'],
  ['a: MULTI; MEMORY USAGE none; OBJECT ENCODING none; TYPE none; CONFIG GET maxmemory; EXEC'],
  ['a: MULTI; CLIENT GETNAME; CLIENT SETNAME me; CLIENT GETNAME; EXEC'],
  ['a: WATCH k; SET k 1; MULTI; GET k; EXEC; MULTI; GET k; EXEC'],
  ['a: WATCH k', 'b: SET k 1', 'a: MULTI; GET k; EXEC', 'a: MULTI; GET k; EXEC'],
  ['a: WATCH k; UNWATCH', 'b: SET k 1', 'a: MULTI; GET k; EXEC'],
  ['a: WATCH k; MULTI; DISCARD', 'b: SET k 1', 'a: MULTI; GET k; EXEC'],
  ['a: WATCH x y z', 'b: SET y 1', 'a: MULTI; GET y; EXEC'],
  ['a: WATCH x y z', 'b: SET other 1', 'a: MULTI; GET y; EXEC'],
  ['a: SET k 1; WATCH k', 'b: GET k; TTL k; TYPE k; OBJECT ENCODING k; STRLEN k', 'a: MULTI; GET k; EXEC'],
  ['a: SADD s 1; WATCH s', 'b: SADD s 1; SREM s 2; SISMEMBER s 1', 'a: MULTI; SCARD s; EXEC'],
  ['a: SADD s 1; WATCH s', 'b: SADD s 2', 'a: MULTI; SCARD s; EXEC'],
  ['a: SET k 1; WATCH k', 'b: SET k 1', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH k', 'b: DEL k; SET k 1', 'a: MULTI; GET k; EXEC'],
  ['a: WATCH k', 'b: DEL k', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH k', 'b: EXPIRE k 100', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH k', 'b: PERSIST k', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH k', 'b: RENAME k other', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH other', 'b: RENAME k other', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH other', 'b: COPY k other', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH k', 'b: COPY k other', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH k', 'b: MOVE k 3', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH k', 'b: FLUSHALL', 'a: MULTI; GET k; EXEC'],
  ['a: WATCH k', 'b: FLUSHALL', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH k', 'b: FLUSHDB', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; SELECT 1; WATCH k', 'b: FLUSHDB', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1; WATCH k', 'b: SWAPDB 0 1', 'a: MULTI; GET k; EXEC'],
  ['a: WATCH k', 'b: SWAPDB 0 1', 'a: MULTI; GET k; EXEC'],
  ['a: WATCH k', 'b: SELECT 1; SET k 1; SWAPDB 0 1', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1 PX 1; WATCH k', 'b: SET wait 1; DEL wait', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1 PX 1', 'b: SET wait 1', 'a: WATCH k; MULTI; GET k; EXEC'],
  ['a: SET k 1 PX 1', 'b: SET wait 1', 'a: WATCH k', 'b: SET k 2', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1 PX 1', 'b: SET wait 1', 'a: WATCH k', 'b: GET k', 'a: MULTI; GET k; EXEC'],
  ['a: SET k 1 PX 100; WATCH k', 'sleep 150', 'a: MULTI; GET k; EXEC'],
  ['a: RPUSH l 1; WATCH l', 'b: LPOP l', 'a: MULTI; LLEN l; EXEC'],
  ['a: HSET h f 1; WATCH h', 'b: HSET h f 1', 'a: MULTI; HLEN h; EXEC'],
  ['a: ZADD z 1 m; WATCH z', 'b: ZADD z 1 m', 'a: MULTI; ZCARD z; EXEC'],
  ['a: ZADD z 1 m; WATCH z', 'b: ZADD z 2 m', 'a: MULTI; ZCARD z; EXEC'],
  ['a: XADD x 1 f v; WATCH x', 'b: XADD x 2 f v', 'a: MULTI; XLEN x; EXEC'],
  ['a: SADD s 1; SADD t 2; WATCH s', 'b: SUNIONSTORE u s t', 'a: MULTI; SCARD s; EXEC'],
  ['a: SADD s 1; SADD t 2; WATCH u', 'b: SUNIONSTORE u s t', 'a: MULTI; SCARD s; EXEC'],
  ['a: WATCH k', 'b: MULTI; SET k 1; EXEC', 'a: MULTI; GET k; EXEC'],
  ['a: WATCH k; MULTI; SET k 1; nosuch', 'b: SET k 2', 'a: EXEC; GET k'],
];

const WAITING: readonly Session[] = [
  ['a: BLPOP q 0', 'b: LPUSH q 1; LLEN q', 'a: PING'],
  ['a: BRPOP q 0', 'b: RPUSH q 1 2 3; LRANGE q 0 -1'],
  ['a: BLPOP q r s 0', 'b: RPUSH s 1; RPUSH r 2; RPUSH q 3', 'a: BLPOP q r s 0; BLPOP q r s 0'],
  ['a: BLPOP q 0', 'c: BLPOP q 0', 'b: RPUSH q 1 2 3; LRANGE q 0 -1'],
  ['a: BLPOP q 0', 'c: BRPOP q 0', 'd: BLPOP q 0', 'b: RPUSH q 1 2', 'b: LLEN q', 'b: RPUSH q 3; LLEN q'],
  ['a: BLPOP q 0', 'b: SET q word; LPUSH q 1', 'b: DEL q; LPUSH q 2; LLEN q'],
  ['a: BLPOP q 0', 'b: MULTI; LPUSH q 1; LLEN q; RPOP q; EXEC', 'b: LPUSH q 2; LLEN q'],
  ['a: BLPOP q 0', 'b: MULTI; LPUSH q 1; LPUSH q 2; LRANGE q 0 -1; EXEC; LRANGE q 0 -1'],
  ['a: BLPOP q 0', 'b: MULTI; LPUSH q 1; DEL q; EXEC; LPUSH q 2'],
  ['a: BLPOP q 0', 'b: RPUSH r 1 2; RENAME r q; LRANGE q 0 -1'],
  ['a: BLPOP q 0', 'b: RPUSH r 1 2; COPY r q; LRANGE q 0 -1'],
  ['a: BLPOP q 0', 'b: RPUSH r 3 1 2; SORT r STORE q; LRANGE q 0 -1'],
  ['a: SELECT 1; BLPOP q 0', 'b: RPUSH q 1; MOVE q 1; EXISTS q'],
  ['a: BLPOP q 0', 'b: SELECT 1; RPUSH q 1 2; SWAPDB 0 1; SELECT 0; LRANGE q 0 -1'],
  ['a: BLPOP q 0', 'b: RPUSH r 1 2; LMOVE r q LEFT LEFT; LRANGE r 0 -1; LLEN q'],
  ['a: BLPOP q 0', 'b: RPUSH q 1', 'a: BLPOP q 0.05', 'sleep 250'],
  ['a: BLPOP q 0.01; PING', 'sleep 250'],
  ['a: BRPOPLPUSH q r 0.01; BLMOVE q r LEFT RIGHT 0.01; BLMPOP 0.01 1 q LEFT; PING', 'sleep 600'],
  ['a: BZPOPMIN z 0.01; BZPOPMAX z 0.01; BZMPOP 0.01 1 z MIN; XREAD BLOCK 10 STREAMS x $; PING', 'sleep 700'],
  ['a: BLPOP q -1; BLPOP q x; BLPOP q 1e100; BLMOVE a b c d 0; BLMOVE a b LEFT d x; BLMOVE a b LEFT RIGHT x'],
  [
    'a: BLMPOP x 1 q LEFT; BLMPOP 0 0 q LEFT; BLMPOP 0 1 q; BLMPOP 0 1 q UP; BLMPOP 0 2 q LEFT; BLMPOP 0 1 q LEFT COUNT 0',
  ],
  ['a: BLPOP q nan; BLPOP q inf; BLPOP q 0x1p-8', 'sleep 250'],
  [
    'a: SET q s; BLPOP q 0; BRPOP r q 0; BLMOVE q r LEFT LEFT 0; BZPOPMIN q 0; BZMPOP 0 1 q MIN; XREAD BLOCK 0 STREAMS q $',
  ],
  ['a: RPUSH q 1 2; BLPOP none q 0; BLMPOP 0 2 none q RIGHT COUNT 5; BLMOVE q r LEFT LEFT 0.01', 'sleep 250'],
  ['a: RPUSH q 1 2; BRPOPLPUSH q r 0; BLMOVE q r LEFT RIGHT 0; LRANGE r 0 -1; BLMOVE r r LEFT RIGHT 0; LRANGE r 0 -1'],
  ['a: BLMOVE q r LEFT RIGHT 0', 'b: RPUSH q 1 2; LRANGE q 0 -1; LRANGE r 0 -1'],
  ['a: BRPOPLPUSH q r 0', 'c: BLPOP r 0', 'b: RPUSH q 1 2; LRANGE q 0 -1; LRANGE r 0 -1'],
  ['a: BRPOPLPUSH q r 0', 'c: BRPOPLPUSH r s 0', 'd: BLPOP s 0', 'b: RPUSH q 1 2; LLEN q; LLEN r; LLEN s'],
  ['a: BLMOVE q q LEFT RIGHT 0', 'b: RPUSH q 1 2 3; LRANGE q 0 -1'],
  ['a: BLMOVE q r LEFT RIGHT 0', 'b: SET r word; RPUSH q 1; LRANGE q 0 -1; GET r'],
  ['a: BLMPOP 0 2 q r LEFT COUNT 2', 'b: RPUSH r 1 2 3; LRANGE r 0 -1'],
  ['a: BZPOPMIN z 0', 'b: ZADD z 2 b 1 a; ZRANGE z 0 -1'],
  ['a: BZPOPMAX y z 0', 'b: ZADD z 2 b 1 a; ZRANGE z 0 -1'],
  ['a: BZMPOP 0 2 y z MAX COUNT 2', 'b: ZADD z 2 b 1 a 3 c; ZRANGE z 0 -1'],
  ['a: BZPOPMIN z 0', 'b: ZADD y 1 a 2 b; ZUNIONSTORE z 1 y; ZRANGE z 0 -1'],
  ['a: BZPOPMIN z 0', 'b: ZADD y 1.5 a; ZRANGESTORE z y 0 -1; EXISTS z'],
  ['a: BZPOPMIN z 0', 'b: GEOADD z 1 1 m; EXISTS z'.replace('GEOADD z 1 1 m', 'ZADD z INCR 3.25 m')],
  ['a: BZPOPMIN k 0', 'c: BLPOP k 0', 'b: RPUSH k 1', 'b: ZADD k 1 m; EXISTS k'],
  ['a: XREAD BLOCK 0 STREAMS x $', 'b: XADD x 1 f v; XLEN x'],
  ['a: XREAD COUNT 1 BLOCK 0 STREAMS x y 0 $', 'b: XADD y 5 f v', 'b: XADD x 1 f v'],
  ['a: XADD x 1 f v; XADD x 2 f v; XDEL x 2; XREAD BLOCK 0 STREAMS x $', 'b: XADD x 3 f v'],
  ['a: XREAD BLOCK 0 STREAMS x $', 'c: XREAD BLOCK 0 STREAMS x $', 'b: XADD x 1 f v; XADD x 2 f v'],
  ['a: XREAD BLOCK 0 STREAMS x 5', 'b: XADD x 1 f v; XADD x 5 f v', 'b: XADD x 6 f v'],
  [
    'a: XREAD BLOCK -1 STREAMS x $; XREAD BLOCK x STREAMS x $; XREAD BLOCK 0 STREAMS x; XREAD BLOCK 5; XREAD BLOCK 10 STREAMS x >',
  ],
  ['a: XGROUP CREATE x g $ MKSTREAM; XREADGROUP GROUP g c BLOCK 0 STREAMS x >', 'b: XADD x 1 f v', 'b: XPENDING x g'],
  ['a: XGROUP CREATE x g $ MKSTREAM; XREADGROUP GROUP g c BLOCK 0 STREAMS x >', 'b: XGROUP DESTROY x g'],
  [
    'a: XGROUP CREATE x g $ MKSTREAM; XREADGROUP GROUP g c BLOCK 0 NOACK STREAMS x >',
    'c: XREADGROUP GROUP g d BLOCK 0 STREAMS x >',
    'b: XADD x 1 f v; XADD x 2 f v',
    'b: XPENDING x g',
  ],
  [
    'a: XGROUP CREATE x g 0 MKSTREAM; XREADGROUP GROUP g c BLOCK 0 STREAMS x 0; XREADGROUP GROUP no c BLOCK 0 STREAMS x >',
  ],
  ['a: MULTI; BLPOP q 0; BRPOPLPUSH q r 0; BLMPOP 0 1 q LEFT; BZPOPMIN z 0; XREAD BLOCK 0 STREAMS x $; WAIT 1 0; EXEC'],
  ['a: RPUSH q 1; MULTI; BLPOP q 0; BLMOVE q r LEFT LEFT 0; EXEC'],
  ['a: BLPOP q 0; PING', 'b: CLIENT UNBLOCK $a; CLIENT UNBLOCK $a'],
  ['a: BLPOP q 0; PING', 'b: CLIENT UNBLOCK $a ERROR; CLIENT UNBLOCK $a TIMEOUT'],
  ['a: BLMOVE q r LEFT LEFT 0; PING', 'b: CLIENT UNBLOCK $a TIMEOUT'],
  ['a: XREAD BLOCK 0 STREAMS x $; PING', 'b: CLIENT UNBLOCK $a TIMEOUT'],
  ['a: CLIENT UNBLOCK x; CLIENT UNBLOCK 1 x; CLIENT UNBLOCK; CLIENT UNBLOCK 123456789'],
  ['a: WAIT 0 0; WAIT 1 10; PING', 'sleep 250'],
  ['a: WAIT x 0; WAIT 1 x; WAIT 1 -1; WAIT -1 0'],
  ['a: BLPOP q 0', 'a!', 'b: LPUSH q 1; LLEN q'],
  ['a: BLPOP q 0', 'c: BLPOP q 0', 'a!', 'b: LPUSH q 1; LLEN q'],
  ['a: BLPOP q 0; BLPOP q 0; BLPOP q 0', 'b: RPUSH q 1 2', 'b: LLEN q', 'b: RPUSH q 3; LLEN q'],
  ['a: BLPOP q 0', 'b: EXISTS q; WATCH q; MULTI; RPUSH q 1; EXEC; EXISTS q', 'b: MULTI; GET k; EXEC'],
  ['c: WATCH q', 'a: BLPOP q 0', 'b: RPUSH q 1', 'c: MULTI; LLEN q; EXEC'],
  ['a: BLPOP q 0', 'b: RPUSH q 1; PEXPIRE q 1'],
];

const MESSAGES: readonly Session[] = [
  [
    'a: SUBSCRIBE c',
    'b: PUBLISH c hello; PUBLISH d none; PUBLISH c "a b\\r\\nc"',
    'a: UNSUBSCRIBE c',
    'b: PUBLISH c gone',
  ],
  [
    'a: SUBSCRIBE c d c',
    'b: PUBLISH d 1; PUBLISH c 2',
    'a: UNSUBSCRIBE d',
    'b: PUBLISH d 3',
    'a: UNSUBSCRIBE; UNSUBSCRIBE; UNSUBSCRIBE x y',
  ],
  [
    'a: PSUBSCRIBE c* ?d [ab]x',
    'b: PUBLISH c 1; PUBLISH dd 2; PUBLISH ax 3; PUBLISH cx 4',
    'a: PUNSUBSCRIBE c* ?d; PUNSUBSCRIBE; PUNSUBSCRIBE',
  ],
  [
    'a: SUBSCRIBE cd; PSUBSCRIBE c*',
    'c: PSUBSCRIBE c*',
    'b: PUBLISH cd 1',
    'a: UNSUBSCRIBE; PUNSUBSCRIBE',
    'b: PUBLISH cd 2',
  ],
  [
    'a: SSUBSCRIBE s t',
    'b: SPUBLISH s 1; PUBLISH s 2; SPUBLISH t 3',
    'a: SUNSUBSCRIBE s',
    'b: SPUBLISH s 4',
    'a: SUNSUBSCRIBE; SUNSUBSCRIBE x',
  ],
  ['a: SUBSCRIBE c; GET k; SET k 1; PING; PING x; ECHO x; PUBLISH c 1; MULTI; CLIENT LIST x', 'a: UNSUBSCRIBE; GET k'],
  ['a: SUBSCRIBE c; nosuch; GET; UNSUBSCRIBE; PING'],
  ['a: SUBSCRIBE c; RESET; PING; GET k', 'b: PUBLISH c 1; PUBSUB NUMSUB c'],
  ['a: SUBSCRIBE c; QUIT', 'b: PUBLISH c 1'],
  ['a: SUBSCRIBE c', 'a!', 'b: PUBLISH c 1; PUBSUB CHANNELS; PUBSUB NUMPAT'],
  [
    'a: SUBSCRIBE c d; PSUBSCRIBE p* q*; SSUBSCRIBE s',
    'c: PSUBSCRIBE p*; SUBSCRIBE c',
    'b: PUBSUB NUMSUB c d e; PUBSUB NUMPAT; PUBSUB SHARDNUMSUB s t; PUBSUB SHARDCHANNELS; PUBSUB NUMSUB; PUBSUB CHANNELS c*; PUBSUB CHANNELS x*; PUBSUB SHARDCHANNELS x',
  ],
  [
    'a: PUBSUB; PUBSUB nosuch; PUBSUB NUMPAT x; PUBSUB CHANNELS a b; SUBSCRIBE; PSUBSCRIBE; PUBLISH c; PUBLISH; SPUBLISH s',
  ],
  ['a: MULTI; SUBSCRIBE c; EXEC', 'b: PUBLISH c 2'],
  ['a: MULTI; PUBLISH c 1; PUBLISH c 2; EXEC', 'b: SUBSCRIBE c', 'a: MULTI; PUBLISH c 1; SET k v; PUBLISH c 2; EXEC'],
  ['a: SUBSCRIBE c', 'b: MULTI; PUBLISH c 1; DISCARD; PUBLISH c 2'],
  ['a: SUBSCRIBE c', 'b: SELECT 3; PUBLISH c 1'],
  ['a: SUBSCRIBE c', 'b: CLIENT KILL TYPE normal SKIPME yes; PUBLISH c 1', 'b: CLIENT KILL TYPE pubsub; PUBLISH c 2'],
];

/** With `notify-keyspace-events` on: what is told of keys. */
const NOTIFICATIONS: readonly Session[] = [
  [
    'b: CONFIG SET notify-keyspace-events KEA',
    'a: PSUBSCRIBE __key*',
    'b: SET k 1; INCR k; DEL k; LPUSH l 1 2; RPOP l; LPOP l; SADD s 1; EXPIRE s 100; RENAME s t; HSET h f v; ZADD z 1 m; XADD x 1 f v; SELECT 2; SET k 2; FLUSHALL',
  ],
  [
    'b: CONFIG SET notify-keyspace-events Kg$',
    'a: PSUBSCRIBE __key*',
    'b: SET k 1; DEL k; LPUSH l 1; CONFIG SET notify-keyspace-events ""; SET k 2',
    'b: CONFIG GET notify-keyspace-events',
  ],
  [
    'b: CONFIG SET notify-keyspace-events Elx',
    'a: PSUBSCRIBE __key*',
    'b: SET k 1 PX 10; RPUSH l 1',
    'sleep 50',
    'b: GET k',
  ],
  [
    'b: CONFIG SET notify-keyspace-events KEA',
    'a: PSUBSCRIBE __key*',
    'b: MULTI; SET a 1; SET b 2; LPUSH l x; DEL a b; EXEC',
  ],
  [
    'b: CONFIG SET notify-keyspace-events KEA',
    'a: PSUBSCRIBE __key*',
    'c: BLPOP l 0',
    'b: RPUSH l 1',
    'c: BLMOVE l m LEFT RIGHT 0',
    'b: RPUSH l 2',
  ],
  [
    'b: CONFIG SET notify-keyspace-events AKE; CONFIG GET notify-keyspace-events; CONFIG SET notify-keyspace-events KEAnm; CONFIG GET notify-keyspace-events; CONFIG SET notify-keyspace-events Kq; CONFIG SET notify-keyspace-events ""',
  ],
  [
    'b: CONFIG SET notify-keyspace-events KEmn',
    'a: PSUBSCRIBE __key*',
    'b: GET none; SET k 1; SET k 2; GET k; EXISTS none; TTL none; MGET none k',
    'b: CONFIG SET notify-keyspace-events ""',
  ],
];

/** Client-side caching. */
const CACHING: readonly Session[] = [
  ['a: CLIENT TRACKING on; GET k; GET k', 'b: SET k 1', 'b: SET k 2', 'a: GET k', 'b: DEL k; SET k 3', 'a: PING'],
  ['a: CLIENT TRACKING on; MGET k l m', 'b: MSET k 1 m 2', 'a: CLIENT TRACKING off', 'b: SET l 1', 'a: PING'],
  ['a: CLIENT TRACKING on; GET k; SET k 1; GET k', 'a: SET k 2', 'a: PING'],
  ['a: CLIENT TRACKING on NOLOOP; GET k; SET k 1; GET k', 'b: SET k 2', 'a: PING'],
  ['a: CLIENT TRACKING on OPTIN; GET k; CLIENT CACHING yes; GET l; GET m', 'b: SET k 1; SET l 1; SET m 1', 'a: PING'],
  [
    'a: CLIENT TRACKING on OPTOUT; GET k; CLIENT CACHING no; GET l; GET m',
    'b: SET k 1',
    'b: SET l 1',
    'b: SET m 1',
    'a: PING',
  ],
  ['a: CLIENT TRACKING on BCAST', 'b: SET k 1', 'b: MSET x 1 a 2', 'b: GET k', 'b: DEL k', 'a: PING'],
  [
    'a: CLIENT TRACKING on BCAST PREFIX a PREFIX b:',
    'b: SET k 1',
    'b: SET ax 1',
    'b: SET b 1',
    'b: SET b:1 1',
    'a: SET ay 1',
    'a: CLIENT TRACKING off',
    'b: SET ax 2',
  ],
  ['a: CLIENT TRACKING on BCAST NOLOOP', 'a: SET k 1', 'b: SET k 2', 'a: PING'],
  ['a: CLIENT TRACKING on; GET k', 'b: FLUSHALL', 'a: GET k', 'b: FLUSHDB', 'a: PING'],
  [
    'a: CLIENT TRACKING on; GET k; LRANGE l 0 -1; HGETALL h; SMEMBERS s; ZRANGE z 0 -1; TTL t; XRANGE x - +; STRLEN u',
    'b: RPUSH l 1',
    'b: HSET h f v',
    'b: SADD s 1',
    'b: ZADD z 1 m',
    'b: SET t 1',
    'b: XADD x 1 f v',
    'b: APPEND u x',
    'a: PING',
  ],
  [
    'b: SET k 1',
    'a: CLIENT TRACKING on; GET k',
    'b: EXPIRE k 100',
    'a: GET k',
    'b: RENAME k l',
    'a: GET l',
    'b: PERSIST l',
    'a: PING',
  ],
  ['b: SET k 1 PX 80', 'a: CLIENT TRACKING on; GET k', 'sleep 120', 'b: GET k', 'a: PING'],
  [
    'b: RPUSH l 1',
    'a: CLIENT TRACKING on; LLEN l',
    'c: BLPOP q 0',
    'b: LPOP l',
    'a: LLEN q',
    'b: RPUSH q 1',
    'a: PING',
  ],
  ['a: CLIENT TRACKING on; MULTI; GET k; GET l; EXEC', 'b: SET l 1', 'b: MULTI; SET k 1; SET k 2; EXEC', 'a: PING'],
  [
    'b: SUBSCRIBE __redis__:invalidate',
    'a: CLIENT TRACKING on REDIRECT $b; GET k',
    'c: SET k 1',
    'a: GET k; PING',
    'c: FLUSHALL',
    'a: PING',
  ],
  ['b: PING', 'a: CLIENT TRACKING on REDIRECT $b BCAST', 'c: SET k 1', 'a: PING'],
  ['b: SUBSCRIBE x', 'a: CLIENT TRACKING on REDIRECT $b; GET k', 'b!', 'c: SET k 1', 'a: CLIENT TRACKINGINFO; GET k'],
  ['a: CLIENT TRACKING on; RESET; GET k; CLIENT TRACKINGINFO', 'b: SET k 1', 'a: PING'],
  [
    'a: CLIENT TRACKINGINFO; CLIENT GETREDIR; CLIENT CACHING yes; CLIENT TRACKING on; CLIENT TRACKINGINFO; CLIENT GETREDIR; CLIENT CACHING yes; CLIENT CACHING no; CLIENT CACHING x',
  ],
  [
    'a: CLIENT TRACKING; CLIENT TRACKING x; CLIENT TRACKING on x; CLIENT TRACKING on PREFIX a; CLIENT TRACKING on PREFIX; CLIENT TRACKING on REDIRECT 99999; CLIENT TRACKING on REDIRECT x; CLIENT TRACKING on OPTIN OPTOUT; CLIENT TRACKING on OPTIN BCAST',
  ],
  [
    'a: CLIENT TRACKING on; CLIENT TRACKING on BCAST; CLIENT TRACKING on OPTIN; CLIENT TRACKINGINFO; CLIENT TRACKING on OPTOUT; CLIENT CACHING no; CLIENT CACHING yes; CLIENT TRACKINGINFO; GET k; CLIENT TRACKINGINFO',
  ],
  [
    'a: CLIENT TRACKING on BCAST PREFIX a PREFIX ab; CLIENT TRACKING on BCAST PREFIX a; CLIENT TRACKING on BCAST PREFIX abc; CLIENT TRACKING on BCAST PREFIX b; CLIENT TRACKING on; CLIENT TRACKING off; CLIENT TRACKING on BCAST; CLIENT TRACKINGINFO',
  ],
];

const PATIENT_MS = 300;
const LAYOUTS = [
  { threads: 1, shards: 1 },
  { threads: 2, shards: 3 },
];

describe.each([
  ['transactions', TRANSACTIONS],
  ['commands that wait', WAITING],
  ['publish and subscribe', MESSAGES],
  ['keyspace notifications', NOTIFICATIONS],
  ['client-side caching', CACHING],
] as const)('%s', (_, sessions) => {
  describe.each(LAYOUTS)('$threads threads over $shards shards', ({ threads, shards }) => {
    describeWith('redis-server', `${SUBJECT} against redis-server`, () => {
      const args = ['--enable-debug-command', 'yes'];
      const subject = new ServerSide(SUBJECT, () =>
        SELF ? startRedisServer({ args }) : startLatchkeyServer({ shards, threads, args }),
      );
      const reference = new ServerSide('redis-server', () => startRedisServer({ args }));
      beforeAll(() => Promise.all([subject.server(), reference.server()]));
      afterAll(() => Promise.all([subject.stop(), reference.stop()]));

      it.each(
        ([2, 3] as const).flatMap((proto) =>
          sessions.map((session) => ({ proto, session, title: session.join(' | ') })),
        ),
      )('RESP$proto: $title', async ({ proto, session }) => {
        let [ours, theirs] = await Promise.all([play(subject, session, proto), play(reference, session, proto)]);
        // A busy machine may need longer for a step than it was given.
        if (!isDeepStrictEqual(ours, theirs)) {
          ours = await play(subject, session, proto, PATIENT_MS);
          theirs = await play(reference, session, proto, PATIENT_MS);
        }
        expect(ours).toEqual(theirs);
        expect(Object.values(theirs).join('')).not.toBe('');
      });
    });
  });
});

// Command lines about the connection and the server whose replies do not depend on when or where they run.
import type { Script } from '../script.js';

const raw = String.raw;

export const hostScripts: Script[] = [
  {
    title: 'PING, ECHO, TIME and other simple ones',
    lines: raw`
      PING
      PING ""
      PING "a\r\nb"
      PING a b
      ping x
      ECHO
      ECHO a b
      ECHO ""
      ECHO "\x00\xff\r\n"
      TIME x
      ~ TIME
      LASTSAVE x
      ~ LASTSAVE
      LOLWUT VERSION abc
      LOLWUT VERSION ""
    `,
  },
  {
    title: 'HELLO and AUTH errors',
    lines: raw`
      HELLO abc
      HELLO ""
      HELLO 1
      HELLO 4
      HELLO -1
      HELLO 2.0
      HELLO 99999999999999999999
      HELLO 3 garbage
      HELLO 3 AUTH
      HELLO 3 AUTH default
      HELLO 3 AUTH nobody wrong
      HELLO 3 SETNAME
      HELLO 3 SETNAME "a b"
      HELLO 3 SETNAME "a\nb"
      HELLO 3 AUTH default x SETNAME "a b"
      HELLO 4 garbage
      CLIENT GETNAME
      AUTH
      AUTH password
      AUTH default password
      AUTH nobody password
      AUTH a b c
      AUTH ""
    `,
  },
  {
    title: 'CLIENT names and identities',
    lines: raw`
      CLIENT
      ~ CLIENT ID
      CLIENT ID x
      CLIENT GETNAME
      CLIENT GETNAME x
      CLIENT SETNAME
      CLIENT SETNAME a b
      CLIENT SETNAME "a b"
      CLIENT SETNAME "a\nb"
      CLIENT SETNAME "a\x00b"
      CLIENT SETNAME "caf\xc3\xa9"
      CLIENT GETNAME
      CLIENT SETNAME me
      CLIENT GETNAME
      CLIENT SETNAME ""
      CLIENT GETNAME
      ~ CLIENT INFO
      CLIENT INFO x
    `,
  },
  {
    title: 'CLIENT errors',
    lines: raw`
      CLIENT garbage
      CLIENT "with\r\nbreak"
      CLIENT NO-TOUCH on
      CLIENT SETINFO LIB-NAME x
      CLIENT REPLY
      CLIENT REPLY garbage
      CLIENT REPLY ON
      CLIENT REPLY ON x
      CLIENT KILL
      CLIENT KILL garbage
      CLIENT KILL 127.0.0.1:1
      CLIENT KILL ID
      CLIENT KILL ID abc
      CLIENT KILL ID 0
      CLIENT KILL ID -1
      CLIENT KILL ID 999999999
      CLIENT KILL TYPE garbage
      CLIENT KILL USER nobody
      CLIENT KILL ADDR 127.0.0.1:1
      CLIENT KILL LADDR 127.0.0.1:1
      CLIENT KILL SKIPME
      CLIENT KILL SKIPME garbage
      CLIENT KILL garbage 1
      CLIENT KILL ID 999999999 garbage
      CLIENT KILL ID 999999999 ADDR
      CLIENT KILL ID 999999999 SKIPME no
      CLIENT KILL TYPE pubsub
      ~ CLIENT LIST
      CLIENT LIST garbage
      CLIENT LIST TYPE
      CLIENT LIST TYPE garbage
      CLIENT LIST TYPE pubsub
      CLIENT LIST ID
      CLIENT LIST ID abc
      CLIENT LIST ID 0
      CLIENT LIST ID 999999999
      CLIENT PAUSE
      CLIENT PAUSE abc
      CLIENT PAUSE -1
      CLIENT PAUSE 1.5
      CLIENT PAUSE 10 garbage
      CLIENT PAUSE 10 WRITE x
      CLIENT PAUSE 0
      CLIENT UNPAUSE
      CLIENT UNPAUSE x
      CLIENT UNBLOCK
      CLIENT UNBLOCK abc
      CLIENT UNBLOCK 999999999
      CLIENT UNBLOCK 999999999 TIMEOUT
      CLIENT UNBLOCK 999999999 ERROR
      CLIENT UNBLOCK 999999999 garbage
      CLIENT UNBLOCK 1 TIMEOUT x
      CLIENT NO-EVICT
      CLIENT NO-EVICT garbage
      CLIENT NO-EVICT on
      CLIENT NO-EVICT off
      CLIENT NO-EVICT on x
      CLIENT GETREDIR
      CLIENT GETREDIR x
      CLIENT CACHING
      CLIENT CACHING garbage
      CLIENT CACHING yes
      CLIENT TRACKING
      CLIENT TRACKING garbage
      CLIENT TRACKING on garbage
      CLIENT TRACKING on REDIRECT
      CLIENT TRACKING on REDIRECT abc
      CLIENT TRACKING on REDIRECT 999999999
      CLIENT TRACKING on PREFIX
      CLIENT TRACKING on PREFIX a
      CLIENT TRACKING on OPTIN OPTOUT
      CLIENT TRACKING off
      CLIENT TRACKINGINFO
      CLIENT TRACKINGINFO x
    `,
  },
  {
    title: 'CONFIG errors',
    lines: raw`
      CONFIG
      CONFIG garbage
      CONFIG GET
      CONFIG GET nosuchparameter
      CONFIG GET nosuch* alsonot*
      CONFIG SET
      CONFIG SET nosuchparameter
      CONFIG SET nosuchparameter 1
      CONFIG SET maxmemory
      CONFIG SET maxmemory 0 timeout
      CONFIG SET maxmemory abc
      CONFIG SET timeout abc
      CONFIG SET timeout -1
      CONFIG SET timeout 0 timeout 0
      CONFIG SET timeout 0 nosuchparameter 1
      CONFIG SET maxmemory-policy garbage
      CONFIG SET appendfsync garbage
      CONFIG SET appendonly garbage
      CONFIG SET databases 5
      CONFIG SET daemonize yes
      CONFIG SET timeout 0
      CONFIG GET timeout
      CONFIG GET TIMEOUT
      CONFIG GET timeou?
      CONFIG GET timeout timeout
      CONFIG GET databases
      CONFIG GET maxmemory
      CONFIG GET maxmemory-policy
      CONFIG GET appendonly
      CONFIG GET appendfsync
      CONFIG GET save
      CONFIG SET maxmemory 100mb
      CONFIG GET maxmemory
      CONFIG SET maxmemory 0 maxmemory-policy noeviction
      CONFIG RESETSTAT x
      CONFIG RESETSTAT
      CONFIG REWRITE x
      CONFIG REWRITE
    `,
  },
  {
    title: 'COMMAND errors',
    lines: raw`
      COMMAND garbage
      COMMAND COUNT x
      COMMAND INFO nosuchcommand
      COMMAND DOCS nosuchcommand
      COMMAND LIST FILTERBY
      COMMAND LIST FILTERBY garbage
      COMMAND LIST FILTERBY garbage x
      COMMAND LIST FILTERBY MODULE nosuchmodule
      COMMAND LIST FILTERBY ACLCAT nosuchcategory
      COMMAND LIST FILTERBY PATTERN nosuchpattern*
      COMMAND LIST FILTERBY PATTERN x y
      COMMAND LIST garbage
      COMMAND GETKEYS
      COMMAND GETKEYS nosuchcommand
      COMMAND GETKEYS nosuchcommand x
      COMMAND GETKEYS GET
      COMMAND GETKEYS GET k x
      COMMAND GETKEYS PING
      COMMAND GETKEYS GET k
      COMMAND GETKEYS MSET a 1 b 2
      COMMAND GETKEYSANDFLAGS
      COMMAND GETKEYSANDFLAGS nosuchcommand
      COMMAND GETKEYSANDFLAGS PING
      COMMAND GETKEYSANDFLAGS SET k v
    `,
  },
  {
    title: 'DEBUG, MODULE, MEMORY, SHUTDOWN and saving',
    lines: raw`
      DEBUG
      DEBUG SLEEP 0
      DEBUG OBJECT k
      DEBUG garbage
      MODULE
      MODULE LIST
      MODULE LIST x
      MODULE garbage
      MODULE LOAD nosuch.so
      MODULE UNLOAD nosuch
      MEMORY garbage
      MEMORY DOCTOR x
      MEMORY STATS x
      MEMORY PURGE x
      MEMORY PURGE
      MEMORY MALLOC-STATS x
      SHUTDOWN garbage
      SHUTDOWN SAVE NOSAVE
      SHUTDOWN NOSAVE SAVE
      SHUTDOWN ABORT
      SHUTDOWN ABORT NOW
      SHUTDOWN ABORT ABORT
      SHUTDOWN NOW garbage
      SAVE x
      BGSAVE garbage
      BGSAVE SCHEDULE x
      BGREWRITEAOF x
    `,
  },
  {
    title: 'SLOWLOG and LATENCY',
    lines: raw`
      SLOWLOG
      SLOWLOG garbage
      SLOWLOG GET abc
      SLOWLOG GET -2
      SLOWLOG GET 1 2
      SLOWLOG LEN x
      SLOWLOG RESET x
      SLOWLOG RESET
      SLOWLOG LEN
      SLOWLOG GET
      SLOWLOG GET 0
      SLOWLOG GET -1
      LATENCY
      LATENCY garbage
      LATENCY RESET
      LATENCY RESET nosuchevent
      LATENCY LATEST
      LATENCY LATEST x
      LATENCY HISTORY
      LATENCY HISTORY nosuchevent
      LATENCY GRAPH
      LATENCY GRAPH nosuchevent
      LATENCY HISTOGRAM nosuchcommand
    `,
  },
  {
    title: 'replication and cluster commands on a server that has neither',
    lines: raw`
      ROLE
      ROLE x
      REPLICAOF
      REPLICAOF no
      REPLICAOF NO ONE
      REPLICAOF localhost abc
      SLAVEOF NO ONE
      FAILOVER ABORT
      FAILOVER garbage
      WAIT
      WAIT 0
      WAIT abc 0
      WAIT 0 abc
      WAIT 0 -1
      WAIT 0 0
      CLUSTER
      CLUSTER garbage
      CLUSTER INFO
      CLUSTER SLOTS
      CLUSTER KEYSLOT k
      READONLY
      READWRITE
      ASKING
      PSYNC
    `,
  },
  {
    title: 'transaction errors',
    lines: raw`
      EXEC
      DISCARD
      MULTI x
      EXEC x
      WATCH
      UNWATCH
      UNWATCH x
      MULTI
      MULTI
      WATCH k
      PING
      DISCARD
      MULTI
      SET k
      SET k v
      EXEC
      EXISTS k
      MULTI
      nosuchcommand
      EXEC
      MULTI
      SET k v
      INCR k
      GET k
      EXEC
      WATCH k
      SET k 1
      MULTI
      GET k
      EXEC
      MULTI
      EXEC
    `,
  },
  {
    title: 'publishing to nobody',
    lines: raw`
      PUBLISH
      PUBLISH c
      PUBLISH c m x
      PUBLISH c m
      SPUBLISH c m
      PUBSUB
      PUBSUB garbage
      PUBSUB CHANNELS
      PUBSUB CHANNELS a b
      PUBSUB NUMSUB
      PUBSUB NUMSUB a b
      PUBSUB NUMPAT
      PUBSUB NUMPAT x
      PUBSUB SHARDCHANNELS
      PUBSUB SHARDNUMSUB a
      SUBSCRIBE
      PSUBSCRIBE
      SSUBSCRIBE
    `,
  },
  {
    title: 'ACL with the default user only',
    lines: raw`
      ACL
      ACL garbage
      ACL WHOAMI
      ACL WHOAMI x
      ACL USERS
      ACL LIST
      ACL GETUSER nobody
      ACL DELUSER default
      ACL DELUSER nobody
      ACL SETUSER nobody garbage
      ACL CAT nosuchcategory
      ACL GENPASS abc
      ACL GENPASS 0
      ACL GENPASS -1
      ACL GENPASS 5000
      ACL LOG abc
      ACL LOG RESET
      ACL LOG
      ACL SAVE
      ACL LOAD
      ACL DRYRUN nobody GET k
      ACL DRYRUN default nosuchcommand
      ACL DRYRUN default GET
      ACL DRYRUN default GET k
    `,
  },
  {
    title: 'containers of scripts, functions and streams',
    lines: raw`
      SCRIPT
      SCRIPT garbage
      FUNCTION
      FUNCTION garbage
      XGROUP
      XGROUP garbage
      XINFO
      XINFO garbage
    `,
  },
  {
    title: 'RESET',
    lines: raw`
      RESET x
      SELECT 3
      SET k v
      CLIENT SETNAME me
      MULTI
      RESET
      GET k
      EXEC
      CLIENT GETNAME
      SELECT 3
      GET k
    `,
  },
  {
    title: 'nulls, empty arrays and numbers',
    lines: raw`
      GET none
      MGET none none
      GETDEL none
      RANDOMKEY
      KEYS *
      SET k v NX
      SET k v NX
      SET k v XX GET
      SET none v XX GET
      OBJECT ENCODING none
      MEMORY USAGE none
      BITFIELD k OVERFLOW FAIL INCRBY u2 0 9
      BITFIELD_RO k GET u8 0
      INCRBYFLOAT n 1.5
      LCS k n IDX
      LCS k n LEN
      CONFIG GET nosuchparameter
    `,
  },
];

// Command lines about the connection and the server whose replies do not depend on when or where they run. What belongs to
// commands that do not exist here yet is in later.ts.
import type { Script } from '../script.js';

const raw = String.raw;

const unknownParameter = (name: string) => `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;

const immutableParameter = (name: string): string =>
  `ERR CONFIG SET failed (possibly related to argument '${name}') - can't set immutable config`;

/**
 * Where CONFIG differs from redis-server on purpose, each with our error: parameters without an effect here do not exist,
 * and addresses cannot change while the server listens on them.
 */
export const configDifferences: readonly [line: string, ours: string][] = [
  ['CONFIG SET maxmemory-clients 100mb', unknownParameter('maxmemory-clients')],
  [
    'CONFIG SET appendonly yes',
    "ERR CONFIG SET failed (possibly related to argument 'appendonly') - the server was started without --dir",
  ],
  [
    'CONFIG SET save "3600 1"',
    "ERR CONFIG SET failed (possibly related to argument 'save') - the server was started without --dir",
  ],
  ['CONFIG SET dir /tmp', immutableParameter('dir')],
  ['CONFIG SET daemonize yes', unknownParameter('daemonize')],
  ['CONFIG SET port 7000', immutableParameter('port')],
  ['CONFIG SET bind *', immutableParameter('bind')],
  [
    'CONFIG SET proto-max-bulk-len 4gb',
    "ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be between 1048576 and 2147483647 inclusive",
  ],
];

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
      LOLWUT VERSION abc
      LOLWUT VERSION ""
      LOLWUT VERSION 99999999999999999999
      LOLWUT VERSION 5 x
      LOLWUT VERSION 6 10 y
      SELECT
      SELECT 1 2
      SELECT abc
      SELECT ""
      SELECT 1.0
      SELECT -1
      SELECT 16
      SELECT 2147483647
      SELECT 2147483648
      SELECT -2147483649
      SELECT 99999999999999999999
      SELECT 15
      SELECT 0
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
      HELLO 3 AUTH Default x
      HELLO 3 "a\nb"
      HELLO 3 "a\x00b"
      HELLO 3 SETNAME me SETNAME "a b"
      CLIENT GETNAME
      HELLO 3 SETNAME you garbage
      CLIENT GETNAME
      HELLO 3 SETNAME them AUTH nobody x
      CLIENT GETNAME
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
      CLIENT KILL TYPE "a\r\nb\x00c"
      CLIENT KILL ID 9223372036854775807
      CLIENT KILL ID 9223372036854775808
      CLIENT KILL USER Default
      CLIENT KILL USER "a\nb"
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
      CLIENT LIST ID 999999999 abc
      CLIENT LIST TYPE normal x
      CLIENT LIST TYPE slave
      CLIENT PAUSE
      CLIENT PAUSE abc
      CLIENT PAUSE -1
      CLIENT PAUSE 1.5
      CLIENT PAUSE 10 garbage
      CLIENT PAUSE abc garbage
      CLIENT PAUSE 99999999999999999999
      CLIENT PAUSE 9223372036854775807
      CLIENT PAUSE 0 WRITE
      CLIENT PAUSE 0 all
      CLIENT PAUSE 10 WRITE x
      CLIENT PAUSE 0
      CLIENT UNPAUSE
      CLIENT UNPAUSE x
      CLIENT NO-EVICT
      CLIENT NO-EVICT garbage
      CLIENT NO-EVICT on
      CLIENT NO-EVICT off
      CLIENT NO-EVICT on x
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
      CONFIG SET "no\r\nsuch\x00\xff" 1
      CONFIG SET timeout
      CONFIG SET timeout 0 hz
      CONFIG SET timeout abc
      CONFIG SET timeout ""
      CONFIG SET timeout 05
      CONFIG SET timeout -1
      CONFIG SET timeout 2147483648
      CONFIG SET timeout 99999999999999999999
      CONFIG SET timeout 0 timeout 0
      CONFIG SET timeout 0 TIMEOUT 0
      CONFIG SET timeout 0 nosuchparameter 1
      CONFIG SET timeout abc maxclients 0
      CONFIG SET timeout abc databases 5
      CONFIG SET maxclients 0
      CONFIG SET maxmemory-policy garbage
      CONFIG SET notify-keyspace-events KEq
      CONFIG SET notify-keyspace-events KEA
      CONFIG GET notify-keyspace-events
      CONFIG SET notify-keyspace-events mnKEtz$
      CONFIG GET notify-keyspace-events
      CONFIG SET notify-keyspace-events g$lshzxetdKEmn
      CONFIG GET notify-keyspace-events
      CONFIG SET notify-keyspace-events ""
      CONFIG GET notify-keyspace-events
      CONFIG SET maxmemory -1
      CONFIG SET maxmemory abc
      CONFIG SET maxmemory-samples 0
      CONFIG SET maxmemory-samples 100
      CONFIG SET maxmemory-samples 5
      CONFIG SET maxmemory-eviction-tenacity 101
      CONFIG SET maxmemory 100gb
      CONFIG GET maxmemory
      CONFIG SET maxmemory 0
      CONFIG GET lazyfree-lazy-expire
      CONFIG GET lazyfree-lazy-user-del
      CONFIG SET lazyfree-lazy-user-del maybe
      CONFIG GET maxmemory-samples
      CONFIG GET maxmemory-eviction-tenacity
      CONFIG GET replica-ignore-maxmemory
      CONFIG SET loglevel ""
      CONFIG SET protected-mode maybe
      CONFIG SET databases 5
      CONFIG SET databases 5 databases 6
      CONFIG SET unixsocket x
      CONFIG SET proto-max-bulk-len abc
      CONFIG SET client-query-buffer-limit 1
      CONFIG SET client-query-buffer-limit 1.5mb
      CONFIG SET client-output-buffer-limit "normal 0 0"
      CONFIG SET client-output-buffer-limit "master 0 0 0"
      CONFIG SET client-output-buffer-limit "normal 0 0 1kb"
      CONFIG SET timeout 0
      CONFIG GET timeout
      CONFIG GET TIMEOUT
      CONFIG GET timeou?
      CONFIG GET timeout timeout
      CONFIG GET tim* TIMEOUT
      CONFIG GET databases
      CONFIG GET maxmemory-policy
      CONFIG GET client-output-buffer-limit
      CONFIG SET client-query-buffer-limit 100mb client-output-buffer-limit "pubsub 1mb 1k 5"
      CONFIG GET client-query-buffer-limit
      CONFIG GET client-output-buffer-limit
      CONFIG SET client-output-buffer-limit "pubsub 32mb 8mb 60" client-query-buffer-limit 1gb
      CONFIG SET hz 1000
      CONFIG GET hz
      CONFIG SET hz 10
      CONFIG RESETSTAT x
      CONFIG RESETSTAT
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
      COMMAND HELP
      COMMAND HELP x
      COMMAND LIST FILTERBY MODULE
      COMMAND LIST filterby aclcat bitmap x
    `,
  },
  {
    title: 'DEBUG, MODULE, MEMORY and SHUTDOWN',
    lines: raw`
      DEBUG
      DEBUG SLEEP 0
      DEBUG OBJECT k
      DEBUG garbage
      MODULE
      MODULE LIST
      MODULE LIST x
      MODULE garbage
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
      DEBUG HELP
      SHUTDOWN "NOSAVE\x00x" SAVE
      MEMORY
      MEMORY USAGE
      MEMORY HELP
      MEMORY HELP x
      MEMORY DOCTOR "x\ny"
      MODULE HELP x
      MODULE "a\r\nb"
    `,
  },
  {
    title: 'OBJECT without a key',
    lines: raw`
      OBJECT
      OBJECT HELP
      OBJECT HELP x
      OBJECT ENCODING
      OBJECT FREQ
      OBJECT garbage
      OBJECT "a\r\nb"
      OBJECT "a\x00b"
      OBJECT garbage k
      OBJECT "a\x00b" k
      OBJECT "a\r\nb" k
      OBJECT "" k
    `,
  },
  {
    title: 'RESET',
    lines: raw`
      RESET x
      SELECT 3
      SET k v
      CLIENT SETNAME me
      RESET
      GET k
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

// Command lines of areas that are not built yet, one list per area. The area's test takes its list over as it is.
import type { Script } from '../script.js';

const raw = String.raw;

/** Persistence: saving, and the parameters about it. */
export const savingScripts: Script[] = [
  {
    title: 'LASTSAVE and saving',
    lines: raw`
      LASTSAVE x
      ~ LASTSAVE
      SAVE x
      BGSAVE garbage
      BGSAVE SCHEDULE x
      BGREWRITEAOF x
    `,
  },
  {
    title: 'CONFIG about persistence',
    lines: raw`
      CONFIG SET appendfsync garbage
      CONFIG SET appendonly garbage
      CONFIG GET appendonly
      CONFIG GET appendfsync
      CONFIG GET save
    `,
  },
];

/** Transactions. */
export const transactionScripts: Script[] = [
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
    title: 'RESET in a transaction',
    lines: raw`
      MULTI
      SET k v
      RESET
      EXEC
      GET k
    `,
  },
];

/** Publish and subscribe. */
export const pubsubScripts: Script[] = [
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
];

/** Blocking commands and client-side caching. */
export const clientStateScripts: Script[] = [
  {
    title: 'CLIENT about blocking and tracking',
    lines: raw`
      CLIENT UNBLOCK
      CLIENT UNBLOCK abc
      CLIENT UNBLOCK 999999999
      CLIENT UNBLOCK 999999999 TIMEOUT
      CLIENT UNBLOCK 999999999 ERROR
      CLIENT UNBLOCK 999999999 garbage
      CLIENT UNBLOCK 1 TIMEOUT x
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
];

/** Users and permissions. */
export const aclScripts: Script[] = [
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
];

/** Replication. */
export const replicationScripts: Script[] = [
  {
    title: 'replication on a server that has none',
    lines: raw`
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
      PSYNC
    `,
  },
];

/** Scripts, functions, streams. */
export const containerScripts: Script[] = [
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
];

export const laterScripts: Script[] = [
  ...savingScripts,
  ...transactionScripts,
  ...pubsubScripts,
  ...clientStateScripts,
  ...aclScripts,
  ...replicationScripts,
  ...containerScripts,
];

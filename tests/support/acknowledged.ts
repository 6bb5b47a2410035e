// A load whose outcome can be checked after any crash, and the log of what was acknowledged to it.
//
// Three kinds of clients, each on a connection of its own, one command in flight at a time:
// - counters: INCR of an own key and RPUSH of the same number to an own list. What is found must be exactly 1..n in the
//   list, with n at least what was acknowledged (if the policy says so) and at most one more than was.
// - pairs: MSET of one number to two keys, on different shards as a rule. Both must be equal.
// - the baton: one client writes rising numbers to sixteen keys in turn, over all shards, each after the last one was
//   acknowledged. What is found must be what held after some number n: a later number without an earlier one would be a
//   keyspace that never existed.
import type { Arg, RespClient } from './resp-client.js';
import { RepliesMissing } from './resp-client.js';

const BATON_KEYS = 16;

export interface Acknowledged {
  /** Per client, the highest number that was acknowledged, over all rounds. */
  readonly counters: number[];
  readonly pairs: number[];
  baton: number;
}

export function nothingAcknowledged(clients: number): Acknowledged {
  return { counters: new Array(clients).fill(0), pairs: new Array(clients).fill(0), baton: 0 };
}

/** One command; undefined once the connection is gone. */
async function send(client: RespClient, ...args: Arg[]): Promise<unknown> {
  try {
    return await client.ask(...args);
  } catch (error) {
    if (error instanceof RepliesMissing) return undefined;
    throw error;
  }
}

async function count(client: RespClient, index: number, log: Acknowledged): Promise<void> {
  for (let next = log.counters[index] + 1; ; next++) {
    if ((await send(client, 'RPUSH', `list:${index}`, next)) === undefined) return;
    log.counters[index] = next;
    if ((await send(client, 'INCR', `counter:${index}`)) === undefined) return;
  }
}

async function pair(client: RespClient, index: number, log: Acknowledged): Promise<void> {
  for (let next = log.pairs[index] + 1; ; next++) {
    if ((await send(client, 'MSET', `left:${index}`, next, `right:${index}`, next)) === undefined) return;
    log.pairs[index] = next;
  }
}

async function carry(client: RespClient, log: Acknowledged): Promise<void> {
  for (let next = log.baton + 1; ; next++) {
    if ((await send(client, 'SET', `baton:${next % BATON_KEYS}`, next)) === undefined) return;
    log.baton = next;
  }
}

/** Loads the server until it is gone. Clients come in threes: two counters, a pair; one more carries the baton. */
export async function loadUntilGone(clients: readonly RespClient[], log: Acknowledged): Promise<void> {
  const [first, ...others] = clients;
  await Promise.all([
    carry(first, log),
    ...others.map((client, i) => (i % 3 === 2 ? pair(client, i, log) : count(client, i, log))),
  ]);
}

export interface Found {
  /** What contradicts the claims above, a line each. */
  readonly problems: string[];
  /** Acknowledged changes that are gone. */
  readonly lost: number;
}

/** Looks at what a restarted server has, and goes on from there: `log` holds what was found when this returns. */
export async function lookAt(client: RespClient, log: Acknowledged): Promise<Found> {
  const problems: string[] = [];
  let lost = 0;
  for (let i = 0; i < log.counters.length; i++) {
    const list = ((await client.ask('LRANGE', `list:${i}`, 0, -1)) as Buffer[]).map(Number);
    const counter = Number((await client.ask('GET', `counter:${i}`)) ?? 0);
    if (list.some((value, at) => value !== at + 1)) problems.push(`list:${i} is not 1 to ${list.length}`);
    if (list.length > log.counters[i] + 1)
      problems.push(`list:${i} has ${list.length}, sent were ${log.counters[i] + 1}`);
    // Each client sends RPUSH, then INCR, then the next RPUSH, each after the other's reply.
    if (counter > list.length || counter < list.length - 1)
      problems.push(`counter:${i} ${counter}, list ${list.length}`);
    lost += Math.max(0, log.counters[i] - list.length);
    // Level again, so that the next round begins with RPUSH.
    if (counter < list.length) await client.ask('INCR', `counter:${i}`);
    log.counters[i] = list.length;
    const [left, right] = ((await client.ask('MGET', `left:${i}`, `right:${i}`)) as (Buffer | null)[]).map(Number);
    if (left !== right) problems.push(`left:${i} ${left}, right:${i} ${right}`);
    if (left > log.pairs[i] + 1) problems.push(`left:${i} is ${left}, sent were ${log.pairs[i] + 1}`);
    lost += Math.max(0, log.pairs[i] - left);
    log.pairs[i] = left;
  }
  const keys = Array.from({ length: BATON_KEYS }, (_, k) => `baton:${k}`);
  const batons = ((await client.ask('MGET', ...keys)) as (Buffer | null)[]).map(Number);
  const last = Math.max(...batons);
  for (let k = 0; k < BATON_KEYS; k++) {
    const expected = last - ((last - k + BATON_KEYS) % BATON_KEYS);
    if (batons[k] !== Math.max(0, expected)) problems.push(`baton:${k} is ${batons[k]} where ${last} is the last`);
  }
  if (last > log.baton + 1) problems.push(`the baton is ${last}, sent were ${log.baton + 1}`);
  lost += Math.max(0, log.baton - last);
  log.baton = last;
  return { problems, lost };
}

// A client and the services of a thread, for tests of host commands: what a command asks of them is recorded, and the
// kernel's commands run on one shard in this process.
import * as abi from '../../host/kernel/abi.js';
import { Epochs } from '../../host/kernel/epochs.js';
import { encodeReply } from '../../host/resp/reply.js';
import { executeHostCommand } from '../../host/server/commands/index.js';
import { Config } from '../../host/server/config.js';
import type { Client, ClientFacts, KillFilter, PersistenceServices, Services } from '../../host/server/context.js';
import { Observer } from '../../host/server/observer.js';
import { newPost, openMailbox } from '../../host/worker/mailbox.js';
import { PubSub } from '../../host/worker/pubsub.js';
import { Stats } from '../../host/worker/stats.js';
import { type Kind, noSubscriptions } from '../../host/worker/subscriptions.js';
import { openKernel, type TestKernel } from './kernel.js';

let kernel: TestKernel | undefined;

export function fakeClient(changes: Partial<Client> = {}): Client {
  const nowMs = Date.now();
  return {
    id: 7,
    address: '127.0.0.1:50000',
    localAddress: '127.0.0.1:6379',
    fd: 20,
    unix: false,
    clusterShard: -1,
    createdMs: nowMs,
    lastActiveMs: nowMs,
    inputBytes: 0,
    outputBytes: 0,
    commandCount: 0,
    netInputBytes: 0,
    netOutputBytes: 0,
    lastCommand: 'NULL',
    name: '',
    libName: '',
    libVersion: '',
    db: 0,
    proto: 2,
    authenticated: true,
    noEvict: false,
    noTouch: false,
    replyMode: 'on',
    closeAfterReply: false,
    multi: undefined,
    executing: false,
    watched: [],
    subscribed: noSubscriptions(),
    tracked: undefined,
    eachFrame: 0,
    ...changes,
  };
}

export class FakeServices implements Services {
  readonly workerIndex = 0;
  readonly workerCount = 1;
  readonly config = new Config();
  readonly stats = new Stats(Stats.newBuffer(1), 1);
  readonly startedMs = Date.now();
  readonly runId = '0'.repeat(40);
  readonly listening = { tcpPort: 6379, spread: 'one worker', clusterPorts: [] as number[] };
  persistence: PersistenceServices | undefined;
  readonly kernel: TestKernel;
  /** What was asked, in order: the service's name and its arguments. */
  readonly asked: unknown[][] = [];
  others: ClientFacts[] = [];

  /** Empties the shard that all fakes share. */
  constructor() {
    kernel ??= openKernel({ memory: 'shared', mode: 'release' });
    this.kernel = kernel;
    kernel.db = 0;
    kernel.call('FLUSHALL');
  }

  get shards() {
    return [this.kernel.shard];
  }
  factsOf(client: Client): ClientFacts {
    return { ...client, workerIndex: 0, monitor: false, queued: -1, subscriptions: [0, 0, 0], blocked: true };
  }
  async clients(): Promise<ClientFacts[]> {
    return this.others;
  }
  async kill(filter: KillFilter): Promise<number> {
    this.asked.push(['kill', filter]);
    return this.others.filter(({ id }) => id === filter.id).length;
  }
  pause(untilMs: number, writesOnly: boolean): void {
    this.asked.push(['pause', untilMs, writesOnly]);
  }
  async configure(pairs: readonly (readonly [string, string])[]): Promise<void> {
    this.asked.push(['configure', pairs]);
    this.config.apply(pairs);
  }
  async setActiveExpire(on: boolean): Promise<void> {
    this.asked.push(['setActiveExpire', on]);
  }
  resetStats(): void {
    this.asked.push(['resetStats']);
  }
  shutdown(): Promise<never> {
    this.asked.push(['shutdown']);
    return new Promise(() => {});
  }
  async call(argv: readonly Uint8Array[], client: Client): Promise<Buffer> {
    return this.run(argv, client);
  }
  run(argv: readonly Uint8Array[], client: Client): Buffer {
    this.kernel.db = client.db;
    this.kernel.proto = client.proto;
    this.kernel.flags = abi.CALL_SLOW;
    return this.kernel.call(...argv);
  }
  readonly observer = new Observer(this.config, this.stats, { slowBatchMs: 0, oneByOne: false });
  async monitor(): Promise<void> {
    this.asked.push(['monitor']);
  }
  isMonitor(): boolean {
    return false;
  }
  unmonitor(): void {}
  async slowEntries() {
    return [];
  }
  async resetSlow(): Promise<void> {
    this.asked.push(['resetSlow']);
  }
  async latencySeries() {
    return [];
  }
  async resetLatency(): Promise<number> {
    return 0;
  }
  async rewriteConfig(): Promise<string | null> {
    return null;
  }
  harvest(): void {}
  readonly slotOf = (key: Uint8Array): number => {
    const { shard } = this.kernel;
    shard.bytes.set(key, shard.staging);
    return shard.calls.slot(shard.staging, key.length);
  };
  async keysInSlot(...place: unknown[]) {
    this.asked.push(['keysInSlot', ...place.slice(0, 3)]);
    return { count: 0, keys: [] };
  }
  readonly pubsub = new PubSub<Client>(0, 1, openMailbox(newPost(1), 0), Epochs.none(), () => {});
  subscribe(client: Client, kind: Kind, names: readonly string[]): undefined {
    void this.pubsub.subscribe(client, kind, names);
  }
  unsubscribe(client: Client, kind: Kind, names: readonly string[]): undefined {
    void this.pubsub.unsubscribe(client, kind, names);
  }
  async track(client: Client, tracked: Client['tracked']): Promise<void> {
    client.tracked = tracked;
  }
  refusal(): string | undefined {
    return undefined;
  }
  exec(): never {
    throw new Error('transactions need a thread');
  }
  watch(): never {
    throw new Error('WATCH needs a thread');
  }
  unwatch(): void {}
  block(): never {
    throw new Error('waiting needs a thread');
  }
  pass(): never {
    throw new Error('waiting needs a thread');
  }
  async unblock(clientId: number, withError: boolean): Promise<boolean> {
    this.asked.push(['unblock', clientId, withError]);
    return this.others.some(({ id }) => id === clientId);
  }
  sleep(ms: number): void {
    this.asked.push(['sleep', ms]);
  }
  panic(): never {
    throw new Error('panic');
  }
  purge(): number {
    this.asked.push(['purge']);
    return 0;
  }
}

/** Runs a command as a worker does; the bytes that its client gets. Strings are Latin-1. */
export async function runHostCommand(
  argv: readonly (string | Buffer)[],
  client: Client,
  services: Services,
): Promise<Buffer> {
  const frame = argv.map((argument) => (typeof argument === 'string' ? Buffer.from(argument, 'latin1') : argument));
  const reply = await executeHostCommand(frame, client, services);
  if (typeof reply === 'object' && reply !== null && 'encoded' in reply) return Buffer.from(reply.encoded);
  return encodeReply(reply, client.proto);
}

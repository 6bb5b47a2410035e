// The subscriptions of a thread's connections, and what they want to be told of keys: with their effect on the connection.
import type { Connection } from '../worker/connection.js';
import type { PubSub } from '../worker/pubsub.js';
import { type Kind, PREFIX, TRACKER } from '../worker/subscriptions.js';
import type { Tracked, Tracking } from '../worker/tracking.js';
import { isSubscribed } from './commands/pubsub.js';
import type { Client } from './context.js';

export class Messages {
  constructor(
    readonly pubsub: PubSub<Client>,
    readonly tracking: Tracking<Client>,
  ) {}

  subscribe(client: Client, kind: Kind, names: readonly string[]): Promise<void> | undefined {
    const wasSubscribed = isSubscribed(client);
    const told = this.pubsub.subscribe(client, kind, names);
    if (!wasSubscribed && isSubscribed(client)) client.eachFrame++;
    return this.#confirmed(client as Connection, told);
  }

  unsubscribe(client: Client, kind: Kind, names: readonly string[]): Promise<void> | undefined {
    const wasSubscribed = isSubscribed(client);
    const told = this.pubsub.unsubscribe(client, kind, names);
    if (wasSubscribed && !isSubscribed(client)) client.eachFrame--;
    return this.#confirmed(client as Connection, told);
  }

  /** Messages wait until the subscription that they come by is confirmed. */
  #confirmed(connection: Connection, told: Promise<void> | undefined): Promise<void> | undefined {
    if (!told) return undefined;
    connection.holdsPushes = true;
    return told.then(() => {
      connection.holdsPushes = false;
    });
  }

  async track(client: Client, tracked: Tracked | undefined, prefixes: readonly string[]): Promise<void> {
    if ((client as Connection).closed) return;
    const was = client.tracked !== undefined;
    client.tracked = tracked;
    if (!tracked) {
      this.tracking.forget(client);
      if (was) client.eachFrame--;
      await this.pubsub.unsubscribe(client, PREFIX, [...client.subscribed[PREFIX]]);
      await this.pubsub.unsubscribe(client, TRACKER, ['']);
      return;
    }
    if (!was) client.eachFrame++;
    await this.pubsub.subscribe(client, TRACKER, ['']);
    if (!(client as Connection).closed) await this.pubsub.subscribe(client, PREFIX, prefixes);
  }

  /** A connection is gone. */
  forget(client: Client): void {
    void this.pubsub.forget(client);
    this.tracking.forget(client);
  }
}

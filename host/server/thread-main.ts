// Entry of every server thread but the first: built from what the supervisor posted, it joins the listeners.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import Comlink, { type Endpoint } from 'comlink';
import type { SupervisorApi, ThreadApi, ThreadSetup } from './control.js';
import { joinListener } from './listener.js';
import { persistenceAt } from './persistence-host.js';
import { ServerThread } from './server-thread.js';

/** What the supervisor starts a thread with. */
export interface ThreadData {
  readonly setup: ThreadSetup;
  /** The supervisor's API answers at the other end of this one. */
  readonly supervisorPort: MessagePort;
  /** This thread's API is to answer here. */
  readonly threadPort: MessagePort;
  /** The persistence engine answers at the other end, if there is one. */
  readonly enginePort: MessagePort | undefined;
}

const { setup, supervisorPort, threadPort, enginePort } = workerData as ThreadData;
const supervisor = Comlink.wrap<SupervisorApi>(supervisorPort as unknown as Endpoint);
const thread = new ServerThread(setup, supervisor as unknown as SupervisorApi, enginePort && persistenceAt(enginePort));
const api: ThreadApi = {
  clientsHere: () => thread.clientsHere(),
  killHere: (filter, callerId) => thread.killHere(filter, callerId),
  unblockHere: (clientId, withError) => thread.unblockHere(clientId, withError),
  pauseHere: (untilMs, writesOnly) => thread.pauseHere(untilMs, writesOnly),
  configureHere: (pairs) => thread.configureHere(pairs),
  setActiveExpireHere: (on) => thread.setActiveExpireHere(on),
  monitorsHere: (threads) => thread.monitorsHere(threads),
  slowHere: () => thread.slowHere(),
  resetSlowHere: () => thread.resetSlowHere(),
  latencyHere: () => thread.latencyHere(),
  resetLatencyHere: (events) => thread.resetLatencyHere(events),
  stop: () => thread.stop(),
};
Comlink.expose(api, threadPort as unknown as Endpoint);
for (const listener of setup.listeners) await joinListener(listener, thread.config.values.tcpBacklog, thread.accept);
parentPort!.postMessage('joined');

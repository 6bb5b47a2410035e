// Entry of the thread that the persistence engine lives on: answers the supervisor at the port that it posts.
import { type MessagePort, parentPort } from 'node:worker_threads';
import Comlink, { type Endpoint } from 'comlink';
import { PersistenceThread, type PersistenceThreadApi } from './persistence-thread.js';

const thread = new PersistenceThread();
const api: PersistenceThreadApi = {
  open: (config, given) => thread.open(config, given),
  serve: (port) => thread.serve(port),
  configure: (pairs) => thread.configure(pairs),
  close: (save) => thread.close(save),
};
parentPort!.once('message', (port: MessagePort) => Comlink.expose(api, port as unknown as Endpoint));

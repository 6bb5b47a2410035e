/** What a connection has queued since MULTI. */
export class Queue {
  readonly frames: Buffer[][] = [];
  /** A frame could not be queued: EXEC executes nothing. */
  failed = false;
}

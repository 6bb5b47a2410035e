// Letters between the threads of a store: each thread has one mailbox, to which all others post. What a thread posts to
// another arrives in order; posting never blocks and never fails, so it may be done under a latch.

/** What letters are about; the receiver's handler for it reads the body. */
export const MAIL_PUBLISH = 1;
export const MAIL_SUBSCRIBED = 2;
export const MAIL_ACKNOWLEDGED = 3;
export const MAIL_SERVED = 4;
export const MAIL_INVALIDATE = 5;
export const MAIL_MONITOR = 6;
export const MAIL_MOVE = 7;

/** @param from The thread that posted. @param body The handler's own from now on. */
export type MailHandler = (from: number, body: Uint8Array) => void;

/** One thread's end of the post. Threads are numbered from 0: workers first, then the slow lanes. */
export interface Mailbox {
  readonly thread: number;
  readonly threadCount: number;
  /**
   * Posts a letter. Never blocks: what the receiver has no room for waits here.
   * @param body Copied before this returns.
   */
  post(to: number, kind: number, body: Uint8Array): void;
  /** Says who reads letters of a kind. To be called before `open`. */
  on(kind: number, handler: MailHandler): void;
  /** Begins to read: letters are handed out in turns of the event loop, in order per sender. */
  open(): void;
}

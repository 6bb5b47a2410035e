// What commands say of the keys among their arguments. While nobody has asked, each costs one load and a branch.
//
//   argChanged  the key has changed, by what the event names
//   argGone     a container's key went with its last element: `del`, behind the event of what took it
//   argDeleted  the key has been deleted
import { argLen, argPtr } from '../commands/context';
import { NOTIFY_GENERIC, isAsked, keyEvent, keyModified } from './events';
import { EVENT_DEL } from './names';

@inline export function argChanged(i: u32, notify: u32, event: u32): void { if (isAsked()) tellChanged(i, notify, event); }
@inline export function argGone(i: u32): void { keyEvent(NOTIFY_GENERIC, EVENT_DEL, argPtr(i), argLen(i)); }
@inline export function argDeleted(i: u32): void { argChanged(i, NOTIFY_GENERIC, EVENT_DEL); }

function tellChanged(i: u32, notify: u32, event: u32): void {
  keyModified(argPtr(i), argLen(i));
  keyEvent(notify, event, argPtr(i), argLen(i));
}

// The command table. README.md says what hangs on it and how a command is added.
export { type CommandFilter, commandFilter } from './filter.js';
export { globMatch } from './glob.js';
export { commandGetKeysReply, type KeyPosition, keysOf, keysOfCommand, keysTouched, slotsOfChannels } from './keys.js';
export { FIRST_HOST_OPCODE, OPCODES } from './opcodes.js';
export { commandDocsReply, commandInfoReply } from './replies.js';
export { COMMANDS, commandOf, deriveCommand, findByFullName, findCommand, findSubcommand } from './table.js';
export type {
  AclCategory,
  Argument,
  Command,
  CommandFlag,
  CommandSpec,
  Group,
  KeyFlag,
  KeySpec,
  Reply,
  Where,
} from './types.js';
export { ACL_CATEGORIES, COMMAND_FLAGS, KEY_FLAGS, WHERES } from './types.js';

// The replies of COMMAND INFO and COMMAND DOCS for one command, with the fields in Redis 7.0's order.
import type { Argument, Command, KeySpec, Reply } from './types.js';

type Field = readonly [string, Reply];

function statuses(texts: readonly string[]): Reply {
  return { set: texts.map((status) => ({ status })) };
}

/** A field that is left out when it has nothing to say. */
function optionalField(name: string, value: Reply | undefined): Field[] {
  return value === undefined ? [] : [[name, value]];
}

function search(type: string, fields: readonly Field[]): Reply {
  return {
    pairs: [
      ['type', type],
      ['spec', { pairs: fields }],
    ],
  };
}

function beginSearch({ begin }: KeySpec): Reply {
  if (begin === 'unknown') return search('unknown', []);
  if ('index' in begin) return search('index', [['index', begin.index]]);
  return search('keyword', [
    ['keyword', begin.keyword],
    ['startfrom', begin.startFrom],
  ]);
}

function findKeys({ find }: KeySpec): Reply {
  if (find === 'unknown') return search('unknown', []);
  if ('last' in find) {
    return search('range', [
      ['lastkey', find.last],
      ['keystep', find.step],
      ['limit', find.limit],
    ]);
  }
  return search('keynum', [
    ['keynumidx', find.keyNumber],
    ['firstkey', find.first],
    ['keystep', find.step],
  ]);
}

function keySpec(spec: KeySpec): Reply {
  return {
    pairs: [
      ...optionalField('notes', spec.notes),
      ['flags', statuses(spec.flags)],
      ['begin_search', beginSearch(spec)],
      ['find_keys', findKeys(spec)],
    ],
  };
}

/** One element of COMMAND and COMMAND INFO; for an unknown command that is null. */
export function commandInfoReply(command: Command | undefined): Reply {
  if (command === undefined) return null;
  return [
    command.fullName,
    command.arity,
    statuses(command.flags),
    command.firstKey,
    command.lastKey,
    command.keyStep,
    statuses(command.aclCategories.map((category) => `@${category}`)),
    { set: command.tips ?? [] },
    { set: command.keys.map(keySpec) },
    // An empty set, but an array of subcommands: so Redis has it.
    command.subcommands.length > 0 ? command.subcommands.map(commandInfoReply) : { set: [] },
  ];
}

function argumentDocs(argument: Argument): Reply {
  const flags: string[] = [];
  if (argument.optional) flags.push('optional');
  if (argument.multiple) flags.push('multiple');
  if (argument.multipleToken) flags.push('multiple_token');
  return {
    pairs: [
      ['name', argument.name],
      ['type', argument.type],
      ...optionalField('key_spec_index', argument.keySpec),
      ...optionalField('token', argument.token),
      ...optionalField('since', argument.since),
      ...optionalField('deprecated_since', argument.deprecatedSince),
      ...optionalField('flags', flags.length > 0 ? statuses(flags) : undefined),
      ...optionalField('arguments', argument.arguments?.map(argumentDocs)),
    ],
  };
}

/** What COMMAND DOCS maps the name of a command to. Unknown names have no entry there at all. */
export function commandDocsReply(command: Command): Reply {
  return {
    pairs: [
      ['summary', command.summary],
      ['since', command.since],
      ['group', command.group],
      ...optionalField('complexity', command.complexity),
      ...optionalField('doc_flags', command.docFlags && statuses(command.docFlags)),
      ...optionalField('deprecated_since', command.deprecatedSince),
      ...optionalField('replaced_by', command.replacedBy),
      ...optionalField('history', command.history && { set: command.history }),
      ...optionalField('arguments', command.arguments?.map(argumentDocs)),
      ...optionalField(
        'subcommands',
        command.subcommands.length > 0
          ? { pairs: command.subcommands.map((sub) => [sub.fullName, commandDocsReply(sub)] as const) }
          : undefined,
      ),
    ],
  };
}

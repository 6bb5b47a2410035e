// INFO: which sections were asked for, and their text.
import type { Client, HostHandler, Services } from '../context.js';
import * as sections from './info-sections.js';
import { word } from './values.js';

interface Listed {
  readonly title: string;
  /** Names that ask for it, in lower case. */
  readonly names: readonly string[];
  /** It is part of INFO without arguments. */
  readonly byDefault: boolean;
  readonly fields: (services: Services, client: Client) => sections.Section | Promise<sections.Section>;
}

/** In the order of the output, whatever the order of the arguments. */
const SECTIONS: readonly Listed[] = [
  { title: 'Server', names: ['server'], byDefault: true, fields: sections.server },
  { title: 'Latchkey', names: ['latchkey'], byDefault: true, fields: sections.latchkey },
  { title: 'Clients', names: ['clients'], byDefault: true, fields: sections.clients },
  { title: 'Memory', names: ['memory'], byDefault: true, fields: sections.memory },
  { title: 'Persistence', names: ['persistence'], byDefault: true, fields: sections.persistence },
  { title: 'Stats', names: ['stats'], byDefault: true, fields: sections.stats },
  { title: 'Replication', names: ['replication'], byDefault: true, fields: sections.replication },
  { title: 'CPU', names: ['cpu'], byDefault: true, fields: sections.cpu },
  { title: 'Modules', names: ['modules', 'module_list'], byDefault: true, fields: () => [] },
  { title: 'Commandstats', names: ['commandstats'], byDefault: false, fields: sections.commandstats },
  { title: 'Errorstats', names: ['errorstats'], byDefault: true, fields: sections.errorstats },
  { title: 'Latencystats', names: ['latencystats'], byDefault: false, fields: sections.latencystats },
  { title: 'Cluster', names: ['cluster'], byDefault: true, fields: sections.cluster },
  { title: 'Keyspace', names: ['keyspace'], byDefault: true, fields: sections.keyspace },
];

/** The text for these section names, lower case. Names that mean nothing add nothing. */
export async function infoText(names: readonly string[], services: Services, client: Client): Promise<string> {
  const wanted = new Set(names);
  const all = wanted.has('all') || wanted.has('everything');
  const usual = wanted.size === 0 || wanted.has('default');
  const chosen = SECTIONS.filter(
    (section) => all || (usual && section.byDefault) || section.names.some((n) => wanted.has(n)),
  );
  const texts: string[] = [];
  for (const { title, fields } of chosen) {
    const lines = (await fields(services, client)).map(([name, value]) => `${name}:${value}\r\n`);
    texts.push(`# ${title}\r\n${lines.join('')}`);
  }
  return texts.join('\r\n');
}

const info: HostHandler = async (argv, client, services) => ({
  verbatim: await infoText(argv.slice(1).map(word), services, client),
});

export const INFO_HANDLERS: Readonly<Record<string, HostHandler>> = { info };

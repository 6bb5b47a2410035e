// Every command family the generator knows. A family is switched on or off as a whole; the weights are within it.
import type { Arg } from '../resp-client.js';
import { bitFamilies } from './bit-families.js';
import type { Draw } from './draw.js';
import { dumpFamilies } from './dump-families.js';
import { geoFamilies } from './geo-families.js';
import { hashFamilies } from './hash-families.js';
import { hllFamilies } from './hll-families.js';
import { keyspaceFamilies } from './keyspace-families.js';
import { listFamilies } from './list-families.js';
import { serverFamilies } from './server-families.js';
import { setFamilies } from './set-families.js';
import { sortFamilies } from './sort-families.js';
import { streamFamilies } from './stream-families.js';
import { stringFamilies } from './string-families.js';
import { zsetFamilies } from './zset-families.js';

/** Makes one command, right or wrong in its values; wrong arity and syntax are mostly added afterwards. */
export type CommandMaker = (draw: Draw) => Arg[];

export interface Family {
  readonly name: string;
  /** How often the family is drawn, against the others. */
  readonly weight: number;
  readonly makers: readonly (readonly [weight: number, maker: CommandMaker])[];
}

export const FAMILIES: readonly Family[] = [
  ...stringFamilies,
  ...bitFamilies,
  ...setFamilies,
  ...geoFamilies,
  ...sortFamilies,
  ...hllFamilies,
  ...dumpFamilies,
  ...hashFamilies,
  ...listFamilies,
  ...zsetFamilies,
  ...streamFamilies,
  ...keyspaceFamilies,
  ...serverFamilies,
];

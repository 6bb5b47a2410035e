// The arguments of GEOSEARCH, GEOSEARCHSTORE, GEORADIUS and GEORADIUSBYMEMBER: where to search, and what to answer. They
// are read in Redis's order, so that of several mistakes the same one is found. Nothing is replied: see arguments.ts.
import { parseI64, parsedI64 } from '../../types/integer';
import { latitude, longitude, geohashDecode } from '../../types/geohash';
import { shapeBox, shapeCentre, shapeCircle } from '../../types/geo-areas';
import { entryEncoding, entryPointer } from '../../table/entry';
import { foundScore, zsetFindIn } from '../../types/zset/zset';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, opcode } from '../context';
import {
  ANY_WITHOUT_COUNT, COUNT_NOT_POSITIVE, NO_CENTRE, NO_INTEGER, NO_MEMBER, NO_PROBLEM, NO_SHAPE, RADIUS_STORE_WITH,
  SEARCHSTORE_WITH, SYNTAX, argHeight, argLatitude, argLongitude, argRadius, argWidth, boxArgs, placeArgs, radiusArgs, unitMetres,
} from './arguments';
import { OP_GEORADIUS, OP_GEORADIUS_RO, OP_GEORADIUSBYMEMBER, OP_GEOSEARCH, OP_GEOSEARCHSTORE } from '../table.generated';

export const WITH_DISTANCE: u32 = 1;
export const WITH_SCORE: u32 = 2;
export const WITH_PLACE: u32 = 4;
/** Stores distances, not places, as scores. */
export const STORE_DISTANCE: u32 = 8;
export const ASCENDING: u32 = 16;
export const DESCENDING: u32 = 32;
/** Stops as soon as there are enough. */
export const ANY: u32 = 64;
const FROM_MEMBER: u32 = 128;
const FROM_PLACE: u32 = 256;
const BY_RADIUS: u32 = 512;
const BY_BOX: u32 = 1024;

/** What the last `readOptions` found: a set of the bits above. */
export let options: u32 = 0;
/** Results wanted at most; 0: all. */
export let countMax: u64 = 0;
/** Argument with the key to store results under; 0: they are replied. */
export let storeIndex: u32 = 0;

let isSearch: bool = false;
let mayStore: bool = false;
/** The sorted set searched, or 0. */
let source: u32 = 0;

/** Argument with the key that is searched. */
export function sourceIndex(): u32 { return opcode == OP_GEOSEARCHSTORE ? 2 : 1; }

/** Reads all arguments behind the key. `e` is the sorted set's entry, or 0: some mistakes go unnoticed then, as in Redis. */
export function readOptions(e: u32): u32 {
  source = e;
  options = 0;
  countMax = 0;
  isSearch = opcode == OP_GEOSEARCH || opcode == OP_GEOSEARCHSTORE;
  mayStore = opcode == OP_GEORADIUS || opcode == OP_GEORADIUSBYMEMBER;
  storeIndex = opcode == OP_GEOSEARCHSTORE ? 1 : 0;
  let i: u32;
  if (isSearch) i = sourceIndex() + 1;
  else if (opcode == OP_GEORADIUS || opcode == OP_GEORADIUS_RO) {
    const problem = centreAt(2);
    if (problem != NO_PROBLEM) return problem;
    i = 4;
  } else {
    const problem = centreOf(2);
    if (problem != NO_PROBLEM) return problem;
    i = 3;
  }
  if (!isSearch) {
    // Without a sorted set, the radius of GEORADIUSBYMEMBER is not looked at.
    const problem = e != 0 || i == 4 ? circleAt(i) : NO_PROBLEM;
    if (problem != NO_PROBLEM) return problem;
    i += 2;
  }
  while (i < argc) {
    const problem = readOption(i);
    if (problem != NO_PROBLEM) return problem;
    i += 1 + optionArgs;
  }
  return contradiction();
}

/** Arguments behind its name that the last option took. */
let optionArgs: u32 = 0;

function readOption(i: u32): u32 {
  const rest = argc - 1 - i;
  optionArgs = 0;
  if (argIsWord(i, 'withdist')) options |= WITH_DISTANCE;
  else if (argIsWord(i, 'withhash')) options |= WITH_SCORE;
  else if (argIsWord(i, 'withcoord')) options |= WITH_PLACE;
  else if (argIsWord(i, 'any')) options |= ANY;
  else if (argIsWord(i, 'asc')) options = (options & ~DESCENDING) | ASCENDING;
  else if (argIsWord(i, 'desc')) options = (options & ~ASCENDING) | DESCENDING;
  else if (argIsWord(i, 'count') && rest >= 1) return readCount(i + 1);
  else if (isSearch) return readSearchOption(i, rest);
  else if (mayStore && rest >= 1 && argIsWord(i, 'store')) storeUnder(i + 1, 0);
  else if (mayStore && rest >= 1 && argIsWord(i, 'storedist')) storeUnder(i + 1, STORE_DISTANCE);
  else return SYNTAX;
  return NO_PROBLEM;
}

function readCount(i: u32): u32 {
  if (!parseI64(argPtr(i), argLen(i))) return NO_INTEGER;
  if (parsedI64 <= 0) return COUNT_NOT_POSITIVE;
  countMax = <u64>parsedI64;
  optionArgs = 1;
  return NO_PROBLEM;
}

function storeUnder(i: u32, what: u32): void {
  storeIndex = i;
  options = (options & ~STORE_DISTANCE) | what;
  optionArgs = 1;
}

/** Options of GEOSEARCH and GEOSEARCHSTORE alone. */
function readSearchOption(i: u32, rest: u32): u32 {
  if (storeIndex != 0 && argIsWord(i, 'storedist')) {
    options |= STORE_DISTANCE;
    return NO_PROBLEM;
  }
  if (rest >= 1 && !(options & FROM_PLACE) && argIsWord(i, 'frommember')) {
    options |= FROM_MEMBER;
    optionArgs = 1;
    return centreOf(i + 1);
  }
  if (rest >= 2 && !(options & FROM_MEMBER) && argIsWord(i, 'fromlonlat')) {
    options |= FROM_PLACE;
    optionArgs = 2;
    return centreAt(i + 1);
  }
  if (rest >= 2 && !(options & BY_BOX) && argIsWord(i, 'byradius')) {
    options |= BY_RADIUS;
    optionArgs = 2;
    return circleAt(i + 1);
  }
  if (rest >= 3 && !(options & BY_RADIUS) && argIsWord(i, 'bybox')) {
    options |= BY_BOX;
    optionArgs = 3;
    const problem = boxArgs(i + 1);
    if (problem == NO_PROBLEM) shapeBox(argWidth, argHeight, unitMetres);
    return problem;
  }
  return SYNTAX;
}

function centreAt(i: u32): u32 {
  const problem = placeArgs(i);
  if (problem == NO_PROBLEM) shapeCentre(argLongitude, argLatitude);
  return problem;
}

/** The centre is where the member in argument i is. Without a sorted set that is never asked for. */
function centreOf(i: u32): u32 {
  if (source == 0) return NO_PROBLEM;
  if (!zsetFindIn(entryEncoding(source), entryPointer(source), argPtr(i), argLen(i))) return NO_MEMBER;
  geohashDecode(foundScore);
  shapeCentre(longitude, latitude);
  return NO_PROBLEM;
}

function circleAt(i: u32): u32 {
  const problem = radiusArgs(i);
  if (problem == NO_PROBLEM) shapeCircle(argRadius, unitMetres);
  return problem;
}

/** Options that each are right, but not together. */
function contradiction(): u32 {
  if (storeIndex != 0 && (options & (WITH_DISTANCE | WITH_SCORE | WITH_PLACE)) != 0) {
    return isSearch ? SEARCHSTORE_WITH : RADIUS_STORE_WITH;
  }
  if (isSearch && (options & (FROM_MEMBER | FROM_PLACE)) == 0) return NO_CENTRE;
  if (isSearch && (options & (BY_RADIUS | BY_BOX)) == 0) return NO_SHAPE;
  if ((options & ANY) != 0 && countMax == 0) return ANY_WITHOUT_COUNT;
  // The nearest few are wanted, unless any will do.
  if (countMax != 0 && (options & (ASCENDING | DESCENDING | ANY)) == 0) options |= ASCENDING;
  return NO_PROBLEM;
}

// The arguments of the geography commands. Reading one answers a problem, 0 being none, and replies nothing: so the search
// commands can be looked at for their cost before they run. `replyProblem` turns a problem into Redis's error.
import { printedLength, replyError, replyErrorWith, replyNotInteger, replySyntax } from '../../resp/errors';
import { LATITUDE_MAX, LONGITUDE_MAX } from '../../types/geohash';
import { formatSixDecimals } from '../../types/fixed-decimals';
import { parseDouble, parsedDouble } from '../../types/double';
import { windowLimbs } from '../../memory/window';
import { argIsWord } from '../arguments';
import { argLen, argPtr, win } from '../context';
import { numberPlace, textPlace } from './scratch';

export const NO_PROBLEM: u32 = 0;
export const SYNTAX: u32 = 1;
export const NO_FLOAT: u32 = 2;
export const NO_INTEGER: u32 = 3;
export const OFF_THE_MAP: u32 = 4;
export const NO_UNIT: u32 = 5;
export const NO_RADIUS: u32 = 6;
export const NO_WIDTH: u32 = 7;
export const NO_HEIGHT: u32 = 8;
export const RADIUS_NEGATIVE: u32 = 9;
export const BOX_NEGATIVE: u32 = 10;
export const NO_MEMBER: u32 = 11;
export const COUNT_NOT_POSITIVE: u32 = 12;
export const SEARCHSTORE_WITH: u32 = 13;
export const RADIUS_STORE_WITH: u32 = 14;
export const NO_CENTRE: u32 = 15;
export const NO_SHAPE: u32 = 16;
export const ANY_WITHOUT_COUNT: u32 = 17;

/** The place that the last `placeArgs` read, on the map or not. */
export let argLongitude: f64 = 0;
export let argLatitude: f64 = 0;

/** Reads argument i as a float; what is no number is none, by whatever name. */
function floatArg(i: u32): bool { return parseDouble(argPtr(i), argLen(i)) && parsedDouble == parsedDouble; }

/** Reads arguments i and i + 1 as a longitude and a latitude. */
export function placeArgs(i: u32): u32 {
  if (!floatArg(i)) return NO_FLOAT;
  argLongitude = parsedDouble;
  if (!floatArg(i + 1)) return NO_FLOAT;
  argLatitude = parsedDouble;
  return abs(argLongitude) > LONGITUDE_MAX || abs(argLatitude) > LATITUDE_MAX ? OFF_THE_MAP : NO_PROBLEM;
}

/** Metres in the unit that the last `unitArg` read. */
export let unitMetres: f64 = 1;

export function unitArg(i: u32): u32 {
  if (argIsWord(i, 'm')) unitMetres = 1;
  else if (argIsWord(i, 'km')) unitMetres = 1000;
  else if (argIsWord(i, 'ft')) unitMetres = 0.3048;
  else if (argIsWord(i, 'mi')) unitMetres = 1609.34;
  else return NO_UNIT;
  return NO_PROBLEM;
}

/** Sizes in the unit, as the last `radiusArgs` or `boxArgs` read them. */
export let argRadius: f64 = 0;
export let argWidth: f64 = 0;
export let argHeight: f64 = 0;

/** Reads arguments i and i + 1 as a radius and its unit. */
export function radiusArgs(i: u32): u32 {
  if (!floatArg(i)) return NO_RADIUS;
  argRadius = parsedDouble;
  return argRadius < 0 ? RADIUS_NEGATIVE : unitArg(i + 1);
}

/** Reads arguments i to i + 2 as a width, a height and their unit. */
export function boxArgs(i: u32): u32 {
  if (!floatArg(i)) return NO_WIDTH;
  argWidth = parsedDouble;
  if (!floatArg(i + 1)) return NO_HEIGHT;
  argHeight = parsedDouble;
  return argWidth < 0 || argHeight < 0 ? BOX_NEGATIVE : unitArg(i + 2);
}

/** The error that names a place off the map. */
function replyOffTheMap(): void {
  const text = textPlace();
  let end = text + formatSixDecimals(argLongitude, text, numberPlace(), windowLimbs(win));
  store<u8>(end++, 0x2c);
  end += formatSixDecimals(argLatitude, end, numberPlace(), windowLimbs(win));
  replyErrorWith('ERR invalid longitude,latitude pair ', text, end - text, '', false);
}

/** "ERR ... for NAME", with the command's name as it was typed. */
function replyForCommand(text: string): void {
  replyErrorWith(text, argPtr(0), printedLength(argPtr(0), argLen(0)), '', false);
}

export function replyProblem(problem: u32): void {
  switch (problem) {
    case SYNTAX: replySyntax(); break;
    case NO_FLOAT: replyError('ERR value is not a valid float'); break;
    case NO_INTEGER: replyNotInteger(); break;
    case OFF_THE_MAP: replyOffTheMap(); break;
    case NO_UNIT: replyError('ERR unsupported unit provided. please use M, KM, FT, MI'); break;
    case NO_RADIUS: replyError('ERR need numeric radius'); break;
    case NO_WIDTH: replyError('ERR need numeric width'); break;
    case NO_HEIGHT: replyError('ERR need numeric height'); break;
    case RADIUS_NEGATIVE: replyError('ERR radius cannot be negative'); break;
    case BOX_NEGATIVE: replyError('ERR height or width cannot be negative'); break;
    case NO_MEMBER: replyError('ERR could not decode requested zset member'); break;
    case COUNT_NOT_POSITIVE: replyError('ERR COUNT must be > 0'); break;
    case SEARCHSTORE_WITH:
      replyError('ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options');
      break;
    case RADIUS_STORE_WITH:
      replyError('ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options');
      break;
    case NO_CENTRE: replyForCommand('ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for '); break;
    case NO_SHAPE: replyForCommand('ERR exactly one of BYRADIUS and BYBOX can be specified for '); break;
    case ANY_WITHOUT_COUNT: replyError('ERR the ANY argument requires COUNT argument'); break;
    default: assert(false);
  }
}

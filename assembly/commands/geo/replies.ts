// How places and distances are replied.
import { ldFormat } from '../../types/long-double-format';
import { ldFromF64 } from '../../types/long-double-f64';
import { formatDistance } from '../../types/geo-distance';
import { latitude, longitude } from '../../types/geohash';
import { windowLimbs } from '../../memory/window';
import { advance, outPos, replyArray, replyBulk, replyReserve, writeCrlf } from '../../resp/encode';
import { proto, win } from '../context';
import { numberPlace, textPlace } from './scratch';

/** A distance in the unit asked for, with four decimals, as text in both protocols. */
export function replyDistance(value: f64): void {
  const text = textPlace();
  replyBulk(text, formatDistance(value, text));
}

/** A coordinate with as many decimals as it needs, 17 at most: text in RESP2, a number in RESP3. */
function replyCoordinate(value: f64): void {
  const text = textPlace();
  ldFromF64(value, numberPlace());
  const length = ldFormat(numberPlace(), text, windowLimbs(win));
  if (proto != 3) { replyBulk(text, length); return; }
  if (!replyReserve(length + 8)) return;
  store<u8>(outPos, 0x2c);
  memory.copy(outPos + 1, text, length);
  advance(1 + length);
  writeCrlf();
}

/** The place that the last `geohashDecode` found, as two coordinates. */
export function replyPlace(): void {
  replyArray(2);
  replyCoordinate(longitude);
  replyCoordinate(latitude);
}

// Bit work, alone.
export { combine, countOnes, countOnesBetween, findBitBetween, readField, readSignedField, writeField } from '../types/bits';
export { lcsAboveIsGreater, lcsLength, lcsPrepare } from '../types/lcs';

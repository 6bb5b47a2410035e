// Command lines over HyperLogLogs.
import type { Script } from '../script.js';

const raw = String.raw;

export const hllScripts: Script[] = [
  {
    title: 'HyperLogLogs',
    lines: raw`
      PFADD
      PFCOUNT
      PFMERGE
      PFDEBUG
      PFDEBUG ENCODING
      PFDEBUG ENCODING a b
      PFSELFTEST x
      PFADD k
      GET k
      OBJECT ENCODING k
      PFADD k
      PFCOUNT k
      GET k
      PFCOUNT none
      PFCOUNT none nowhere
      PFADD k a b c
      GET k
      PFADD k a b c
      PFADD k a d
      GET k
      PFCOUNT k
      GET k
      PFCOUNT k
      PFDEBUG DECODE k
      PFDEBUG ENCODING k
      PFDEBUG encoding none
      PFDEBUG NOSUCH k
      PFDEBUG "a\x00b" k
      PFADD l c d e f
      PFCOUNT k l
      PFCOUNT k l none
      PFMERGE m k l
      GET m
      PFCOUNT m
      PFMERGE k
      GET k
      PFMERGE k none
      PFMERGE fresh
      GET fresh
      PFCOUNT fresh
      PFMERGE fresh none nowhere
      PFDEBUG TODENSE k
      PFDEBUG TODENSE k
      PFDEBUG ENCODING k
      PFDEBUG DECODE k
      GET k
      PFCOUNT k
      PFADD k a
      PFADD k z y x
      GET k
      PFMERGE l k
      GET l
      PFDEBUG GETREG m
      PFDEBUG ENCODING m
      EXPIREAT k 4102444800
      PFADD k more
      PFMERGE k m
      EXPIRETIME k
      SET s notasketch
      PFADD s a
      PFCOUNT s
      PFCOUNT k s
      PFMERGE s
      PFMERGE t s
      PFDEBUG ENCODING s
      SET i 12345
      PFADD i a
      PFCOUNT i
    `,
  },
  {
    title: 'strings that only look like HyperLogLogs',
    lines: raw`
      SET short "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
      PFADD short a
      PFCOUNT short
      SET nothing "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"
      PFADD nothing a
      PFCOUNT nothing
      PFMERGE x nothing
      PFDEBUG DECODE nothing
      PFDEBUG TODENSE nothing
      SET half "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x5f\xff"
      PFCOUNT half
      PFCOUNT half half
      PFMERGE x half
      PFDEBUG GETREG half
      PFDEBUG DECODE half
      SET over "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff\x00"
      PFCOUNT over
      SET counted "HYLL\x01\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x5f\xff"
      PFCOUNT counted
      OBJECT ENCODING counted
      SET dense "HYLL\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x5f\xff"
      PFCOUNT dense
      SET coded "HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
      PFCOUNT coded
      SET lower "hYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
      PFCOUNT lower
      SET unused "HYLL\x01abc\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
      PFADD unused a b c
      PFCOUNT unused
      GET unused
      PFDEBUG TODENSE unused
      GET unused
      SET wide "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x40\x00\x7f\xfe"
      PFADD wide a b c d e f g h
      GET wide
      PFCOUNT wide
      SETRANGE full 0 "HYLL\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"
      SETRANGE full 12303 "\xff"
      PFCOUNT full
      PFCOUNT full full
      PFADD full a b c
      SETRANGE full 12304 "x"
      PFCOUNT full
    `,
  },
];

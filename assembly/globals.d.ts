/** 1 in the shared artefact, 0 in the single one: set by asconfig.json, folded by the compiler. */
declare const LATCHKEY_SHARED: i32;
/** Only in the modules of assembly/testing: requests for memory can be made to fail, see memory/fault.ts. */
declare const LATCHKEY_FAULTS: i32;

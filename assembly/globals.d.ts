/** 1 in the shared artefact, 0 in the single one: set by asconfig.json, folded by the compiler. */
declare const LATCHKEY_SHARED: i32;

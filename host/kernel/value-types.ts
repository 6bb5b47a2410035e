// Types of values by number, as assembly/table/entry.ts has them: Redis's own.
export const TYPE_LIST = 1;
export const TYPE_ZSET = 3;
export const TYPE_STREAM = 6;

// The whole kernel as the tests use it: the ABI, and memory that fails on purpose.
export * from '../index';
export { arenaFailIn, arenaFailLeft } from '../memory/fault';

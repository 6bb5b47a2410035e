// The whole kernel as the tests use it: the ABI and nothing else yet.
export * from '../index';

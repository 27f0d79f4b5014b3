export default {
  testEnvironment: '<rootDir>/test/support/jest/main-realm-environment.mjs',
  runtime: '<rootDir>/test/support/jest/package-runtime.mjs',
  // class-transformer reads decorator metadata, so the polyfill has to be there first.
  setupFiles: ['reflect-metadata'],
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': '<rootDir>/test/support/jest/typescript-transform.mjs' },
  testSequencer: '<rootDir>/test/support/jest/slow-first.mjs',
  // On a busy machine a worker takes longer than Jest's 500 ms to end, and was reported as one that leaks.
  workerGracefulExitTimeout: 20_000,
  // Specs wait for processes, locks and browsers a third of their time: two of them leave two cores idle.
  maxWorkers: 3,
  // A spec leaves about 2 MB of its modules behind; a worker with a larger heap is replaced.
  workerIdleMemoryLimit: '400MB',
  // Ends what hangs. A machine with 15 busy processes a core is slow, and a slow test is no failed one.
  testTimeout: 300_000,
  coverageProvider: 'v8',
};

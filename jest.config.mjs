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
  maxWorkers: 2,
  // Jest's ESM registry keeps about 18 MB per spec file; a worker over this size is replaced.
  workerIdleMemoryLimit: '400MB',
  // Ends what hangs. A machine with 15 busy processes a core is slow, and a slow test is no failed one.
  testTimeout: 300_000,
  coverageProvider: 'v8',
};

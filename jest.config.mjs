export default {
  testEnvironment: 'node',
  // class-transformer reads decorator metadata, so the polyfill has to be there first.
  setupFiles: ['reflect-metadata'],
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: 'tsconfig.test.json' }] },
  maxWorkers: 2,
  // Jest's ESM registry keeps about 18 MB per spec file; a worker over this size is replaced.
  workerIdleMemoryLimit: '400MB',
  testTimeout: 60_000,
  coverageProvider: 'v8',
};

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  globalSetup: '<rootDir>/test/support/temporary-files.setup.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nest-sessions$': '<rootDir>/lib/index.ts',
    '^nest-sessions/(typeorm|testing|redis|cache-manager|express-session|csrf|handoff|oidc)$':
      '<rootDir>/lib/$1.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Tells a test that hangs from one on a busy machine; nothing is meant to take so long.
  testTimeout: 120_000,
};

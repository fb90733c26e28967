type Hook = (work: () => Promise<void>) => void;

/** What Jest, Vitest and Mocha have in common. */
export interface TestGlobals {
  describe: (title: string, define: () => void) => void;
  it: ((title: string, test: (this: unknown) => Promise<void>, timeout?: number) => void) & {
    skip: (title: string, test: () => Promise<void>) => void;
  };
  beforeEach: Hook;
  afterEach: Hook;
}

/** The test functions of the runner. Throws where they are not global. */
export function testGlobals(): TestGlobals {
  const globals = globalThis as unknown as Partial<TestGlobals>;
  const missing = (['describe', 'it', 'beforeEach', 'afterEach'] as const).filter((name) => !globals[name]);
  if (missing.length > 0) {
    throw new Error(
      `describeSessionStore needs the global ${missing.join(', ')}: call it in a test file of Jest or Mocha, or of ` +
        'Vitest with `test: { globals: true }`.',
    );
  }
  return globals as TestGlobals;
}

interface Tests {
  readonly failed: string[];
  readonly passed: string[];
  readonly skipped: string[];
}

/**
 * Runs the tests that `define` defines, with test functions shaped like Mocha's, and tells how each ended: for tests
 * about tests.
 */
export async function runTiny(define: () => void): Promise<Tests> {
  const before: (() => unknown)[] = [];
  const after: (() => unknown)[] = [];
  const tests: { title: string; run: (this: unknown) => unknown }[] = [];
  const skipped: string[] = [];
  const it = Object.assign(
    (title: string, run: (this: unknown) => unknown) => void tests.push({ title, run }),
    { skip: (title: string) => void skipped.push(title) },
  );
  await withGlobals(
    {
      describe: (_title: string, body: () => void) => body(),
      it,
      beforeEach: (hook: () => unknown) => void before.push(hook),
      afterEach: (hook: () => unknown) => void after.push(hook),
    },
    define,
  );
  const outcome: Tests = { failed: [], passed: [], skipped };
  for (const { title, run } of tests) {
    try {
      for (const hook of before) await hook();
      await run.call({ timeout: () => undefined });
      outcome.passed.push(title);
    } catch {
      outcome.failed.push(title);
    }
    for (const hook of after) await hook();
  }
  return outcome;
}

/** Calls `work` with these globals in place of those of the runner; `undefined` takes one away. */
export function withGlobals<T>(globals: Record<string, unknown>, work: () => T): T {
  const present = globalThis as unknown as Record<string, unknown>;
  const saved = Object.fromEntries(Object.keys(globals).map((name) => [name, present[name]]));
  Object.assign(globalThis, globals);
  try {
    return work();
  } finally {
    Object.assign(globalThis, saved);
  }
}

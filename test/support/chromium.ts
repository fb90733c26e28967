import { existsSync } from 'node:fs';
import { describe, it } from '@jest/globals';
import { chromium, type Browser } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Hosts of their own for the sites of the tests; `*.localhost` leads here anyway.
  '--host-resolver-rules=MAP *.test 127.0.0.1',
];

interface LaunchOptions {
  /** Whether pages come back from memory, as they do for users. Playwright cannot follow every such page. */
  readonly backForwardCache?: boolean;
}

export function launchChromium({ backForwardCache = false }: LaunchOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: FLAGS,
    ignoreDefaultArgs: backForwardCache ? ['--disable-back-forward-cache'] : [],
  });
}

/**
 * Defines tests that need a browser. Without one they are skipped with the reason in the title; with `REQUIRE_SERVERS=1`
 * that is a failure.
 */
export function describeInChromium(title: string, define: () => void): void {
  if (existsSync(executablePath)) {
    describe(title, define);
    return;
  }
  const reason = `no Chromium at ${executablePath}; CHROMIUM names another place`;
  const why = `${title} (skipped: ${reason})`;
  if (process.env['REQUIRE_SERVERS'] === '1') {
    it(why, () => {
      throw new Error(`REQUIRE_SERVERS=1, but ${reason}`);
    });
  } else {
    describe.skip(why, define);
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { freePorts } from '../support/free-port.js';
import { SampleProcess } from '../support/sample-process.js';

const NAME = '05-openid-connect';
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

let directory: string;
let browser: Browser;
let sample: SampleProcess;
let journal: string;
let provider: string;
let contexts: BrowserContext[] = [];

/** A browser of its own, without JavaScript: the sites have to do without. */
async function visitor(): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: DESKTOP });
  context.setDefaultTimeout(30_000);
  contexts.push(context);
  return context.newPage();
}

async function logIn(page: Page, name: string): Promise<void> {
  await page.goto(`${journal}/`);
  await page.getByRole('link', { name: 'Log in' }).click();
  await page.getByRole('button', { name }).click();
  await page.getByRole('heading', { name: `Good day, ${name}` }).waitFor();
}

const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();
const GREETING_OF_GUESTS = 'A journal that knows no passwords';

describeInChromium('the OpenID Connect sample', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'openid-connect-'));
    browser = await launchChromium();
    await SampleProcess.build(NAME);
    const port = await freePorts(2);
    sample = await SampleProcess.start(NAME, 'journal.localhost', { PORT: String(port), DATA: directory });
    journal = sample.origin();
    provider = `http://provider.localhost:${port}`;
  }, 300_000);

  afterAll(async () => {
    await Promise.all([browser?.close(), sample?.stop()]);
    await rm(directory, { recursive: true, force: true });
  });

  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
  });

  it('logs in by the provider, and leaves nothing of that in the address', async () => {
    const page = await visitor();
    await page.goto(`${journal}/`);
    expect(await heading(page)).toBe(GREETING_OF_GUESTS);
    await logIn(page, 'Ada');
    expect(page.url()).toBe(`${journal}/`);
    await page.getByLabel('What has happened?').fill('Wrote a program');
    await page.getByRole('button', { name: 'Write' }).click();
    expect(await page.locator('.entries li').allTextContents()).toEqual(['Wrote a program']);
  });

  it('has ended in the journal when the provider has ended the login, and for nobody else', async () => {
    const [ada, second, grace] = [await visitor(), await visitor(), await visitor()];
    await logIn(ada, 'Ada');
    await logIn(second, 'Ada');
    await logIn(grace, 'Grace');
    await ada.goto(`${provider}/session/end`);
    await ada.getByRole('button', { name: 'Log out' }).click();
    await ada.getByRole('heading', { name: 'You are logged out' }).waitFor();
    await ada.goto(`${journal}/`);
    expect(await heading(ada)).toBe(GREETING_OF_GUESTS);
    await second.reload();
    await grace.reload();
    expect([await heading(second), await heading(grace)]).toEqual(['Good day, Ada', 'Good day, Grace']);
  });

  it('ends the login at the provider, too, when the user logs out in the journal', async () => {
    const page = await visitor();
    await logIn(page, 'Alan');
    await page.getByRole('button', { name: 'Log out' }).click();
    // The session here is over before the provider has asked.
    const tab = await page.context().newPage();
    await tab.goto(`${journal}/`);
    expect(await heading(tab)).toBe(GREETING_OF_GUESTS);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL(`${journal}/`);
    await page.getByRole('link', { name: 'Log in' }).click();
    expect(await heading(page)).toBe('Who are you?');
  });

  it('takes no answer of the provider that this browser has not asked for, nor one twice', async () => {
    const [page, victim] = [await visitor(), await visitor()];
    const answers: string[] = [];
    page.on('request', (request) => request.url().includes('/callback?') && answers.push(request.url()));
    await logIn(page, 'Katherine');
    for (const somebody of [victim, page]) {
      const response = await somebody.goto(answers[0]!);
      expect(response!.status()).toBe(400);
    }
    await victim.goto(`${journal}/`);
    expect(await heading(victim)).toBe(GREETING_OF_GUESTS);
  });

  it('looks well on a phone and on a desktop', async () => {
    const page = await visitor();
    const folder = process.env['SCREENSHOTS'];
    for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
      await page.setViewportSize(viewport);
      await page.context().clearCookies();
      const views = [
        { name: 'guest', go: () => page.goto(`${journal}/`) },
        { name: 'login', go: () => page.getByRole('link', { name: 'Log in' }).click() },
        { name: 'journal', go: () => page.getByRole('button', { name: 'Grace' }).click() },
        { name: 'logout', go: () => page.goto(`${provider}/session/end`) },
      ];
      for (const { name, go } of views) {
        await go();
        await page.waitForLoadState();
        const { scrollWidth } = await page
          .locator('html')
          .evaluate((html) => ({ scrollWidth: html.scrollWidth }));
        expect(scrollWidth).toBeLessThanOrEqual(viewport.width);
        if (folder) {
          await page.screenshot({ path: join(folder, `${size}-${name}.png`), fullPage: true });
        }
      }
    }
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { startHostileSite, type HostileSite } from '../support/hostile-site.js';
import {
  addTeam,
  addTeams,
  ask,
  isLive,
  LiveWindow,
  logOut,
  press,
  score,
  shows,
  startOver,
  type Board,
} from '../support/live-pages.js';
import { LiveSample } from '../support/live-sample.js';

// Several windows at once, all of them drawn: on a busy machine that takes its time.
jest.setTimeout(120_000);

let directory: string;
let database: string;
let browser: Browser;
let sample: LiveSample;
let hostile: HostileSite;
let contexts: BrowserContext[] = [];
let complaints: string[] = [];

/** A browser of its own, which has begun a quiz. */
async function begin(name: string, options: BrowserContextOptions = {}): Promise<LiveWindow> {
  const window = await visit('/', await newContext(options));
  const { page } = window;
  await page.getByLabel('Who keeps the score?').fill(name);
  await page.getByRole('button', { name: 'Begin' }).click();
  await isLive(page);
  return window;
}

async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: sample.origin(),
    viewport: { width: 800, height: 600 },
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(30_000);
  contexts.push(context);
  return context;
}

async function visit(path: string, context: BrowserContext): Promise<LiveWindow> {
  const page = await context.newPage();
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) {
      complaints.push(message.text());
    }
  });
  const window = new LiveWindow(page);
  await page.goto(path);
  return window;
}

/** Another window of the same browser. */
async function openBeside({ page }: LiveWindow, path = '/'): Promise<LiveWindow> {
  const window = await visit(path, page.context());
  await isLive(window.page);
  return window;
}

/** The page as the server sends it, before any script. */
async function asServed({ page }: LiveWindow, path: string): Promise<Page> {
  const storageState = await page.context().storageState();
  return (await visit(path, await newContext({ javaScriptEnabled: false, storageState }))).page;
}

async function allShow(windows: readonly LiveWindow[], board: Board): Promise<void> {
  for (const { page } of windows) {
    await shows(page, board);
  }
}

describeInChromium('the live sample', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'live-'));
    database = join(directory, 'live.sqlite');
    [browser, hostile] = await Promise.all([launchChromium(), startHostileSite(), LiveSample.build()]);
    sample = await LiveSample.start(database);
  }, 180_000);

  afterAll(async () => {
    await Promise.all([browser?.close(), hostile?.close(), sample?.stop()]);
    await rm(directory, { recursive: true });
  });

  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    const found = complaints;
    complaints = [];
    expect(found).toEqual([]);
  });

  it('has every window of a browser show a point that one has sent over its socket', async () => {
    const host = await begin('Ada');
    await addTeam(host.page, 'Night Owls');
    const [second, screen] = [await openBeside(host), await openBeside(host, '/screen')];
    const windows = [host, second, screen];
    await allShow(windows, [['Night Owls', 0]]);

    const asked: string[] = [];
    host.page.context().on('request', (request) => asked.push(request.url()));
    await press(host.page, 'One more for Night Owls');
    await allShow(windows, [['Night Owls', 1]]);
    await press(second.page, 'One more for Night Owls');
    await allShow(windows, [['Night Owls', 2]]);
    await press(second.page, 'One less for Night Owls');
    await allShow(windows, [['Night Owls', 1]]);
    expect(asked).toEqual([]);
  });

  it('has every window of a browser show what one has changed by GraphQL', async () => {
    const host = await begin('Ada');
    const [second, screen] = [await openBeside(host), await openBeside(host, '/screen')];
    const windows = [host, second, screen];
    await addTeam(host.page, 'Night Owls');
    await addTeam(second.page, '<b>Foxes</b> & Co.');
    await press(second.page, 'One more for <b>Foxes</b> & Co.');
    await shows(host.page, [
      ['Night Owls', 0],
      ['<b>Foxes</b> & Co.', 1],
    ]);
    await startOver(host.page);
    await allShow(windows, [
      ['Night Owls', 0],
      ['<b>Foxes</b> & Co.', 0],
    ]);
    await press(second.page, 'Remove Night Owls');
    await allShow(windows, [['<b>Foxes</b> & Co.', 0]]);
  });

  it('answers by GraphQL with what came over the socket, and the other way round', async () => {
    const host = await begin('Ada');
    await addTeam(host.page, 'Night Owls');
    await press(host.page, 'One more for Night Owls');
    await shows(host.page, [['Night Owls', 1]]);
    const answer = await ask(host.page, '{ quiz { teams { name points } } }');
    expect(answer).toEqual({ data: { quiz: { teams: [{ name: 'Night Owls', points: 1 }] } } });
    await ask(host.page, 'mutation { startOver { revision } addTeam(name: "Foxes") { revision } }');
    await shows(host.page, [
      ['Night Owls', 0],
      ['Foxes', 0],
    ]);
  });

  it('loses no point when two windows count at the same moment', async () => {
    const host = await begin('Ada');
    await addTeam(host.page, 'Night Owls');
    const second = await openBeside(host);
    await Promise.all([host, second].map(({ page }) => score(page, 'Night Owls', 5)));
    await allShow([host, second], [['Night Owls', 10]]);
  });

  it('ranks the teams on the big screen, where equal points share a place', async () => {
    const host = await begin('Ada', { reducedMotion: 'no-preference' });
    const screen = await openBeside(host, '/screen');
    await addTeams(host.page, 'Owls', 'Foxes', 'Cats');
    await score(host.page, 'Cats', 2);
    await score(host.page, 'Foxes', 1);
    await shows(screen.page, [
      ['Cats', 2],
      ['Foxes', 1],
      ['Owls', 0],
    ]);
    const ranksOf = (page: Page) => page.locator('.row__rank').allTextContents();
    expect(await ranksOf(screen.page)).toEqual(['1', '2', '3']);

    await score(host.page, 'Owls', 1);
    const board: Board = [
      ['Cats', 2],
      ['Owls', 1],
      ['Foxes', 1],
    ];
    await shows(screen.page, board);
    expect(await ranksOf(screen.page)).toEqual(['1', '2', '2']);
    const served = await asServed(host, '/screen');
    await shows(served, board);
    expect(await ranksOf(served)).toEqual(['1', '2', '2']);
  });

  it('shows nothing of it to another browser', async () => {
    const [ada, grace] = [await begin('Ada'), await begin('Grace')];
    await addTeam(grace.page, 'Badgers');
    await addTeam(ada.page, 'Night Owls');
    await press(ada.page, 'One more for Night Owls');
    await shows(ada.page, [['Night Owls', 1]]);
    // A way there and back, on which anything that was told before would have come along.
    await press(grace.page, 'One more for Badgers');
    await shows(grace.page, [['Badgers', 1]]);
    expect(grace.told().join()).toContain('Badgers');
    expect(grace.told().join()).not.toContain('Owls');
    expect(await ask(grace.page, '{ quiz { teams { name } } }')).toEqual({
      data: { quiz: { teams: [{ name: 'Badgers' }] } },
    });
  });

  it('closes the sockets of the other windows with a logout, and says so there', async () => {
    const host = await begin('Ada');
    await addTeam(host.page, 'Night Owls');
    const [second, screen] = [await openBeside(host), await openBeside(host, '/screen')];
    const stranger = await begin('Grace');
    await logOut(host.page);
    expect(await host.page.getByRole('dialog').count()).toBe(0);

    for (const { page, socket } of [second, screen]) {
      await page.getByRole('dialog', { name: 'This quiz has ended' }).waitFor();
      expect(await page.locator('#status').textContent()).toBe('Ended');
      expect(socket!.isClosed()).toBe(true);
    }
    expect((await ask(second.page, 'mutation { startOver { revision } }')).errors).toHaveLength(1);
    await second.page.getByRole('link', { name: 'Back to the start' }).click();
    await second.page.getByLabel('Who keeps the score?').waitFor();
    await screen.page.reload();
    expect(new URL(screen.page.url()).pathname).toBe('/');
    expect(await screen.page.content()).not.toContain('Owls');

    await addTeam(stranger.page, 'Badgers');
    await press(stranger.page, 'One more for Badgers');
    await shows(stranger.page, [['Badgers', 1]]);
  });

  it('is as it was after a reload', async () => {
    const host = await begin('Ada');
    await addTeam(host.page, 'Night Owls');
    await press(host.page, 'One more for Night Owls');
    await shows(host.page, [['Night Owls', 1]]);
    await host.page.reload();
    expect(await host.page.getByRole('heading', { level: 1 }).textContent()).toBe('Quiz night with Ada');
    await isLive(host.page);
    await shows(host.page, [['Night Owls', 1]]);
    await shows(await asServed(host, '/'), [['Night Owls', 1]]);
  });

  it('shows a window that is late what it has missed, and nothing older than it has', async () => {
    const host = await begin('Ada');
    const context = host.page.context();
    await context.route('**/socket.io.esm.min.js', async (route) => {
      await addTeam(host.page, 'Night Owls');
      await route.continue();
    });
    const late = await openBeside(host);
    await shows(late.page, [['Night Owls', 0]]);
    await late.page.evaluate(
      `import('/assets/board.js').then(({ show }) => show({ revision: 0, teams: [] }))`,
    );
    await shows(late.page, [['Night Owls', 0]]);
  });

  it('comes back by itself when the server does', async () => {
    const host = await begin('Ada');
    await addTeam(host.page, 'Night Owls');
    const second = await openBeside(host);
    const { port } = sample;
    await sample.stop();
    await isLive(host.page, 'Connecting…');
    expect(await host.page.locator('[data-live]').getAttribute('inert')).toBe('');
    sample = await LiveSample.start(database, { PORT: String(port) });
    await Promise.all([host, second].map(({ page }) => isLive(page)));
    await press(host.page, 'One more for Night Owls');
    await allShow([host, second], [['Night Owls', 1]]);
    await addTeam(second.page, 'Foxes');
    await shows(host.page, [
      ['Night Owls', 1],
      ['Foxes', 0],
    ]);
  });

  it('takes a GraphQL request only with a token of its own session', async () => {
    const [ada, grace] = [await begin('Ada'), await begin('Grace')];
    const query = 'mutation { addTeam(name: "Foxes") { revision } }';
    const codeFor = async (token?: string) =>
      (await ask(ada.page, query, token)).errors[0].extensions.originalError.errorCode;
    expect(await codeFor('')).toBe('CSRF_TOKEN_MISSING');
    const foreign = await grace.page.locator('meta[name="csrf-token"]').getAttribute('content');
    expect(await codeFor(foreign!)).toBe('CSRF_TOKEN_INVALID');
    await addTeam(ada.page, 'Night Owls');
    await shows(ada.page, [['Night Owls', 0]]);
  });

  it('closes a socket that a page of a sibling host has opened with the cookie', async () => {
    const host = await begin('Ada');
    await addTeam(host.page, 'Night Owls');
    const address = `${sample.origin().replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const page = await host.page.context().newPage();
    await page.goto(hostile.page('evil.live.test', sample.origin(), {}));
    const told = await page.evaluate(`new Promise((resolve) => {
      const told = [];
      const socket = new WebSocket('${address}');
      socket.onopen = () => socket.send('40');
      socket.onmessage = ({ data }) => told.push(data);
      socket.onclose = () => resolve(told.join());
    })`);
    // Connected, and sent away: that is all that it hears.
    expect(told).toMatch(/^0\{.*\},40\{.*\},41$/);
    await press(host.page, 'One more for Night Owls');
    await shows(host.page, [['Night Owls', 1]]);
  });

  it('answers what goes wrong with a page and its status', async () => {
    const { page } = await visit('/', await newContext());
    expect((await page.goto('/coffee'))!.status()).toBe(404);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('This page is not here');
    await page.goto('/screen');
    const name = page.getByLabel('Who keeps the score?');
    await name.fill('   ');
    const [spaces] = await Promise.all([page.waitForResponse('**/login'), name.press('Enter')]);
    expect(spaces.status()).toBe(400);

    // The form of a window that was open when another one began.
    await page.goto('/');
    const other = await visit('/', page.context());
    for (const each of [page, other.page]) {
      await each.getByLabel('Who keeps the score?').fill('Ada');
    }
    await page.getByRole('button', { name: 'Begin' }).click();
    await isLive(page);
    await other.page.getByRole('button', { name: 'Begin' }).click();
    await other.page.getByRole('heading', { name: 'This page was too old' }).waitFor();
    await other.page.getByRole('link', { name: 'Back to the start' }).click();
    await isLive(other.page);
    await isLive(page);
  });

  it.each([
    { device: 'phone', viewport: { width: 390, height: 844 } },
    { device: 'desktop', viewport: { width: 1280, height: 800 } },
  ])(
    'fits the screen of a $device',
    async ({ device, viewport }) => {
      const folder = process.env['SCREENSHOTS'] ?? (await mkdtemp(join(tmpdir(), 'screenshots-')));
      const picture = async (page: Page, name: string, { fullPage = true } = {}) => {
        const tooWide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect({ name, tooWide }).toEqual({ name, tooWide: 0 });
        await page.screenshot({
          path: join(folder, `${device}-${name}.png`),
          fullPage,
          animations: 'disabled',
        });
      };
      const context = await newContext({ viewport, colorScheme: 'light' });
      await picture((await visit('/', context)).page, 'welcome');
      await picture((await visit('/nowhere', context)).page, 'not-found');

      const host = await begin('Ada', { viewport, colorScheme: 'light' });
      const { page } = host;
      await picture(page, 'host-empty');
      const screen = await openBeside(host, '/screen');
      await picture(screen.page, 'screen-empty');
      const teams = {
        'Night Owls': 7,
        'Let’s Get Quizzical': 5,
        Foxes: 5,
        'The Unquestionable Answers!!!!': 2,
        Badgers: 0,
      };
      await addTeams(page, ...Object.keys(teams));
      for (const [name, points] of Object.entries(teams)) {
        await score(page, name, points);
      }
      await Promise.all([shows(page, Object.entries(teams)), shows(screen.page, Object.entries(teams))]);
      await picture(page, 'host');
      await picture(screen.page, 'screen');
      await page.getByRole('button', { name: 'Start over' }).click();
      await picture(page, 'start-over', { fullPage: false });
      await page.keyboard.press('Escape');
      await addTeams(page, 'Cats', 'Dogs', 'Mice');
      await shows(screen.page, [...Object.entries(teams), ['Cats', 0], ['Dogs', 0], ['Mice', 0]]);
      for (const each of [page, screen.page]) {
        await each.emulateMedia({ colorScheme: 'dark' });
      }
      await picture(page, 'host-full-dark');
      await picture(screen.page, 'screen-full-dark');
      expect(await screen.page.evaluate('document.documentElement.scrollHeight - innerHeight')).toBe(0);
      await logOut(page);
      await screen.page.getByRole('dialog').waitFor();
      await picture(screen.page, 'ended-dark');
      await picture(page, 'welcome-dark');
    },
    120_000,
  );
});

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page, Request } from 'playwright-core';
import { basketCount, notice, open, press } from '../support/accounts-pages.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { freePorts } from '../support/free-port.js';
import { startHostileSite, type HostileSite } from '../support/hostile-site.js';
import { SsoSample, type SsoSite } from '../support/sso-sample.js';

// Three servers and a browser: on a busy machine that takes its time.
jest.setTimeout(120_000);

type SiteName = SsoSite['name'];

const SHOPS = [
  { shop: 'books', good: 'Flatland' },
  { shop: 'garden', good: 'Aloe' },
] as const;

const FOREIGN_FORMS: readonly { site: SiteName; form: string; fields: Record<string, string> }[] = [
  { site: 'accounts', form: '/login', fields: { name: 'Mallory', returnTo: '/' } },
  { site: 'accounts', form: '/logout', fields: {} },
  { site: 'books', form: '/logout/everywhere', fields: {} },
  { site: 'garden', form: '/basket/add', fields: { good: 'aloe' } },
];

let directory: string;
let browser: Browser;
let sample: SsoSample;
let hostile: HostileSite;
let contexts: BrowserContext[] = [];
let complaints: string[] = [];

/** A browser of its own, without JavaScript: the sites have to do without. */
async function visitor(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    javaScriptEnabled: false,
    viewport: { width: 800, height: 600 },
    ...options,
  });
  context.setDefaultTimeout(60_000);
  contexts.push(context);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) {
      complaints.push(message.text());
    }
  });
  return page;
}

const home = (site: SiteName) => `${sample[site].origin}/`;
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();
const choose = (page: Page, name: string) => press(page, name);

/** Logs in at Accounts by itself. */
async function logIn(page: Page, name = 'Ada'): Promise<void> {
  await page.goto(home('accounts'));
  await choose(page, name);
}

/** Takes the login to a shop, or begins one there; where it ends. */
async function takeOver(page: Page, shop: SiteName): Promise<void> {
  await page.goto(home(shop));
  await open(page, 'Log in with Accounts');
}

/** Who the browser is to a site. */
async function who(page: Page, site: SiteName): Promise<string | null> {
  await page.goto(home(site));
  const name = page.locator('#who');
  return (await name.count()) === 0 ? null : name.textContent();
}

async function everywhere(page: Page): Promise<Record<SiteName, string | null>> {
  return {
    accounts: await who(page, 'accounts'),
    books: await who(page, 'books'),
    garden: await who(page, 'garden'),
  };
}

/** A browser that is logged in at all three sites. */
async function loggedIn(name = 'Ada'): Promise<Page> {
  const page = await visitor();
  await logIn(page, name);
  await takeOver(page, 'books');
  await takeOver(page, 'garden');
  return page;
}

describeInChromium('the single sign-on sample', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'single-sign-on-'));
    [browser, hostile] = await Promise.all([launchChromium(), startHostileSite(), SsoSample.build()]);
    sample = await SsoSample.start(directory);
  }, 240_000);

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

  it('asks once who somebody is, and logs them in to all three sites', async () => {
    const page = await visitor();
    await takeOver(page, 'books');
    expect(new URL(page.url()).origin).toBe(sample.accounts.origin);
    expect(await page.locator('.asking').textContent()).toBe('Books asks who you are');
    await choose(page, 'Ada');
    expect(page.url()).toBe(home('books'));
    const idAtBooks = await page.locator('#session-id').textContent();

    await takeOver(page, 'garden');
    expect(page.url()).toBe(home('garden'));
    expect(await page.locator('#session-id').textContent()).not.toBe(idAtBooks);
    expect(await everywhere(page)).toEqual({ accounts: 'Ada', books: 'Ada', garden: 'Ada' });
    const cookies = (await page.context().cookies()).filter(({ name }) => name === 'sessionid');
    expect(new Set(cookies.map(({ value }) => value)).size).toBe(3);
    expect(cookies.map(({ domain }) => domain).toSorted()).toEqual([
      'accounts.localhost',
      'books.localhost',
      'garden.localhost',
    ]);
  });

  it('opens an application from the page of Accounts, already logged in', async () => {
    const page = await visitor();
    await logIn(page, 'Grace');
    expect(await heading(page)).toBe('Hello, Grace');
    await open(page, /Garden/);
    expect(page.url()).toBe(home('garden'));
    expect(await page.locator('#who').textContent()).toBe('Grace');
  });

  it.each(SHOPS)(
    'takes the basket of a guest of $shop through the login, to the page that was asked for',
    async ({ shop, good }) => {
      const page = await visitor();
      await page.goto(home(shop));
      await press(page, `Add ${good} to the basket`);
      await press(page, `Add ${good} to the basket`);
      const guest = await page.locator('#session-id').textContent();
      await open(page, /^Basket/);
      await open(page, 'Check out');
      await choose(page, 'Ada');
      expect(page.url()).toBe(`${sample[shop].origin}/checkout`);
      expect(await heading(page)).toBe('Almost yours, Ada');
      expect(await basketCount(page)).toBe(2);
      expect(await page.locator('#session-id').textContent()).not.toBe(guest);
      await press(page, 'Place the order');
      expect(await notice(page).textContent()).toMatch(/^Thank you, Ada/);
    },
  );

  it('logs out of both shops at once with a logout at Accounts', async () => {
    const page = await loggedIn();
    await page.goto(home('accounts'));
    await press(page, 'Log out everywhere');
    expect(await notice(page).textContent()).toBe('You are logged out of all three sites.');
    expect(await everywhere(page)).toEqual({ accounts: null, books: null, garden: null });
  });

  it.each(SHOPS)('logs out of all three sites with a logout everywhere at $shop', async ({ shop }) => {
    const [page, other] = [await loggedIn(), await loggedIn()];
    await page.goto(home(shop));
    await press(page, 'Log out everywhere');
    expect(await everywhere(page)).toEqual({ accounts: null, books: null, garden: null });
    expect(await everywhere(other)).toEqual({ accounts: 'Ada', books: 'Ada', garden: 'Ada' });
  });

  it.each(SHOPS)('logs out of $shop alone with a logout there', async ({ shop }) => {
    const page = await loggedIn();
    await page.goto(home(shop));
    await press(page, 'Log out here');
    expect(await everywhere(page)).toEqual({ accounts: 'Ada', books: 'Ada', garden: 'Ada', [shop]: null });
    await takeOver(page, shop);
    expect(await who(page, shop)).toBe('Ada');
  });

  it('logs other devices of the same user out of all three sites', async () => {
    const [here, there, stranger] = [
      await loggedIn('Katherine'),
      await loggedIn('Katherine'),
      await loggedIn(),
    ];
    await here.goto(home('accounts'));
    await press(here, 'Log out all others');
    expect(await everywhere(there)).toEqual({ accounts: null, books: null, garden: null });
    expect(await everywhere(here)).toEqual({
      accounts: 'Katherine',
      books: 'Katherine',
      garden: 'Katherine',
    });
    expect(await who(stranger, 'garden')).toBe('Ada');
  });

  it.each(SHOPS)('asks nobody anything with the silent link of $shop', async ({ shop }) => {
    const [guest, user] = [await visitor(), await visitor()];
    await guest.goto(home(shop));
    await open(guest, 'Only if I am known there');
    expect(guest.url()).toBe(home(shop));
    expect(await notice(guest).textContent()).toMatch(/^Accounts knows nobody in this browser/);
    expect(await guest.locator('#who').count()).toBe(0);

    await logIn(user);
    await user.goto(home(shop));
    await open(user, 'Only if I am known there');
    expect(user.url()).toBe(home(shop));
    expect(await notice(user).textContent()).toMatch(/^Accounts knows you, Ada/);
  });

  it('leaves tickets in no page, no address bar and no Referer, and session tokens in no page', async () => {
    const page = await visitor();
    const requests: Request[] = [];
    page.on('request', (request) => requests.push(request));
    const seen: string[] = [];
    const look = async () => seen.push(page.url(), await page.content());
    for (const { shop, good } of SHOPS) {
      await page.goto(home(shop));
      await press(page, `Add ${good} to the basket`);
      await page.goto(`${sample[shop].origin}/checkout`);
      await look();
      if (shop === 'books') {
        await choose(page, 'Ada');
        await look();
      }
      // What follows the login has the page that it ended on for its Referer.
      await press(page, 'Place the order');
      await look();
      await open(page, /^Basket/);
      await look();
      await open(page, /^accounts/);
      await look();
    }
    const tickets = requests.flatMap((request) => new URL(request.url()).searchParams.getAll('ticket'));
    expect(new Set(tickets).size).toBe(2);
    const referers = await Promise.all(
      requests.map(async (request) => (await request.allHeaders())['referer'] ?? ''),
    );
    expect(referers).toContain(`${sample.books.origin}/checkout`);
    const tokens = (await page.context().cookies())
      .filter(({ name }) => name === 'sessionid')
      .map(({ value }) => value.split('.')[1]!);
    expect(tokens).toHaveLength(3);
    for (const secret of [...tickets.map((ticket) => ticket.split('.')[1]!), ...tokens]) {
      expect(secret.length).toBeGreaterThan(40);
      expect([...seen, ...referers].join('\n')).not.toContain(secret);
    }
  });

  it.each(SHOPS)('refuses the address of a callback of $shop the second time', async ({ shop }) => {
    const page = await visitor();
    const callbacks: string[] = [];
    page.on(
      'request',
      (request) => request.url().includes('/session/callback') && callbacks.push(request.url()),
    );
    await logIn(page);
    await takeOver(page, shop);
    const [callback] = callbacks;

    const response = await page.goto(callback!);
    expect(response!.status()).toBe(400);
    expect(await heading(page)).toBe('You are not logged in');
    expect(await who(page, shop)).toBe('Ada');

    // Another browser, which has the address from a log or from over a shoulder.
    const thief = await visitor();
    expect((await thief.goto(callback!))!.status()).toBe(400);
    expect(await thief.context().cookies()).toEqual([]);
    await open(thief, 'Start again');
    expect(new URL(thief.url()).pathname).toBe('/login');
    await choose(thief, 'Grace');
    expect(thief.url()).toBe(home(shop));
    expect(await thief.locator('#who').textContent()).toBe('Grace');
  });

  it('gives a frame on a page of another site nothing', async () => {
    const page = await visitor({ javaScriptEnabled: true });
    await logIn(page);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(hostile.page('evil.test', home('books'), {}));
    const query = new URLSearchParams({
      aud: 'books',
      state: 'a'.repeat(22),
      challenge: 'b'.repeat(43),
      prompt: 'none',
    });
    for (const address of [
      `${sample.accounts.origin}/session/handoff?${query}`,
      `${sample.books.origin}/session/start?prompt=none`,
    ]) {
      // The browser complains after it has answered: the next page must not come before that.
      const [response, complaint] = await Promise.all([
        page.waitForResponse(address),
        page.waitForEvent('console', (message) => message.text().startsWith('Framing ')),
        page.evaluate(
          `document.body.append(Object.assign(document.createElement('iframe'), { src: ${JSON.stringify(address)} }))`,
        ),
      ]);
      expect(response.status()).toBe(403);
      expect(await response.headerValue('set-cookie')).toBeNull();
      expect(complaint.text()).toMatch(/Framing .*frame-ancestors 'none'/);
    }
    complaints = [];
    expect(requests.filter((url) => url.includes('/session/callback'))).toEqual([]);
    expect(await who(page, 'books')).toBeNull();
  });

  it.each(FOREIGN_FORMS)(
    'refuses the form of another site for $form at $site',
    async ({ site, form, fields }) => {
      const page = await loggedIn();
      await page.goto(hostile.page('evil.test', `${sample[site].origin}${form}`, fields));
      const [response] = await Promise.all([
        page.waitForResponse((answer) => new URL(answer.url()).pathname === form),
        press(page, 'You have won'),
      ]);
      expect(response.status()).toBe(403);
      expect(await heading(page)).toBe('This page was too old');
      expect(await everywhere(page)).toEqual({ accounts: 'Ada', books: 'Ada', garden: 'Ada' });
      expect(await page.locator('#basket-count').count()).toBe(0);
    },
  );

  it('sends nobody to another site after a login, whatever the address says', async () => {
    const page = await visitor();
    await page.goto(`${sample.books.origin}/session/start?returnTo=${encodeURIComponent('//evil.test/')}`);
    await choose(page, 'Ada');
    expect(page.url()).toBe(home('books'));
    await page.goto(`${sample.accounts.origin}/login?returnTo=${encodeURIComponent('http://evil.test/')}`);
    await choose(page, 'Ada');
    expect(page.url()).toBe(home('accounts'));
  });

  it('leaves nobody half logged in when Accounts is killed in the middle, and goes on once it is back', async () => {
    const page = await visitor();
    await takeOver(page, 'garden');
    // The browser stops on its way back, with the ticket in its hands.
    const browserItself = await page.context().newCDPSession(page);
    const way = new Promise<string>((resolve) =>
      browserItself.once('Fetch.requestPaused', ({ requestId }) => resolve(requestId)),
    );
    await browserItself.send('Fetch.enable', { patterns: [{ urlPattern: '*/session/callback*' }] });
    const arrival = page.waitForResponse((response) => response.url().includes('/session/callback'));
    const logsIn = choose(page, 'Ada');
    const requestId = await way;
    await sample.accounts.stop();
    try {
      await browserItself.send('Fetch.continueRequest', { requestId });
      await browserItself.send('Fetch.disable');
      expect((await arrival).status()).toBe(503);
      await logsIn;
      expect(await heading(page)).toBe('You are not logged in');
      expect(await page.getByText('cannot be reached').count()).toBe(1);
      const cookies = await page.context().cookies(home('garden'));
      expect(cookies.filter(({ name }) => name === 'sessionid')).toEqual([]);
      const again = await page.context().newPage();
      expect(await who(again, 'garden')).toBeNull();
    } finally {
      await sample.accounts.start();
    }
    await open(page, 'Start again');
    expect(page.url()).toBe(home('garden'));
    expect(await page.locator('#who').textContent()).toBe('Ada');
  });

  it('says that Accounts does not answer when it is asked to log out everywhere, and changes nothing', async () => {
    const page = await loggedIn();
    await page.goto(home('garden'));
    await sample.accounts.stop();
    try {
      await press(page, 'Log out everywhere');
      expect(await heading(page)).toBe('Accounts does not answer');
      expect(await who(page, 'garden')).toBe('Ada');
      expect(await who(page, 'books')).toBe('Ada');
    } finally {
      await sample.accounts.start();
    }
    await page.goto(home('garden'));
    await press(page, 'Log out everywhere');
    expect(await everywhere(page)).toEqual({ accounts: null, books: null, garden: null });
  });

  it('starts with one command, and stops with it, however that ends', async () => {
    const port = await freePorts(3);
    const folder = await mkdtemp(join(directory, 'one-command-'));
    const main = await SsoSample.startWithOneCommand(port, folder);
    const sockets = [port, port + 1, port + 2].map((each) => connect(each, '127.0.0.1'));
    try {
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      const page = await visitor();
      await page.goto(`http://garden.localhost:${port + 2}/`);
      await open(page, 'Log in with Accounts');
      await choose(page, 'Ada');
      expect(page.url()).toBe(`http://garden.localhost:${port + 2}/`);
      expect(await page.locator('#who').textContent()).toBe('Ada');
    } finally {
      const ends = sockets.map((socket) => once(socket.resume(), 'close'));
      await main.stop();
      await Promise.all(ends);
    }
  }, 240_000);

  it.each([
    { device: 'phone', viewport: { width: 390, height: 844 } },
    { device: 'desktop', viewport: { width: 1280, height: 800 } },
  ])('fits the screen of a $device, by day and by night', async ({ device, viewport }) => {
    const folder = process.env['SCREENSHOTS'] ?? (await mkdtemp(join(directory, 'screenshots-')));
    const page = await visitor({ viewport, colorScheme: 'light' });
    const picture = async (name: string) => {
      const tooWide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect({ name, tooWide }).toEqual({ name, tooWide: 0 });
      await page.screenshot({ path: join(folder, `${device}-${name}.png`), fullPage: true });
    };
    const dark = async (name: string) => {
      await page.emulateMedia({ colorScheme: 'dark' });
      await picture(`${name}-dark`);
      await page.emulateMedia({ colorScheme: 'light' });
    };
    for (const { shop, good } of SHOPS) {
      await page.goto(home(shop));
      await picture(`${shop}-guest`);
      await press(page, `Add ${good} to the basket`);
      await page.goto(`${sample[shop].origin}/basket`);
      await picture(`${shop}-basket`);
      await open(page, 'Check out');
      if (shop === 'books') {
        await picture('login');
        await dark('login');
        await page.getByLabel('Somebody else').fill('Wilhelmina Throckmorton-Smythe');
        await press(page, 'Log in');
      }
      await picture(`${shop}-checkout`);
      await dark(`${shop}-checkout`);
      await page.goto(home(shop));
      await dark(shop);
    }
    const other = await visitor({ userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)' });
    await other.goto(home('accounts'));
    await other.getByLabel('Somebody else').fill('Wilhelmina Throckmorton-Smythe');
    await press(other, 'Log in');
    await page.goto(home('accounts'));
    await picture('account');
    await dark('account');
    await page.goto(`${sample.books.origin}/nowhere`);
    await picture('not-found');
  });
});

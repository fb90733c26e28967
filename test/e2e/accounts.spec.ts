import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import {
  add,
  basketCount,
  fillSignUp,
  follow,
  isLoggedIn,
  logIn,
  logOut,
  newAddress,
  notice,
  open,
  PASSWORD,
  path,
  press,
  sessionCookie,
  signUp,
  submit,
} from '../support/accounts-pages.js';
import { AccountsSample } from '../support/accounts-sample.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { freePort } from '../support/free-port.js';
import { startHostileSite, type HostileSite } from '../support/hostile-site.js';

const PHONE = {
  userAgent:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
};

let directory: string;
let browser: Browser;
let sample: AccountsSample;
let hostile: HostileSite;
let contexts: BrowserContext[] = [];
let complaints: string[] = [];

/** A browser of its own, without JavaScript: the application has to do without. */
async function visitor(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: sample.origin(),
    javaScriptEnabled: false,
    viewport: { width: 1280, height: 800 },
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

describeInChromium('the accounts sample', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'accounts-'));
    [browser, hostile] = await Promise.all([launchChromium(), startHostileSite(), AccountsSample.build()]);
    sample = await AccountsSample.start(join(directory, 'accounts.sqlite'));
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

  it('takes a guest with a basket through sign-up, and shows each notice once', async () => {
    const page = await visitor();
    await page.goto('/');
    await add(page, 'Sencha');
    expect(await notice(page).textContent()).toBe('Sencha is in your basket.');
    const guest = await sessionCookie(page);
    await page.reload();
    expect(await notice(page).count()).toBe(0);

    await open(page, /^Basket/);
    await press(page, 'One more: Sencha');
    expect(await page.locator('#total').textContent()).toBe('€23.80');
    await press(page, 'Place the order');
    expect(path(page)).toBe('/login?next=%2Fbasket');

    await open(page, 'Create an account');
    await fillSignUp(page, 'Grace', newAddress('grace'));
    expect(path(page)).toBe('/basket');
    expect(await notice(page).textContent()).toBe('Welcome, Grace. Your account is ready.');
    expect(await basketCount(page)).toBe(2);
    expect((await sessionCookie(page))!.value).not.toBe(guest!.value);

    await press(page, 'Place the order');
    expect(await notice(page).textContent()).toMatch(/^Thank you/);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Your basket is empty');
    await page.reload();
    expect(await notice(page).count()).toBe(0);
  });

  it('counts every packet when tabs add at the same moment', async () => {
    const page = await visitor();
    await page.goto('/');
    await add(page, 'Rooibos');
    const tabs = await Promise.all(Array.from({ length: 4 }, () => page.context().newPage()));
    await Promise.all(tabs.map((tab) => tab.goto('/')));
    await Promise.all(tabs.map((tab) => add(tab, 'Rooibos')));
    await page.goto('/basket');
    expect(await basketCount(page)).toBe(5);
  });

  it('sends a form once, however often its page is reloaded', async () => {
    const page = await visitor();
    await page.goto('/');
    await add(page, 'Assam Breakfast');
    expect(path(page)).toBe('/#assam');
    const methods: string[] = [];
    page.on('request', (request) => methods.push(request.method()));
    await page.reload();
    await page.reload();
    expect(new Set(methods)).toEqual(new Set(['GET']));
    expect(await basketCount(page)).toBe(1);

    await page.goto('/basket');
    await press(page, 'Remove Assam Breakfast');
    expect(path(page)).toBe('/basket');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Your basket is empty');
  });

  it('says what is wrong with a form, and keeps what was typed', async () => {
    const page = await visitor();
    const email = await signUp(page);
    await logOut(page);
    expect(await notice(page).textContent()).toBe('You are logged out. See you soon.');

    await page.goto('/sign-up');
    await fillSignUp(page, 'Ada', email.toUpperCase());
    expect(await page.locator('#email-error').textContent()).toMatch(/account with this address already/);
    expect(await page.getByLabel('Your name').inputValue()).toBe('Ada');
    expect(await page.getByLabel('Password').inputValue()).toBe('');
    await page.getByLabel('E-mail').fill('other@example.org');
    await page.getByLabel('Password').fill('Password123');
    await submit(page);
    expect(await page.locator('#password-error').textContent()).toMatch(/first that others would try/);

    for (const address of [email, 'nobody@example.org']) {
      await logIn(page, address, { password: 'not the right one', remember: true });
      expect(await page.getByRole('alert').textContent()).toMatch(/do not belong together/);
      expect(await page.getByLabel('E-mail').inputValue()).toBe(address);
      expect(await page.getByLabel('Remember me').isChecked()).toBe(true);
    }
    expect(await isLoggedIn(page)).toBe(false);
  });

  it('remembers who wants it, and nobody else', async () => {
    const page = await visitor();
    const email = await signUp(page);
    expect((await sessionCookie(page))!.expires).toBe(-1);
    await logOut(page);

    await logIn(page, email.toUpperCase());
    expect((await sessionCookie(page))!.expires).toBe(-1);
    await logOut(page);

    await logIn(page, email, { remember: true });
    const { expires, httpOnly, sameSite } = (await sessionCookie(page))!;
    const days = (expires - Date.now() / 1000) / 86_400;
    expect(days).toBeGreaterThan(13.9);
    expect(days).toBeLessThanOrEqual(14);
    expect({ httpOnly, sameSite }).toEqual({ httpOnly: true, sameSite: 'Lax' });
  });

  it('keeps theme and language, before login, through it, and after logout', async () => {
    const page = await visitor({ colorScheme: 'light' });
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    await page.goto('/preferences');
    expect(await background()).toBe('rgb(246, 243, 236)');
    await page.getByLabel('Dark').check();
    await page.getByLabel('Deutsch').check();
    await submit(page);
    expect(await notice(page).textContent()).toBe('Gespeichert.');
    expect(await background()).toBe('rgb(19, 22, 18)');

    await page.goto('/sign-up');
    await page.getByLabel('Ihr Name').fill('Emmy');
    await page.getByLabel('E-Mail').fill(newAddress('emmy'));
    await page.getByLabel('Passwort').fill(PASSWORD);
    await submit(page);
    expect(await notice(page).textContent()).toBe('Willkommen, Emmy. Ihr Konto ist bereit.');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Tee und sonst nichts');

    await page.getByRole('button', { name: 'Kontomenü' }).click();
    await press(page, 'Abmelden');
    expect(await notice(page).textContent()).toBe('Sie sind abgemeldet. Bis bald.');
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    expect(await background()).toBe('rgb(19, 22, 18)');
  });

  it('lists the devices, and logs one out from another', async () => {
    const [desktop, phone] = await Promise.all([visitor(), visitor(PHONE)]);
    const email = await signUp(desktop);
    await logIn(phone, email);
    await phone.goto('/account');
    expect(await phone.getByRole('link', { name: /Your devices/ }).textContent()).toContain('on 2 devices');

    await desktop.goto('/account/devices');
    const devices = desktop.locator('.device');
    expect(await devices.count()).toBe(2);
    expect(await devices.nth(0).textContent()).toMatch(/Chrome on Linux\s+This device/);
    expect(await devices.nth(1).textContent()).toMatch(/Safari on iOS\s+Last seen just now.*127\.0\.0\.1/s);
    expect(await devices.nth(1).textContent()).not.toContain('This device');

    await press(desktop, 'Log out Safari on iOS');
    expect(await notice(desktop).textContent()).toBe('The device is logged out.');
    expect(await devices.count()).toBe(1);

    await open(phone, /Your devices/);
    expect(path(phone)).toBe('/login?next=%2Faccount%2Fdevices');
    expect(await sessionCookie(phone)).toBeUndefined();
    expect(await isLoggedIn(desktop)).toBe(true);
  });

  it('logs out all other devices, and then this one', async () => {
    const pages = await Promise.all([visitor(), visitor(), visitor(PHONE)]);
    const [here, ...others] = pages as [Page, Page, Page];
    const email = await signUp(here);
    await Promise.all(others.map((page) => logIn(page, email)));

    await here.goto('/account/devices');
    await press(here, 'Log out all other devices');
    expect(await notice(here).textContent()).toBe('Logged out on other devices: 2.');
    expect(await here.locator('.device').count()).toBe(1);
    expect(await Promise.all(pages.map(isLoggedIn))).toEqual([true, false, false]);

    await here.goto('/account/devices');
    await press(here, 'Log out Chrome on Linux');
    expect(path(here)).toBe('/login');
    expect(await isLoggedIn(here)).toBe(false);
  });

  it('lets nobody log out a device of somebody else', async () => {
    const [mallory, victim] = await Promise.all([visitor(), visitor()]);
    await Promise.all([signUp(mallory, 'Mallory'), signUp(victim)]);
    const [id] = (await sessionCookie(victim))!.value.split('.');
    await mallory.goto('/account/devices');
    await mallory
      .locator('.device form')
      .evaluate((form, action) => form.setAttribute('action', action), `/account/devices/${id}/log-out`);
    const [answer] = await Promise.all([
      mallory.waitForResponse((response) => response.request().method() === 'POST'),
      press(mallory, 'Log out Chrome on Linux'),
    ]);
    expect(answer.status()).toBe(404);
    expect(await isLoggedIn(victim)).toBe(true);
  });

  it('changes the password of who knows it, logs the others out, and changes the id', async () => {
    const [page, other, thief] = await Promise.all([visitor(), visitor(), visitor()]);
    const email = await signUp(page);
    await logIn(other, email);
    const before = (await sessionCookie(page))!;
    await thief.context().addCookies([before]);
    expect(await isLoggedIn(thief)).toBe(true);

    const change = async (current: string) => {
      await page.goto('/account/password');
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel('New password').fill('a whole new kettle');
      await submit(page);
    };
    await change('not my password');
    expect(await page.locator('#current-error').textContent()).toBe('That is not your password.');
    expect(await isLoggedIn(other)).toBe(true);

    await change(PASSWORD);
    expect(await notice(page).textContent()).toMatch(/^Your password is changed/);
    const after = (await sessionCookie(page))!;
    expect(after.value.split('.')[0]).not.toBe(before.value.split('.')[0]);
    expect(after.expires).toBe(before.expires);
    expect(await Promise.all([page, other, thief].map(isLoggedIn))).toEqual([true, false, false]);

    await logIn(other, email);
    expect(await isLoggedIn(other)).toBe(false);
    await logIn(other, email, { password: 'a whole new kettle' });
    expect(await isLoggedIn(other)).toBe(true);
  });

  it('asks for the password again when the login was long ago, and comes back', async () => {
    const database = join(directory, 'accounts.sqlite');
    const page = await visitor();
    const confirm = async (password: string) => {
      await page.getByLabel('Password').fill(password);
      await submit(page);
    };
    const email = await signUp(await visitor());
    await logIn(page, email, { remember: true });
    await page.goto('/account/data');
    expect(path(page)).toBe('/account/data');

    // Of its own, for the next one comes to the same.
    const PORT = String(await freePort());
    let later = await AccountsSample.start(database, { CLOCK_SHIFT: '600', PORT });
    try {
      const at = (address: string) => later.origin() + address;
      await page.goto(at('/account/devices'));
      expect(await page.locator('.device').nth(1).textContent()).toMatch(/Last seen 10 minutes ago/);

      await page.goto(at('/account/data'));
      expect(path(page)).toBe('/confirm?next=%2Faccount%2Fdata');
      await confirm('not my password');
      expect(await page.locator('#password-error').textContent()).toBe('That is not your password.');
      const before = (await sessionCookie(page))!;
      await confirm(PASSWORD);
      expect(path(page)).toBe('/account/data');
      const after = (await sessionCookie(page))!;
      expect(after.value).not.toBe(before.value);
      expect(after.expires).toBeGreaterThan(before.expires);

      // The page stays open, and its form is sent too late.
      await later.stop();
      later = await AccountsSample.start(database, { CLOCK_SHIFT: '1200', PORT });
      await press(page, 'Delete my account');
      expect(path(page)).toBe('/confirm?next=%2Faccount%2Fdata');
      await confirm(PASSWORD);
      expect(path(page)).toBe('/account/data');
      await page.goto(at('/confirm?next=//evil.test/'));
      await confirm(PASSWORD);
      expect(page.url()).toBe(at('/'));
    } finally {
      await later.stop();
    }
  });

  it('hands out the data and deletes the account, on all devices', async () => {
    const [page, other] = await Promise.all([visitor(), visitor()]);
    const email = await signUp(page);
    await logIn(other, email);
    await page.goto('/account/data');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) {
      chunks.push(chunk as Buffer);
    }
    const text = Buffer.concat(chunks).toString();
    expect(JSON.parse(text)).toMatchObject({ account: { name: 'Ada', email }, devices: [{}, {}] });
    expect(text).not.toContain('argon2');

    await press(page, 'Delete my account');
    expect(await notice(page).textContent()).toBe('Your account is deleted. Farewell.');
    expect(await Promise.all([page, other].map(isLoggedIn))).toEqual([false, false]);
    await logIn(page, email);
    expect(await page.getByRole('alert').count()).toBe(1);
  });

  it('stays on its own site after a login, whatever next says', async () => {
    const page = await visitor();
    const email = await signUp(page);
    const goals = {
      '/basket?a=1': '/basket?a=1',
      'http://evil.test/': '/',
      '//evil.test/': '/',
      '/\\evil.test/': '/',
      '/\t/evil.test/': '/',
      '/.//evil.test/': '/',
      '/a/../..//evil.test/': '/',
      'javascript:alert(1)': '/',
      '@evil.test': '/',
    };
    const locations = await Promise.all(
      Object.keys(goals).map(async (next) => {
        const body = new URLSearchParams({ email, password: PASSWORD, next });
        const answer = await fetch(`${sample.origin('127.0.0.1')}/login`, {
          method: 'POST',
          body,
          redirect: 'manual',
        });
        return [next, answer.headers.get('location')] as const;
      }),
    );
    expect(Object.fromEntries(locations)).toEqual(goals);
  });

  it.each([
    { who: 'another site', host: 'accounts.test', evil: 'evil.test', withCookie: false },
    { who: 'a sibling host', host: 'accounts.test', evil: 'evil.accounts.test', withCookie: true },
    // Browsers send `Sec-Fetch-Site` where they trust the way: over TLS, and to localhost.
    { who: 'another site', host: 'accounts.localhost', evil: 'evil.localhost', withCookie: false },
    { who: 'a sibling host', host: 'accounts.localhost', evil: 'evil.accounts.localhost', withCookie: true },
  ])('refuses what $who sends to $host', async ({ host, evil, withCookie }) => {
    const victim = await visitor({ baseURL: sample.origin(host), javaScriptEnabled: true });
    await signUp(victim);
    await add(victim, 'Peppermint');

    const target = `${sample.origin(host)}/basket/add`;
    await victim.goto(hostile.page(evil, target, { tea: 'sencha' }));
    await Promise.all([
      // The answer is kept from the page, so that the request counts as failed.
      victim.waitForEvent('requestfailed', (request) => request.url() === target),
      victim.evaluate('void attack()'),
    ]);
    const [answer] = await Promise.all([
      victim.waitForResponse(target),
      follow(victim, victim.getByRole('button')),
    ]);
    expect(answer.status()).toBe(403);
    const { cookie = '', 'sec-fetch-site': site } = await answer.request().allHeaders();
    expect(cookie.includes('sessionid=')).toBe(withCookie);
    expect(site !== undefined).toBe(host.endsWith('.localhost'));
    expect(await victim.getByRole('heading', { level: 1 }).textContent()).toBe('We did not do that');

    await victim.goto('/basket');
    expect(await victim.locator('.line').count()).toBe(1);
    expect(await basketCount(victim)).toBe(1);
    expect(await isLoggedIn(victim)).toBe(true);
  });

  it.each([
    { how: 'from the network', backForwardCache: false },
    { how: 'from memory', backForwardCache: true },
  ])('shows no private page to the back button after logout, $how', async ({ backForwardCache }) => {
    const ownBrowser = backForwardCache ? await launchChromium({ backForwardCache }) : undefined;
    try {
      const page = ownBrowser ? await ownBrowser.newPage({ baseURL: sample.origin() }) : await visitor();
      const email = await signUp(page);
      await page.goto('/account');
      expect(await page.getByRole('main').textContent()).toContain(email);
      await logOut(page);
      expect(path(page)).toBe('/');
      await page.goBack({ waitUntil: 'commit' });
      await page.waitForURL('**/login?next=%2Faccount');
      expect(await page.locator('body').textContent()).not.toContain(email);
    } finally {
      await ownBrowser?.close();
    }
  });

  it('sends what keeps a browser safe, and a style sheet to keep', async () => {
    const page = await visitor();
    const [answer, style] = await Promise.all([page.goto('/login'), page.waitForResponse(/style\.css/)]);
    const headers = await answer!.allHeaders();
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'self'; img-src 'self'; /,
      ),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(await page.locator('script, [style], style').count()).toBe(0);
    expect(await sessionCookie(page)).toBeUndefined();

    expect(style.headers()['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(style.headers()).not.toHaveProperty('set-cookie');
  });

  it('answers what goes wrong with a page and its status', async () => {
    const page = await visitor();
    expect((await page.goto('/coffee'))!.status()).toBe(404);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('This page is not here');

    await page.goto('/');
    const button = page.getByRole('button', { name: 'Add Sencha' });
    await button.evaluate((element) => element.setAttribute('value', 'coffee'));
    const [answer] = await Promise.all([page.waitForResponse('**/basket/add'), follow(page, button)]);
    expect(answer.status()).toBe(400);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('That did not work');
    expect(await sessionCookie(page)).toBeUndefined();

    const post = (type: string, body: string) =>
      fetch(`${sample.origin('127.0.0.1')}/login`, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body,
      });
    const answers = await Promise.all([
      post('application/json', '{"email":'),
      post('application/x-www-form-urlencoded', `email=${'x'.repeat(200_000)}`),
      fetch(`${sample.origin('127.0.0.1')}/%zz`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([400, 413, 400]);
    expect(await answers[0].text()).toContain('That did not work');
  });

  it.each([
    { device: 'phone', viewport: { width: 390, height: 844 } },
    { device: 'desktop', viewport: { width: 1280, height: 800 } },
  ])('fits the screen of a $device', async ({ device, viewport }) => {
    const folder = process.env['SCREENSHOTS'] ?? (await mkdtemp(join(tmpdir(), 'screenshots-')));
    const page = await visitor({ viewport, colorScheme: 'light' });
    const picture = async (name: string) => {
      const tooWide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect({ name, tooWide }).toEqual({ name, tooWide: 0 });
      await page.screenshot({ path: join(folder, `${device}-${name}.png`), fullPage: true });
    };
    const visit = async (address: string, name: string) => {
      await page.goto(address);
      await picture(name);
    };

    await visit('/basket', 'basket-empty');
    await visit('/', 'shop');
    await add(page, 'Sencha');
    await add(page, 'Rooibos');
    await visit('/basket', 'basket');
    await logIn(page, 'ada@example.org', { password: 'a wrong one' });
    await picture('login-error');
    await page.goto('/sign-up');
    await fillSignUp(page, 'Ada Lovelace', 'ada@example.org', 'Password123');
    await picture('sign-up-error');
    const email = await signUp(page, 'Ada');
    await logIn(await visitor(PHONE), email);
    await visit('/account', 'account');
    await page.getByRole('button', { name: 'Account menu' }).click();
    await picture('menu');
    await visit('/account/devices', 'devices');
    await visit('/account/password', 'password');
    await visit('/account/data', 'data');
    await visit('/confirm', 'confirm');
    await page.goto('/preferences');
    await page.getByLabel('Dark').check();
    await page.getByLabel('Deutsch').check();
    await submit(page);
    await picture('preferences-dark');
    await visit('/', 'shop-dark');
    await visit('/basket', 'basket-dark');
    await visit('/account/devices', 'devices-dark');
    await visit('/nowhere', 'not-found-dark');
  });
});

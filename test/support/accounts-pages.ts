import type { Locator, Page } from 'playwright-core';

/** What people do on the pages of the accounts sample. */

export const PASSWORD = 'kettle window seventeen';

let people = 0;

/** Clicks what leads to another page, and waits for that page. */
export async function follow(page: Page, control: Locator): Promise<void> {
  await Promise.all([page.waitForEvent('framenavigated'), control.click()]);
  await page.waitForLoadState();
}

export const press = (page: Page, name: string) =>
  follow(page, page.getByRole('button', { name, exact: true }));
export const open = (page: Page, name: string | RegExp) => follow(page, page.getByRole('link', { name }));
export const submit = (page: Page) => follow(page, page.getByRole('main').getByRole('button'));
export const add = (page: Page, tea: string) => press(page, `Add ${tea} to the basket`);
export const notice = (page: Page) => page.getByRole('status');
export const path = (page: Page) => page.url().slice(new URL(page.url()).origin.length);
export const basketCount = async (page: Page) => Number(await page.locator('#basket-count').textContent());

export async function sessionCookie(page: Page) {
  const cookies = await page.context().cookies();
  return cookies.find(({ name }) => name === 'sessionid');
}

export function newAddress(name: string): string {
  return `${name.toLowerCase()}-${++people}@example.org`;
}

export async function signUp(page: Page, name = 'Ada'): Promise<string> {
  const email = newAddress(name);
  await page.goto('/sign-up');
  await fillSignUp(page, name, email);
  return email;
}

export async function fillSignUp(
  page: Page,
  name: string,
  email: string,
  password = PASSWORD,
): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await submit(page);
}

export async function logIn(
  page: Page,
  email: string,
  { password = PASSWORD, remember = false } = {},
): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByLabel('Remember me').setChecked(remember);
  await submit(page);
}

export async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Account menu' }).click();
  await press(page, 'Log out');
}

export async function isLoggedIn(page: Page): Promise<boolean> {
  await page.goto('/account');
  return path(page) === '/account';
}

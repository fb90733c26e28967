import { expect } from '@jest/globals';
import type { Page, WebSocket } from 'playwright-core';

/** What people do and see on the pages of the live sample. */

/** Names and points, in the order that the page has them. */
export type Board = readonly (readonly [name: string, points: number])[];

/** A window, and what its socket has been told. */
export class LiveWindow {
  socket: WebSocket | undefined;
  readonly #frames: string[] = [];

  constructor(readonly page: Page) {
    page.on('websocket', (socket) => {
      this.socket = socket;
      socket.on('framereceived', ({ payload }) => this.#frames.push(String(payload)));
    });
  }

  told(): readonly string[] {
    return this.#frames;
  }
}

/** Waits until the page says that it is, or something else. */
export async function isLive(page: Page, status = 'Live'): Promise<void> {
  await page.locator('#status').getByText(status, { exact: true }).waitFor();
}

/** Waits until the page shows these teams. */
export async function shows(page: Page, board: Board): Promise<void> {
  for (const [index, [name, points]] of board.entries()) {
    const team = page.locator('#teams > li').nth(index);
    const isThere = team.filter({ has: page.locator(`output:text-is("${points}")`) });
    await isThere
      .getByRole('heading', { name, exact: true })
      .waitFor()
      .catch(() => undefined);
  }
  const shown = await page
    .locator('#teams > li')
    .evaluateAll((teams: any[]) =>
      teams.map((team) => [
        team.querySelector('h2').textContent,
        Number(team.querySelector('output').textContent),
      ]),
    );
  expect(shown).toEqual(board);
}

export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

export async function addTeam(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name of the team').fill(name);
  await press(page, 'Add team');
  await page.getByRole('heading', { name, exact: true }).waitFor();
}

/** Adds teams without a hand on the form. */
export async function addTeams(page: Page, ...names: readonly string[]): Promise<void> {
  const fields = names.map((name, index) => `t${index}: addTeam(name: ${JSON.stringify(name)}) { revision }`);
  await ask(page, `mutation { ${fields.join(' ')} }`);
  await page.getByRole('heading', { name: names.at(-1)!, exact: true }).waitFor();
}

/** Clicks as fast as nobody can. */
export async function score(page: Page, name: string, points: number): Promise<void> {
  await page
    .getByRole('button', { name: `One more for ${name}`, exact: true })
    .evaluate((button: { click(): void }, times) => {
      for (let time = 0; time < times; time++) button.click();
    }, points);
}

export async function startOver(page: Page): Promise<void> {
  await press(page, 'Start over');
  await press(page, 'Yes, start over');
}

export async function logOut(page: Page): Promise<void> {
  await press(page, 'Log out');
  await page.getByLabel('Who keeps the score?').waitFor();
}

/** Asks GraphQL from within the page, by default with its token. */
export function ask(page: Page, query: string, token?: string): Promise<any> {
  return page.evaluate(
    `(async () => {
      const token = ${JSON.stringify(token)} ?? document.querySelector('meta[name="csrf-token"]').content;
      const response = await fetch('/graphql', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(token && { 'X-CSRF-Token': token }) },
        body: ${JSON.stringify(JSON.stringify({ query }))},
      });
      return response.json();
    })()`,
  );
}

import { afterEach, describe, expect, it } from '@jest/globals';
import { Fleet } from '../support/fleet.js';

describe('app.close()', () => {
  let fleet: Fleet | undefined;
  afterEach(() => fleet?.sink());

  it('lets the process exit, after sessions have been used', async () => {
    fleet = await Fleet.launch(1);
    const browser = fleet.browser(0);
    await browser.post('/write?key=name&value=Ada');
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    expect(await fleet.stop()).toEqual([0]);
  });

  it('lets the process exit when no session has been used', async () => {
    fleet = await Fleet.launch(1);
    expect(await fleet.stop()).toEqual([0]);
  });
});

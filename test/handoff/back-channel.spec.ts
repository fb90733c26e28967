import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { adapters } from '../support/adapters.js';
import { handoffWorld, type HandoffWorld } from '../support/handoff-world.js';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => unknown;

/** A server that somebody has put between a consumer and the issuer. */
async function middleman() {
  const between = { handle: (() => undefined) as Handler, requests: 0 };
  const server = createServer(async (request, response) => {
    between.requests++;
    await between.handle(request, response, await text(request));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    between,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe.each(adapters)('Between a consumer and an issuer on $adapter', ({ make }) => {
  let world: HandoffWorld;
  let man: Awaited<ReturnType<typeof middleman>>;
  beforeEach(async () => {
    man = await middleman();
    world = await handoffWorld({ make, mode: 'http', consumer: { backChannel: man.origin } });
  });
  afterEach(async () => {
    await world.close();
    man.close();
  });

  /** Passes a question on, as it is. What the issuer has answered. */
  async function pass(request: IncomingMessage, body: string): Promise<string> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${world.accounts.origin}${request.url}`, { method: 'POST', headers, body });
    return answer.text();
  }

  it('an answer is good for the question that it was given to, and for no other', async () => {
    const answers: string[] = [];
    man.between.handle = async (request, response, body) => {
      answers.push(await pass(request, body));
      response.end(answers[0]);
    };
    const [ann, mallory] = [await world.user(), await world.user('mallory')];
    expect((await ann.handOff(world.shop)).json().userId).toBe('ann');
    // The answer about Ann once more, though Mallory's ticket was asked about.
    const visit = await mallory.handOff(world.shop);
    expect(visit).toMatchObject({ status: 503, text: expect.stringContaining('You are not logged in') });
    expect((await mallory.me(world.shop)).userId).toBeNull();
  });

  it.each([
    { what: 'nothing of JSON', status: 200, body: 'hello' },
    { what: 'no message', status: 200, body: '{}' },
    { what: 'no object', status: 200, body: '[1]' },
    { what: 'an error without a code', status: 400, body: '{}' },
    { what: 'an error of the server', status: 500, body: '{"errorCode":"HANDOFF_TICKET"}' },
    { what: 'a signature of nobody', status: 200, body: '{"message":"a.b.c"}' },
  ])('an answer with $what is none, and nobody is logged in by it', async ({ status, body }) => {
    man.between.handle = (_request, response) => response.writeHead(status).end(body);
    const ann = await world.user();
    expect(await ann.handOff(world.shop)).toMatchObject({
      status: 503,
      text: expect.stringContaining('Start again'),
    });
    expect((await ann.me(world.shop)).userId).toBeNull();
  });

  it('an answer without an end is not read to it', async () => {
    const megabyte = 'x'.repeat(2 ** 20);
    let sent = 0;
    man.between.handle = (_request, response) => {
      // More than any buffer on the way takes, and no more than that.
      const more = (): void => {
        if (response.destroyed || sent === 100) return void response.end();
        sent += 1;
        response.write(megabyte, more);
      };
      more();
    };
    const ann = await world.user();
    expect((await ann.handOff(world.shop)).status).toBe(503);
    expect(sent).toBeLessThan(100);
  });

  it('a ticket that nobody knows is not asked about where there is no login that it could be for', async () => {
    const ann = world.visitor();
    const callback = `${world.shop.origin}/session/callback?state=${'a'.repeat(22)}&iss=${world.accounts.origin}`;
    expect((await ann.step(`${callback}&ticket=nonsense`)).status).toBe(400);
    expect(man.between.requests).toBe(0);
  });
});

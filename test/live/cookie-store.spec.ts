import { randomBytes } from 'node:crypto';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, describe, expect, it } from '@jest/globals';
import { cookieStore, memoryStore, Session, WithSession } from 'nest-sessions';
import { playground, type Playground } from '../support/playground.js';
import { places } from './gateways.app.js';

@WithSession()
@WebSocketGateway()
class SealedGateway {
  @SubscribeMessage('read') read(@Session() session: Session<any>) {
    return { event: 'answer', data: session.toJSON() };
  }

  @SubscribeMessage('set') set(@Session() session: Session<any>) {
    session.data.page = 1;
    return { event: 'answer', data: 'set' };
  }
}

const ofWs = places.filter(({ library }) => library === 'ws');

describe.each(ofWs)('A gateway with sessions that travel in cookies ($adapter)', ({ make, sockets }) => {
  let ground: Playground;

  afterEach(() => ground.close());

  it('reads what the handshake has brought, refuses to write, and is closed when that is revoked', async () => {
    const keys = [randomBytes(32).toString('base64url')];
    ground = await playground({
      adapter: make(),
      store: cookieStore({ keys, revocation: memoryStore() }) as Parameters<typeof playground>[0]['store'],
      serve: { providers: [SealedGateway], prepare: sockets.use },
    });
    const browser = await ground.visitor();
    const client = sockets.connect(ground.origin, { cookie: `sessionid=${browser.cookie()}` });
    expect(await client.ask('read')).toEqual({ name: 'Ada' });
    expect(await client.ask('set')).toMatchObject({ status: 'error' });
    expect(await client.ask('read')).toEqual({ name: 'Ada' });
    await browser.post('/flush');
    expect(await client.closed).toBe(sockets.refusal);
  });
});

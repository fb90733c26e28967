import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { memoryStore, Session, SessionService, WithSession } from 'nest-sessions';
import { WebSocket } from 'ws';
import { adapters } from './adapters.js';
import { serve, type Served } from './application.js';

@WithSession()
@WebSocketGateway()
class ChatGateway {
  constructor(private readonly sessions: SessionService) {}

  @SubscribeMessage('write') write(@Session() session: Session<any>, @MessageBody() values: object) {
    session.update(values);
    return { event: 'answer', data: session.toJSON() };
  }
  @SubscribeMessage('logout') async logout() {
    await this.sessions.logout();
  }
}

for (const adapter of adapters) {
  describe(`Gateways (${adapter.name})`, () => {
    let app: Served;
    before(async () => {
      app = await serve({
        adapter,
        session: { store: memoryStore() },
        providers: [ChatGateway],
        prepare: (nest) => void nest.useWebSocketAdapter(new WsAdapter(nest)),
      });
    });
    after(() => app?.close());

    it('write the session of the handshake, and lose their sockets with it', async () => {
      const ada = app.visitor();
      await ada.post('/write', { body: { name: 'Ada' } });
      const socket = new WebSocket(app.origin.replace('http', 'ws'), { headers: { cookie: ada.cookies } });
      await once(socket, 'open');
      const send = (event: string, data: object) => socket.send(JSON.stringify({ event, data }));
      const answered = once(socket, 'message');
      send('write', { room: 'tea' });
      const [answer] = await answered;
      assert.deepEqual(JSON.parse(String(answer)).data, { name: 'Ada', room: 'tea' });
      assert.deepEqual((await ada.get('/read')).value, { name: 'Ada', room: 'tea' });
      const closed = once(socket, 'close');
      send('logout', {});
      assert.equal((await closed)[0], 1008);
    });
  });
}

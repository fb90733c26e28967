import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule } from '@nestjs/graphql';
import { expect } from '@jest/globals';
import { io } from 'socket.io-client';
import { listenWith } from './running.js';
import { ProbeController, using, type OnAdapter } from './snippet.runs.js';

/** What proves the snippets of the chapter on gateways and resolvers, on both adapters. */
export const liveRuns: Readonly<Record<string, (on: OnAdapter) => Promise<void>>> = {
  'chat.gateway': async ({ adapter, load }) => {
    const { ChatGateway } = await load();
    const parts = { controllers: [ProbeController], providers: [ChatGateway] };
    await using(listenWith(parts, adapter), async ({ app, browser }) => {
      const visitor = browser();
      await visitor.post('/probe');
      const socket = io(`http://127.0.0.1:${app.getHttpServer().address().port}`, {
        reconnection: false,
        extraHeaders: { cookie: `sessionid=${visitor.cookie()}` },
      });
      const hello = new Promise((resolve) => socket.once('hello', resolve));
      socket.emit('step', 3);
      expect(await hello).toBe('Ada');
      expect((await visitor.get('/probe')).json().data).toEqual({ name: 'Ada', step: 3 });
      socket.disconnect();
    });
  },
  'cart.resolver': async ({ adapter, load }) => {
    const { CartResolver } = await load();
    const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true });
    await using(
      listenWith({ imports: [graphql], providers: [CartResolver] }, adapter),
      async ({ browser }) => {
        const visitor = browser();
        const ask = async (query: string) => {
          const headers = { 'content-type': 'application/json' };
          return (await visitor.post('/graphql', { headers, body: JSON.stringify({ query }) })).json().data;
        };
        expect(await ask('{ cart }')).toEqual({ cart: [] });
        const both = await ask('mutation { one: addToCart(item: "tea") two: addToCart(item: "cake") }');
        expect(both).toEqual({ one: 1, two: 2 });
        expect(await ask('{ cart }')).toEqual({ cart: ['tea', 'cake'] });
      },
    );
  },
};

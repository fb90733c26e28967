import { Controller, Post, Res } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore, Session } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { playground, type Playground } from '../support/playground.js';

@Controller('own')
class OwnResponseController {
  @Post('regenerate')
  async regenerate(@Session() session: Session, @Res() response: any) {
    await session.regenerate();
    await session.save();
    session.set('more', 1);
    (response.raw ?? response).end('done');
  }
}

describe.each(adapters)(
  'A commit that fails under @Res() after an earlier save(), on $adapter',
  ({ make }) => {
    let ground: Playground;
    afterEach(() => ground.close());

    it('still gives the client the token that save() has committed', async () => {
      ground = await playground({
        adapter: make(),
        store: memoryStore(),
        serve: { controllers: [OwnResponseController] },
      });
      const browser = await ground.visitor({ name: 'Ada' });
      ground.watched.before = (verb) => {
        if (verb === 'commit') throw new Error('away');
      };
      const { status } = await browser.post('/own/regenerate');
      expect(status).toBe(503);
      ground.watched.before = () => undefined;
      expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    });
  },
);

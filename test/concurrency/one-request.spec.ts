import { Controller, Injectable, Post } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore, Session, SessionService } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';

@Injectable()
class Greeter {
  constructor(private readonly sessions: SessionService) {}

  async greet() {
    const [one, two] = await Promise.all([this.sessions.current(), this.sessions.current()]);
    return { same: one === two, session: one };
  }
}

@Controller('twice')
class TwiceController {
  constructor(private readonly greeter: Greeter) {}

  @Post('asked')
  async asked(@Session() one: Session, @Session() two: Session, @Session('name') name: string) {
    const greeted = await this.greeter.greet();
    return { same: one === two && greeted.same && greeted.session === one, name };
  }
}

describe.each(adapters)('What one request does at once with its session ($adapter)', ({ make }) => {
  let ground: Playground;
  let browser: Browser;

  beforeEach(async () => {
    ground = await playground({
      adapter: make(),
      store: memoryStore() as never,
      serve: { providers: [Greeter], controllers: [] },
    });
    browser = await ground.visitor();
  });
  afterEach(() => ground.close());

  const data = () => ground.dataOf(idOf(browser));

  it('commits once when save() is called twice at once', async () => {
    ground.on('save', async (session) => {
      session.set('colour', 'red');
      await Promise.all([session.save(), session.save()]);
    });
    await browser.post('/save');
    expect(ground.watched.take()).toEqual(['load', 'commit']);
    expect(await data()).toEqual({ name: 'Ada', colour: 'red' });
  });

  it('commits what is set while a save() is on its way', async () => {
    ground.on('save', async (session) => {
      session.set('colour', 'red');
      const saving = session.save();
      session.set('colour', 'blue').set('late', true);
      await saving;
    });
    await browser.post('/save');
    expect(ground.watched.take()).toEqual(['load', 'commit', 'commit']);
    expect(await data()).toEqual({ name: 'Ada', colour: 'blue', late: true });
  });

  it('counts each update() once, whether it comes before or during a save()', async () => {
    ground.on('save', async (session) => {
      session.update('n', (n = 0) => n + 1);
      const saving = session.save();
      session.update('n', (n = 0) => n + 10);
      await saving;
      session.update('n', (n = 0) => n + 100);
    });
    await browser.post('/save');
    expect(await data()).toEqual({ name: 'Ada', n: 111 });
  });

  it('waits for a save() that the handler did not await', async () => {
    const held = ground.hold('before', 'commit');
    ground.on('save', (session) => {
      session.set('colour', 'red');
      void session.save();
    });
    const visit = browser.post('/save');
    await held.reached;
    let isAnswered = false;
    void visit.then(() => (isAnswered = true));
    await browser.fork().post('/read');
    expect(isAnswered).toBe(false);
    held.open();
    expect((await visit).status).toBe(200);
    expect(await data()).toEqual({ name: 'Ada', colour: 'red' });
  });

  it('creates one session when save() is called twice at once without one', async () => {
    ground.on('save', async (session) => {
      session.set('colour', 'red');
      await Promise.all([session.save(), session.save()]);
    });
    const visit = await ground.browser().post('/save');
    expect(ground.watched.take()).toEqual(['create']);
    expect(visit.setCookies).toHaveLength(1);
  });

  it('does in order what is asked at once: save, flush and save again', async () => {
    ground.on('all', async (session) => {
      session.set('colour', 'red');
      await Promise.all([session.save(), session.flush()]);
      session.set('guest', true);
    });
    const id = idOf(browser);
    await browser.post('/all');
    expect(ground.watched.take()).toEqual(['load', 'commit', 'destroy', 'create']);
    expect(await ground.stored(id)).toBeUndefined();
    expect(await data()).toEqual({ guest: true });
  });

  it('goes on after a save() that failed, and commits what is left', async () => {
    let fails = true;
    ground.watched.before = (verb) => {
      if (verb === 'commit' && fails) {
        fails = false;
        throw new Error('the store is away');
      }
    };
    ground.on('save', async (session) => {
      session.set('colour', 'red');
      await session.save().catch(() => undefined);
    });
    expect((await browser.post('/save')).status).toBe(200);
    expect(await data()).toEqual({ name: 'Ada', colour: 'red' });
  });
});

describe.each(adapters)('A session that is asked for more than once in a request ($adapter)', ({ make }) => {
  it('is loaded once and is one object', async () => {
    // Before the playground's own routes, so that it is not taken for one of its steps.
    const ground = await playground({
      adapter: make(),
      store: memoryStore() as never,
      serve: { providers: [Greeter], controllers: [TwiceController] },
    });
    const browser = await ground.visitor();
    const visit = await browser.post('/twice/asked');
    expect(visit.json()).toEqual({ same: true, name: 'Ada' });
    expect(ground.watched.take()).toEqual(['load']);
    await ground.close();
  });
});

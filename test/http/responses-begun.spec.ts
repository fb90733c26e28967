import { Controller, Get, Param, Res, Sse, type MessageEvent } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Session, SessionUndeliverableError, type SessionStore } from 'nest-sessions';
import { Subject } from 'rxjs';
import { adapters } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import type { Browser } from '../support/browser.js';
import { memory } from '../support/memory.js';
import { hijack, rawResponse } from '../support/raw-response.js';
import { serve, type Served } from '../support/serve.js';
import { watch, type WatchedStore } from '../support/watched.store.js';
import { Wire } from '../support/wire.js';

const SECRET = 'hunter2';

/** What a handler does once its response has begun. */
type Late = (session: Session) => unknown;

/** Where handler and test meet. */
class Stage {
  readonly begun = new Barrier();
  readonly acted = new Barrier();
  readonly closed = new Barrier();
  readonly messages = new Subject<MessageEvent>();
  error: unknown;

  constructor(private readonly late: Late) {}

  async play(session: Session): Promise<void> {
    await this.begun.wait();
    try {
      await this.late(session);
    } catch (error) {
      this.error = error;
    }
  }
}

let stage: Stage;

/** Settles when the response is over and everybody who asked before has heard of it. */
function watchClose(response: ServerResponse): void {
  response.once('close', () => void stage.closed.wait());
}

@Controller()
class BegunController {
  @Get('read') read(@Session() session: Session) {
    return session.data;
  }

  @Get('login') login(@Session() session: Session) {
    session.set('name', 'Ada');
  }

  @Get('stream') async stream(@Session() session: Session, @Res() response: any) {
    const raw = hijack(response);
    watchClose(raw);
    session.set('early', session.get('early', 0) + 1);
    raw.write('first');
    await stage.play(session);
    raw.end('last');
    void stage.acted.wait();
  }

  @Get('untouched') async untouched(@Session() session: Session, @Res() response: any) {
    const raw = hijack(response);
    watchClose(raw);
    raw.write('first');
    await stage.play(session);
    raw.end('last');
    void stage.acted.wait();
  }

  @Get('failing/:act') async failing(
    @Session() session: Session,
    @Param('act') act: string,
    @Res() response: any,
  ) {
    const raw = hijack(response);
    const finished = once(raw, 'finish');
    session.set('early', 1);
    if (act === 'regenerate') {
      await session.regenerate();
    }
    raw.statusCode = act === 'commit' ? 200 : 500;
    raw.end();
    await finished;
    await stage.play(session);
    void stage.acted.wait();
  }

  @Sse('events') events(@Session() session: Session, @Res({ passthrough: true }) response: any) {
    watchClose(rawResponse(response));
    session.set('early', session.get('early', 0) + 1);
    void stage.play(session).then(() => stage.acted.wait());
    return stage.messages;
  }

  @Sse('async-events') async asyncEvents(
    @Session() session: Session,
    @Res({ passthrough: true }) response: any,
  ) {
    watchClose(rawResponse(response));
    session.set('early', session.get('early', 0) + 1);
    await stage.play(session);
    void stage.acted.wait();
    return stage.messages;
  }

  @Get('abandoned') async abandoned(@Session() session: Session, @Res({ passthrough: true }) response: any) {
    watchClose(rawResponse(response));
    session.set('early', session.get('early', 0) + 1);
    await stage.play(session);
    return 'nobody hears this';
  }
}

const kinds = [
  { kind: 'a stream', path: '/stream' },
  { kind: 'server-sent events', path: '/events' },
  { kind: 'server-sent events of an async handler', path: '/async-events' },
];

describe.each(adapters)('A response that has begun on $adapter', ({ make }) => {
  let served: Served;
  let watched: WatchedStore;
  let visitor: Browser;

  beforeEach(async () => {
    watched = watch(memory());
    served = await serve({
      adapter: make(),
      controllers: [BegunController],
      session: { store: watched.store as SessionStore },
    });
    visitor = served.browser();
    await visitor.get('/login');
    watched.take();
    served.log.length = 0;
  });
  afterEach(() => served.close());

  const ask = (path: string, browser?: Browser) =>
    new Wire(served.origin, path, {
      headers: { ...(browser && { cookie: `sessionid=${browser.cookie()}` }) },
    });
  const stored = async (browser = visitor) => (await browser.get('/read')).json();
  const warnings = () => served.log.filter((line) => line.startsWith('warn:'));

  /** Lets a response begin, act, and end; gives what the client got. */
  async function play(path: string, late: Late, browser?: Browser) {
    stage = new Stage(late);
    const wire = ask(path, browser);
    const head = await wire.head;
    stage.begun.open();
    await stage.acted.reached;
    stage.messages.complete();
    await wire.answer;
    await stage.closed.reached;
    return head;
  }

  describe.each(kinds)('as $kind', ({ path }) => {
    it.each(['create', 'commit'] as const)('has been held for the session (%s)', async (verb) => {
      stage = new Stage(() => undefined);
      const barrier = new Barrier();
      watched.before = (called) => (called === verb ? barrier.wait() : undefined);
      const wire = ask(path, verb === 'commit' ? visitor : undefined);
      await barrier.reached;
      await served.browser().get('/elsewhere');
      await served.browser().get('/elsewhere');
      expect(wire.bytesReceived).toBe(0);
      barrier.open();
      const { status, setCookies } = await wire.head;
      expect(status).toBe(200);
      expect(setCookies).toHaveLength(verb === 'create' ? 1 : 0);
      stage.begun.open();
      await stage.acted.reached;
      stage.messages.complete();
      await wire.answer;
    });

    it('has what was changed before it', async () => {
      const { status } = await play(path, () => undefined, visitor);
      expect(status).toBe(200);
      expect(watched.take()).toEqual(['load', 'commit']);
      expect(await stored()).toEqual({ name: 'Ada', early: 1 });
      expect(warnings()).toEqual([]);
    });

    it('has the cookie of the session that was started before it', async () => {
      const { setCookies } = await play(path, () => undefined);
      expect(setCookies).toEqual([expect.stringMatching(/^sessionid=/)]);
      const newcomer = served.browser();
      newcomer.jar.setCookieSync(setCookies[0]!, served.origin);
      expect(await stored(newcomer)).toEqual({ early: 1 });
    });

    it('takes a save() for what is changed later', async () => {
      await play(
        path,
        async (session) => {
          session.set('late', SECRET);
          await session.save();
        },
        visitor,
      );
      expect(stage.error).toBeUndefined();
      expect(watched.take()).toEqual(['load', 'commit', 'commit']);
      expect(await stored()).toEqual({ name: 'Ada', early: 1, late: SECRET });
      expect(warnings()).toEqual([]);
    });

    it('says by key name what is changed later and never saved', async () => {
      await play(
        path,
        (session) => {
          session.set('late', SECRET);
          session.delete('name');
        },
        visitor,
      );
      expect(watched.take()).toEqual(['load', 'commit']);
      expect(await stored()).toEqual({ name: 'Ada', early: 1 });
      expect(warnings()).toEqual([expect.stringMatching(/not saved \(keys: (late, name|name, late)\)/)]);
      expect(warnings().join()).not.toMatch(new RegExp(`${SECRET}|Ada`));
    });

    it('refuses a new session after a flush', async () => {
      await play(
        path,
        async (session) => {
          await session.flush();
          session.set('late', SECRET);
          await session.save();
        },
        visitor,
      );
      expect(stage.error).toBeInstanceOf(SessionUndeliverableError);
      expect(watched.take()).toEqual(['load', 'commit', 'destroy']);
    });

    it('refuses to regenerate the session', async () => {
      await play(path, (session) => session.regenerate(), visitor);
      expect(stage.error).toBeInstanceOf(SessionUndeliverableError);
      expect(await stored()).toEqual({ name: 'Ada', early: 1 });
    });
  });

  it('refuses to start a session by save()', async () => {
    const { setCookies } = await play('/untouched', async (session) => {
      session.set('late', SECRET);
      await session.save();
    });
    expect(setCookies).toEqual([]);
    expect(watched.take()).toEqual([]);
    expect(stage.error).toBeInstanceOf(SessionUndeliverableError);
    expect(stage.error).toHaveProperty('message', expect.stringMatching(/save\(\).*before the first byte/));
  });

  describe('and is a failure', () => {
    const save: Late = (session) => session.save();

    async function fail(act: string, late: Late, browser?: Browser): Promise<void> {
      stage = new Stage(late);
      const wire = ask(`/failing/${act}`, browser);
      await wire.answer;
      watched.before = () => undefined;
      stage.begun.open();
      await stage.acted.reached;
    }

    it.each(['commit', 'drop'])('refuses to start a session by save() (%s)', async (act) => {
      watched.before = () => {
        throw new Error('store is down');
      };
      await fail(act, save);
      expect(stage.error).toBeInstanceOf(SessionUndeliverableError);
    });

    it('refuses to save a regeneration that it has dropped, and leaves the session intact', async () => {
      await fail('regenerate', save, visitor);
      expect(stage.error).toBeInstanceOf(SessionUndeliverableError);
      expect(await stored()).toMatchObject({ name: 'Ada' });
    });

    it('saves what it has dropped when it is told to', async () => {
      await fail('drop', save, visitor);
      expect(stage.error).toBeUndefined();
      expect(await stored()).toEqual({ name: 'Ada', early: 1 });
    });
  });

  describe('and whose client has gone', () => {
    it('commits what the handler does', async () => {
      stage = new Stage((session) => void session.set('late', SECRET));
      const committed = new Barrier();
      watched.after = (verb) => (verb === 'commit' ? void committed.wait() : undefined);
      const wire = ask('/abandoned', visitor);
      await stage.begun.reached;
      wire.abort();
      await stage.closed.reached;
      stage.begun.open();
      await committed.reached;
      expect(await stored()).toEqual({ name: 'Ada', early: 1, late: SECRET });
    });

    it('commits what is on its way to the store', async () => {
      stage = new Stage(() => undefined);
      stage.begun.open();
      const held = new Barrier();
      const committed = new Barrier();
      watched.before = (verb) => (verb === 'commit' ? held.wait() : undefined);
      watched.after = (verb) => (verb === 'commit' ? void committed.wait() : undefined);
      const wire = ask('/abandoned', visitor);
      await held.reached;
      wire.abort();
      await stage.closed.reached;
      held.open();
      await committed.reached;
      expect(await stored()).toEqual({ name: 'Ada', early: 1 });
    });

    it('commits what is saved in the middle of a stream', async () => {
      stage = new Stage(async (session) => {
        session.set('late', SECRET);
        await session.save();
      });
      const wire = ask('/stream', visitor);
      await wire.until('first');
      wire.abort();
      await stage.closed.reached;
      stage.begun.open();
      await stage.acted.reached;
      expect(stage.error).toBeUndefined();
      expect(await stored()).toEqual({ name: 'Ada', early: 1, late: SECRET });
    });

    it('fails in silence when the store does, too, and serves the next request', async () => {
      stage = new Stage(() => undefined);
      stage.begun.open();
      const held = new Barrier();
      watched.before = async (verb) => {
        if (verb === 'commit') {
          await held.wait();
          throw new Error('store is down');
        }
      };
      const wire = ask('/stream', visitor);
      await held.reached;
      wire.abort();
      await stage.closed.reached;
      held.open();
      await stage.acted.reached;
      watched.before = () => undefined;
      expect(await stored()).toEqual({ name: 'Ada' });
    });
  });
});

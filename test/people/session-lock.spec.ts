import {
  Controller,
  HttpCode,
  Inject,
  Post,
  Query,
  RequestTimeoutException,
  UseGuards,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mergeMap, race, Subject, throwError } from 'rxjs';
import { cookieStore, memoryStore, Session, SessionLock, SessionService } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeMemory, describeStores } from '../support/stores-under-test.js';

/** Where the handlers stop for the test, by name. */
const STOPS = new Map<string, Barrier>();
const nothing = async () => undefined;
const stop = (name: string | undefined) => STOPS.get(name ?? '')?.wait() ?? nothing();

class Marking implements CanActivate {
  constructor(@Inject(SessionService) private readonly sessions: SessionService) {}

  async canActivate() {
    (await this.sessions.current<any>()).update('guarded', (n = 0) => n + 1);
    return true;
  }
}

/** Says when those lose their patience who have asked for it. */
const impatience = new Subject<void>();

/** As an interceptor that answers when a handler takes too long. */
class Impatient implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler) {
    const { query } = execution.switchToHttp().getRequest();
    const tooLong = impatience.pipe(mergeMap(() => throwError(() => new RequestTimeoutException())));
    return query.impatient ? race(next.handle(), tooLong) : next.handle();
  }
}

@Controller('locked')
class LockController {
  @SessionLock() @Post('order') @HttpCode(200) async order(
    @Session() session: Session<any>,
    @Query('at') at?: string,
  ) {
    const orders = session.get('orders', 0);
    await stop(at);
    session.set('orders', orders + 1);
    return { orders };
  }

  @SessionLock() @UseGuards(Marking) @Post('guarded') guarded(@Session() session: Session<any>) {
    return this.order(session);
  }

  @SessionLock() @Post('fail') async fail(@Session() session: Session<any>) {
    session.set('orders', 100);
    throw new Error('in the handler');
  }
}

const serve = {
  controllers: [LockController],
  providers: [Marking, { provide: APP_INTERCEPTOR, useClass: Impatient }],
};

describeStores('@SessionLock()', ({ make, openStore }) => {
  let ground: Playground;

  beforeEach(async () => {
    STOPS.clear();
    ground = await playground({ adapter: make(), store: openStore(), serve });
  });
  afterEach(() => ground.close());

  it('lets the requests of one session through one after the other, each on what the one before has left', async () => {
    const browser = await ground.visitor();
    const visits = await Promise.all(Array.from({ length: 8 }, () => browser.fork().post('/locked/order')));
    expect(visits.map((visit) => visit.json().orders).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await ground.dataOf(idOf(browser))).toMatchObject({ orders: 8 });
  });

  it('keeps what a guard has changed before', async () => {
    const browser = await ground.visitor();
    await Promise.all(Array.from({ length: 4 }, () => browser.fork().post('/locked/guarded')));
    expect(await ground.dataOf(idOf(browser))).toMatchObject({ orders: 4, guarded: 4 });
  });

  it('is let go when a handler fails', async () => {
    const browser = await ground.visitor();
    const visits = await Promise.all(
      ['fail', 'order', 'fail', 'order'].map((path) => browser.fork().post(`/locked/${path}`)),
    );
    expect(visits.map(({ status }) => status).toSorted()).toEqual([200, 200, 500, 500]);
    expect(await ground.dataOf(idOf(browser))).toMatchObject({ orders: 2 });
  });

  it('leaves nothing behind in the store', async () => {
    const browser = await ground.visitor();
    const locks: string[] = [];
    ground.watched.before = (verb, [record]) => {
      if (verb === 'create') locks.push((record as { id: string }).id);
    };
    const gone = new Promise<void>((resolve) => {
      ground.watched.after = (verb) => void (verb === 'destroy' && resolve());
    });
    await browser.post('/locked/order');
    if (ground.real.capabilities.atomicCommit === 'everywhere') {
      await gone;
      expect(locks).toHaveLength(1);
      expect(await ground.stored(locks[0]!)).toBeUndefined();
    } else {
      expect(locks).toEqual([]);
    }
  });
});

describeMemory('A request at a @SessionLock()', ({ make, openStore }) => {
  let ground: Playground;

  beforeEach(async () => {
    STOPS.clear();
    ground = await playground({ adapter: make(), store: openStore(), serve });
  });
  afterEach(() => ground.close());

  function stopAt(name: string): Barrier {
    const barrier = new Barrier();
    STOPS.set(name, barrier);
    return barrier;
  }

  it('waits for nobody else than the requests of its own session', async () => {
    const [one, other] = [await ground.visitor(), await ground.visitor()];
    const barrier = stopAt('one');
    const visit = one.post('/locked/order?at=one');
    await barrier.reached;
    expect((await other.post('/locked/order')).status).toBe(200);
    expect((await one.fork().post('/set?colour=red')).status).toBe(200);
    expect((await ground.browser().post('/locked/order')).status).toBe(200);
    barrier.open();
    expect((await visit).status).toBe(200);
    expect(await ground.dataOf(idOf(one))).toMatchObject({ orders: 1, colour: 'red' });
  });

  it('cannot be held up by somebody who knows the id alone', async () => {
    const browser = await ground.visitor();
    const barrier = stopAt('stranger');
    const cookie = `sessionid=${idOf(browser)}.${'S'.repeat(43)}`;
    const stranger = ground.browser().post('/locked/order?at=stranger', { headers: { cookie } });
    await barrier.reached;
    expect((await browser.post('/locked/order')).status).toBe(200);
    barrier.open();
    await stranger;
  });

  it('answers 409 when the session ends while it waits', async () => {
    const browser = await ground.visitor();
    const barrier = stopAt('first');
    const first = browser.fork().post('/locked/order?at=first');
    await barrier.reached;
    const loaded = ground.hold('after', 'load');
    const late = browser.fork().post('/locked/order');
    await loaded.reached;
    await browser.fork().post('/flush');
    loaded.open();
    barrier.open();
    expect((await first).status).toBe(200);
    expect((await late).status).toBe(409);
    expect((await late).setCookies).toEqual([]);
  });

  it.each([
    { when: 'before the one that it waits for is done', answers: true },
    { when: 'while that is getting done', answers: false },
  ])(
    'lets others in, and needs no turn to be answered, when an interceptor gives it up $when',
    async ({ answers }) => {
      const browser = await ground.visitor();
      const barrier = stopAt('first');
      const first = browser.fork().post('/locked/order?at=first');
      await barrier.reached;
      const loaded = ground.hold('after', 'load');
      const impatient = browser.fork().post('/locked/order?impatient=1');
      await loaded.reached;
      loaded.open();
      impatience.next();
      await (answers && impatient);
      const next = browser.fork().post('/locked/order');
      barrier.open();
      expect([(await impatient).status, (await first).status]).toEqual([408, 200]);
      expect((await next).json()).toEqual({ orders: 1 });
    },
  );

  it('is let go when the client has given up, once its handler is done', async () => {
    const browser = await ground.visitor();
    const barrier = stopAt('slow');
    const patience = new AbortController();
    const given = browser
      .fork()
      .post('/locked/order?at=slow', { signal: patience.signal })
      .catch(({ name }: Error) => name);
    await barrier.reached;
    patience.abort();
    expect(await given).toBe('AbortError');
    const next = browser.fork().post('/locked/order');
    barrier.open();
    expect((await next).json()).toEqual({ orders: 1 });
    // After an abort fetch opens a connection ahead of any request, and Node waits a minute for its first one.
    ground.app.getHttpServer().closeAllConnections();
  });
});

describe.each(adapters)('@SessionLock() on a cookie store ($adapter)', ({ make }) => {
  it('is refused, since every tab holds a session of its own', async () => {
    const keys = ['A'.repeat(43)];
    const ground = await playground({ adapter: make(), store: cookieStore({ keys }) as never, serve });
    try {
      const browser = await ground.visitor();
      expect((await browser.post('/locked/order')).status).toBe(500);
      expect(ground.log.join()).toContain('cannot let the requests of one session wait for each other');
    } finally {
      await ground.close();
    }
  });

  it('costs nothing for a visitor without a session', async () => {
    const ground = await playground({ adapter: make(), store: memoryStore() as never, serve });
    await ground.browser().post('/locked/order');
    expect(ground.watched.take()).toEqual(['create']);
    await ground.close();
  });
});

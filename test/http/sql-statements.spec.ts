import { Controller, Get, Param, Post } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Session } from 'nest-sessions';
import { typeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { Clock } from '../support/clock.js';
import { describeEachDatabase, type ScratchDatabase } from '../support/databases.js';
import { RecordingLogger } from '../support/recording.logger.js';
import { serve, type Served } from '../support/serve.js';
import { openSessionTable } from '../support/session-table.js';

@Controller()
class StatementController {
  @Get('unused') unused() {
    return 'no session here';
  }

  @Get('read') read(@Session() session: Session) {
    return session.toJSON();
  }

  @Post('write/:name') write(@Session() session: Session, @Param('name') name: string) {
    session.data.name = name;
  }

  @Post('regenerate') async regenerate(@Session() session: Session) {
    session.data.name = 'regenerated';
    await session.regenerate();
  }

  @Post('flush') async flush(@Session() session: Session) {
    await session.flush();
  }
}

const UNKNOWN = { cookie: `sessionid=${'0'.repeat(32)}.${'A'.repeat(43)}` };
const MALFORMED = { cookie: 'sessionid=nonsense' };
const SECONDS_TO_TOUCH = 60;

describeEachDatabase('SQL statements per kind of request', (database) => {
  const logger = new RecordingLogger();
  let scratch: ScratchDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    scratch = await database.create();
    dataSource = await openSessionTable(scratch.options, { logging: true, logger });
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await scratch?.drop();
  });

  describe.each(adapters)('on $adapter', ({ make }) => {
    const clock = new Clock();
    let served: Served;
    let visitor: Browser;

    beforeEach(async () => {
      served = await serve({
        adapter: make(),
        controllers: [StatementController],
        session: { store: typeOrmStore({ dataSource }), now: clock.now, cleanup: false },
      });
      visitor = served.browser();
      await visitor.post('/write/Ada');
      logger.take();
    });
    afterEach(() => served.close());

    it.each<[string, (browser: Browser) => Promise<unknown>, string[]]>([
      ['a cookie and an unused session', (browser) => browser.get('/unused'), []],
      ['a read', (browser) => browser.get('/read'), ['SELECT']],
      ['a read when the touch is due', (browser) => later(clock, browser.get, '/read'), ['SELECT', 'UPDATE']],
      ['a write', (browser) => browser.post('/write/Grace'), ['SELECT', 'UPDATE']],
      [
        'a write when the touch is due',
        (browser) => later(clock, browser.post, '/write/Grace'),
        ['SELECT', 'UPDATE'],
      ],
      ['the same value again', (browser) => browser.post('/write/Ada'), ['SELECT']],
      ['a regeneration with a write', (browser) => browser.post('/regenerate'), ['SELECT', 'UPDATE']],
      ['a flush', (browser) => browser.post('/flush'), ['SELECT', 'DELETE']],
    ])('for %s', async (_, visit, verbs) => {
      await visit(visitor);
      expect(verbsOf(logger)).toEqual(verbs);
    });

    it.each<[string, (browser: Browser) => Promise<unknown>, string[]]>([
      ['no cookie and an unused session', (browser) => browser.get('/unused'), []],
      ['no cookie and a read', (browser) => browser.get('/read'), []],
      ['a first write', (browser) => browser.post('/write/Ada'), ['INSERT']],
      [
        'an unknown token and an unused session',
        (browser) => browser.get('/unused', { headers: UNKNOWN }),
        [],
      ],
      ['an unknown token and a read', (browser) => browser.get('/read', { headers: UNKNOWN }), ['SELECT']],
      [
        'an unknown token and a write',
        (browser) => browser.post('/write/Eve', { headers: UNKNOWN }),
        ['SELECT', 'INSERT'],
      ],
      ['a malformed token and a read', (browser) => browser.get('/read', { headers: MALFORMED }), []],
    ])('for %s', async (_, visit, verbs) => {
      await visit(served.browser());
      expect(verbsOf(logger)).toEqual(verbs);
    });
  });
});

function verbsOf(logger: RecordingLogger): string[] {
  return logger.take().map((statement) => /^\w+/.exec(statement)![0]);
}

function later(clock: Clock, visit: Browser['get'], path: string): Promise<unknown> {
  clock.advance(SECONDS_TO_TOUCH);
  return visit(path);
}

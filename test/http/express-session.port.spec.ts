import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import expressSession, { type Session, type SessionData } from 'express-session';
import { memoryStore, type ExpressLikeSession } from 'nest-sessions';
import { Browser } from '../support/browser.js';
import { serve } from '../support/serve.js';

/** What an application that uses express-session declares. */
type AppRequest = Request & {
  session: Session & Partial<SessionData> & { views?: number; user?: string; notes?: string[] };
};

/** Handlers as they are written for express-session. */
@Controller()
class PortedController {
  @Get('views')
  views(@Req() request: AppRequest, @Res() response: Response) {
    if (request.session.views) {
      request.session.views++;
    } else {
      request.session.views = 1;
    }
    response.json({ views: request.session.views, user: request.session.user ?? null });
  }

  @Post('notes')
  note(@Req() { session }: AppRequest, @Query('text') text: string) {
    (session.notes ??= []).push(text);
    return { count: session.notes.length };
  }

  @Get('notes')
  notes(@Req() { session }: AppRequest) {
    return session.notes ?? [];
  }

  @Post('login')
  login(@Req() request: AppRequest, @Res() response: Response) {
    request.session.regenerate((error) => {
      if (error) throw error;
      request.session.user = String(request.query.name);
      request.session.save((failure) => {
        if (failure) throw failure;
        response.redirect('/views');
      });
    });
  }

  @Post('remember')
  remember(@Req() { session }: AppRequest) {
    session.cookie.maxAge = 3_600_000;
    session.user ??= 'guest';
    return {
      maxAge: Math.round(session.cookie.maxAge / 1000),
      // In express-session too it is what is left, and a millisecond may have passed.
      originalMaxAge: Math.round(session.cookie.originalMaxAge! / 10) * 10,
    };
  }

  @Post('logout')
  logout(@Req() request: AppRequest, @Res() response: Response) {
    request.session.destroy((error) => {
      if (error) throw error;
      response.json({ session: request.session === undefined ? 'gone' : 'there' });
    });
  }

  @Post('reload')
  reload(@Req() request: AppRequest, @Res() response: Response) {
    request.session.views = 1000;
    request.session.reload((error) => response.json({ error: error ?? null, views: request.session.views }));
  }

  @Get('json')
  json(@Req() request: AppRequest) {
    const { cookie, ...data } = JSON.parse(JSON.stringify(request.session));
    return { data, isKnown: typeof cookie, id: typeof request.sessionID };
  }
}

const sides = {
  'express-session': () =>
    serve({
      adapter: new ExpressAdapter(),
      controllers: [PortedController],
      session: { store: memoryStore() },
      prepare: (app) =>
        void app.use(
          expressSession({
            name: 'sessionid',
            secret: 'x',
            resave: false,
            saveUninitialized: false,
            cookie: {},
          }),
        ),
    }),
  'nest-sessions': () =>
    serve({
      adapter: new ExpressAdapter(),
      controllers: [PortedController],
      session: { store: memoryStore(), requestSession: true },
    }),
};

type Play = (browser: Browser, visit: (method: string, path: string) => Promise<void>) => Promise<void>;

/** What a visitor of each side sees. */
async function bothSides(play: Play) {
  const transcripts: Record<string, unknown[]> = {};
  for (const [name, open] of Object.entries(sides)) {
    const side = await open();
    const transcript: unknown[] = (transcripts[name] = []);
    const browser = side.browser();
    const visit = async (method: string, path: string) => {
      const before = browser.cookie();
      const { status, headers, text } = await browser.visit(method, path, {});
      const hasNewCookie = browser.cookie() !== undefined && browser.cookie() !== before;
      transcript.push({ path, status, location: headers.get('location'), text, hasNewCookie });
    };
    await play(browser, visit).finally(side.close);
  }
  return transcripts;
}

const plays: { title: string; play: Play; ends: object }[] = [
  {
    title: 'a counter',
    play: async (_, visit) => {
      for (let time = 0; time < 3; time++) await visit('GET', '/views');
    },
    ends: { text: '{"views":3,"user":null}', hasNewCookie: false },
  },
  {
    title: 'a list in the session',
    play: async (_, visit) => {
      await visit('GET', '/notes');
      await visit('POST', '/notes?text=tea');
      await visit('POST', '/notes?text=milk');
      await visit('GET', '/notes');
    },
    ends: { text: '["tea","milk"]' },
  },
  {
    title: 'a login',
    play: async (_, visit) => {
      await visit('GET', '/views');
      await visit('POST', '/login?name=ada');
      await visit('GET', '/views');
    },
    ends: { text: '{"views":1,"user":"ada"}' },
  },
  {
    title: 'a login as the first thing',
    play: async (_, visit) => {
      await visit('POST', '/login?name=ada');
      await visit('GET', '/views');
    },
    ends: { text: '{"views":1,"user":"ada"}' },
  },
  {
    title: 'a replay of the cookie from before the login',
    play: async (browser, visit) => {
      await visit('POST', '/notes?text=tea');
      const jar = browser.fork().jar;
      await visit('POST', '/login?name=ada');
      browser.jar.removeAllCookiesSync();
      for (const cookie of jar.getCookiesSync('http://127.0.0.1')) {
        browser.jar.setCookieSync(cookie, 'http://127.0.0.1');
      }
      await visit('GET', '/notes');
    },
    ends: { text: '[]' },
  },
  {
    title: 'a logout',
    play: async (_, visit) => {
      await visit('POST', '/login?name=ada');
      await visit('POST', '/logout');
      await visit('GET', '/notes');
      await visit('GET', '/views');
    },
    ends: { text: '{"views":1,"user":null}', hasNewCookie: true },
  },
  {
    title: 'a reload',
    play: async (_, visit) => {
      await visit('GET', '/views');
      await visit('POST', '/reload');
    },
    ends: { text: '{"error":null,"views":1}' },
  },
  {
    title: 'a lifetime of its own',
    play: (_, visit) => visit('POST', '/remember'),
    ends: { text: '{"maxAge":3600,"originalMaxAge":3600000}' },
  },
];

describe('Handlers written for express-session', () => {
  it.each(plays)('show the same under both: $title', async ({ play, ends }) => {
    const { 'express-session': theirs, 'nest-sessions': ours } = await bothSides(play);
    expect(ours).toEqual(theirs);
    expect(ours!.at(-1)).toMatchObject({ status: expect.any(Number), ...ends });
  });

  it('show the same data as JSON, but for the cookie, which is no data here', async () => {
    const { 'express-session': theirs, 'nest-sessions': ours } = await bothSides(async (_, visit) => {
      await visit('GET', '/views');
      await visit('GET', '/json');
    });
    const [their, our] = [theirs, ours].map((side) => JSON.parse((side!.at(-1) as { text: string }).text));
    expect(their).toEqual({ data: { views: 1 }, isKnown: 'object', id: 'string' });
    expect(our).toEqual({ ...their, isKnown: 'undefined' });
  });

  it('may be given the session as the type that they know', () => {
    const give = (ours: ExpressLikeSession): Session & Partial<SessionData> => ours;
    expect(give({ id: 'x' } as ExpressLikeSession).id).toBe('x');
  });
});

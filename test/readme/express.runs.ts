import { Controller, Get, Injectable, Post, Req, UseGuards } from '@nestjs/common';
import { PassportModule, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import { expect } from '@jest/globals';
import { Strategy } from 'passport-local';
import { listenWith } from './running.js';
import { using, type OnAdapter } from './snippet.runs.js';

/** What proves the snippets for those who come from express-session and Passport, on both adapters. */
export const expressRuns: Readonly<Record<string, (on: OnAdapter) => Promise<void>>> = {
  passport: async ({ adapter, load }) => {
    const { LoginGuard, PassportUserGuard } = await load();
    @Injectable()
    class ByPassword extends PassportStrategy(Strategy) {
      validate(name: string) {
        return { name };
      }
    }
    @Injectable()
    class ByName extends PassportSerializer {
      serializeUser(user: any, done: (error: unknown, name: string) => void) {
        done(null, user.name);
      }
      deserializeUser(name: string, done: (error: unknown, user: object) => void) {
        done(null, { name });
      }
    }
    @Controller()
    class PassportController {
      @Post('login')
      @UseGuards(LoginGuard)
      login() {}
      @Get()
      @UseGuards(PassportUserGuard)
      me(@Req() { user }: any) {
        return user ?? {};
      }
    }
    const imports = [PassportModule.register({ session: true })];
    await using(
      listenWith({ imports, controllers: [PassportController], providers: [ByPassword, ByName] }, adapter, {
        requestSession: true,
      }),
      async ({ browser }) => {
        const visitor = browser();
        expect((await visitor.get('/')).json()).toEqual({});
        await visitor.post('/login?username=ada&password=x');
        expect((await visitor.get('/')).json()).toEqual({ name: 'ada' });
      },
    );
  },
  moved: async ({ adapter, load }) => {
    const { countView } = await load();
    @Controller()
    class ViewsController {
      @Get()
      count(@Req() request: any) {
        return { views: countView(request) };
      }
    }
    await using(
      listenWith({ controllers: [ViewsController] }, adapter, { requestSession: true }),
      async ({ browser }) => {
        const visitor = browser();
        for (const views of [1, 2]) expect((await visitor.get('/')).json()).toEqual({ views });
      },
    );
  },
};

import type { IncomingMessage } from 'node:http';
import {
  Catch,
  HttpException,
  HttpStatus,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SessionContextError } from 'nest-sessions';
import { FormRefused } from './form-refused.exception.js';
import { ownPath, withNext } from './own-path.js';
import { PageRenderer } from './page.renderer.js';

/** Turns what was thrown into a page, or into the way to one. */
@Catch()
export class PagesFilter implements ExceptionFilter {
  private readonly logger = new Logger(PagesFilter.name);

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly pages: PageRenderer,
  ) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    const [request, response] = host.getArgs<[IncomingMessage, unknown]>();
    try {
      await this.answer(error, request, response);
    } catch (failure) {
      // The page that was to tell needs a session, and so it fails with the store. The page about that needs none.
      await this.answer(failure, request, response);
    }
  }

  private async answer(error: unknown, request: IncomingMessage, response: unknown): Promise<void> {
    const { httpAdapter } = this.host;
    const status = statusOf(error);
    const loginPage = loginPageFor(error, status);
    if (loginPage) {
      httpAdapter.redirect(response, HttpStatus.SEE_OTHER, withNext(loginPage, pageOf(request)));
      return;
    }
    if (status >= 500) {
      this.logger.error(error);
    }
    const html = await this.pageFor(error, status);
    httpAdapter.setHeader(response, 'Content-Type', 'text/html; charset=utf-8');
    httpAdapter.reply(response, html, status);
  }

  private async pageFor(error: unknown, status: number): Promise<string> {
    if (error instanceof FormRefused) {
      return this.pages.render(error.view, { values: error.values, errors: error.errors });
    }
    // What another site has sent must not even take the notice that waits in the session.
    if (errorCodeOf(error)?.startsWith('CSRF_')) {
      return this.pages.bare('errors/refused');
    }
    // The store of the sessions may be what has failed.
    return status >= 500 ? this.pages.bare('errors/error', { status }) : this.errorPage(status);
  }

  private async errorPage(status: number): Promise<string> {
    try {
      return await this.pages.render('errors/error', { status });
    } catch (failure) {
      if (failure instanceof SessionContextError) {
        // What Express cannot even read, it refuses before a session could be asked for.
        return this.pages.bare('errors/error', { status });
      }
      throw failure;
    }
  }
}

/** Errors of Nest, of Express and its body parsers, and others. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) {
    return error.getStatus();
  }
  const { statusCode = HttpStatus.INTERNAL_SERVER_ERROR } = error as { statusCode?: number };
  return statusCode;
}

function loginPageFor(error: unknown, status: number): string | undefined {
  if (status === HttpStatus.UNAUTHORIZED) {
    return '/login';
  }
  return errorCodeOf(error) === 'RECENT_LOGIN_REQUIRED' ? '/confirm' : undefined;
}

function errorCodeOf(error: unknown): string | undefined {
  const body = error instanceof HttpException ? error.getResponse() : undefined;
  return typeof body === 'object' ? (body as { errorCode?: string }).errorCode : undefined;
}

/** Where to come back to: the page that was asked for or, after a form, the page that the form was on. */
function pageOf({ method, url, headers }: IncomingMessage): string {
  if (method === 'GET') {
    return ownPath(url);
  }
  const { referer = '' } = headers;
  return ownPath(referer.replace(/^https?:\/\/[^/]*/, ''));
}

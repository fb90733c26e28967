import type { IncomingMessage } from 'node:http';
import {
  Catch,
  HttpException,
  HttpStatus,
  Inject,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ownPath } from 'nest-sessions/handoff';
import type { Site } from '../sites.js';
import { PageRenderer, SITE } from './page.renderer.js';

/** Turns what was thrown into a page, and a login that is needed into the way there and back. */
@Catch()
export class PagesFilter implements ExceptionFilter {
  private readonly logger = new Logger(PagesFilter.name);

  constructor(
    @Inject(SITE) private readonly site: Site,
    private readonly host: HttpAdapterHost,
    private readonly pages: PageRenderer,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    const [request, response] = host.getArgs<[IncomingMessage, unknown]>();
    const status = statusOf(error);
    if (status === HttpStatus.UNAUTHORIZED) {
      const query = new URLSearchParams({ returnTo: pageOf(request) });
      httpAdapter.redirect(response, HttpStatus.SEE_OTHER, `${this.site.loginPath}?${query}`);
      return;
    }
    if (status >= 500) {
      this.logger.error(error);
    }
    const page = this.pages.bare('error', { status, errorCode: errorCodeOf(error) });
    httpAdapter.setHeader(response, 'Content-Type', 'text/html; charset=utf-8');
    httpAdapter.reply(response, page, status);
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

function errorCodeOf(error: unknown): string | undefined {
  const body = error instanceof HttpException ? error.getResponse() : undefined;
  return typeof body === 'object' ? (body as { errorCode?: string }).errorCode : undefined;
}

/** Where to come back to: the page that was asked for or, after a form, the page that the form was on. */
function pageOf({ method, url, headers: { referer = '' } }: IncomingMessage): string {
  if (method === 'GET') {
    return ownPath(url);
  }
  return ownPath(referer.replace(/^https?:\/\/[^/]*/, ''));
}

import {
  Catch,
  HttpException,
  HttpStatus,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { PageRenderer } from './page.renderer.js';

/** Turns what was thrown into a page. What a resolver throws is GraphQL's to tell. */
@Catch()
export class PagesFilter implements ExceptionFilter {
  private readonly logger = new Logger(PagesFilter.name);

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly pages: PageRenderer,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const status = statusOf(error);
    if (status >= 500) {
      this.logger.error(error);
    }
    if (host.getType() !== 'http') {
      throw error;
    }
    const { httpAdapter } = this.host;
    const response = host.switchToHttp().getResponse<unknown>();
    if (status === HttpStatus.UNAUTHORIZED) {
      httpAdapter.redirect(response, HttpStatus.SEE_OTHER, '/');
      return;
    }
    httpAdapter.setHeader(response, 'Content-Type', 'text/html; charset=utf-8');
    httpAdapter.reply(response, this.pages.bare('error', { status }), status);
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

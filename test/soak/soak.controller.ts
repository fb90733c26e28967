import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  HttpCode,
  Post,
  Query,
  Res,
  Sse,
  StreamableFile,
} from '@nestjs/common';
import { Session, SessionInterruptedError, SessionService } from 'nest-sessions';
import { interval, map, range, type Observable } from 'rxjs';

/** Whatever an application does with a session. */
@Controller()
export class SoakController {
  constructor(private readonly sessions: SessionService) {}

  @Get('plain')
  plain(): string {
    return 'Hello';
  }

  @Get('read')
  read(@Session() session: Session<any>): object {
    return session.toJSON();
  }

  @Post('write')
  @HttpCode(200)
  write(@Session() session: Session<any>, @Body() { key, text }: { key: string; text: string }): void {
    session.set(key, text);
  }

  @Post('count')
  @HttpCode(200)
  count(@Session() session: Session<any>): number {
    return session.update('n', (n: number = 0) => n + 1);
  }

  @Post('flash')
  @HttpCode(200)
  leave(@Session() session: Session<any>): void {
    session.flash('notice', 'Saved');
  }

  @Get('flash')
  take(@Session() session: Session<any>): object {
    return { notice: session.flash('notice') ?? null };
  }

  @Post('login')
  @HttpCode(200)
  async login(@Query('user') user: string): Promise<void> {
    await this.sessions.login(user);
  }

  @Post('regenerate')
  @HttpCode(200)
  async regenerate(@Session() session: Session<any>): Promise<void> {
    await session.regenerate();
  }

  @Post('logout')
  @HttpCode(200)
  async logout(): Promise<void> {
    await this.sessions.logout();
  }

  @Post('revoke-all')
  @HttpCode(200)
  async revokeAll(@Query('user') user: string): Promise<object> {
    return { ended: await this.sessions.revokeAll(user) };
  }

  @Get('list')
  async list(@Query('user') user: string): Promise<object> {
    return this.sessions.list(user);
  }

  @Post('save')
  @HttpCode(200)
  async save(@Session() session: Session<any>): Promise<void> {
    session.set('saved', 'first');
    await session.save().catch(unlessInterrupted);
    session.set('saved', 'then');
  }

  @Get('refuse')
  refuse(@Session() session: Session<any>): never {
    session.set('refused', true);
    throw new ForbiddenException();
  }

  @Get('fail')
  fail(@Session() session: Session<any>): never {
    session.set('failed', true);
    throw new Error('A handler that fails.');
  }

  @Get('stream')
  stream(@Session() session: Session<any>): StreamableFile {
    session.set('streamed', true);
    return new StreamableFile(Readable.from(chunks(8)));
  }

  /** Goes on until the client has had enough. */
  @Get('endless')
  endless(@Session() session: Session<any>): StreamableFile {
    session.set('streamed', true);
    return new StreamableFile(Readable.from(chunks(Infinity)));
  }

  @Sse('events')
  events(@Session() session: Session<any>): Observable<object> {
    return range(3).pipe(map(() => ({ data: { keys: session.size } })));
  }

  @Sse('endless-events')
  endlessEvents(@Session() session: Session<any>): Observable<object> {
    return interval(10).pipe(map(() => ({ data: { keys: session.size } })));
  }

  /** Is at work until the client has hung up. */
  @Post('linger')
  @HttpCode(200)
  async linger(@Session() session: Session<any>, @Res({ passthrough: true }) reply: any): Promise<void> {
    const response = reply.raw ?? reply;
    session.update('n', (n: number = 0) => n + 1);
    if (!response.closed) await once(response, 'close');
  }
}

/** On a machine that is too busy, a session may expire between two steps of one request. */
function unlessInterrupted(error: unknown): void {
  if (!(error instanceof SessionInterruptedError)) throw error;
}

/** Each takes its time, as those of a file do. */
async function* chunks(count: number): AsyncGenerator<Buffer> {
  for (let number = 0; number < count; number++) {
    await nextTurn();
    yield Buffer.alloc(4096, 'stream');
  }
}

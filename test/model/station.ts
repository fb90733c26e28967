import { Controller, HttpCode, HttpException, Inject, Post, Req, type LoggerService } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { SessionModule, SessionService, type Session, type SessionStoreDefinition } from 'nest-sessions';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EndAct, Seen, ServiceAct, View, VisitAct } from './model.acts.js';
import { TIMES } from './model.state.js';
import { plusOne } from './model.values.js';
import { actors, gated, type Gate } from './gated.store.js';

/** What a station is told. */
export type Order =
  | { readonly kind: 'act'; readonly actor: number; readonly act: VisitAct }
  | { readonly kind: 'serve'; readonly actor: number; readonly act: ServiceAct }
  | { readonly kind: 'go'; readonly actor: number }
  | { readonly kind: 'clock'; readonly now: number }
  | { readonly kind: 'echo'; readonly number: number };

/** What a station tells. */
export type News =
  | { readonly kind: 'arrived'; readonly actor: number }
  | { readonly kind: 'waiting'; readonly actor: number; readonly gate: Gate }
  | { readonly kind: 'done'; readonly actor: number; readonly seen: Seen }
  | { readonly kind: 'echo'; readonly number: number };

const ACTOR_HEADER = 'x-actor';

const STATION = Symbol('STATION');

@Controller()
class ProgramController {
  constructor(
    @Inject(STATION) private readonly station: Pick<Station, 'follow'>,
    private readonly sessions: SessionService,
  ) {}

  @Post('program')
  @HttpCode(200)
  async follow(@Req() request: { headers: Record<string, string> }): Promise<string> {
    const { status } = await this.station.follow(Number(request.headers[ACTOR_HEADER]), this.sessions);
    if (status !== 200) throw new HttpException('As the program says.', status);
    return 'ok';
  }
}

/** An application whose handlers do what they are told, one act at a time, and whose store lets nobody through unasked. */
export class Station {
  #now = 0;
  #sessions!: SessionService;
  #close!: () => Promise<void>;
  origin = '';
  /** Who asks the store for several things at once waits at several gates. */
  readonly #gates = new Map<number, (() => void)[]>();
  readonly #handlers = new Map<number, (act: VisitAct) => void>();

  private constructor(private readonly tell: (news: News) => void) {}

  static async open(
    adapter: AbstractHttpAdapter,
    store: SessionStoreDefinition,
    tell: (news: News) => void,
  ): Promise<Station> {
    const station = new Station(tell);
    await station.#start(adapter, store);
    return station;
  }

  async #start(adapter: AbstractHttpAdapter, store: SessionStoreDefinition): Promise<void> {
    const { idleTimeout, absoluteTimeout, touchInterval, renewGrace } = TIMES;
    const sessions = SessionModule.forRoot({
      store: gated(store, (actor, gate) => this.#wait(actor, gate)),
      now: () => this.#now,
      idleTimeout: idleTimeout / 1000,
      absoluteTimeout: absoluteTimeout / 1000,
      touchInterval: touchInterval / 1000,
      renewGrace: renewGrace / 1000,
      cleanup: false,
      cookie: { secure: false },
    });
    @Module({
      imports: [sessions],
      controllers: [ProgramController],
      providers: [{ provide: STATION, useValue: this }],
    })
    class StationModule {}
    const app = await NestFactory.create(StationModule, adapter, { logger: SILENT, abortOnError: false });
    app.use((request: { headers: Record<string, string> }, _response: unknown, next: () => void) =>
      actors.run(Number(request.headers[ACTOR_HEADER]), next),
    );
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    this.origin = `http://127.0.0.1:${port}`;
    this.#sessions = app.get(SessionService);
    this.#close = () => app.close();
  }

  /** What the client of an actor sends to be recognised. */
  static headers(actor: number): Record<string, string> {
    return { [ACTOR_HEADER]: String(actor) };
  }

  order(order: Order): void {
    switch (order.kind) {
      case 'act':
        return this.#handlers.get(order.actor)!(order.act);
      case 'serve':
        return void actors.run(order.actor, () => this.#serve(order.actor, order.act));
      case 'go':
        return this.#gates.get(order.actor)!.shift()!();
      case 'clock':
        this.#now = order.now;
        return;
      case 'echo':
        return void this.#echo(order.number);
    }
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Does what is ordered, act after act, until the request is to end. @internal */
  async follow(actor: number, sessions: SessionService): Promise<EndAct> {
    let session: Session<any> | undefined;
    let next = this.#nextAct(actor);
    this.tell({ kind: 'arrived', actor });
    for (;;) {
      const act = await next;
      if (act.do === 'end') {
        this.#handlers.delete(actor);
        return act;
      }
      const seen = await seenOf(async () => {
        session ??= await sessions.current<any>();
        return act.do === 'load' ? undefined : perform(session, act, sessions);
      });
      next = this.#nextAct(actor);
      this.tell({ kind: 'done', actor, seen: { ...seen, ...(session && { view: viewOf(session) }) } });
    }
  }

  #nextAct(actor: number): Promise<VisitAct> {
    return new Promise((resolve) => void this.#handlers.set(actor, resolve));
  }

  async #serve(actor: number, act: ServiceAct): Promise<void> {
    const seen = await seenOf(async () => {
      switch (act.do) {
        case 'revoke':
          return this.#sessions.revoke(act.id);
        case 'revokeAll':
          return this.#sessions.revokeAll(act.user, act);
        case 'list':
          return (await this.#sessions.list(act.user)).map(({ id }) => id).toSorted();
        case 'sweep':
          await this.#sessions.clearExpired();
      }
      return undefined;
    });
    this.tell({ kind: 'done', actor, seen });
  }

  #wait(actor: number, gate: Gate): Promise<void> {
    return new Promise((resolve) => {
      const gates = this.#gates.get(actor) ?? [];
      this.#gates.set(actor, gates);
      gates.push(resolve);
      this.tell({ kind: 'waiting', actor, gate });
    });
  }

  /** Once everything has happened that needs nothing from outside. */
  async #echo(number: number): Promise<void> {
    await nextTurn();
    await nextTurn();
    this.tell({ kind: 'echo', number });
  }
}

const SILENT: LoggerService = {
  log: () => undefined,
  warn: () => undefined,
  error: (message: unknown) => console.error(message),
};

async function seenOf(run: () => Promise<unknown>): Promise<Seen> {
  try {
    const value = await run();
    return value === undefined ? {} : { value };
  } catch (error) {
    return { error: (error as Error).name };
  }
}

async function perform(session: Session<any>, act: VisitAct, sessions: SessionService): Promise<unknown> {
  switch (act.do) {
    case 'set':
      return void session.set(act.key, act.value);
    case 'rewrite':
      return void session.set(act.key, session.get(act.key) as never);
    case 'delete':
      return void session.delete(act.key);
    case 'patch':
      return void session.update(act.values);
    case 'count':
      return session.update(act.key, plusOne);
    case 'push': {
      const list = session.get(act.key) as unknown;
      return void (Array.isArray(list) ? list.push(act.value) : session.set(act.key, [act.value]));
    }
    case 'clear':
      return session.clear();
    case 'leave':
      return session.flash(act.key, act.value);
    case 'take':
      return session.flash(act.key);
    case 'expire': {
      const { after } = act;
      return session.setExpiry(typeof after === 'object' && after ? new Date(after.at) : after);
    }
    case 'regenerate':
      return session.regenerate();
    case 'save':
      return session.save();
    case 'reload':
      return session.reload();
    case 'flush':
      return session.flush();
    case 'logout':
      return sessions.logout();
    case 'login':
      return sessions.login(act.user);
  }
  return undefined;
}

/** Scalars are read one by one: to look must not be what makes the session look for changes. */
function viewOf(session: Session<any>): View {
  const data = Object.fromEntries([...session.keys()].map((key) => [key, session.get(key)]));
  return { id: session.id ?? null, user: session.userId ?? null, data, age: session.getExpiryAge() };
}

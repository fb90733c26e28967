import { Controller, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import {
  Session,
  type SessionEvent,
  type SessionModuleOptions,
  type SessionRecord,
  type SessionStore,
  type SessionStoreDefinition,
} from 'nest-sessions';
import { Barrier } from './barrier.js';
import type { Browser } from './browser.js';
import { Clock } from './clock.js';
import { serve, type Served } from './serve.js';
import { watch, type Hook, type WatchedStore } from './watched.store.js';

/** What a handler of the playground does. */
export type Step = (session: Session<any>, query: Record<string, string>) => unknown;

type When = 'before' | 'after';
type Verb = Parameters<Hook>[0];

const STEPS = Symbol('STEPS');

@Controller()
class PlaygroundController {
  constructor(@Inject(STEPS) private readonly steps: ReadonlyMap<string, Step>) {}

  @Post(':step')
  @HttpCode(200)
  take(@Session() session: Session, @Param('step') name: string, @Query() query: Record<string, string>) {
    return this.steps.get(name)!(session, query);
  }
}

interface PlaygroundOptions {
  readonly adapter: AbstractHttpAdapter;
  readonly store: SessionStoreDefinition;
  readonly session?: Omit<SessionModuleOptions, 'store'>;
  readonly serve?: Partial<Parameters<typeof serve>[0]>;
}

/** An application whose handlers a test writes itself, over a store that it can watch, hold and break. */
export interface Playground extends Served {
  readonly watched: WatchedStore;
  readonly clock: Clock;
  readonly events: SessionEvent[];
  /** Makes `POST /name` do this. */
  on(name: string, step: Step): void;
  /** A browser whose session holds this. */
  visitor(data?: Record<string, unknown>): Promise<Browser>;
  /** The store without the watch. */
  readonly real: SessionStore;
  /** What is stored now under the id. */
  stored(id: string): Promise<SessionRecord | undefined>;
  /** The data that is stored now under the id. */
  dataOf(id: string): Promise<any>;
  /** Holds the next call of a verb before it reaches the store, or before its caller hears of it. */
  hold(when: When, verb: Verb): Barrier;
  /** How many events of the type there have been. */
  count(type: SessionEvent['type']): number;
}

export async function playground(options: PlaygroundOptions): Promise<Playground> {
  const clock = new Clock();
  const steps = new Map<string, Step>([
    ['set', (session, values) => void session.update(values)],
    ['read', (session) => session.toJSON()],
    ['flush', (session) => session.flush()],
    ['regenerate', (session) => session.regenerate()],
  ]);
  let watched!: WatchedStore;
  let real!: SessionStore;
  const { useFactory, ...definition } = options.store as Extract<
    SessionStoreDefinition,
    { useFactory: unknown }
  >;
  const served = await serve({
    ...options.serve,
    adapter: options.adapter,
    controllers: [PlaygroundController, ...(options.serve?.controllers ?? [])],
    providers: [{ provide: STEPS, useValue: steps }, ...(options.serve?.providers ?? [])],
    session: {
      now: clock.now,
      ...options.session,
      store: {
        ...definition,
        useFactory: async (...args: unknown[]): Promise<SessionStore> => {
          real = await useFactory(...args);
          watched = watch(real);
          return watched.store;
        },
      },
    },
  });
  const events: SessionEvent[] = [];
  served.sessions.events.subscribe((event) => events.push(event));

  const stored = (id: string) => real.load(id);
  return {
    ...served,
    watched,
    real,
    clock,
    events,
    on: (name, step) => void steps.set(name, step),
    visitor: async (data = { name: 'Ada' }) => {
      const browser = served.browser();
      steps.set('begin', (session) => void session.update(data));
      await browser.post('/begin');
      watched.take();
      events.length = 0;
      return browser;
    },
    stored,
    dataOf: async (id) => {
      const record = await stored(id);
      return record && JSON.parse(record.data);
    },
    hold: (when, verb) => {
      const barrier = new Barrier();
      const others = watched[when];
      let status: 'waiting' | 'met' = 'waiting';
      watched[when] = async (called, args) => {
        if (called !== verb || status === 'met') {
          return others(called, args);
        }
        status = 'met';
        await barrier.wait();
      };
      return barrier;
    },
    count: (type) => events.filter((event) => event.type === type).length,
  };
}

/** The public half of the token that a browser holds. */
export function idOf(browser: Browser): string {
  return browser.cookie()!.split('.')[0]!;
}

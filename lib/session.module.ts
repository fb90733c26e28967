import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { EncryptingStore } from './core/encrypting.store.js';
import type { RecordCipher } from './core/record-cipher.js';
import { SessionEvents } from './core/session-events.js';
import { SessionOptionsError } from './core/session.errors.js';
import { SessionRepository } from './core/session.repository.js';
import { expressLikeSessions } from './http/express-like.middleware.js';
import { decorateFastifyRequests } from './http/fastify-request.decoration.js';
import { SessionHttp } from './http/session-http.js';
import { SessionInterceptor } from './http/session.interceptor.js';
import { SessionMiddleware } from './http/session.middleware.js';
import { transportsOf } from './http/transports-of.js';
import { LiveSockets } from './live/live-sockets.js';
import { asyncOptionsProviders } from './options/async-options.js';
import { withDataCheck } from './options/resolve-data.js';
import { resolveOptions, type ResolvedOptions } from './options/resolve-options.js';
import type {
  SessionModuleAsyncOptions,
  SessionModuleOptions,
  SessionOptionsFactory,
  SessionRuntimeOptions,
} from './options/session-options.interface.js';
import { RESOLVED_SESSION_OPTIONS, SESSION_MODULE_OPTIONS } from './session.constants.js';
import { SessionService } from './session.service.js';
import { SessionSweeper } from './session.sweeper.js';
import { defaultStore } from './session.default-store.js';
import type { SessionStoreOption } from './stores/session-store.definition.js';
import { SessionStore } from './stores/session-store.js';
import { PLAIN_SESSION_STORE, storeProvider } from './options/store-provider.js';

/**
 * Sessions for the whole application. Import it once, in the root module:
 *
 * ```ts
 * imports: [SessionModule.forRoot()]
 * ```
 *
 * @publicApi
 */
@Module({})
export class SessionModule implements NestModule, OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(SessionModule.name);

  constructor(
    private readonly modules: ModulesContainer,
    private readonly store: SessionStore,
    private readonly events: SessionEvents,
    private readonly adapterHost: HttpAdapterHost,
    @Inject(RESOLVED_SESSION_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * Sessions with these options; without any, with the TypeORM store on the application's `DataSource`.
   *
   * Wrong options fail at boot, all of them in one `SessionOptionsError`.
   */
  static forRoot({ store, isGlobal, ...options }: SessionModuleOptions = {}):
    DynamicModule | Promise<DynamicModule> {
    return moduleWith(store, isGlobal, [{ provide: SESSION_MODULE_OPTIONS, useValue: options }], []);
  }

  /** Sessions with options from a factory. The store and `isGlobal` stand beside it. */
  static forRootAsync(options: SessionModuleAsyncOptions): DynamicModule | Promise<DynamicModule> {
    return moduleWith(options.store, options.isGlobal, optionsProviders(options), options.imports ?? []);
  }

  configure(consumer: MiddlewareConsumer): void {
    // The one path that both adapters match for '/', for every other one and for those that no route has.
    consumer.apply(SessionMiddleware).forRoutes('{*splat}');
    if (this.options.requestSession) {
      consumer.apply(expressLikeSessions(this.options)).forRoutes('{*splat}');
      decorateFastifyRequests(this.adapterHost.httpAdapter);
    }
  }

  async onModuleInit(): Promise<void> {
    const twins = [...this.modules.values()].filter(({ metatype }) => metatype === SessionModule);
    if (twins.length > 1) {
      throw new SessionOptionsError([
        'SessionModule.forRoot() is imported more than once: import it in the root module only. ' +
          'Its service can be injected everywhere.',
      ]);
    }
    const { settings, cookie } = this.options;
    if (settings.maxSessionsPerUser && !this.store.capabilities.userIndex) {
      throw new SessionOptionsError([
        `maxSessionsPerUser: the store "${this.store.name}" cannot find the sessions of a user`,
      ]);
    }
    await this.store.open?.({
      now: settings.now,
      maxDataSize: settings.maxDataSize,
      maxTokenSize: MAX_COOKIE_SIZE - cookie.name.length - '='.length,
    });
    if (process.env.NODE_ENV === 'production' && cookie.secure === false) {
      this.#logger.warn(
        'cookie.secure is false in production: the session cookie travels in clear, and whoever sees it is logged in. ' +
          "Set cookie.secure to true, or to 'auto' behind a proxy.",
      );
    }
    this.#describe();
  }

  async onApplicationShutdown(): Promise<void> {
    this.events.complete();
    await this.store.close?.();
  }

  #describe(): void {
    const { atomicCommit, userIndex, revocable } = this.store.capabilities;
    const promises = [
      UPDATE_PROMISES[atomicCommit],
      revocable ? 'a logout is final' : 'a logout is NOT final: a copied token works until it expires',
      userIndex ? "lists a user's sessions" : "cannot list a user's sessions",
    ];
    const isWeak = atomicCommit !== 'everywhere' || !revocable;
    this.#logger[isWeak ? 'warn' : 'log'](`Sessions are kept by ${this.store.name}: ${promises.join('; ')}.`);
  }
}

/** What browsers keep of a cookie's name and value, in octets (RFC 6265bis, section 5.6). */
const MAX_COOKIE_SIZE = 4096;

const UPDATE_PROMISES = {
  everywhere: 'no lost updates',
  'this-process': 'no lost updates within one process only',
  nowhere: 'parallel writes of one session overwrite each other, update() included',
} as const;

function moduleWith(
  store: SessionStoreOption | undefined,
  isGlobal = true,
  options: Provider[],
  imports: NonNullable<DynamicModule['imports']>,
): DynamicModule | Promise<DynamicModule> {
  return store === undefined
    ? defaultStore().then((standard) => assemble(standard, isGlobal, options, imports))
    : assemble(store, isGlobal, options, imports);
}

function assemble(
  store: SessionStoreOption,
  isGlobal: boolean,
  optionProviders: Provider[],
  imports: NonNullable<DynamicModule['imports']>,
): DynamicModule {
  const made = storeProvider(store);
  if (!made) {
    throw new SessionOptionsError([
      'store: expected a definition such as memoryStore(), a SessionStore class or instance, or a provider form ' +
        '(useClass, useFactory, useExisting, useValue)',
    ]);
  }
  return {
    module: SessionModule,
    global: isGlobal,
    imports: [...imports, ...made.imports],
    providers: [
      ...optionProviders,
      made.provider,
      {
        provide: RESOLVED_SESSION_OPTIONS,
        useFactory: (given: SessionRuntimeOptions) =>
          withDataCheck(resolveOptions(refuseStore(given)), given.data),
        inject: [SESSION_MODULE_OPTIONS],
      },
      {
        provide: SessionStore,
        useFactory: (plain: SessionStore, { cipher }: ResolvedOptions) => encrypted(plain, cipher),
        inject: [PLAIN_SESSION_STORE, RESOLVED_SESSION_OPTIONS],
      },
      SessionEvents,
      {
        provide: SessionRepository,
        useFactory: (kept: SessionStore, { settings }: ResolvedOptions, events: SessionEvents) =>
          new SessionRepository(kept, settings, events),
        inject: [SessionStore, RESOLVED_SESSION_OPTIONS, SessionEvents],
      },
      {
        provide: SessionHttp,
        useFactory: (repository: SessionRepository, options: ResolvedOptions) =>
          new SessionHttp(repository, transportsOf(options), options.cookie),
        inject: [SessionRepository, RESOLVED_SESSION_OPTIONS],
      },
      {
        provide: LiveSockets,
        useFactory: (http: SessionHttp, resolved: ResolvedOptions) => new LiveSockets(http, resolved),
        inject: [SessionHttp, RESOLVED_SESSION_OPTIONS],
      },
      SessionService,
      SessionSweeper,
      { provide: APP_INTERCEPTOR, useClass: SessionInterceptor },
    ],
    exports: [SessionService, SessionHttp, LiveSockets],
  };
}

function encrypted(store: SessionStore, cipher: RecordCipher | undefined): SessionStore {
  if (!cipher) {
    return store;
  }
  if (store.sealer) {
    throw new SessionOptionsError([
      `encryption: the store "${store.name}" seals its sessions by itself; leave the option out`,
    ]);
  }
  return new EncryptingStore(store, cipher);
}

function optionsProviders(options: SessionModuleAsyncOptions): Provider[] {
  return asyncOptionsProviders<SessionRuntimeOptions, SessionOptionsFactory>(options, {
    provide: SESSION_MODULE_OPTIONS,
    make: (factory) => factory.createSessionOptions(),
    refuse: (problem) => {
      throw new SessionOptionsError([problem]);
    },
  });
}

/** The store decides how the module is built, and so stands beside the factory. */
function refuseStore(options: SessionRuntimeOptions): SessionRuntimeOptions {
  const misplaced = ['store', 'isGlobal'].filter((name) => name in options);
  if (misplaced.length > 0) {
    throw new SessionOptionsError(
      misplaced.map((name) => `${name}: give it to forRootAsync itself, next to the factory`),
    );
  }
  return options;
}

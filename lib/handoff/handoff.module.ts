import {
  Inject,
  Logger,
  Module,
  Optional,
  RequestMethod,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { SessionHttp } from '../http/session-http.js';
import { asyncOptionsProviders } from '../options/async-options.js';
import type {
  HandoffAsyncOptions,
  HandoffConsumerOptions,
  HandoffIssuerOptions,
  HandoffOptionsFactory,
} from './handoff-options.interface.js';
import { consumerRole, issuerRole, type HandoffRole } from './handoff-role.js';
import { HANDOFF_OPTIONS, HANDOFF_PARTS, HANDOFF_ROLE } from './handoff.constants.js';
import { consumerParts, issuerParts, type HandoffParts } from './handoff.endpoints.js';
import { HandoffOptionsError } from './handoff.errors.js';
import { HandoffMiddleware } from './handoff.middleware.js';

/**
 * One login for several applications, on whatever domains they are. One of them, the issuer, is where users log in; the
 * others take the login over by a ticket for one use, and each has a session of its own. A logout at the issuer, or
 * `logout({ everywhere: true })` anywhere, ends all of them. Import it once, beside `SessionModule`:
 *
 * ```ts
 * HandoffModule.forIssuer({ issuer: 'https://accounts.example.com', audiences: { shop: { callback } } })
 * HandoffModule.forConsumer({ issuer: 'https://accounts.example.com', audience: 'shop', key, redeem: 'store' })
 * ```
 *
 * @publicApi
 */
@Module({})
export class HandoffModule implements NestModule, OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(HandoffModule.name);

  constructor(
    private readonly modules: ModulesContainer,
    @Optional() private readonly http: SessionHttp,
    @Inject(HANDOFF_ROLE) private readonly role: HandoffRole,
    @Inject(HANDOFF_PARTS) private readonly parts: HandoffParts,
  ) {}

  /** The application where users log in. Wrong options fail at boot, all of them in one `HandoffOptionsError`. */
  static forIssuer(options: HandoffIssuerOptions): DynamicModule {
    return moduleWith(issuerRole, [{ provide: HANDOFF_OPTIONS, useValue: options }], []);
  }

  /** As `forIssuer()`, with options from a factory. */
  static forIssuerAsync(options: HandoffAsyncOptions<HandoffIssuerOptions>): DynamicModule {
    return moduleWith(issuerRole, optionsProviders(options, 'forIssuerAsync'), options.imports ?? []);
  }

  /** An application that takes logins over. Wrong options fail at boot, all of them in one `HandoffOptionsError`. */
  static forConsumer(options: HandoffConsumerOptions): DynamicModule {
    return moduleWith(consumerRole, [{ provide: HANDOFF_OPTIONS, useValue: options }], []);
  }

  /** As `forConsumer()`, with options from a factory. */
  static forConsumerAsync(options: HandoffAsyncOptions<HandoffConsumerOptions>): DynamicModule {
    return moduleWith(consumerRole, optionsProviders(options, 'forConsumerAsync'), options.imports ?? []);
  }

  configure(consumer: MiddlewareConsumer): void {
    // Beside all of its routes.
    const startAgain = this.role.kind === 'consumer' ? 'start' : undefined;
    for (const endpoint of this.parts.endpoints) {
      const middleware = new HandoffMiddleware(endpoint, startAgain);
      consumer
        .apply(middleware.use.bind(middleware))
        .forRoutes({ path: endpoint.path, method: RequestMethod.ALL });
    }
  }

  onModuleInit(): void {
    const twins = [...this.modules.values()].filter(({ metatype }) => metatype === HandoffModule);
    if (twins.length > 1) {
      throw new HandoffOptionsError([
        'HandoffModule is imported more than once: an application is the issuer or a consumer, and is told so in the root module',
      ]);
    }
    const { store, settings } = this.http.repository;
    const { role } = this;
    if (role.kind === 'consumer' && !role.remote && settings.audience === null) {
      throw new HandoffOptionsError([
        `audience: on one store with the issuer, SessionModule.forRoot({ audience: "${role.audience}" }) keeps the tokens ` +
          'of either from opening sessions of the other',
      ]);
    }
    const { atomicCommit, revocable } = store.capabilities;
    if (store.sealer || !revocable || atomicCommit === 'nowhere') {
      throw new HandoffOptionsError([
        `the store "${store.name}" cannot keep what is good for one use only: choose one that can, such as typeOrmStore()`,
      ]);
    }
    const { cookie, transports } = this.http;
    if (cookie.sameSite === 'strict' && transports.some(({ header }) => header === 'Cookie')) {
      this.#logger.warn(
        'Session cookies with sameSite "strict" are left out where another site has sent the browser: with applications ' +
          'that do not share a registrable domain nobody will seem to be logged in. Choose "lax" there.',
      );
    }
    if (atomicCommit === 'this-process') {
      this.#logger.warn(
        `The store ${store.name} compares and swaps within one process only: with several, a login that ends while ` +
          'another application takes it over may go on there.',
      );
    }
  }

  onApplicationShutdown(): void {
    this.parts.close?.();
  }
}

type RoleOf<Options> = (options: Options) => HandoffRole;

function moduleWith<Options>(
  roleOf: RoleOf<Options>,
  options: Provider[],
  imports: NonNullable<DynamicModule['imports']>,
): DynamicModule {
  return {
    module: HandoffModule,
    imports,
    providers: [
      ...options,
      {
        provide: HANDOFF_ROLE,
        useFactory: (given: Options) => roleOf(given),
        inject: [HANDOFF_OPTIONS],
      },
      {
        provide: HANDOFF_PARTS,
        useFactory: (role: HandoffRole, http: SessionHttp | undefined) => {
          if (!http) {
            throw new HandoffOptionsError([
              'SessionModule is missing: import SessionModule.forRoot() as well, and leave isGlobal on',
            ]);
          }
          return role.kind === 'issuer'
            ? issuerParts(role, http.repository)
            : consumerParts(role, http.repository, http.cookie);
        },
        inject: [HANDOFF_ROLE, { token: SessionHttp, optional: true }],
      },
    ],
  };
}

function optionsProviders<Options extends HandoffIssuerOptions | HandoffConsumerOptions>(
  options: HandoffAsyncOptions<Options>,
  method: string,
): Provider[] {
  return asyncOptionsProviders<Options, HandoffOptionsFactory<Options>>(options, {
    provide: HANDOFF_OPTIONS,
    make: (factory) => factory.createHandoffOptions(),
    refuse: (problem) => {
      throw new HandoffOptionsError([problem.replace('forRootAsync', method)]);
    },
  });
}

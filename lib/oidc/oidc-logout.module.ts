import {
  Inject,
  Module,
  RequestMethod,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { SessionHttp } from '../http/session-http.js';
import { asyncOptionsProviders } from '../options/async-options.js';
import { BackchannelLogout } from './backchannel-logout.js';
import type {
  OidcLogoutModuleAsyncOptions,
  OidcLogoutModuleOptions,
  OidcLogoutOptions,
  OidcLogoutOptionsFactory,
} from './oidc-options.interface.js';
import { pathProblem } from './oidc-options.rules.js';
import { OIDC_LOGOUT_DESK, OIDC_LOGOUT_OPTIONS, OIDC_LOGOUT_PATH } from './oidc.constants.js';
import { OidcLogoutOptionsError } from './oidc.errors.js';
import { resolveOidcOptions } from './resolve-oidc-options.js';

/**
 * Ends sessions when the identity provider says that their users have logged out there (OpenID Connect Back-Channel
 * Logout 1.0): those that `login()` was told about with `oidc`. Import it beside `SessionModule`, once for each provider:
 *
 * ```ts
 * OidcLogoutModule.forRoot({
 *   issuer: 'https://login.example.com',
 *   clientId: 'shop',
 *   jwks: 'https://login.example.com/jwks',
 * })
 * ```
 *
 * @publicApi
 */
@Module({})
export class OidcLogoutModule implements NestModule, OnModuleInit {
  constructor(
    private readonly modules: ModulesContainer,
    @Inject(OIDC_LOGOUT_PATH) private readonly path: string,
    @Inject(OIDC_LOGOUT_DESK) private readonly desk: BackchannelLogout,
  ) {}

  /** Logouts of one provider. Wrong options fail at boot, all of them in one `OidcLogoutOptionsError`. */
  static forRoot({ path, ...options }: OidcLogoutModuleOptions): DynamicModule {
    return moduleWith(path, [{ provide: OIDC_LOGOUT_OPTIONS, useValue: options }], []);
  }

  /** As `forRoot()`, with options from a factory. The path stands beside it. */
  static forRootAsync(options: OidcLogoutModuleAsyncOptions): DynamicModule {
    return moduleWith(options.path, optionsProviders(options), options.imports ?? []);
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(this.desk.use.bind(this.desk)).forRoutes({ path: this.path, method: RequestMethod.ALL });
  }

  onModuleInit(): void {
    const paths = [...this.modules.values()]
      .filter(({ metatype }) => metatype === OidcLogoutModule)
      .map(({ providers }) => providers.get(OIDC_LOGOUT_PATH)?.instance);
    if (paths.filter((path) => path === this.path).length > 1) {
      throw new OidcLogoutOptionsError([
        `path: "${this.path}" is that of another provider too; give each one of its own`,
      ]);
    }
  }
}

function moduleWith(
  path = '/session/backchannel-logout',
  options: Provider[],
  imports: NonNullable<DynamicModule['imports']>,
): DynamicModule {
  return {
    module: OidcLogoutModule,
    imports,
    providers: [
      ...options,
      { provide: OIDC_LOGOUT_PATH, useValue: path },
      {
        provide: OIDC_LOGOUT_DESK,
        useFactory: (given: OidcLogoutOptions, http: SessionHttp | undefined) => deskWith(given, path, http),
        inject: [OIDC_LOGOUT_OPTIONS, { token: SessionHttp, optional: true }],
      },
    ],
  };
}

/** @throws OidcLogoutOptionsError with every problem at once. */
function deskWith(given: OidcLogoutOptions, path: string, http: SessionHttp | undefined): BackchannelLogout {
  const problem = pathProblem(path);
  const problems = problem === undefined ? [] : [`path: ${problem}`];
  if (!http) {
    problems.push('SessionModule is missing: import SessionModule.forRoot() as well, and leave isGlobal on');
  } else if (http.repository.isSealed) {
    problems.push(
      `the store "${http.repository.store.name}" cannot end a session when its identity provider says so: choose one ` +
        'that can, such as typeOrmStore()',
    );
  }
  const options = resolveOidcOptions(given, problems);
  return new BackchannelLogout(options, http!.repository);
}

function optionsProviders(options: OidcLogoutModuleAsyncOptions): Provider[] {
  return asyncOptionsProviders<OidcLogoutOptions, OidcLogoutOptionsFactory>(options, {
    provide: OIDC_LOGOUT_OPTIONS,
    make: (factory) => factory.createOidcLogoutOptions(),
    refuse: (problem) => {
      throw new OidcLogoutOptionsError([problem]);
    },
  });
}

import { Module, type DynamicModule, type OnModuleInit, type Provider } from '@nestjs/common';
import { APP_GUARD, ModuleRef, ModulesContainer } from '@nestjs/core';
import { asyncOptionsProviders } from '../options/async-options.js';
import { SessionService } from '../session.service.js';
import type {
  CsrfModuleAsyncOptions,
  CsrfModuleOptions,
  CsrfOptionsFactory,
} from './csrf-options.interface.js';
import { CSRF_MODULE_OPTIONS, RESOLVED_CSRF_OPTIONS } from './csrf.constants.js';
import { CsrfCookie } from './csrf.cookie.js';
import { CsrfOptionsError } from './csrf.errors.js';
import { CsrfGuard } from './csrf.guard.js';
import { CsrfService } from './csrf.service.js';
import { CsrfVerifier } from './csrf.verifier.js';
import { resolveCsrfOptions } from './resolve-csrf-options.js';

/**
 * Protects every handler of the application from requests that other sites forge. Import it once, beside `SessionModule`:
 *
 * ```ts
 * imports: [SessionModule.forRoot(), CsrfModule.forRoot()]
 * ```
 *
 * Django: `CsrfViewMiddleware`.
 *
 * @publicApi
 */
@Module({})
export class CsrfModule implements OnModuleInit {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly module: ModuleRef,
  ) {}

  /** Protection with these options. Wrong ones fail at boot, all of them in one `CsrfOptionsError`. */
  static forRoot(options: CsrfModuleOptions = {}): DynamicModule {
    return moduleWith([{ provide: CSRF_MODULE_OPTIONS, useValue: options }], []);
  }

  /** Protection with options from a factory. */
  static forRootAsync(options: CsrfModuleAsyncOptions): DynamicModule {
    return moduleWith(optionsProviders(options), options.imports ?? []);
  }

  onModuleInit(): void {
    const twins = [...this.modules.values()].filter(({ metatype }) => metatype === CsrfModule);
    if (twins.length > 1) {
      throw new CsrfOptionsError([
        'CsrfModule.forRoot() is imported more than once: import it in the root module only. It guards all handlers.',
      ]);
    }
    try {
      this.module.get(SessionService, { strict: false });
    } catch {
      throw new CsrfOptionsError(['SessionModule is missing: import SessionModule.forRoot() as well']);
    }
  }
}

function moduleWith(options: Provider[], imports: NonNullable<DynamicModule['imports']>): DynamicModule {
  return {
    module: CsrfModule,
    global: true,
    imports,
    providers: [
      ...options,
      {
        provide: RESOLVED_CSRF_OPTIONS,
        useFactory: (given: CsrfModuleOptions) => resolveCsrfOptions(given),
        inject: [CSRF_MODULE_OPTIONS],
      },
      CsrfCookie,
      CsrfVerifier,
      CsrfService,
      { provide: APP_GUARD, useClass: CsrfGuard },
    ],
    exports: [CsrfService],
  };
}

function optionsProviders(options: CsrfModuleAsyncOptions): Provider[] {
  return asyncOptionsProviders<CsrfModuleOptions, CsrfOptionsFactory>(options, {
    provide: CSRF_MODULE_OPTIONS,
    make: (factory) => factory.createCsrfOptions(),
    refuse: (problem) => {
      throw new CsrfOptionsError([problem]);
    },
  });
}

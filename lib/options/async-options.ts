import type { FactoryProvider, InjectionToken, Provider, Type } from '@nestjs/common';

/** The three ways in which Nest modules take their options from elsewhere. */
export interface AsyncOptions<Options, Factory> {
  readonly useFactory?: (...args: any[]) => Options | Promise<Options>;
  readonly inject?: FactoryProvider['inject'];
  readonly useClass?: Type<Factory>;
  readonly useExisting?: Type<Factory>;
}

/** What differs from module to module. */
interface HowToMake<Options, Factory> {
  readonly provide: InjectionToken;
  readonly make: (factory: Factory) => Options | Promise<Options>;
  /** Throws a problem as the module's own error. */
  readonly refuse: (problem: string) => never;
}

/** The provider of a module's options, whichever way they come. */
export function asyncOptionsProviders<Options extends object, Factory>(
  { useFactory, inject, useClass, useExisting }: AsyncOptions<Options, Factory>,
  { provide, make, refuse }: HowToMake<Options, Factory>,
): Provider[] {
  const checked = (options: Options): Options =>
    typeof options === 'object' && options !== null
      ? options
      : refuse('forRootAsync: the factory gave no options; return {} for the defaults');
  if (useFactory) {
    return [{ provide, useFactory: async (...args) => checked(await useFactory(...args)), inject }];
  }
  const factory = useClass ?? useExisting;
  if (!factory) {
    return refuse('forRootAsync: expected one of useFactory, useClass and useExisting');
  }
  const provider: Provider = {
    provide,
    useFactory: async (made: Factory) => checked(await make(made)),
    inject: [factory],
  };
  return useClass ? [provider, useClass] : [provider];
}

import { Controller, Get, Injectable, Logger, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  memoryStore,
  Session,
  SessionContextError,
  SessionModule,
  SessionOptionsError,
  SessionService,
  SessionStore,
  type SessionModuleAsyncOptions,
  type SessionRuntimeOptions,
  type SessionStoreOption,
} from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { Clock } from '../support/clock.js';
import { memory } from '../support/memory.js';
import { serve } from '../support/serve.js';
import { watch } from '../support/watched.store.js';

type Imports = NonNullable<Parameters<typeof Module>[0]['imports']>;

const lines: string[] = [];
const write = (level: string) => (message: unknown) => void lines.push(`${level}: ${String(message)}`);
const logger = { log: write('log'), warn: write('warn'), error: write('error'), fatal: write('fatal') };

/** An application without HTTP, over these imports. */
async function context(imports: Imports, providers: any[] = []) {
  @Module({ imports, providers })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger, abortOnError: false });
}

async function failureOf(run: () => unknown): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error;
  }
}

beforeEach(() => void lines.splice(0));

describe('SessionModule.forRoot()', () => {
  it('is refused when it is imported twice, and says what to do', async () => {
    @Module({ imports: [SessionModule.forRoot({ store: memoryStore() })] })
    class FeatureModule {}
    const error = await failureOf(() =>
      context([FeatureModule, SessionModule.forRoot({ store: memoryStore() })]),
    );
    expect(error).toBeInstanceOf(SessionOptionsError);
    expect(String(error)).toContain('more than once');
  });

  it('is refused when it is imported once and once asynchronously', async () => {
    const error = await failureOf(() =>
      context([
        SessionModule.forRoot({ store: memoryStore() }),
        SessionModule.forRootAsync({ store: memoryStore(), useFactory: () => ({}) }),
      ]),
    );
    expect(error).toBeInstanceOf(SessionOptionsError);
  });

  it('may be imported by two applications of one process', async () => {
    const one = await context([SessionModule.forRoot({ store: memoryStore() })]);
    const two = await context([SessionModule.forRoot({ store: memoryStore() })]);
    const { id } = await one.get(SessionService).create({ name: 'Ada' });
    expect(await two.get(SessionService).open(id!)).toBeUndefined();
    await one.close();
    await two.close();
  });

  it.each([
    { isGlobal: undefined, reaches: true },
    { isGlobal: true, reaches: true },
    { isGlobal: false, reaches: false },
  ])(
    'gives its service to a module that does not import it: $reaches with isGlobal $isGlobal',
    async ({ isGlobal, reaches }) => {
      @Injectable()
      class Consumer {
        constructor(readonly sessions: SessionService) {}
      }
      @Module({ providers: [Consumer] })
      class FeatureModule {}
      let app: { close(): Promise<void> } | undefined;
      const error = await failureOf(async () => {
        app = await context([SessionModule.forRoot({ store: memoryStore(), isGlobal }), FeatureModule]);
      });
      await app?.close();
      expect(error === undefined).toBe(reaches);
      if (error) {
        expect(String(error)).toContain('SessionService');
      }
    },
  );

  it('gives its service to a module that exports and imports it, when it is not global', async () => {
    const shared = SessionModule.forRoot({ store: memoryStore(), isGlobal: false });
    @Module({ imports: [shared], exports: [SessionModule] })
    class SharedModule {}
    @Injectable()
    class Consumer {
      constructor(readonly sessions: SessionService) {}
    }
    @Module({ imports: [SharedModule], providers: [Consumer] })
    class FeatureModule {}
    const app = await context([FeatureModule]);
    expect(app.get(Consumer, { strict: false }).sessions).toBeInstanceOf(SessionService);
    await app.close();
  });
});

const clock = new Clock();

@Injectable()
class Settings {
  readonly idle = '10m';
}
@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsFactory {
  createSessionOptions(): SessionRuntimeOptions {
    return { idleTimeout: '10m', now: clock.now };
  }
}
@Injectable()
class InjectedOptionsFactory {
  constructor(private readonly settings: Settings) {}

  async createSessionOptions(): Promise<SessionRuntimeOptions> {
    return { idleTimeout: this.settings.idle, now: clock.now };
  }
}
@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class FactoryModule {}

describe('SessionModule.forRootAsync()', () => {
  it.each<{ form: string; options: SessionModuleAsyncOptions }>([
    {
      form: 'useFactory',
      options: { useFactory: () => ({ idleTimeout: '10m', now: clock.now }) },
    },
    {
      form: 'useFactory with inject, imports and a promise',
      options: {
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async ({ idle }: Settings) => ({ idleTimeout: idle, now: clock.now }),
      },
    },
    { form: 'useClass', options: { useClass: OptionsFactory } },
    {
      form: 'useClass that injects',
      options: { imports: [SettingsModule], useClass: InjectedOptionsFactory },
    },
    { form: 'useExisting', options: { imports: [FactoryModule], useExisting: OptionsFactory } },
  ])('takes its options from $form', async ({ options }) => {
    const app = await context([SessionModule.forRootAsync({ store: memoryStore(), ...options })]);
    const session = await app.get(SessionService).create({ name: 'Ada' });
    expect(session.getExpiryAge()).toBe(600);
    await app.close();
  });

  it.each([
    { name: 'store', extra: { store: memoryStore() } },
    { name: 'isGlobal', extra: { isGlobal: false } },
  ])('refuses `$name` from the factory and says where it belongs', async ({ name, extra }) => {
    const error = await failureOf(() =>
      context([SessionModule.forRootAsync({ store: memoryStore(), useFactory: () => extra as never })]),
    );
    expect(error).toBeInstanceOf(SessionOptionsError);
    expect((error as SessionOptionsError).problems).toEqual([
      expect.stringMatching(new RegExp(`^${name}: .*forRootAsync`)),
    ]);
  });

  it('refuses wrong options from the factory as forRoot() does', async () => {
    const error = await failureOf(() =>
      context([
        SessionModule.forRootAsync({
          store: memoryStore(),
          useFactory: () => ({ idleTimeout: -1, colour: 'red' }) as never,
        }),
      ]),
    );
    expect((error as SessionOptionsError).problems).toHaveLength(2);
  });

  it('passes an error of the factory on', async () => {
    const error = await failureOf(() =>
      context([
        SessionModule.forRootAsync({
          store: memoryStore(),
          useFactory: () => Promise.reject(new Error('no settings')),
        }),
      ]),
    );
    expect(String(error)).toContain('no settings');
  });

  it('is refused without any of the three forms', async () => {
    const error = await failureOf(() => context([SessionModule.forRootAsync({ store: memoryStore() })]));
    expect(error).toBeInstanceOf(SessionOptionsError);
  });
});

/** A store of an application: every verb is that of another. */
const inner = memory();
@Injectable()
class OwnStore extends SessionStore {
  readonly name = 'own';
  readonly capabilities = inner.capabilities;
  load = inner.load.bind(inner);
  create = inner.create.bind(inner);
  commit = inner.commit.bind(inner);
  replace = inner.replace.bind(inner);
  touch = inner.touch.bind(inner);
  rotate = inner.rotate.bind(inner);
  destroy = inner.destroy.bind(inner);
  clearExpired = inner.clearExpired.bind(inner);
}
@Module({ providers: [OwnStore, Settings], exports: [OwnStore, Settings] })
class StoreModule {}

/** Has the verbs, but is no instance of this copy's class, as with two copies of the package. */
const foreign = Object.assign(Object.create(null), {
  ...Object.fromEntries(
    ['load', 'create', 'commit', 'replace', 'touch', 'rotate', 'destroy', 'clearExpired'].map((verb) => [
      verb,
      (...args: unknown[]) => (inner as any)[verb](...args),
    ]),
  ),
  name: 'own',
  capabilities: inner.capabilities,
}) as SessionStore;

describe('The option `store`', () => {
  it.each<{ form: string; store: SessionStoreOption; name?: string }>([
    { form: 'a definition', store: memoryStore(), name: 'memory' },
    { form: 'a class', store: OwnStore },
    { form: 'an instance', store: new OwnStore() },
    { form: 'an instance of another copy of the package', store: foreign },
    { form: 'useValue', store: { useValue: new OwnStore() } },
    { form: 'useClass', store: { useClass: OwnStore } },
    { form: 'useFactory', store: { useFactory: () => new OwnStore() } },
    { form: 'useFactory with a promise', store: { useFactory: async () => new OwnStore() } },
    {
      form: 'useFactory with inject and imports',
      store: {
        imports: [StoreModule],
        inject: [Settings, OwnStore],
        useFactory: (_settings: Settings, store: SessionStore) => store,
      },
    },
    { form: 'useExisting with imports', store: { imports: [StoreModule], useExisting: OwnStore } },
  ])('takes $form', async ({ store, name = 'own' }) => {
    for (const module of [
      SessionModule.forRoot({ store }),
      SessionModule.forRootAsync({ store, useFactory: () => ({}) }),
    ]) {
      lines.length = 0;
      const app = await context([module]);
      const sessions = app.get(SessionService);
      const { id } = await sessions.create({ name: 'Ada' });
      expect((await sessions.open(id!))?.get('name')).toBe('Ada');
      expect(lines.join('\n')).toContain(`Sessions are kept by ${name}:`);
      await app.close();
    }
  });

  it('is opened once with the clock and the limit, and closed once with the application', async () => {
    const calls: unknown[] = [];
    class Opened extends OwnStore {
      override open = (opened: unknown) => void calls.push(opened);
      override close = () => void calls.push('closed');
    }
    const app = await context([SessionModule.forRoot({ store: Opened, now: clock.now, maxDataSize: 4096 })]);
    expect(calls).toEqual([{ now: clock.now, maxDataSize: 4096, maxTokenSize: 4096 - 'sessionid='.length }]);
    await app.close();
    expect(calls).toHaveLength(2);
    expect(calls[1]).toBe('closed');
  });

  it('fails the boot when the store cannot be opened', async () => {
    class Broken extends OwnStore {
      override open = () => Promise.reject(new Error('create the table first'));
    }
    const error = await failureOf(() => context([SessionModule.forRoot({ store: Broken })]));
    expect(String(error)).toContain('create the table first');
  });

  it('waits at shutdown until the store is closed', async () => {
    let isClosed = false;
    class Slow extends OwnStore {
      override close = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        isClosed = true;
      };
    }
    const app = await context([SessionModule.forRoot({ store: Slow })]);
    await app.close();
    expect(isClosed).toBe(true);
  });
});

describe('The log at boot', () => {
  const weak = { atomicCommit: 'this-process', userIndex: false, revocable: false } as const;
  const strong = { atomicCommit: 'everywhere', userIndex: true, revocable: true } as const;

  it.each([
    { what: 'promises', capabilities: strong, level: 'log', says: ['no lost updates;', 'a logout is final'] },
    {
      what: 'does not promise',
      capabilities: weak,
      level: 'warn',
      says: ['within one process only', 'NOT final', 'cannot list'],
    },
  ])('names the store and says what it $what', async ({ capabilities, level, says }) => {
    class Declared extends OwnStore {
      override capabilities = capabilities as never;
    }
    const app = await context([SessionModule.forRoot({ store: Declared })]);
    const line = lines.find((text) => text.includes('Sessions are kept by own:'))!;
    await app.close();
    expect(line.startsWith(`${level}: `)).toBe(true);
    says.forEach((text) => expect(line).toContain(text));
  });

  describe('about cookie.secure', () => {
    const environment = process.env.NODE_ENV;
    afterEach(() => void (process.env.NODE_ENV = environment));

    it.each([
      { NODE_ENV: 'production', secure: false, warns: true },
      { NODE_ENV: 'production', secure: true, warns: false },
      { NODE_ENV: 'production', secure: 'auto', warns: false },
      { NODE_ENV: 'production', secure: undefined, warns: false },
      { NODE_ENV: 'development', secure: false, warns: false },
    ] as const)('4.1 warns: $warns for $secure in $NODE_ENV', async ({ NODE_ENV, secure, warns }) => {
      process.env.NODE_ENV = NODE_ENV;
      const app = await context([SessionModule.forRoot({ store: memoryStore(), cookie: { secure } })]);
      await app.close();
      const warning = lines.find((line) => line.startsWith('warn: ') && line.includes('cookie.secure'));
      expect(warning !== undefined).toBe(warns);
    });

    it.each([
      { NODE_ENV: 'production', name: '__Host-sessionid', secure: true },
      { NODE_ENV: 'development', name: 'sessionid', secure: false },
    ])('1.9, 4.1 sets a cookie $name by default in $NODE_ENV', async ({ NODE_ENV, name, secure }) => {
      process.env.NODE_ENV = NODE_ENV;
      const served = await serve({
        adapter: adapters[0]!.make(),
        session: { store: memoryStore() },
        controllers: [NameController],
      });
      const { setCookies } = await served.browser().post('/name');
      await served.close();
      expect(setCookies[0]).toMatch(new RegExp(`^${name}=`));
      expect(/; Secure/i.test(setCookies[0]!)).toBe(secure);
    });
  });

  it('is silent about tokens', async () => {
    const app = await context([SessionModule.forRoot({ store: memoryStore() })]);
    await app.get(SessionService).create({ name: 'Ada' });
    await app.close();
    expect(lines.join('\n')).not.toMatch(/[0-9a-f]{32}\./);
  });
});

@Controller()
class NameController {
  constructor(private readonly sessions: SessionService) {}

  @Post('name') name(@Session() session: Session) {
    session.data.name = 'Ada';
  }

  @Get('name') async read() {
    return { name: (await this.sessions.current()).get('name') ?? null };
  }

  @Get('health') health(@Session() session: Session) {
    return { name: session.get('name') ?? null };
  }
}

describe.each(adapters)('A global prefix ($adapter)', ({ make }) => {
  it.each([
    { prefix: 'none', set: undefined, path: '/name', excluded: '/health' },
    { prefix: 'api', set: 'api', path: '/api/name', excluded: '/api/health' },
    { prefix: 'api/v1', set: 'api/v1', path: '/api/v1/name', excluded: '/api/v1/health' },
  ])('of $prefix keeps sessions on every route', async ({ set, path, excluded }) => {
    const served = await serve({
      adapter: make(),
      session: { store: memoryStore() },
      controllers: [NameController],
      prepare: (app) => void (set && app.setGlobalPrefix(set)),
    });
    const browser = served.browser();
    await browser.post(path);
    expect((await browser.get(path)).json()).toEqual({ name: 'Ada' });
    expect((await browser.get(excluded)).json()).toEqual({ name: 'Ada' });
    await served.close();
  });

  it('keeps sessions on the routes that are excluded from it', async () => {
    const served = await serve({
      adapter: make(),
      session: { store: memoryStore() },
      controllers: [NameController],
      prepare: (app) => void app.setGlobalPrefix('api', { exclude: ['health'] }),
    });
    const browser = served.browser();
    await browser.post('/api/name');
    expect((await browser.get('/health')).json()).toEqual({ name: 'Ada' });
    await served.close();
  });
});

describe('An application without HTTP', () => {
  it('creates, opens, changes and ends sessions', async () => {
    const watched = watch(memory());
    const app = await context([SessionModule.forRoot({ store: watched.store })]);
    const sessions = app.get(SessionService);
    const session = await sessions.create<any>({ name: 'Ada' });
    expect(session.id).toMatch(/^[0-9a-f]{32}$/);
    expect(session.isNew).toBe(false);

    const opened = (await sessions.open<any>(session.id!))!;
    opened.set('colour', 'red');
    await opened.save();

    await sessions.run(opened, async () => {
      const current = await sessions.current<any>();
      expect(current).toBe(opened);
      current.update('n', (n: number = 0) => n + 1);
    });
    const data = (await sessions.open<any>(session.id!))!.toJSON();
    expect(data).toEqual({ name: 'Ada', colour: 'red', n: 1 });

    await (await sessions.open<any>(session.id!))!.flush();
    expect(await sessions.open(session.id!)).toBeUndefined();
    await app.close();
  });

  it('drops what a job that throws has changed', async () => {
    const app = await context([SessionModule.forRoot({ store: memoryStore() })]);
    const sessions = app.get(SessionService);
    const session = await sessions.create<any>({ name: 'Ada' });
    const error = await failureOf(() =>
      sessions.run(session, async () => {
        (await sessions.current<any>()).set('name', 'Eve');
        throw new Error('the job failed');
      }),
    );
    expect(String(error)).toContain('the job failed');
    expect((await sessions.open<any>(session.id!))!.get('name')).toBe('Ada');
    await app.close();
  });

  it('has no current session outside run(), and says what to do', async () => {
    const app = await context([SessionModule.forRoot({ store: memoryStore() })]);
    const error = await failureOf(() => app.get(SessionService).current());
    expect(error).toBeInstanceOf(SessionContextError);
    expect(String(error)).toContain('SessionService.run()');
    await app.close();
  });

  it.each(['', 'nonsense', '../../etc/passwd', 'A'.repeat(32), '0'.repeat(32)])(
    'opens nothing for the id "%s"',
    async (id) => {
      const app = await context([SessionModule.forRoot({ store: memoryStore() })]);
      expect(await app.get(SessionService).open(id)).toBeUndefined();
      await app.close();
    },
  );

  it('logs through the logger of the application', async () => {
    const app = await context([SessionModule.forRoot({ store: memoryStore() })]);
    new Logger('Test').log('same place');
    await app.close();
    expect(lines.some((line) => line.includes('Sessions are kept by memory'))).toBe(true);
  });
});

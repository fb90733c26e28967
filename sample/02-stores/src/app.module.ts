import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { SessionModule } from 'nest-sessions';
import { PageRenderer, STORE_NAME } from './page.renderer.js';
import type { StoreName } from './stores/index.js';
import type { OpenedStore } from './stores/opened-store.js';
import { VisitsController } from './visits.controller.js';

const OPENED_STORE = Symbol('OPENED_STORE');

@Module({})
export class AppModule implements OnApplicationShutdown {
  constructor(@Inject(OPENED_STORE) private readonly opened: OpenedStore) {}

  /** The store is all that differs: what follows knows nothing of it. */
  static on(name: StoreName, opened: OpenedStore): DynamicModule {
    const { store, imports = [] } = opened;
    return {
      module: AppModule,
      imports: [...imports, SessionModule.forRoot({ store })],
      controllers: [VisitsController],
      providers: [
        PageRenderer,
        { provide: STORE_NAME, useValue: name },
        { provide: OPENED_STORE, useValue: opened },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.opened.close?.();
  }
}

import { Module, type DynamicModule } from '@nestjs/common';
import { PagesModule } from '../pages/pages.module.js';
import { BasketController } from './basket.controller.js';
import { CheckoutController } from './checkout.controller.js';
import { FrontController } from './front.controller.js';
import { SessionController } from './session.controller.js';
import { SHOP, type Shop } from './shop.js';
import { ShopPages } from './shop.pages.js';

@Module({
  controllers: [FrontController, BasketController, CheckoutController, SessionController],
  providers: [ShopPages],
})
export class ShopModule {
  static of(shop: Shop): DynamicModule {
    return {
      module: ShopModule,
      imports: [PagesModule.of(shop.site)],
      providers: [{ provide: SHOP, useValue: shop }],
    };
  }
}

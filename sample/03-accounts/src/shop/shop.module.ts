import { Module } from '@nestjs/common';
import { PagesModule } from '../pages/pages.module.js';
import { BasketController } from './basket.controller.js';
import { ShopController } from './shop.controller.js';

@Module({ imports: [PagesModule], controllers: [ShopController, BasketController] })
export class ShopModule {}

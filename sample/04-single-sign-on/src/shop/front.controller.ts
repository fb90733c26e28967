import { Controller, Get } from '@nestjs/common';
import { ShopPages } from './shop.pages.js';

/** For everybody, logged in or not. */
@Controller()
export class FrontController {
  constructor(private readonly pages: ShopPages) {}

  @Get()
  show(): Promise<string> {
    return this.pages.render('shop/front', '/');
  }
}

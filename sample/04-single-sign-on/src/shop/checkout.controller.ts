import { Controller, Get, Post, Redirect } from '@nestjs/common';
import { RequireLogin, Session } from 'nest-sessions';
import { seeOther } from '../pages/see-other.js';
import { ShopPages } from './shop.pages.js';

/** For whoever is logged in: a guest is sent to Accounts, and comes back here. */
@Controller('checkout')
@RequireLogin()
export class CheckoutController {
  constructor(private readonly pages: ShopPages) {}

  @Get()
  show(): Promise<string> {
    return this.pages.render('shop/checkout', '/checkout');
  }

  @Post()
  @Redirect()
  order(@Session() session: Session) {
    session.delete('basket');
    session.flash('notice', `Thank you, ${session.userId}. Nothing is sold here, so nothing will come.`);
    return seeOther('/');
  }
}

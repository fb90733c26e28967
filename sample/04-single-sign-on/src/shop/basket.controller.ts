import { Body, Controller, Get, Post, Redirect } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { seeOther } from '../pages/see-other.js';
import { withOneMore, without } from './basket.js';
import { GoodPipe } from './good.pipe.js';
import type { Good } from './shop.js';
import { ShopPages } from './shop.pages.js';

/** A guest fills it. The option `keep` takes it along into the session of whoever logs in. */
@Controller('basket')
export class BasketController {
  constructor(private readonly pages: ShopPages) {}

  @Get()
  show(): Promise<string> {
    return this.pages.render('shop/basket', '/basket');
  }

  @Post('add')
  @Redirect()
  add(@Body('good', GoodPipe) good: Good, @Session() session: Session) {
    session.update('basket', (basket = {}) => withOneMore(basket, good));
    session.flash('notice', `${good.name} is in your basket.`);
    return seeOther(`/#${good.id}`);
  }

  @Post('remove')
  @Redirect()
  remove(@Body('good', GoodPipe) good: Good, @Session() session: Session) {
    session.update('basket', (basket = {}) => without(basket, good));
    return seeOther('/basket');
  }
}

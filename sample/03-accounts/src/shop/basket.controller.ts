import { Body, Controller, Get, ParseEnumPipe, ParseIntPipe, Post, Redirect } from '@nestjs/common';
import { RequireLogin, Session } from 'nest-sessions';
import { PageRenderer } from '../pages/page.renderer.js';
import { seeOther } from '../pages/see-other.js';
import { phrasesOf } from '../preferences/phrases.js';
import { basketOf, linesOf, MAX_QUANTITY, withMore, without } from './basket.js';
import { OneStepPipe } from './one-step.pipe.js';
import { teaIds, type TeaId } from './teas.js';

@Controller('basket')
export class BasketController {
  constructor(private readonly pages: PageRenderer) {}

  @Get()
  show(@Session() session: Session): Promise<string> {
    const lines = linesOf(basketOf(session));
    const total = lines.reduce((sum, line) => sum + line.total, 0);
    return this.pages.render('shop/basket', { lines, total, maxQuantity: MAX_QUANTITY });
  }

  // `update(key, fn)` counts exactly: when two tabs add at the same moment, both packets are in the basket.

  @Post('add')
  @Redirect()
  add(@Body('tea', new ParseEnumPipe(teaIds)) tea: TeaId, @Session() session: Session) {
    session.update('basket', (basket = {}) => withMore(basket, tea, 1));
    const { t } = phrasesOf(session);
    session.flash('notice', t('basket.added', { tea: t(`tea.${tea}.name`) }));
    return seeOther(`/#${tea}`);
  }

  @Post('change')
  @Redirect()
  change(
    @Body('tea', new ParseEnumPipe(teaIds)) tea: TeaId,
    @Body('by', ParseIntPipe, OneStepPipe) by: number,
    @Session() session: Session,
  ) {
    session.update('basket', (basket = {}) => withMore(basket, tea, by));
    return seeOther('/basket');
  }

  @Post('remove')
  @Redirect()
  remove(@Body('tea', new ParseEnumPipe(teaIds)) tea: TeaId, @Session() session: Session) {
    session.update('basket', (basket = {}) => without(basket, tea));
    const { t } = phrasesOf(session);
    session.flash('notice', t('basket.removed', { tea: t(`tea.${tea}.name`) }));
    return seeOther('/basket');
  }

  /** Nothing is sold here. What it shows: a guest comes back from the login with the same basket. */
  @Post('order')
  @RequireLogin()
  @Redirect()
  order(@Session() session: Session) {
    const ordered = session.delete('basket');
    session.flash('notice', phrasesOf(session).t(ordered ? 'basket.ordered' : 'basket.empty'));
    return seeOther('/basket');
  }
}

import { BadRequestException, Inject, Injectable, type PipeTransform } from '@nestjs/common';
import { SHOP, type Good, type Shop } from './shop.js';

/** The good that a form names. */
@Injectable()
export class GoodPipe implements PipeTransform<unknown, Good> {
  constructor(@Inject(SHOP) private readonly shop: Shop) {}

  transform(value: unknown): Good {
    const good = this.shop.goods.find(({ id }) => id === value);
    if (!good) {
      throw new BadRequestException('There is no such thing here.');
    }
    return good;
  }
}

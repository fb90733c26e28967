import type { Good } from './shop.js';

/** How many of each good, by its id. */
export type Basket = Readonly<Record<string, number>>;

export interface BasketLine {
  readonly good: Good;
  readonly quantity: number;
  readonly total: number;
}

const MAX_QUANTITY = 20;

export function withOneMore(basket: Basket, { id }: Good): Basket {
  return { ...basket, [id]: Math.min((basket[id] ?? 0) + 1, MAX_QUANTITY) };
}

export function without(basket: Basket, { id }: Good): Basket {
  const { [id]: _, ...rest } = basket;
  return rest;
}

export function linesOf(basket: Basket, goods: readonly Good[]): BasketLine[] {
  return goods.flatMap((good) => {
    const quantity = basket[good.id] ?? 0;
    return quantity > 0 ? [{ good, quantity, total: quantity * good.price }] : [];
  });
}

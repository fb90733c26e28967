import type { Session } from 'nest-sessions';
import { teas, type Tea, type TeaId } from './teas.js';

/** How many packets of each tea. */
export type Basket = Partial<Record<TeaId, number>>;

export interface BasketLine {
  readonly tea: Tea;
  readonly quantity: number;
  readonly total: number;
}

export const MAX_QUANTITY = 20;

export function basketOf(session: Session): Readonly<Basket> {
  return session.get('basket', {});
}

/** The basket with some packets more, or fewer. The basket itself stays as it is, as `session.update()` needs it. */
export function withMore(basket: Readonly<Basket>, tea: TeaId, more: number): Basket {
  const quantity = Math.min((basket[tea] ?? 0) + more, MAX_QUANTITY);
  return quantity > 0 ? { ...basket, [tea]: quantity } : without(basket, tea);
}

export function without(basket: Readonly<Basket>, tea: TeaId): Basket {
  const { [tea]: _, ...rest } = basket;
  return rest;
}

export function linesOf(basket: Readonly<Basket>): BasketLine[] {
  return teas.flatMap((tea) => {
    const quantity = basket[tea.id] ?? 0;
    return quantity > 0 ? [{ tea, quantity, total: quantity * tea.price }] : [];
  });
}

export function countOf(basket: Readonly<Basket>): number {
  return linesOf(basket).reduce((count, { quantity }) => count + quantity, 0);
}

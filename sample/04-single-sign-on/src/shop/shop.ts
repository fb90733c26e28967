import type { Site } from '../sites.js';

export interface Good {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  /** In cents. */
  readonly price: number;
  /** A colour of the style sheet. */
  readonly colour: string;
  /** Which of the plants is drawn. */
  readonly form?: 'flower' | 'herb' | 'blades';
}

/** What makes one shop another than the other. */
export interface Shop {
  readonly site: Site;
  readonly lead: string;
  readonly goods: readonly Good[];
  /** The partial that draws a good. */
  readonly picture: 'cover' | 'plant';
  /** Where its sessions are, in words. */
  readonly keptIn: string;
  /** How it takes a login over, in words. */
  readonly redeemedBy: string;
}

export const SHOP = Symbol('SHOP');

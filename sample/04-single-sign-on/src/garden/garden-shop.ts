import type { Shop } from '../shop/shop.js';
import { garden } from '../sites.js';

export const gardenShop: Shop = {
  site: garden,
  lead: 'Green things for small places',
  picture: 'plant',
  keptIn: 'garden.sqlite, a file of its own',
  redeemedBy: 'a signed request to Accounts',
  goods: [
    { id: 'sunflower', name: 'Sunflower', note: 'Grows tall', price: 450, colour: 'yellow', form: 'flower' },
    { id: 'lavender', name: 'Lavender', note: 'Bees included', price: 600, colour: 'violet', form: 'herb' },
    { id: 'aloe', name: 'Aloe', note: 'Forgives everything', price: 1200, colour: 'green', form: 'blades' },
    { id: 'rosemary', name: 'Rosemary', note: 'For potatoes', price: 550, colour: 'blue', form: 'herb' },
    { id: 'gerbera', name: 'Gerbera', note: 'For the sill', price: 700, colour: 'red', form: 'flower' },
    { id: 'agave', name: 'Agave', note: 'Mind the tips', price: 1500, colour: 'slate', form: 'blades' },
  ],
};

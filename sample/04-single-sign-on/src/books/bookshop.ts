import type { Shop } from '../shop/shop.js';
import { books } from '../sites.js';

export const bookshop: Shop = {
  site: books,
  lead: 'Books for a rainy day',
  picture: 'cover',
  keptIn: 'shared.sqlite, as those of Accounts are',
  redeemedBy: 'taking the ticket from that file',
  goods: [
    { id: 'walden', name: 'Walden', note: 'Henry David Thoreau', price: 1200, colour: 'green' },
    { id: 'persuasion', name: 'Persuasion', note: 'Jane Austen', price: 1100, colour: 'rose' },
    { id: 'flatland', name: 'Flatland', note: 'Edwin A. Abbott', price: 900, colour: 'violet' },
    { id: 'middlemarch', name: 'Middlemarch', note: 'George Eliot', price: 1600, colour: 'blue' },
    { id: 'frankenstein', name: 'Frankenstein', note: 'Mary Shelley', price: 1300, colour: 'slate' },
    { id: 'time-machine', name: 'The Time Machine', note: 'H. G. Wells', price: 1000, colour: 'red' },
  ],
};

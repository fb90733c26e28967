import type { Basket } from './shop/basket.js';

// What the sessions of the shops hold. Those of Accounts hold nothing: who is logged in is not part of the data.
declare module 'nest-sessions' {
  interface SessionData {
    basket: Basket;
  }
}

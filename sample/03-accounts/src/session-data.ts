import type { Preferences } from './preferences/preferences.js';
import type { Basket } from './shop/basket.js';

// What the sessions of this application hold. From here on every `Session` is typed.
declare module 'nest-sessions' {
  interface SessionData {
    /** Of whoever is logged in, so that a page needs no query to greet them. */
    displayName: string;
    preferences: Preferences;
    basket: Basket;
  }
}

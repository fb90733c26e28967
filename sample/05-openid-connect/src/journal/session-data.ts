import type { BegunLogin } from './openid.client.js';

// What the sessions of this application hold. From here on every `Session` is typed.
declare module 'nest-sessions' {
  interface SessionData {
    /** What is written in the journal. */
    entries?: string[];
    /** What the provider's answer to a login is held to. */
    login?: BegunLogin;
    /** The provider's word for who is logged in, which it takes as a hint for whom to log out. */
    idToken?: string;
  }
}

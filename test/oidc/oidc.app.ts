import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { OidcLogin } from 'nest-sessions';
import {
  OIDC_CHANNEL,
  OidcLogoutModule,
  type OidcEvent,
  type OidcLogoutModuleOptions,
} from 'nest-sessions/oidc';
import type { Browser, Visit } from '../support/browser.js';
import { playground, type Playground } from '../support/playground.js';
import { CLIENT, ISSUER, JWKS, logoutTokens, type TokenChanges } from './provider.js';

export const PATH = '/session/backchannel-logout';

type PlaygroundOptions = Parameters<typeof playground>[0];

/** An application whose logins come from a provider, and that listens to its logouts. */
export interface OidcApp extends Playground {
  /** What was told on the channel. */
  readonly told: OidcEvent[];
  readonly token: (changes?: TokenChanges) => Promise<string>;
  /** Somebody who has logged in through the provider. */
  loggedIn(claims?: Partial<OidcLogin>): Promise<Browser>;
  logIn(browser: Browser, claims?: Partial<OidcLogin>): Promise<Visit>;
  /** Whether the session of a browser is there, and logged in. */
  isLoggedIn(browser: Browser): Promise<boolean>;
  /** What the provider sends. */
  post(fields: Record<string, string> | string, headers?: Record<string, string>): Promise<Visit>;
  /** A logout token as the provider sends it. */
  logout(changes?: TokenChanges): Promise<Visit>;
}

export async function oidcApp(
  options: PlaygroundOptions,
  oidc: Partial<OidcLogoutModuleOptions> = {},
): Promise<OidcApp> {
  const ground = await playground({
    ...options,
    serve: {
      ...options.serve,
      imports: [
        OidcLogoutModule.forRoot({ issuer: ISSUER, clientId: CLIENT, jwks: JWKS, ...oidc }),
        ...(options.serve?.imports ?? []),
      ],
    },
  });
  ground.on('login', (_session, { claims }) => {
    const login = JSON.parse(claims!) as OidcLogin;
    return ground.sessions.login(login.sub, { oidc: login });
  });
  ground.on('who', ({ userId }) => ({ userId }));

  const told: OidcEvent[] = [];
  const listen = (event: unknown) => void told.push(event as OidcEvent);
  subscribe(OIDC_CHANNEL, listen);

  const token = logoutTokens(ground.clock.now);
  const provider = ground.browser();
  const logIn = (browser: Browser, claims: Partial<OidcLogin> = {}) => {
    const login = { iss: ISSUER, sub: 'ada', ...claims };
    return browser.post(`/login?claims=${encodeURIComponent(JSON.stringify(login))}`);
  };
  const post: OidcApp['post'] = (fields, headers = {}) => {
    const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString();
    return provider.post(oidc.path ?? PATH, {
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
  };
  return {
    ...ground,
    told,
    token,
    logIn,
    loggedIn: async (claims) => {
      const browser = ground.browser();
      await logIn(browser, claims);
      return browser;
    },
    isLoggedIn: async (browser) => (await browser.post('/who')).json().userId !== undefined,
    post,
    logout: async (changes) => post({ logout_token: await token(changes) }),
    close: async () => {
      unsubscribe(OIDC_CHANNEL, listen);
      await ground.close();
    },
  };
}

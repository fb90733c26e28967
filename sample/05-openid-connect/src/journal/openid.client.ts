import { Injectable } from '@nestjs/common';
import * as openid from 'openid-client';
import { CLIENT_ID, journal, provider } from '../sites.js';

/** A login that has begun. */
export interface BegunLogin {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Talks to the provider. All that is specific to OpenID Connect is openid-client's. */
@Injectable()
export class OpenIdClient {
  readonly #config: openid.Configuration;

  constructor() {
    // `openid.discovery()` finds all this by itself where the server knows the provider by the name that browsers do.
    this.#config = new openid.Configuration(
      {
        issuer: provider.origin,
        authorization_endpoint: `${provider.origin}/auth`,
        end_session_endpoint: `${provider.origin}/session/end`,
        token_endpoint: `${provider.backChannel}/token`,
        jwks_uri: `${provider.backChannel}/jwks`,
        authorization_response_iss_parameter_supported: true,
      },
      CLIENT_ID,
      process.env.CLIENT_SECRET,
    );
    // For development on this machine; never elsewhere.
    openid.allowInsecureRequests(this.#config);
  }

  /** Where to send a browser that is to log in, and what to hold its answer to. */
  async begin(): Promise<{ url: URL; login: BegunLogin }> {
    const login = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      verifier: openid.randomPKCECodeVerifier(),
    };
    const url = openid.buildAuthorizationUrl(this.#config, {
      redirect_uri: `${journal.origin}/callback`,
      scope: 'openid',
      state: login.state,
      nonce: login.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: 'S256',
    });
    return { url, login };
  }

  /** The claims of the user who has logged in, verified. */
  async end(path: string, { state, nonce, verifier }: BegunLogin) {
    const tokens = await openid.authorizationCodeGrant(this.#config, new URL(path, journal.origin), {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    return { claims: tokens.claims()!, idToken: tokens.id_token! };
  }

  /** Where to send a browser that is to be logged out at the provider as well. */
  logoutUrl(idToken: string): URL {
    return openid.buildEndSessionUrl(this.#config, {
      id_token_hint: idToken,
      post_logout_redirect_uri: `${journal.origin}/`,
    });
  }
}

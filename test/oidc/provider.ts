import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JSONWebKeySet,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';

export const ISSUER = 'https://login.example.com';
export const CLIENT = 'shop';
export const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** What the provider signs with when it is not told otherwise. */
const { privateKey, publicKey } = await generateKeyPair('ES256');
export const JWKS: JSONWebKeySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'current' }] };

/** What differs from a logout token as it should be. `undefined` leaves a claim or a header out. */
export interface TokenChanges {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: CryptoKey | Uint8Array;
}

/** Makes the logout tokens of a provider whose clock is this. */
export function logoutTokens(now: () => number) {
  return ({ claims = {}, header = {}, key = privateKey }: TokenChanges = {}): Promise<string> => {
    const iat = Math.floor(now() / 1000);
    const payload = {
      iss: ISSUER,
      aud: CLIENT,
      iat,
      exp: iat + 120,
      jti: randomUUID(),
      events: { [EVENT]: {} },
      sub: 'ada',
      ...claims,
    };
    const protectedHeader = { alg: 'ES256', typ: 'logout+jwt', kid: 'current', ...header };
    return new SignJWT(withoutAbsent(payload) as JWTPayload)
      .setProtectedHeader(withoutAbsent(protectedHeader) as JWTHeaderParameters)
      .sign(key, { crit: { exotic: true } });
  };
}

/** The keys of a provider at a URL, until they are taken away. */
export class KeyServer {
  readonly #server: Server;
  /** How often they were asked for. */
  asked = 0;
  status = 200;
  body = JSON.stringify(JWKS);

  private constructor() {
    this.#server = createServer((_request, response) => {
      this.asked += 1;
      const location = this.status >= 300 && this.status < 400 ? { location: '/elsewhere' } : {};
      response.writeHead(this.status, { 'content-type': 'application/json', ...location }).end(this.body);
    });
  }

  static async start(): Promise<KeyServer> {
    const server = new KeyServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function withoutAbsent(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

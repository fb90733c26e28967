import { describe, expect } from '@jest/globals';
import fc from 'fast-check';
import { durationInSeconds } from '../../lib/core/duration.js';
import { SessionToken } from '../../lib/core/session-token.js';
import { isUnsafe } from '../../lib/csrf/csrf-method.js';
import { show } from '../../lib/csrf/show.js';
import type { HttpRequest } from '../../lib/http/http-exchange.interface.js';
import { foreignOrigin } from '../../lib/live/foreign-origin.js';
import { cookieDomainProblem } from '../../lib/options/cookie-domain.problem.js';
import { trustedOriginProblem } from '../../lib/options/trusted-origin.rules.js';
import { serializeOrigin } from '../../lib/options/web-origin.js';
import { holds } from './support/property.js';
import { headerText, longText, mutationOf, text, wellFormedToken } from './support/values.js';

const anyText = fc.oneof(text, headerText(), longText);
const anything = fc.oneof(anyText, fc.anything({ withBigInt: true, withDate: true }));

describe('A token', () => {
  holds('has one spelling', 0.02, fc.oneof(anyText, wellFormedToken), (written) => {
    const token = SessionToken.parse(written);
    if (token) expect(token.reveal()).toBe(written);
  });
});

describe('An origin', () => {
  const ORIGINS = ['https://shop.example.com', 'http://127.0.0.1:3000', 'http://[::1]:8080', 'app+x://host'];
  const nearly = fc.oneof(
    anyText,
    fc.constantFrom(...ORIGINS),
    fc.constantFrom(...ORIGINS).chain((one) => mutationOf(one)),
  );

  holds('is what browsers send, in one form', 0.03, nearly, (written) => {
    const origin = serializeOrigin(written);
    // Of other schemes browsers send what stands there.
    if (origin === undefined || !/^https?:/.test(origin)) return;
    expect([serializeOrigin(origin), new URL(written).origin]).toEqual([origin, origin]);
  });

  holds(
    'is trusted in that form only, and never shown with a password',
    0.03,
    fc.oneof(nearly, anything),
    (given) => {
      const problem = trustedOriginProblem(given);
      if (problem === undefined) expect(serializeOrigin(given as string)).toBe(given);
      expect(trustedOriginProblem(`https://user:hunter2@a.example`)).not.toContain('hunter2');
    },
  );

  const handshake = fc.record({
    origin: nearly,
    host: fc.oneof(anyText, fc.constantFrom('a.example', '127.0.0.1:3000')),
    site: anyText,
  });

  holds('of another page opens no socket', 0.03, handshake, ({ origin, host, site }) => {
    const request = {
      headers: { origin, host, 'sec-fetch-site': site },
      socket: {},
    } as unknown as HttpRequest;
    const foreign = foreignOrigin(request, { trustedOrigins: new Set(), needsTls: false });
    const isOwn = [`http://${host}`, `https://${host}`].some(
      (own) => serializeOrigin(own) === serializeOrigin(origin),
    );
    expect(foreign === undefined).toBe(isOwn && serializeOrigin(origin) !== undefined);
  });
});

describe('The domain of a cookie', () => {
  const DOMAINS = ['example.com', '.example.co.uk', 'xn--bcher-kva.example'];
  const nearly = fc.oneof(
    anything,
    fc.constantFrom(...DOMAINS),
    fc.constantFrom(...DOMAINS).chain((one) => mutationOf(one)),
  );

  holds('is a host name below a public suffix', 0.03, nearly, (given) => {
    if (cookieDomainProblem(given) === undefined) {
      expect(given).toMatch(/^\.?[a-z0-9-]+(\.[a-z0-9-]+)+$/i);
    }
  });
});

describe('A duration', () => {
  const nearly = fc.oneof(
    anything,
    fc.tuple(fc.double(), anyText).map((parts) => parts.join('')),
    fc.tuple(fc.nat(), fc.constantFrom('s', 'm ', ' days', 'y', 'ms')).map((parts) => parts.join('')),
  );

  holds('is a number of seconds, or none', 0.02, nearly, (given) => {
    const seconds = durationInSeconds(given);
    expect(seconds === undefined || (Number.isFinite(seconds) && seconds >= 0)).toBe(true);
  });
});

describe('What a client has sent', () => {
  holds('is one short line in a log', 0.02, anyText, (sent) => {
    const shown = show(sent);
    expect([shown.length <= 6 * 82, /\p{Cc}/u.test(shown.replaceAll(/[\x80-\x9f]/g, ''))]).toEqual([
      true,
      false,
    ]);
  });

  const request = fc.record({
    method: fc.oneof(text, fc.constantFrom('GET', 'HEAD', 'POST')),
    url: anyText,
    body: anything,
  });

  holds('is safe by its method, or is not', 0.02, request, ({ method, url, body }) => {
    const unsafe = isUnsafe({ method, url, headers: {} } as HttpRequest, body);
    if (!['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method)) expect(unsafe).toBe(true);
  });
});

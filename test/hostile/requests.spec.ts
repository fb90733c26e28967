import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import fc from 'fast-check';
import type { SessionInfo } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { holds } from './support/property.js';
import { OWNER, startTarget, tokenOf, type Target } from './support/target.js';
import { bytes, headerText, longText } from './support/values.js';

/** Headers that somebody between the client and the handlers reads. */
const READ_BY_SOMEBODY = [
  'Accept',
  'Accept-Encoding',
  'Authorization',
  'Content-Type',
  'Cookie',
  'Forwarded',
  'Host',
  'If-None-Match',
  'Origin',
  'Purpose',
  'Range',
  'Referer',
  'Sec-Fetch-Dest',
  'Sec-Fetch-Mode',
  'Sec-Fetch-Site',
  'User-Agent',
  'X-Csrf-Token',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-HTTP-Method-Override',
  'X-Session-Token',
  'X-Real-IP',
];
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...READ_BY_SOMEBODY) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'set-cookie', 'session') },
  { weight: 1, arbitrary: fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/) },
);
const familiar = fc.constantFrom(
  '127.0.0.1',
  '::1, 10.0.0.1',
  'https',
  'http://a.example',
  'null',
  'DELETE',
  'application/json',
  'multipart/form-data; boundary=x',
  '*/*',
  'cross-site',
  `Bearer ${OWNER.id}`,
);
const value = fc.oneof(headerText({ maxLength: 60 }), familiar, longText, bytes({ maxLength: 30 }));
const header = fc.tuple(name, value);
const headers = fc.array(header, { minLength: 1, maxLength: 8 });

const path = fc
  .oneof(
    headerText({ maxLength: 40 }),
    fc
      .array(
        fc.constantFrom(
          '%',
          '%00',
          '%2e',
          '%2f',
          '%zz',
          '%ff',
          '..',
          '/',
          '?',
          '_method=GET',
          '&',
          'read',
          ';',
        ),
      )
      .map((parts) => parts.join('')),
    longText,
  )
  // A blank or a hash would end the target of the request.
  .map((text) => `/${text.replaceAll(/[\s#\x80-\xff]/g, '')}`);
const method = fc.constantFrom(
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'QUERY',
  'TRACE',
  'PROPFIND',
  'LOCK',
);

describe.each(adapters)('A request on $adapter', ({ make }) => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget({
      adapter: make(),
      session: { transport: ['cookie', 'header'], header: 'Authorization', cookie: { secure: 'auto' } },
    });
  });
  afterAll(() => target.close());

  holds('may have any headers', 0.05, headers, async (sent) => {
    const answer = await target.attack('/unused', { headers: sent });
    if (answer?.status === 200) expect(answer.body).toBe('unused');
  });

  holds('may have any headers where a user logs in', 0.05, headers, async (sent) => {
    const answer = await target.attack('/login', { headers: sent });
    if (answer?.status !== 200) return;
    const infos = await target.sessions.list('mallory');
    await target.sessions.revokeAll('mallory');
    expect(infos.map(({ id }) => id)).toEqual([tokenOf(answer)!.split('.')[0]]);
    const [{ userAgent = '', ip = '' }] = infos as [SessionInfo];
    expect([userAgent.length <= 512, ip.length <= 64]).toEqual([true, true]);
  });

  holds(
    'may be for any path by any method',
    0.05,
    fc.tuple(method, path, headers),
    async ([by, to, sent]) => {
      const answer = await target.client.send({ method: by, path: to, headers: sent });
      // A method that the framework has not heard of is 501.
      expect(answer === undefined || answer.status < 500 || answer.status === 501).toBe(true);
    },
  );
});

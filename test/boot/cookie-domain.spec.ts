import { describe, expect, it } from '@jest/globals';
import { memoryStore, SessionOptionsError } from 'nest-sessions';
import { CsrfModule, CsrfOptionsError } from 'nest-sessions/csrf';
import { adapters } from '../support/adapters.js';
import { serve } from '../support/serve.js';

/** Where each stands: with a registry, with a hosting provider, by a wildcard rule, in another spelling. */
const suffixes = [
  'com',
  'co.uk',
  'github.io',
  's3.amazonaws.com',
  'kawasaki.jp',
  'x.kawasaki.jp',
  'xn--p1ai',
];

const refused: { domain: string; got: string }[] = [
  ...suffixes
    .filter((domain) => domain.includes('.'))
    .map((domain) => ({ domain, got: 'the public suffix' })),
  { domain: '.co.uk', got: 'the public suffix' },
  { domain: 'GitHub.IO', got: 'the public suffix' },
  ...suffixes
    .filter((domain) => !domain.includes('.'))
    .map((domain) => ({ domain, got: 'the single label' })),
  { domain: 'localhost', got: 'the single label' },
  { domain: '.intranet', got: 'the single label' },
  { domain: '127.0.0.1', got: 'the IP address' },
  { domain: '.10.0.0.1', got: 'the IP address' },
  { domain: '127.1', got: 'the IP address' },
  { domain: '0x7f.0x1', got: 'the IP address' },
  { domain: '2130706433', got: 'the IP address' },
];
const notHosts = [
  '',
  '.',
  '..example.com',
  'example.com.',
  '[::1]',
  '::1',
  'example.com:443',
  'bücher.example',
];

const accepted = [
  'example.com',
  '.example.com',
  'shop.example.co.uk',
  'ada.github.io',
  'city.kawasaki.jp',
  'app.internal',
  'shop.localhost',
  '127.0.0.1.example.com',
  'xn--bcher-kva.example',
];

describe.each(adapters)('The domain of the cookie on $adapter', ({ make }) => {
  const store = memoryStore();

  async function boot(domain: unknown, csrfDomain?: unknown): Promise<unknown> {
    const cookie = { domain } as { domain: string };
    const imports =
      csrfDomain === undefined ? [] : [CsrfModule.forRoot({ cookie: { domain: csrfDomain as string } })];
    try {
      await (await serve({ adapter: make(), session: { store, cookie }, imports })).close();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  it.each(refused)('fails the boot as $domain, which is $got', async ({ domain, got }) => {
    const error = (await boot(domain)) as SessionOptionsError;
    expect(error).toBeInstanceOf(SessionOptionsError);
    expect(error.problems).toEqual([
      `cookie.domain: expected a domain that is yours, such as "example.com", got ${got} "${domain}"`,
    ]);
  });

  it.each(notHosts)('fails the boot as %j, which is no host name', async (domain) => {
    const error = (await boot(domain)) as SessionOptionsError;
    expect(error.problems).toEqual([`cookie.domain: expected a host name, got ${JSON.stringify(domain)}`]);
  });

  it.each(accepted)('may be %s', async (domain) => {
    expect(await boot(domain)).toBeUndefined();
  });

  it.each(refused)('is refused for the cookie of CsrfModule as well: $domain', async ({ domain, got }) => {
    const error = (await boot(undefined, domain)) as CsrfOptionsError;
    expect(error).toBeInstanceOf(CsrfOptionsError);
    expect(error.problems).toEqual([expect.stringContaining(`got ${got} "${domain}"`)]);
  });
});

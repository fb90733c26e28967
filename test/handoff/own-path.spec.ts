import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ownPath } from 'nest-sessions/handoff';

describe('A path of the own origin', () => {
  it.each([
    ['/', '/'],
    ['/orders', '/orders'],
    ['/orders/7?page=2&page=3#top', '/orders/7?page=2&page=3#top'],
    ['/a//b', '/a//b'],
    ['/a/../b/./c', '/b/c'],
    ['/?next=https://evil.example/', '/?next=https://evil.example/'],
    ['/#//evil.example', '/#//evil.example'],
    ['/@evil.example', '/@evil.example'],
    ['/:80', '/:80'],
    ['/%2F%2Fevil.example', '/%2F%2Fevil.example'],
    ['/%5Cevil.example', '/%5Cevil.example'],
    ['/%09/evil.example', '/%09/evil.example'],
    ['/straße', '/stra%C3%9Fe'],
    // A slash of full width is none in a path.
    ['/／evil.example', '/%EF%BC%8Fevil.example'],
    ['/"><script>', '/%22%3E%3Cscript%3E'],
  ])('is what %j names: %j', (value, path) => {
    expect(ownPath(value)).toBe(path);
  });

  it.each([
    undefined,
    null,
    '',
    7,
    {},
    [],
    ['/orders'],
    { toString: () => '/orders' },
    'orders',
    '?a=b',
    '#top',
    './orders',
    'https://evil.example/',
    'https:/evil.example/',
    'https:evil.example',
    'http://own.invalid/orders',
    'javascript:alert(1)',
    'data:text/html,hello',
    '//evil.example',
    '///evil.example',
    '////evil.example',
    '//own.invalid/orders',
    '/\\evil.example',
    '\\/evil.example',
    '\\\\evil.example',
    '/orders\\..\\..',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r\n/evil.example',
    '/\u0000/evil.example',
    '/\u007f',
    '/\u0085',
    '/\u00a0',
    '/\u2028',
    ' /orders',
    '/orders ',
    '/ /evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    '/%2E%2e//evil.example',
    '/a/%2e%2e//evil.example',
    '/orders\r\nSet-Cookie: a=b',
  ])('is "/" instead of %j', (value) => {
    expect(ownPath(value)).toBe('/');
  });

  it('leads nowhere but to the host that sends a browser there, whatever it was made of', () => {
    const part = fc.constantFrom(
      '/',
      '//',
      '\\',
      '.',
      '..',
      '%2e',
      '%2F',
      '\t',
      '\n',
      '@',
      ':',
      '?',
      '#',
      'evil.example',
      'a',
      'http:',
    );
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part).map((parts) => `/${parts.join('')}`),
    );
    fc.assert(
      fc.property(anything, (value) => {
        const path = ownPath(value);
        const { origin, href } = new URL(path, 'https://shop.example');
        expect(origin).toBe('https://shop.example');
        expect(path).toMatch(/^\/(?!\/)[\x21-\x7e]*$/);
        // It stays what it is, also when it is asked about again.
        expect(ownPath(path)).toBe(path);
        expect(href).toBe(`https://shop.example${path}`);
      }),
    );
  });
});

import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { isUnsafe } from '../../lib/csrf/csrf-method.js';

const request = (method: string, rest: object = {}) =>
  ({ method, url: '/', headers: {}, ...rest }) as unknown as IncomingMessage;

describe('5.5 A method', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])('%s is safe', (method) => {
    expect(isUnsafe(request(method), undefined)).toBe(false);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PROPFIND', 'SEARCH', 'CONNECT', 'get', 'BREW', ''])(
    '"%s" is not safe',
    (method) => {
      expect(isUnsafe(request(method), undefined)).toBe(true);
    },
  );

  it.each([
    { what: 'the query', rest: { url: '/a?b=1&_method=GET' } },
    { what: 'the query, as a list', rest: { url: '/a?_method[]=GET' } },
    { what: 'the query, encoded', rest: { url: '/a?%5F%6Dethod=GET' } },
    { what: 'X-HTTP-Method-Override', rest: { headers: { 'x-http-method-override': 'GET' } } },
    { what: 'X-HTTP-Method', rest: { headers: { 'x-http-method': 'GET' } } },
    { what: 'X-Method-Override', rest: { headers: { 'x-method-override': 'GET' } } },
    { what: 'the body', rest: {}, body: { _method: 'GET' } },
    { what: 'the memory of what has replaced it', rest: { originalMethod: 'POST' } },
  ])('GET is not safe beside another one in $what', ({ rest, body }) => {
    expect(isUnsafe(request('GET', rest), body)).toBe(true);
  });

  it('GET is safe with a query that only looks like one', () => {
    expect(isUnsafe(request('GET', { url: '/a?method=GET&x=_method' }), { method: 'GET' })).toBe(false);
  });
});

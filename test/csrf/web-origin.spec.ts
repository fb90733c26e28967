import { expect, it } from '@jest/globals';
import { serializeOrigin } from '../../lib/options/web-origin.js';

/** Far more calls than it takes until the engine compiles the caller. */
const MANY = 50_000;

it.each([
  ['no host', 'https://\u00c3\u0083friend.example', undefined],
  ['a host', 'https://\u00c3friend.example', 'https://xn--friend-2ta.example'],
])(
  'A header with bytes beyond ASCII that make %s is taken so the first time and ever after',
  (_, text, origin) => {
    const taken = new Set<string | undefined>();
    for (let call = 0; call < MANY; call++) taken.add(serializeOrigin(text));
    expect([...taken]).toEqual([origin]);
  },
);

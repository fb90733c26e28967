import fc from 'fast-check';

/** Names that mean something to JavaScript, and that hostile data is made of. */
export const TRAPS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'toJSON',
  'then',
  'length',
  '',
];

/** Characters of a header that some parser treats in its own way. */
const PUNCTUATION = [...' \t;,="\'%\\/.:&?#<>()[]{}@$+-_~`!|*^'];

/** Text that a header may carry: bytes, but for those that end it. */
export const headerText = (constraints: fc.StringConstraints = {}): fc.Arbitrary<string> =>
  fc.string({
    ...constraints,
    unit: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...PUNCTUATION) },
      { weight: 6, arbitrary: fc.constantFrom(...'abcxyzABCXYZ0189') },
      { weight: 2, arbitrary: fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)) },
    ),
  });

/** The same with control characters, which a server may refuse. */
export const bytes = (constraints: fc.StringConstraints = {}): fc.Arbitrary<string> =>
  fc.string({
    ...constraints,
    unit: fc
      .integer({ min: 0, max: 0xff })
      // What ends a line would begin another header, or another request.
      .map((code) => String.fromCharCode(code === 0x0a || code === 0x0d ? 0x0b : code)),
  });

/** Any text: empty, short, unpaired surrogates, what JavaScript reads as something else. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  // A surrogate without the other one.
  fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom(...TRAPS),
);

/** A text of many times the same, as long as a header may be. */
export const longText: fc.Arbitrary<string> = fc
  .tuple(headerText({ minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 2_500 }))
  .map(([unit, times]) => unit.repeat(times));

const HEX = [...'0123456789abcdef'];
export const BASE64URL = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

/** What has the form of a token, and was never given to anybody. */
export const wellFormedToken: fc.Arbitrary<string> = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...HEX), minLength: 32, maxLength: 32 }),
    fc.string({ unit: fc.constantFrom(...BASE64URL), minLength: 43, maxLength: 43 }),
  )
  .map(([id, secret]) => `${id}.${secret}`);

/** What a text becomes in the hands of somebody who tries: never the text itself. */
export function mutationOf(text_: string): fc.Arbitrary<string> {
  const place = fc.nat({ max: text_.length - 1 });
  const cut = (at: number, count: number, put: string) => text_.slice(0, at) + put + text_.slice(at + count);
  return fc
    .oneof(
      fc.tuple(place, headerText({ minLength: 1, maxLength: 1 })).map(([at, put]) => cut(at, 1, put)),
      fc.tuple(place, fc.integer({ min: 1, max: 5 })).map(([at, count]) => cut(at, count, '')),
      fc.tuple(place, headerText({ minLength: 1, maxLength: 3 })).map(([at, put]) => cut(at, 0, put)),
      fc.tuple(place, place).map(([at, other]) => cut(at, 1, text_[other]!)),
      fc.constantFrom(
        text_.toUpperCase(),
        text_.toLowerCase(),
        `"${text_}"`,
        encodeURIComponent(`${text_} `),
        [...text_].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join(''),
        text_ + text_,
        `${text_},${text_}`,
        `${text_}.`,
        text_.replace('.', '..'),
        text_.split('.').toReversed().join('.'),
        `s:${text_}`,
        `${text_}\u00a0`,
        `\u00a0${text_}`,
        `${text_}=`,
      ),
      fc.constantFrom('', ...text_.split('.').filter((part) => part !== text_)),
    )
    .filter((mutated) => mutated.trim() !== text_);
}

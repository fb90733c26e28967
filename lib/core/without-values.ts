const HIDDEN = '…';
/** Shorter ones count only where they stand by themselves, or they would be found in the middle of words. */
const SHORTEST_ANYWHERE = 4;

/** A text without the values, and parts of them, that it quotes: some libraries tell what came. */
export function withoutValues(text: string, values: readonly unknown[]): string {
  const quotes = values.flatMap((value) => [...quotesOf(value)]).filter((quote) => text.includes(quote));
  // The longest first, or what is a part of another would leave the rest of that one.
  return [...new Set(quotes)].toSorted((one, other) => other.length - one.length).reduce(hide, text);
}

function hide(text: string, quote: string): string {
  if (quote.length >= SHORTEST_ANYWHERE) {
    return text.replaceAll(quote, HIDDEN);
  }
  const escaped = quote.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'gu'), HIDDEN);
}

/** The ways in which a message may write the value, or one of those in it. */
function* quotesOf(value: unknown): Generator<string> {
  switch (typeof value) {
    case 'string': {
      yield* [value, JSON.stringify(value).slice(1, -1)].filter((text) => text.trim() !== '');
      break;
    }
    case 'number':
    case 'bigint':
    case 'boolean':
      yield String(value);
      break;
    case 'object':
      if (value instanceof Date) {
        yield* [String(value), JSON.stringify(value).slice(1, -1), String(value.getTime())];
      } else if (ArrayBuffer.isView(value)) {
        yield String(value);
      } else if (value !== null) {
        for (const member of value instanceof Map || value instanceof Set ? value : Object.values(value)) {
          yield* quotesOf(member);
        }
      }
  }
}

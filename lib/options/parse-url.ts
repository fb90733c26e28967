/**
 * The URL that a text is, relative to `base` if there is one; `undefined` when it is none.
 *
 * `URL.canParse` is not to be asked: Node.js 20, once it has compiled the caller, takes the bytes of Latin-1 for UTF-8, and
 * says yes to a header at which the constructor then throws.
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** The token that a response sets in its `Set-Cookie`s: `''` when it takes it away, `undefined` when it says nothing of it. */
export function tokenInCookies(cookies: readonly string[] = []): string | undefined {
  return /^sessionid=([^;]*)/.exec(cookies.at(-1) ?? '')?.[1];
}

/** What a client is to hold: a secret with its id, or a sealed record. */
export interface ClientToken {
  readonly id: string;
  /** Of the secret, where it has one. */
  readonly secretHash?: string;
  /** The credential itself, for a transport and nobody else. */
  reveal(): string;
}

/** What the client's copy of the token should come to, once the session has settled. */
export type TokenOutcome =
  /** Leave it. */
  | { readonly kind: 'keep' }
  /** Give it this one. `expiresAt` in milliseconds; `undefined`: until the browser is closed. */
  | { readonly kind: 'send'; readonly token: ClientToken; readonly expiresAt: number | undefined }
  /** Take it away: because the session was ended (`flushed`), or because it belongs to none (`stale`). */
  | { readonly kind: 'clear'; readonly because: 'flushed' | 'stale' };

export type Data = Record<string, unknown>;

/** What a handler does with its session without asking the store. */
export type LocalAct =
  | { readonly do: 'set'; readonly key: string; readonly value: number }
  /** Sets what is there already. */
  | { readonly do: 'rewrite'; readonly key: string }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'patch'; readonly values: Data }
  | { readonly do: 'count'; readonly key: string }
  /** Mutates a list in the live data. */
  | { readonly do: 'push'; readonly key: string; readonly value: number }
  | { readonly do: 'clear' }
  | { readonly do: 'leave'; readonly key: string; readonly value: number }
  | { readonly do: 'take'; readonly key: string }
  /** Seconds; `at`: a moment in milliseconds. */
  | { readonly do: 'expire'; readonly after: number | 'browser' | { readonly at: number } | null }
  | { readonly do: 'regenerate' };

/** What may ask the store. */
export type StoreAct =
  | { readonly do: 'load' | 'save' | 'reload' | 'flush' | 'logout' }
  | { readonly do: 'login'; readonly user: string };

/** How a handler ends its request. */
export type EndAct = { readonly do: 'end'; readonly status: 200 | 404 | 500 };

/** What is done outside requests. */
export type ServiceAct =
  | { readonly do: 'revoke'; readonly id: string }
  | { readonly do: 'revokeAll'; readonly user: string; readonly except?: string }
  | { readonly do: 'list'; readonly user: string }
  | { readonly do: 'sweep' };

export type VisitAct = LocalAct | StoreAct | EndAct;
export type Act = VisitAct | ServiceAct;

/** How a session looks to a handler. Ids are the real ones. */
export interface View {
  readonly id: string | null;
  readonly user: string | null;
  readonly data: Data;
  /** `getExpiryAge()` */
  readonly age: number;
}

/** What the client is told of its token: nothing, to drop it, or a new one with its `Max-Age`. */
export type Cookie =
  | { readonly kind: 'none' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'send'; readonly id: string; readonly maxAge: number | null };

/** What was seen of an act when it was done. */
export interface Seen {
  /** The name of the error that it ended with. */
  readonly error?: string;
  readonly value?: unknown;
  readonly view?: View;
  readonly status?: number;
  readonly cookie?: Cookie;
}

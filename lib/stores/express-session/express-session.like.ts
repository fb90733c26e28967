/**
 * What `expressSessionStore()` needs of an express-session store. Declared here, so that neither the store nor its
 * types depend on the package `express-session`.
 *
 * @publicApi
 */
export interface ExpressSessionStoreLike {
  get(sid: string, callback: (error?: any, session?: any) => void): unknown;
  set(sid: string, session: any, callback?: (error?: any) => void): unknown;
  destroy(sid: string, callback?: (error?: any) => void): unknown;
  all?: ((callback: (error?: any, sessions?: any) => void) => unknown) | undefined;
}

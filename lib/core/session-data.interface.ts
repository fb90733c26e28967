/**
 * The shape of the session data. Augment it and every `Session` in the application is typed:
 *
 * ```ts
 * declare module 'nest-sessions' {
 *   interface SessionData {
 *     username: string;
 *   }
 * }
 * ```
 *
 * @publicApi
 */
// eslint-disable-next-line typescript/no-empty-interface
export interface SessionData {}

/**
 * What `Session` holds when no type is given: {@link SessionData} once it is augmented, anything before.
 *
 * @publicApi
 */
export type DefaultSessionData = keyof SessionData extends never ? Record<string, any> : SessionData;

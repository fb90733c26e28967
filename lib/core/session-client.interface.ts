/** What is known of the client that a session is created for. */
export interface SessionClient {
  readonly ip: string | null;
  readonly userAgent: string | null;
}

export const NO_CLIENT: SessionClient = { ip: null, userAgent: null };

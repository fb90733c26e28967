/** A site: a process, a host name and a session cookie of its own. */
export interface Site {
  readonly name: 'accounts' | 'books' | 'garden';
  readonly title: string;
  readonly port: number;
  /** How browsers reach it. They know that `*.localhost` is this machine. */
  readonly origin: string;
  /** How the other sites reach it: not every system knows that. */
  readonly backChannel: string;
  /** Where it sends whoever has to log in, with `returnTo`. */
  readonly loginPath: string;
}

const FIRST_PORT = Number(process.env.PORT ?? 3000);

export const accounts = site('accounts', 'Accounts', 0, '/login');
export const books = site('books', 'Books', 1, '/session/start');
export const garden = site('garden', 'Garden', 2, '/session/start');
export const sites = [accounts, books, garden] as const;

function site<Name extends Site['name']>(name: Name, title: string, index: number, loginPath: string) {
  const port = FIRST_PORT + index;
  return {
    name,
    title,
    port,
    origin: `http://${name}.localhost:${port}`,
    backChannel: `http://127.0.0.1:${port}`,
    loginPath,
  } satisfies Site;
}

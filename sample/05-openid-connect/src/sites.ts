const FIRST_PORT = Number(process.env.PORT ?? 3000);

/** Where users log in: the identity provider. */
export const provider = site('provider', 0);

/** The application, which leaves that to the provider. */
export const journal = site('journal', 1);

export const CLIENT_ID = 'journal';

function site(name: 'provider' | 'journal', index: number) {
  const port = FIRST_PORT + index;
  return {
    name,
    port,
    /** How browsers reach it. They know that `*.localhost` is this machine. */
    origin: `http://${name}.localhost:${port}`,
    /** How the other one reaches it: not every system knows that. */
    backChannel: `http://127.0.0.1:${port}`,
  };
}

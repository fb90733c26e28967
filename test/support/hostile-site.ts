import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A site that acts against another one in the name of its visitors. */
export interface HostileSite {
  /** A page with a form, and with a script that sends it silently: `attack()`. */
  page(host: string, target: string, fields: Record<string, string>): string;
  close(): Promise<void>;
}

export async function startHostileSite(): Promise<HostileSite> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://hostile.invalid');
    const target = searchParams.get('target')!;
    searchParams.delete('target');
    response.setHeader('Content-Type', 'text/html; charset=utf-8').end(`<!doctype html>
      <form method="post" action="${target}">
        ${[...searchParams].map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`).join('')}
        <button>You have won</button>
      </form>
      <script>
        const attack = () => fetch('${target}', {
          method: 'POST',
          mode: 'no-cors',
          credentials: 'include',
          body: new URLSearchParams('${searchParams}'),
        });
      </script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    page: (host, target, fields) => `http://${host}:${port}/?${new URLSearchParams({ target, ...fields })}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { provider as site } from '../sites.js';
import { untilHungUp } from '../until-hung-up.js';
import { render } from '../views.js';
import { createProvider } from './provider.js';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} .'-]{0,29}$/u;
const PEOPLE = ['Ada', 'Alan', 'Grace', 'Katherine'];

const provider = createProvider(process.env.CLIENT_SECRET!);
const protocol = provider.callback();
const styles = await readFile(join(import.meta.dirname, '..', '..', 'public', 'style.css'));

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    console.error(error);
    page(response, 'provider/error', {}, 400);
  });
});
server.listen(site.port, '127.0.0.1', untilHungUp);

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', site.origin);
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('X-Frame-Options', 'DENY');
  if (pathname === '/') {
    page(response, 'provider/front', {});
  } else if (pathname === '/assets/style.css') {
    response.setHeader('Content-Type', 'text/css').end(styles);
  } else if (pathname.startsWith('/interaction/')) {
    await interact(request, response);
  } else {
    await protocol(request, response);
  }
}

/** Asks who the user is. A real provider asks for more than a name. */
async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Of this browser: a cookie that came with the redirect here says so.
  await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    page(response, 'provider/login', { people: PEOPLE });
    return;
  }
  const name = new URLSearchParams(await text(request)).get('name')?.trim() ?? '';
  if (!NAME.test(name)) {
    page(response, 'provider/login', { people: PEOPLE, problem: 'A name has 1 to 30 letters.' }, 400);
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId: name, amr: ['pwd'] } });
}

function page(response: ServerResponse, view: string, values: object, status = 200): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(render(view, values));
}

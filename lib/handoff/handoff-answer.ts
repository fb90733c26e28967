import type { ServerResponse } from 'node:http';
import { escapeHtml } from '../http/escape-html.js';

/** What an endpoint answers with. */
export type HandoffAnswer =
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'page'; readonly status: number; readonly page: HandoffPage }
  | { readonly kind: 'json'; readonly status: number; readonly body: object };

/** A page with one thing to say, and one thing to do. */
export interface HandoffPage {
  readonly title: string;
  readonly text: string;
  readonly link?: { readonly href: string; readonly label: string };
}

/** The pages are never in a frame, run no scripts, load nothing, and tell nobody their address. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

export function sendAnswer(response: ServerResponse, answer: HandoffAnswer): void {
  for (const [name, value] of Object.entries(HEADERS)) {
    response.setHeader(name, value);
  }
  switch (answer.kind) {
    case 'redirect':
      response.statusCode = 303;
      response.setHeader('Location', answer.to).end();
      break;
    case 'page':
      response.statusCode = answer.status;
      response.setHeader('Content-Type', 'text/html; charset=utf-8').end(htmlOf(answer.page));
      break;
    case 'json':
      response.statusCode = answer.status;
      response.setHeader('Content-Type', 'application/json; charset=utf-8').end(JSON.stringify(answer.body));
  }
}

function htmlOf({ title, text, link }: HandoffPage): string {
  const [heading, sentence] = [escapeHtml(title), escapeHtml(text)];
  const action = link ? `<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.label)}</a></p>` : '';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading}</title>
<style>
  :root { color-scheme: light dark; font: 1.05rem/1.6 system-ui, sans-serif }
  body { max-width: 30rem; margin: 15vh auto 0; padding: 0 1.5rem }
  h1 { font-size: 1.4rem; line-height: 1.3 }
  a { display: inline-block; padding: .6rem 1.2rem; border-radius: .4rem; background: #2451b3; color: #fff; text-decoration: none }
</style>
<h1>${heading}</h1>
<p>${sentence}</p>
${action}
</html>
`;
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { sites } from './sites.js';

// No scripts at all, and styles from one file of ours. The form of the login page ends in a redirect to the site that has
// asked for the login, and browsers take that for a part of the form.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  `form-action 'self' ${sites.map(({ origin }) => origin).join(' ')}`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function securityHeaders(_request: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  // Not `no-referrer`: with it browsers send `Origin: null`, and our own forms would look like foreign ones.
  response.setHeader('Referrer-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  next();
}

import type { ServerResponse } from 'node:http';

/** Adds to `Vary` (RFC 9110, section 12.5.5) without replacing what is there. */
export function addVary(response: ServerResponse, header: string): void {
  const set = response.getHeader('Vary');
  if (set === undefined) {
    response.setHeader('Vary', header);
    return;
  }
  const present = [set].flat().join(', ');
  const fields = present.split(',').map((field) => field.trim().toLowerCase());
  if (!fields.includes('*') && !fields.includes(header.toLowerCase())) {
    response.setHeader('Vary', present ? `${present}, ${header}` : header);
  }
}

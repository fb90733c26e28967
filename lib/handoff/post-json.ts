import { LARGEST_MESSAGE } from './handoff.constants.js';

/** In milliseconds. */
const PATIENCE = 5000;

/** What a server has answered. */
export interface PostAnswer {
  readonly status: number;
  /** Empty where it is not of JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends something to another server: to that one and to none that it may refer to. */
export async function postJson(url: string, body: object): Promise<PostAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE),
  });
  return { status: response.status, body: objectIn(await textOf(response)) };
}

/** What is longer than anything that one of ours says is not read to its end. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > LARGEST_MESSAGE) {
      return '';
    }
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

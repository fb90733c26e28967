import { SERVER_CORE, startProcess } from './processes.mjs';

/** Cookies have 4096 bytes at the most, name and attributes included; sealed data is a third longer than it was. */
export const MOST_BYTES_IN_A_COOKIE = 2_048;

/** Starts one contestant's application. */
export async function startServer(contestant, { scratch, node, pin = true }) {
  const { missing: _, ...places } = scratch;
  const server = await startProcess(
    'server.process.mjs',
    { ...contestant, scratch: places },
    { core: pin ? SERVER_CORE : undefined, node },
  );
  const origin = await server.ask('origin');
  return {
    ...server,
    origin,
    /** The cookies of this many browsers, each with a session of so many bytes. */
    browsers: (count, bytes) =>
      Promise.all(Array.from({ length: count }, () => cookieOf(`${origin}/fill?bytes=${bytes}`))),
    async stop() {
      await server.ask('close');
      await server.stop();
    },
  };
}

export function nameOf({ library, adapter, store }) {
  return [library, adapter, store].filter(Boolean).join('-');
}

async function cookieOf(url) {
  const response = await fetch(url, { method: 'POST' });
  if (!response.ok) {
    throw new Error(`${url} was answered with ${response.status}: ${await response.text()}`);
  }
  await response.arrayBuffer();
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

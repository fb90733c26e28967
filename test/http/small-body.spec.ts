import { createServer, request, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { HttpException } from '@nestjs/common';
import { readSmallBody } from '../../lib/http/small-body.js';

const LIMIT = 64;

let server: Server;

beforeAll(async () => {
  server = createServer((incoming, response) => {
    readSmallBody(incoming, LIMIT).then(
      (body) => response.end(JSON.stringify(body)),
      (error: HttpException) => response.writeHead(error.getStatus()).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Begins a request whose body has no length, and tells what is answered. */
function begin(type: string): { sent: ClientRequest; answer: Promise<{ status: number; text: string }> } {
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-type': type } });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', reject);
  }).then(async (response) => ({
    status: response.statusCode!,
    text: (await response.setEncoding('utf8').toArray()).join(''),
  }));
  return { sent, answer };
}

it('reads a small body to its end, in however many pieces it comes', async () => {
  const { sent, answer } = begin('application/x-www-form-urlencoded');
  sent.write('tea=gr%C3');
  sent.write('%BCn&n=1');
  sent.end('&n=2');
  expect(await answer).toEqual({ status: 200, text: '{"tea":"grün"}' });
});

it('does not wait for the end of a body that is too large already', async () => {
  const { sent, answer } = begin('application/json');
  sent.write('x'.repeat(LIMIT + 1));
  expect((await answer).status).toBe(413);
  sent.destroy();
});

it('reads nothing of a body whose type it does not know', async () => {
  const { sent, answer } = begin('text/plain');
  sent.flushHeaders();
  expect((await answer).status).toBe(415);
  sent.destroy();
});

import { afterEach, describe, expect, it } from '@jest/globals';
import compression from 'compression';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { ResponseGate } from '../../lib/http/response-gate.js';
import { protocols, type BareServer } from '../support/bare-server.js';
import { Barrier } from '../support/barrier.js';

const OUTAGE = { status: 503, body: { message: 'out of order' } };

/** A preparation that a test can watch, hold and let fail. */
class Preparation {
  readonly barrier = new Barrier();
  readonly statuses: number[] = [];
  readonly errors: unknown[] = [];
  gate!: ResponseGate;

  constructor(private readonly work: (barrier: Barrier) => Promise<void> | undefined) {}

  guard(response: ServerResponse): void {
    const finish = () => void response.appendHeader('Set-Cookie', 'prepared=1');
    this.gate = new ResponseGate(
      response,
      () => {
        this.statuses.push(response.statusCode);
        const work = this.work(this.barrier);
        return work ? work.then(finish) : (finish() as undefined);
      },
      (error) => {
        this.errors.push(error);
        return OUTAGE;
      },
    );
  }
}

/** More than may be held of an answer, and less than all of it. */
const A_LITTLE = 2 ** 20;

/** Gives all that it has in one go, unless it is told to wait. */
class TirelessSource extends Readable {
  static readonly SIZE = 8 * A_LITTLE;
  given = 0;

  override _read(): void {
    const chunk = Buffer.alloc(2 ** 14, 'text');
    this.given += chunk.length;
    this.push(this.given <= TirelessSource.SIZE ? chunk : null);
  }
}

const preparations = [
  { kind: 'that has nothing to wait for', isHeld: false, make: () => new Preparation(() => undefined) },
  { kind: 'that takes its time', isHeld: true, make: () => new Preparation((barrier) => barrier.wait()) },
];

const failures = [
  {
    kind: 'that throws',
    make: () =>
      new Preparation(() => {
        throw new Error('broken');
      }),
  },
  {
    kind: 'that rejects at once',
    make: () => new Preparation(() => Promise.reject(new Error('broken'))),
  },
  {
    kind: 'that rejects in the end',
    make: () =>
      new Preparation(async (barrier) => {
        await barrier.wait();
        throw new Error('broken');
      }),
  },
];

interface Writing {
  readonly how: string;
  readonly write: (response: ServerResponse) => void;
  readonly status?: number;
  readonly body: string;
  readonly headers?: Record<string, unknown>;
}

const writings: Writing[] = [
  { how: 'end()', write: (response) => response.end(), body: '' },
  { how: 'end(chunk)', write: (response) => response.end('text'), body: 'text' },
  { how: 'end(chunk, encoding)', write: (response) => response.end('dGV4dA==', 'base64'), body: 'text' },
  {
    how: 'write() and end()',
    write: (response) => {
      response.write('te');
      response.write(Buffer.from('x'));
      response.end('t');
    },
    body: 'text',
  },
  {
    how: 'writeHead() with headers',
    write: (response) => {
      response.setHeader('X-Before', 'set');
      response.writeHead(201, { 'X-Own': 'yes', 'Set-Cookie': ['own=1', 'own=2'] });
      response.end('text');
    },
    status: 201,
    body: 'text',
    headers: { 'x-before': 'set', 'x-own': 'yes', 'set-cookie': ['own=1', 'own=2', 'prepared=1'] },
  },
  {
    how: 'writeHead() with undefined in place of a message',
    write: (response) => {
      response.writeHead(201, undefined, { 'X-Own': 'yes' });
      response.end('text');
    },
    status: 201,
    body: 'text',
    headers: { 'x-own': 'yes' },
  },
  {
    how: 'statusCode, setHeader() and end()',
    write: (response) => {
      response.statusCode = 404;
      response.setHeader('Set-Cookie', 'own=1');
      response.end('text');
    },
    status: 404,
    body: 'text',
    headers: { 'set-cookie': ['own=1', 'prepared=1'] },
  },
  {
    how: 'flushHeaders() and end()',
    write: (response) => {
      response.flushHeaders();
      response.end('text');
    },
    body: 'text',
  },
  {
    how: 'a piped stream',
    write: (response) => void Readable.from([Buffer.alloc(50_000, 'x'), 'text']).pipe(response),
    body: `${'x'.repeat(50_000)}text`,
  },
];

/** What HTTP/2 has no notion of. */
const listWritings: Writing[] = [
  {
    how: 'writeHead() with a message and headers',
    write: (response) => {
      response.writeHead(201, 'Made', { 'X-Own': 'yes' });
      response.end('text');
    },
    status: 201,
    body: 'text',
    headers: { 'x-own': 'yes' },
  },
  {
    how: 'writeHead() with a flat list',
    write: (response) => {
      response.setHeader('X-Own', 'replaced');
      response.writeHead(200, ['X-Own', 'yes', 'Set-Cookie', 'own=1', 'Set-Cookie', 'own=2']).end('text');
    },
    body: 'text',
    headers: { 'x-own': 'yes', 'set-cookie': ['own=1', 'own=2', 'prepared=1'] },
  },
  {
    how: 'writeHead() with a flat list that has a list in it',
    write: (response) => {
      response.writeHead(200, ['Set-Cookie', ['own=1', 'own=2'], 'X-Own', 'yes'] as never).end('text');
    },
    body: 'text',
    headers: { 'x-own': 'yes', 'set-cookie': ['own=1', 'own=2', 'prepared=1'] },
  },
  {
    how: 'writeHead() with a list of pairs',
    write: (response) => {
      response.writeHead(200, [
        ['X-Own', 'yes'],
        ['Set-Cookie', ['own=1', 'own=2']],
      ] as never);
      response.end('text');
    },
    body: 'text',
    headers: { 'x-own': 'yes', 'set-cookie': ['own=1', 'own=2', 'prepared=1'] },
  },
];

describe.each(protocols)('ResponseGate over $protocol', ({ protocol, serve }) => {
  const all = protocol === 'HTTP/1.1' ? [...writings, ...listWritings] : writings;
  let server: BareServer;

  afterEach(() => server.close());

  /** Serves one handler; `plain` answers without a gate, to see that everything sent before has arrived. */
  async function start(handle: (response: ServerResponse) => void): Promise<BareServer> {
    server = await serve((response) => (response.req.headers.plain ? response.end() : handle(response)));
    return server;
  }

  async function settleWire(): Promise<void> {
    await server.get({ plain: '1' }).answer;
    await server.get({ plain: '1' }).answer;
  }

  describe.each(preparations)('with a preparation $kind', ({ isHeld, make }) => {
    it.each(all)('lets $how through once, after it', async ({ write, status = 200, body, headers = {} }) => {
      const preparation = make();
      await start((response) => {
        preparation.guard(response);
        write(response);
      });
      const { answer, received } = server.get();
      if (isHeld) {
        await preparation.barrier.reached;
        await settleWire();
        expect(received()).toBe(0);
        expect(preparation.gate.status).toBe('holding');
        preparation.barrier.open();
      }
      const got = await answer;
      expect(got).toMatchObject({ status, body, headers: { 'set-cookie': ['prepared=1'], ...headers } });
      expect(preparation.statuses).toEqual([status]);
      expect(preparation.gate.status).toBe('open');
    });
  });

  describe.each(failures)('with a preparation $kind', ({ make }) => {
    it.each(all)('answers once in place of $how', async ({ write }) => {
      const preparation = make();
      await start((response) => {
        preparation.guard(response);
        response.setHeader('Content-Type', 'text/plain');
        response.setHeader('X-Kept', 'yes');
        response.setHeader('Content-Encoding', 'own');
        write(response);
      });
      preparation.barrier.open();
      const { status, body, headers } = await server.get().answer;
      expect(status).toBe(503);
      expect(JSON.parse(body)).toEqual(OUTAGE.body);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      expect(headers['content-length']).toBe(String(body.length));
      expect(headers['content-encoding']).toBeUndefined();
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['set-cookie'] ?? []).not.toContain('prepared=1');
      expect(headers['x-kept']).toBe('yes');
      expect(preparation.errors).toEqual([new Error('broken')]);
      expect(preparation.gate.status).toBe('failed');
    });

    it('lets whoever writes afterwards write into the void, and calls them back', async () => {
      const preparation = make();
      const finished = new Barrier();
      let writer!: ServerResponse;
      await start((response) => {
        writer = response;
        preparation.guard(response);
        response.once('finish', () => void finished.wait());
        response.write('first');
      });
      preparation.barrier.open();
      const { answer } = server.get();
      await finished.reached;
      const calledBack: string[] = [];
      expect(writer.write('second', () => calledBack.push('write'))).toBe(true);
      expect(writer.end('third', () => calledBack.push('end'))).toBe(writer);
      expect(writer.writeHead(200)).toBe(writer);
      await settleWire();
      expect(calledBack).toEqual(['write', 'end']);
      expect(JSON.parse((await answer).body)).toEqual(OUTAGE.body);
    });

    it('lets a pipeline come to its end', async () => {
      const preparation = make();
      const ended = new Barrier();
      await start((response) => {
        preparation.guard(response);
        const source = new TirelessSource();
        pipeline(source, response).then(
          () => ended.wait(),
          () => ended.wait(),
        );
      });
      preparation.barrier.open();
      expect((await server.get().answer).status).toBe(503);
      await ended.reached;
    });
  });

  describe('while it holds', () => {
    const held = () => new Preparation((barrier) => barrier.wait());

    it('lets a source that never pauses run ahead by a little only, and sends all of it in the end', async () => {
      const preparation = held();
      const source = new TirelessSource();
      await start((response) => {
        preparation.guard(response);
        source.pipe(response);
      });
      const { answer } = server.get();
      await preparation.barrier.reached;
      await settleWire();
      expect(source.given).toBeLessThan(A_LITTLE);
      preparation.barrier.open();
      expect((await answer).body).toHaveLength(TirelessSource.SIZE);
    });

    it('says that the answer is decided, and then that it is sent', async () => {
      const preparation = held();
      const seen: Record<string, unknown>[] = [];
      let response!: ServerResponse;
      const look = () => seen.push({ sent: response.headersSent, ended: response.writableEnded });
      await start((given) => {
        response = given;
        preparation.guard(response);
        look();
        response.write('te');
        look();
        response.end('xt');
        look();
      });
      const { answer } = server.get();
      await preparation.barrier.reached;
      preparation.barrier.open();
      expect((await answer).body).toBe('text');
      look();
      expect(seen).toEqual([
        { sent: false, ended: false },
        { sent: true, ended: false },
        { sent: true, ended: true },
        { sent: true, ended: true },
      ]);
      expect(Object.keys(Object.getOwnPropertyDescriptors(response))).not.toContain('headersSent');
      expect(Object.keys(Object.getOwnPropertyDescriptors(response))).not.toContain('writableEnded');
    });

    it('takes writes without back-pressure, and calls their callbacks in order when it lets them go', async () => {
      const preparation = held();
      const called: string[] = [];
      await start((response) => {
        preparation.guard(response);
        const isFlowing = [
          response.write('a', () => called.push('write')),
          response.write('b', 'utf8', () => called.push('write with an encoding')),
        ];
        expect(isFlowing).toEqual([true, true]);
        response.end('c', () => called.push('end'));
      });
      const { answer } = server.get();
      await preparation.barrier.reached;
      await settleWire();
      expect(called).toEqual([]);
      preparation.barrier.open();
      expect((await answer).body).toBe('abc');
      await settleWire();
      expect(called).toEqual(['write', 'write with an encoding', 'end']);
    });

    it('ends once when it is ended twice', async () => {
      const preparation = held();
      await start((response) => {
        preparation.guard(response);
        response.end('text');
        response.end();
      });
      preparation.barrier.open();
      expect((await server.get().answer).body).toBe('text');
    });

    it('goes by the first of two heads', async () => {
      const preparation = held();
      await start((response) => {
        preparation.guard(response);
        response.writeHead(201, { 'X-Own': 'first' });
        try {
          response.writeHead(500, { 'X-Own': 'second' });
        } catch {
          // Node throws here by itself; either will do.
        }
        response.end('text');
      });
      preparation.barrier.open();
      const { status, headers, body } = await server.get().answer;
      expect({ status, own: headers['x-own'], body }).toEqual({ status: 201, own: 'first', body: 'text' });
    });

    it('answers with an error when what was written cannot be sent', async () => {
      const preparation = held();
      await start((response) => {
        preparation.guard(response);
        response.end(42 as never);
      });
      preparation.barrier.open();
      const { answer } = server.get();
      // Over HTTP/2 the head has left by then.
      await (protocol === 'HTTP/1.1'
        ? expect(answer).resolves.toMatchObject({ status: 503 })
        : expect(answer).rejects.toThrow());
      expect(preparation.errors).toEqual([expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' })]);
    });

    it('breaks the connection when something after the head cannot be sent', async () => {
      const preparation = held();
      await start((response) => {
        preparation.guard(response);
        response.write('text');
        response.write(42 as never);
      });
      preparation.barrier.open();
      await expect(server.get().answer).rejects.toThrow();
    });

    it('survives a client that goes away', async () => {
      const preparation = held();
      const closed = new Barrier();
      await start((response) => {
        preparation.guard(response);
        response.once('close', () => void closed.wait());
        response.write('te');
        response.end('xt');
      });
      const { answer, abort } = server.get();
      answer.catch(() => undefined);
      await preparation.barrier.reached;
      abort();
      await closed.reached;
      preparation.barrier.open();
      await settleWire();
      expect(preparation.gate.status).toBe('open');
    });
  });

  it.each(preparations)(
    'sends a flushed head without its body after a preparation $kind',
    async ({ make }) => {
      const preparation = make();
      let response!: ServerResponse;
      await start((given) => {
        response = given;
        preparation.guard(response);
        response.flushHeaders();
      });
      preparation.barrier.open();
      const { head, answer } = server.get();
      await head;
      response.end('text');
      expect(await answer).toMatchObject({ body: 'text', headers: { 'set-cookie': ['prepared=1'] } });
      expect(preparation.statuses).toEqual([200]);
    },
  );
});

describe('ResponseGate and compression', () => {
  const [{ serve }] = protocols as [(typeof protocols)[number]];
  let server: BareServer;
  const headers = { 'accept-encoding': 'gzip' };

  afterEach(() => server.close());

  const writeTwice = (response: ServerResponse) => {
    response.write('x'.repeat(5000));
    response.end('y'.repeat(5000));
  };

  async function start(wrappings: ((response: ServerResponse) => void)[], write = writeTwice): Promise<void> {
    server = await serve((response) => {
      for (const wrap of wrappings) {
        wrap(response);
      }
      response.setHeader('Content-Type', 'text/plain');
      write(response);
    });
  }

  const compress = (response: ServerResponse) =>
    compression({ threshold: 0 })(response.req as never, response as never, () => undefined);

  const orders = [
    { order: 'above', arrange: (guard: (response: ServerResponse) => void) => [guard, compress] },
    { order: 'below', arrange: (guard: (response: ServerResponse) => void) => [compress, guard] },
  ];

  describe.each(orders)('$order it', ({ arrange }) => {
    it.each(preparations)('sends everything after a preparation $kind', async ({ make }) => {
      const preparation = make();
      await start(arrange((response) => preparation.guard(response)));
      preparation.barrier.open();
      const { answer } = compressed(server);
      const { body, headers: sent } = await answer;
      expect(sent['content-encoding']).toBe('gzip');
      expect(sent['set-cookie']).toEqual(['prepared=1']);
      expect(gunzipSync(Buffer.from(body, 'latin1')).toString()).toBe('x'.repeat(5000) + 'y'.repeat(5000));
    });

    it('lets a source that never pauses run ahead by a little only, and sends all of it in the end', async () => {
      const preparation = new Preparation((barrier) => barrier.wait());
      const source = new TirelessSource();
      await start(
        arrange((response) => preparation.guard(response)),
        (response) => void source.pipe(response),
      );
      const { answer } = compressed(server);
      await preparation.barrier.reached;
      expect(source.given).toBeLessThan(A_LITTLE);
      preparation.barrier.open();
      const { body } = await answer;
      expect(gunzipSync(Buffer.from(body, 'latin1'))).toHaveLength(TirelessSource.SIZE);
    });

    it.each(failures)('answers after a preparation $kind', async ({ make }) => {
      const preparation = make();
      await start(arrange((response) => preparation.guard(response)));
      preparation.barrier.open();
      const { status, body, headers: sent } = await compressed(server).answer;
      const text =
        sent['content-encoding'] === 'gzip' ? gunzipSync(Buffer.from(body, 'latin1')).toString() : body;
      expect({ status, body: JSON.parse(text) }).toEqual(OUTAGE);
    });
  });

  const compressed = (to: BareServer) => to.get(headers);
});

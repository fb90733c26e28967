import { BadRequestException, PayloadTooLargeException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { HttpRequest } from './http-exchange.interface.js';

/** What a small body says, by the names of its fields. */
export type SmallBody = Readonly<Record<string, unknown>>;

/**
 * The body of a request that no parser has looked at yet (on Fastify middleware runs before them), or what one has made of
 * it: form fields or a JSON object. A field that comes twice is not there.
 * @param limit In bytes.
 * @throws PayloadTooLargeException, UnsupportedMediaTypeException or BadRequestException
 */
export async function readSmallBody(request: HttpRequest, limit: number): Promise<SmallBody> {
  const parsed = (request as { body?: unknown }).body;
  if (typeof parsed === 'object' && parsed !== null && !Buffer.isBuffer(parsed)) {
    // As large as it came, or what is left of it where that was not said.
    const size = request.headers['content-length'] ?? Buffer.byteLength(JSON.stringify(parsed));
    return Number(size) > limit ? refuseLarge(limit) : (parsed as SmallBody);
  }
  const parse = PARSERS[mediaTypeOf(request)];
  if (!parse) {
    throw new UnsupportedMediaTypeException('Expected form fields or a JSON object.');
  }
  return parse(await textOf(request, limit));
}

const PARSERS: Readonly<Record<string, (text: string) => SmallBody>> = {
  'application/x-www-form-urlencoded': (text) => {
    const fields = new URLSearchParams(text);
    return Object.fromEntries([...fields].filter(([name]) => fields.getAll(name).length === 1));
  },
  'application/json': (text) => {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        return value as SmallBody;
      }
    } catch {
      // Told below, like any other text that is no object.
    }
    throw new BadRequestException('Expected a JSON object.');
  },
};

function mediaTypeOf({ headers }: HttpRequest): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

async function textOf(request: HttpRequest, limit: number): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    return refuseLarge(limit);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Left open, so that whoever sends too much can be told.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > limit) {
        break;
      }
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw new BadRequestException('The request broke off.', { cause: error });
  }
  return size > limit ? refuseLarge(limit) : Buffer.concat(chunks).toString('utf8');
}

function refuseLarge(limit: number): never {
  throw new PayloadTooLargeException(`Expected ${limit} bytes at the most.`);
}

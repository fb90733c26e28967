import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { adapters } from '../support/adapters.js';

/** A client of either library, in the same words. */
export interface Client {
  /** Sends a message and gives the answer: its data, or what the event `exception` brings. */
  ask(event: string, data?: unknown): Promise<any>;
  send(event: string, data?: unknown): void;
  /** Settles when the connection is closed: with the code of ws, or the reason of socket.io. */
  readonly closed: Promise<number | string>;
  readonly opened: Promise<void>;
  close(): void;
}

type Headers = Record<string, string>;

export interface Library {
  readonly library: 'socket.io' | 'ws';
  /** What `closed` settles with when the server has sent the client away. */
  readonly refusal: number | string;
  use(app: INestApplication): void;
  connect(origin: string, headers?: Headers): Client;
}

const socketIo: Library = {
  library: 'socket.io',
  refusal: 'io server disconnect',
  use: (app) => void app.useWebSocketAdapter(new IoAdapter(app)),
  connect: (origin, extraHeaders = {}) => {
    const socket = io(origin, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders,
    });
    return {
      ask: (event, data) =>
        new Promise((resolve) => {
          socket.once('exception', resolve);
          socket.emit(event, data ?? {}, resolve);
        }),
      send: (event, data) => void socket.emit(event, data ?? {}),
      opened: new Promise((resolve) => socket.once('connect', resolve)),
      closed: new Promise((resolve) => socket.once('disconnect', resolve)),
      close: () => void socket.disconnect(),
    };
  },
};

const ws: Library = {
  library: 'ws',
  refusal: 1008,
  use: (app) => void app.useWebSocketAdapter(new WsAdapter(app)),
  connect: (origin, headers = {}) => {
    const socket = new WebSocket(origin.replace('http', 'ws'), { headers });
    const opened = new Promise<void>((resolve) => socket.once('open', resolve));
    const send = (event: string, data: unknown) => socket.send(JSON.stringify({ event, data: data ?? {} }));
    return {
      ask: async (event, data) => {
        await opened;
        const answer = new Promise<any>((resolve) => socket.once('message', resolve));
        send(event, data);
        return JSON.parse(String(await answer)).data;
      },
      send: (event, data) => void opened.then(() => send(event, data)),
      opened,
      closed: new Promise((resolve) => socket.once('close', resolve)),
      close: () => socket.close(),
    };
  },
};

/** Both libraries on both adapters, for `describe.each`. */
export const places = [socketIo, ws].flatMap((library) =>
  adapters.map((adapter) => ({ ...adapter, library: library.library, sockets: library })),
);

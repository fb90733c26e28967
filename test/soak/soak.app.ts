// One application that is soaked, in a process of its own. Its parent asks it for readings, and to close.
// Arguments: where its sessions are, its number, and how long they live without use, in seconds.
import 'reflect-metadata';
import type { Server } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SessionModule, SessionService, type SessionEvent } from 'nest-sessions';
import type { Subject } from 'rxjs';
import { adapters } from '../support/adapters.js';
import { PATIENT } from '../support/patience.js';
import { openPlace, type Place } from '../support/place.js';
import { takeReading } from './reading.js';
import { SoakController } from './soak.controller.js';

const place = JSON.parse(process.argv[2]!) as Place;
const { make } = adapters[Number(process.argv[3]) % adapters.length]!;
const lifetime = Number(process.argv[4]);

/** How long it may take to end by itself, in milliseconds. */
const DEADLINE = 30_000;

const opened = await openPlace(place, PATIENT);

@Module({
  imports: [
    ...(opened.imports ?? []),
    SessionModule.forRoot({
      store: opened.store,
      idleTimeout: lifetime,
      absoluteTimeout: 4 * lifetime,
      touchInterval: '1s',
      renewEvery: lifetime / 3,
      renewGrace: '1s',
      cleanup: { every: '2s' },
      cookie: { secure: false },
    }),
  ],
  controllers: [SoakController],
})
class SoakModule {}

const app = await NestFactory.create(SoakModule, make(), { logger: false, abortOnError: false });
const { events } = app.get(SessionService);
const server: Server = app.getHttpServer();
const happened: Partial<Record<SessionEvent['type'], number>> = {};
events.subscribe(({ type }) => (happened[type] = (happened[type] ?? 0) + 1));

async function read(): Promise<void> {
  const subscribers = () => (events.source as Subject<SessionEvent>).observers.length;
  const reading = await takeReading({ server, subscribers, ...(opened.count && { sessions: opened.count }) });
  process.send!({ reading, happened });
}

/** Ends with 0 when nothing is left to do; says what is when there still is. */
async function close(): Promise<void> {
  process.exitCode = 1;
  process.channel!.unref();
  setTimeout(() => {
    process.send!({ left: process.getActiveResourcesInfo() }, () => process.exit(1));
  }, DEADLINE).unref();
  await app.close();
  await opened.close?.();
  process.exitCode = 0;
}

process.on('message', (message: { read?: true; close?: true }) => {
  if (message.read) void read();
  if (message.close) void close();
});
// Whoever asks is gone.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
await app.listen(0, '127.0.0.1');
// Only clients hang up: how long one has not been used depends on how busy the machine is.
server.keepAliveTimeout = 0;
process.send!({ origin: `http://127.0.0.1:${(server.address() as { port: number }).port}` });

// An application that opens something at once, and whose options are wrong.
import { createServer } from 'node:net';
import { Module } from '@nestjs/common';
import { memoryStore, SessionModule } from 'nest-sessions';

createServer().listen(0, '127.0.0.1');

export class AppModule {}
Module({ imports: [SessionModule.forRoot({ store: memoryStore(), cookie: { name: '' } })] })(AppModule);

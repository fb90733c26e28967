import './session-data.js';
import { join } from 'node:path';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nest-sessions';
import { CsrfModule } from 'nest-sessions/csrf';
import { CreateSessions1735689600000, typeOrmStore } from 'nest-sessions/typeorm';
import { HostController } from './host/host.controller.js';
import { PageRenderer } from './pages/page.renderer.js';
import { PagesFilter } from './pages/pages.filter.js';
import { QuizGateway } from './quiz/quiz.gateway.js';
import { QuizResolver } from './quiz/quiz.resolver.js';
import { QuizService } from './quiz/quiz.service.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: process.env.DATABASE ?? join(import.meta.dirname, '..', 'live.sqlite'),
      enableWAL: true,
      autoLoadEntities: true,
      synchronize: false,
      migrations: [CreateSessions1735689600000],
      migrationsRun: true,
    }),
    SessionModule.forRoot({ store: typeOrmStore() }),
    // Every POST brings a token: the forms in a field, the script that asks GraphQL in a header.
    CsrfModule.forRoot({ requireToken: true }),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      graphiql: false,
      includeStacktraceInErrorResponses: false,
    }),
  ],
  controllers: [HostController],
  providers: [
    QuizService,
    QuizGateway,
    QuizResolver,
    PageRenderer,
    { provide: APP_FILTER, useClass: PagesFilter },
  ],
})
export class AppModule {}

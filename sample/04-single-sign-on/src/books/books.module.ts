import '../session-data.js';
import { Module } from '@nestjs/common';
import { SessionModule } from 'nest-sessions';
import { CsrfModule } from 'nest-sessions/csrf';
import { HandoffModule } from 'nest-sessions/handoff';
import { database } from '../database.js';
import { ShopModule } from '../shop/shop.module.js';
import { accounts, books } from '../sites.js';
import { bookshop } from './bookshop.js';

/** A shop that keeps its sessions where Accounts does: tickets are taken from the store. */
@Module({
  imports: [
    database('shared.sqlite'),
    SessionModule.forRoot({ audience: books.name }),
    CsrfModule.forRoot(),
    HandoffModule.forConsumer({
      issuer: accounts.origin,
      audience: books.name,
      key: process.env.BOOKS_KEY!,
      redeem: 'store',
      backChannel: accounts.backChannel,
      keep: ['basket'],
    }),
    ShopModule.of(bookshop),
  ],
})
export class BooksModule {}

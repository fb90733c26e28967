import '../session-data.js';
import { Module } from '@nestjs/common';
import { SessionModule } from 'nest-sessions';
import { CsrfModule } from 'nest-sessions/csrf';
import { HandoffModule } from 'nest-sessions/handoff';
import { database } from '../database.js';
import { ShopModule } from '../shop/shop.module.js';
import { accounts, garden } from '../sites.js';
import { gardenShop } from './garden-shop.js';

/** A shop with a store of its own: tickets are redeemed by a signed request to Accounts. */
@Module({
  imports: [
    database('garden.sqlite'),
    SessionModule.forRoot({ audience: garden.name }),
    CsrfModule.forRoot(),
    HandoffModule.forConsumer({
      issuer: accounts.origin,
      audience: garden.name,
      key: process.env.GARDEN_KEY!,
      redeem: 'http',
      backChannel: accounts.backChannel,
      keep: ['basket'],
    }),
    ShopModule.of(gardenShop),
  ],
})
export class GardenModule {}

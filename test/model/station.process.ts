// A station in a process of its own, steered by messages. Arguments: where its sessions are, and its number.
import 'reflect-metadata';
import { adapters } from '../support/adapters.js';
import { openStore, type StorePlace } from './model.stores.js';
import { Station, type Order } from './station.js';

const place = JSON.parse(process.argv[2]!) as StorePlace;
const { make } = adapters[Number(process.argv[3]) % adapters.length]!;

const store = await openStore(place);
const station = await Station.open(make(), store.definition, (news) => void process.send!(news));
process.on('message', (order: Order) => station.order(order));
process.once('disconnect', async () => {
  await station.close();
  await store.close();
});
process.send!({ origin: station.origin });

import { garden } from '../sites.js';
import { startSite } from '../start-site.js';
import { GardenModule } from './garden.module.js';

await startSite(garden, GardenModule);

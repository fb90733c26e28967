import { accounts } from '../sites.js';
import { startSite } from '../start-site.js';
import { AccountsModule } from './accounts.module.js';

await startSite(accounts, AccountsModule);

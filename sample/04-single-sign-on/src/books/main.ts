import { books } from '../sites.js';
import { startSite } from '../start-site.js';
import { BooksModule } from './books.module.js';

await startSite(books, BooksModule);

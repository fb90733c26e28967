// Has Node.js run the TypeScript of this repository as Jest does, straight from lib/:
//   node --import ./test/support/typescript.mjs program.ts
// Processes that such a program forks do so too.
import { register } from 'node:module';

register('./typescript.hooks.mjs', import.meta.url);

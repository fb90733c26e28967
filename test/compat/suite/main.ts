import 'reflect-metadata';

await import('./package.suite.js');
await import('./sessions.suite.js');
await import('./responses.suite.js');
await import('./csrf.suite.js');
await import('./requests.suite.js');
await import('./sockets.suite.js');

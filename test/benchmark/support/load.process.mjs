// Keeps a server busy: one request after the other on every connection, each of which is a browser of its own.
import autocannon from 'autocannon';
import { once } from 'node:events';
import { obeyParent } from './child.mjs';

let load;

obeyParent({
  /** `cookies`: one for each connection; without, all come as new visitors. */
  begin({ url, method, cookies, connections }) {
    const left = [...(cookies ?? [])];
    const instance = autocannon({
      url,
      method,
      connections,
      duration: 3600,
      // How soon it notices that it is to stop.
      sampleInt: 50,
      setupClient(client) {
        const cookie = left.pop();
        if (cookie) {
          client.setHeaders({ cookie });
        }
      },
    });
    load = { instance, done: 0, wrong: 0, problem: undefined };
    const fail = (problem) => {
      load.wrong++;
      load.problem = problem;
    };
    instance.on('response', (_client, status) => {
      load.done++;
      if (status >= 300) {
        fail(`answered with ${status}`);
      }
    });
    instance.on('reqError', (error) => fail(String(error)));
  },
  /** How many requests are done, as soon as they are at least so many. */
  async mark({ atLeast }) {
    while (load.done < atLeast && load.wrong === 0) {
      await once(load.instance, 'response');
    }
    return { requests: load.done, at: performance.now() };
  },
  async end() {
    const { instance, wrong, problem, done } = load;
    const over = once(instance, 'done');
    instance.stop();
    await over;
    if (wrong > 0) {
      throw new Error(`${wrong} of ${done} requests failed: ${problem}`);
    }
  },
});

/**
 * The end of a benchmark process that listens to its parent: for every message `{ verb, argument }` the handler of that
 * name runs, and what it gives, or throws, goes back. Ends with its parent.
 */
export function obeyParent(handlers) {
  process.on('message', async ({ verb, argument }) => {
    try {
      process.send({ result: (await handlers[verb](argument)) ?? null });
    } catch (error) {
      process.send({ error: error?.stack ?? String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
  process.send({ result: 'ready' });
}

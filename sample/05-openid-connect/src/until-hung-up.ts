/** Tells the process that has started this one that it listens, and ends this one when that has hung up, or is no more. */
export function untilHungUp(): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.send?.('listening');
}

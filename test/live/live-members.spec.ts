import { expect, it } from '@jest/globals';
import { LiveMembers } from '../../lib/live/live-members.js';
import type { LiveSocket } from '../../lib/live/live-socket.js';

it('The sockets of all sessions are asked after, whichever of them nobody can say anything of', async () => {
  const members = new LiveMembers(() => undefined);
  const asked: string[] = [];
  for (let number = 0; number < 100; number++) {
    const id = String(number);
    const revalidate = async () => {
      asked.push(id);
      if (number < 50) throw new Error('The issuer is away.');
    };
    members.add({ id, userId: undefined, revalidate, end: () => undefined } as unknown as LiveSocket);
  }
  await members.revalidate();
  expect(asked).toHaveLength(100);
});

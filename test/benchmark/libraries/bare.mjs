import { Query, Req } from '@nestjs/common';

/** NestJS without any session. */
export async function create() {
  // Nest marks the function of a route as such, so that each needs its own.
  const answer = () => () => ({ user: 'ann' });
  const actions = { read: answer(), write: answer(), login: answer(), fill: answer() };
  return { parameters: [Req(), Query()], actions };
}

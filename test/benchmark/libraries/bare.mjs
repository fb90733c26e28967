/** NestJS without any session. */
export async function create() {
  // Nest marks the function of a route as such, so that each needs its own.
  const answer = () => () => ({ user: 'ann' });
  return { parameters: [], actions: { read: answer(), write: answer(), login: answer(), fill: answer() } };
}

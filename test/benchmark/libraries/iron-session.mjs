import { Query, Req, Res } from '@nestjs/common';
import { getIronSession } from 'iron-session';
import { basketOf } from '../support/payload.mjs';

const OPTIONS = {
  password: 'the password that seals the cookies of the benchmark',
  cookieName: 'iron',
  cookieOptions: { secure: false },
};

/** The session in an encrypted cookie, opened and saved by the handler. */
export async function create() {
  const open = (request, response) =>
    getIronSession(request.raw ?? request, response.raw ?? response, OPTIONS);
  const save = async (request, response, change) => {
    const session = await open(request, response);
    change(session);
    await session.save();
    return { user: 'ann' };
  };
  return {
    parameters: [Req(), Res({ passthrough: true }), Query()],
    actions: {
      read: async (request, response) => ({ user: (await open(request, response)).user }),
      write: (request, response) =>
        save(request, response, (session) => {
          session.count = (session.count ?? 0) + 1;
        }),
      login: (request, response) =>
        save(request, response, (session) => {
          session.user = 'ann';
        }),
      fill: (request, response, { bytes }) =>
        save(request, response, (session) =>
          Object.assign(session, { user: 'ann', count: 0, basket: basketOf(Number(bytes)) }),
        ),
    },
  };
}

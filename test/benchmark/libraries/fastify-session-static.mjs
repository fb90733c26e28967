import * as fastifySession from './fastify-session.mjs';

/** @fastify/session with `rolling: false`: a session that is only read lives no longer for it, nor does its cookie. */
export const create = (context) => fastifySession.create(context, { rolling: false });

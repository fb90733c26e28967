import { ActiveSession } from './active-session.js';
import type { SessionOrigin } from './session-origin.interface.js';
import type { SessionRepository, StoredSession } from './session.repository.js';
import { SessionToken } from './session-token.js';

/**
 * The session of whoever presents these tokens, which have not been checked in any way. Whatever is malformed,
 * ambiguous, unknown, expired or corrupt opens a new session, never one with the id that was presented.
 */
export async function openSession(
  repository: SessionRepository,
  presented: readonly string[],
  origin: Pick<SessionOrigin, 'client' | 'canSendToken'>,
): Promise<ActiveSession> {
  const [text] = presented;
  if (text === undefined) {
    return new ActiveSession(repository, origin);
  }
  const stale = () => new ActiveSession(repository, { ...origin, isStale: true });
  if (presented.length > 1) {
    repository.events.emit({ type: 'duplicate-cookie', count: presented.length, ip: origin.client.ip });
    return stale();
  }
  if (repository.isSealed) {
    const unsealed = await repository.unseal(text);
    if (unsealed === undefined) {
      repository.events.emit({ type: 'unknown-token', ip: origin.client.ip });
    }
    if (!unsealed || unsealed === 'corrupt') {
      return stale();
    }
    const { id } = unsealed.record;
    return new ActiveSession(repository, {
      ...origin,
      ...(repository.endings.hasJustEnded(id)
        ? { ended: { id, matches: () => true } }
        : { stored: unsealed }),
    });
  }
  const token = SessionToken.parse(text);
  const stored = token && (await repository.load(token.id));
  if (stored === 'corrupt') {
    return stale();
  }
  const proof = token && stored && proofOf(token, stored, repository);
  if (proof === 'current' || proof === 'in grace') {
    const { record } = stored!;
    if (record.groupId !== null && !(await repository.endings.confirm(record))) {
      return stale();
    }
  }
  switch (proof) {
    case 'current':
      return new ActiveSession(repository, { ...origin, stored: stored!, token });
    case 'in grace':
      return new ActiveSession(repository, { ...origin, stored: stored! });
    case 'reused':
      // A secret that was replaced long ago comes from a copy: nobody can tell which of the two is the thief.
      await repository.endings.destroy(token!.id, 'secret-reuse');
      return stale();
    default:
      if (token && !stored && repository.endings.hasJustEnded(token.id)) {
        return new ActiveSession(repository, { ...origin, ended: token });
      }
      repository.events.emit({ type: 'unknown-token', ...(token && { id: token.id }), ip: origin.client.ip });
      return stale();
  }
}

function proofOf(token: SessionToken, { record }: StoredSession, { settings }: SessionRepository) {
  if (token.matches(record.secretHash)) {
    return 'current';
  }
  if (record.previousHash === null || !token.matches(record.previousHash)) {
    return 'wrong';
  }
  return (record.previousUntil ?? 0) > settings.now() ? 'in grace' : 'reused';
}

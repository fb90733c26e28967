import type { SessionRepository } from '../core/session.repository.js';
import type { RequestSession } from '../http/request-session.js';
import { readSmallBody } from '../http/small-body.js';
import type { HandoffAnswer } from './handoff-answer.js';
import type { HandoffEndpoint } from './handoff-endpoint.js';
import { LARGEST_MESSAGE } from './handoff.constants.js';
import type { LedGroups } from './led-groups.js';

/**
 * Hears from an application on the same store that it has ended a login there, and tells those that are not on it. Nobody
 * has to prove anything: whether a login has ended is for the store to say, and then they may well be told once more.
 */
export class IssuerTell implements HandoffEndpoint {
  readonly path = '/session/tell';
  readonly method = 'POST';

  constructor(
    private readonly repository: SessionRepository,
    private readonly groups: LedGroups,
  ) {}

  async handle({ request }: RequestSession): Promise<HandoffAnswer> {
    const { groupId } = await readSmallBody(request, LARGEST_MESSAGE);
    const group = await this.repository.groups.find(String(groupId));
    if (group?.status === 'ended') {
      await this.groups.tell(String(groupId), group.parties);
    }
    return { kind: 'json', status: 200, body: {} };
  }
}

import type { SessionRepository } from '../core/session.repository.js';
import type { RequestSession } from '../http/request-session.js';
import { readSmallBody } from '../http/small-body.js';
import { besideCallback } from './consumer.start.js';
import type { HandoffAnswer } from './handoff-answer.js';
import type { HandoffEndpoint } from './handoff-endpoint.js';
import type { ConsumerRole } from './handoff-role.js';
import { LARGEST_MESSAGE } from './handoff.constants.js';
import { remoteGroup } from './remote-group.js';
import { readMessage } from './signed-message.js';

/** Hears from the issuer that a login has ended. */
export class ConsumerEnded implements HandoffEndpoint {
  readonly method = 'POST';
  readonly path: string;

  constructor(
    private readonly role: ConsumerRole,
    private readonly remote: NonNullable<ConsumerRole['remote']>,
    private readonly repository: SessionRepository,
  ) {
    this.path = besideCallback(role.callbackPath, 'ended');
  }

  async handle({ request }: RequestSession): Promise<HandoffAnswer> {
    const { message } = await readSmallBody(request, LARGEST_MESSAGE);
    const { groupId } = await readMessage('ended', message, {
      from: this.role.issuer,
      to: this.role.audience,
      key: this.remote.key,
      now: this.repository.settings.now,
    });
    await this.repository.endings.destroyGroup(remoteGroup(String(groupId)));
    return { kind: 'json', status: 200, body: {} };
  }
}

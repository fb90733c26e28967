import { Injectable } from '@nestjs/common';
import { SessionService } from 'nest-sessions';
import { phrasesOf } from '../preferences/phrases.js';
import type { Account } from './account.entity.js';

/** What happens to the session when somebody comes and goes. */
@Injectable()
export class SignInService {
  constructor(private readonly sessions: SessionService) {}

  /**
   * The session gets a new id; the basket and the preferences of the guest stay. Without a word about `remember` it
   * stays as it is, for somebody who only confirms who they are.
   */
  async signIn(account: Account, remember?: boolean): Promise<void> {
    await this.sessions.login(account.id, { methods: ['pwd'], remember });
    const session = await this.sessions.current();
    session.data.displayName = account.name;
  }

  /** The session ends. The next one begins with a notice, in the language and the theme that one had. */
  async signOut(): Promise<void> {
    const session = await this.sessions.current();
    const preferences = session.get('preferences');
    await this.sessions.logout();
    if (preferences) {
      session.data.preferences = preferences;
    }
    session.flash('notice', phrasesOf(session).t('logout.done'));
  }
}

import { Injectable, UnauthorizedException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { QueryFailedError, Repository } from 'typeorm';
import { Account } from './account.entity.js';
import { PasswordHasher } from './password.hasher.js';

@Injectable()
export class AccountsService {
  constructor(
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    private readonly passwords: PasswordHasher,
  ) {}

  /** The new account; `undefined` when the address has one already. */
  async create(name: string, email: string, password: string): Promise<Account | undefined> {
    const account = this.accounts.create({ name, email, passwordHash: await this.passwords.hash(password) });
    try {
      await this.accounts.insert(account);
      return account;
    } catch (error) {
      // The unique column decides, also between two forms at once.
      if (error instanceof QueryFailedError && error.driverError.code === 'SQLITE_CONSTRAINT_UNIQUE') {
        return undefined;
      }
      throw error;
    }
  }

  /** The account, when address and password are right. Takes as long for an address without an account. */
  async authenticate(email: string, password: string): Promise<Account | undefined> {
    const account = await this.accounts.findOneBy({ email: email.toLowerCase() });
    const matches = await this.passwords.matches(password, account?.passwordHash);
    return account && matches ? account : undefined;
  }

  /** The account of whoever is logged in. */
  async of(userId: string): Promise<Account> {
    const account = await this.accounts.findOneBy({ id: userId });
    if (!account) {
      throw new UnauthorizedException();
    }
    return account;
  }

  async changePassword(account: Account, password: string): Promise<void> {
    await this.accounts.update(account.id, { passwordHash: await this.passwords.hash(password) });
  }

  async delete(userId: string): Promise<void> {
    await this.accounts.delete(userId);
  }
}

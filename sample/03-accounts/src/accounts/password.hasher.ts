import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';

/** Argon2id with the parameters that OWASP recommends, which are the defaults of the package. */
@Injectable()
export class PasswordHasher {
  private readonly decoy = hash(randomBytes(32));

  hash(password: string): Promise<string> {
    return hash(composed(password));
  }

  /** Without a hash it takes just as long, and says no: how long a login takes must not tell who has an account. */
  async matches(password: string, passwordHash: string | undefined): Promise<boolean> {
    const matches = await verify(passwordHash ?? (await this.decoy), composed(password));
    return matches && passwordHash !== undefined;
  }
}

/** One password whichever keyboard it was typed on: `é` may be one character or two. */
function composed(password: string): string {
  return password.normalize('NFKC');
}

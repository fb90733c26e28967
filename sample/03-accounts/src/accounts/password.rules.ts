import { applyDecorators } from '@nestjs/common';
import { IsString, MaxLength, MinLength, ValidateBy } from 'class-validator';
import { says } from '../pages/form.rules.js';
import { isGuessable } from './guessable-passwords.js';

export const MIN_PASSWORD_LENGTH = 10;

/**
 * What NIST (SP 800-63B) asks of a new password: that it is long, and none of those that are tried first. No rules about
 * digits and special characters, they make passwords worse.
 */
export const NewPassword = () =>
  applyDecorators(
    ValidateBy(
      { name: 'guessable', validator: { validate: (password) => !isGuessable(String(password)) } },
      says('error.password.guessable'),
    ),
    MaxLength(200, says('error.password.long')),
    MinLength(MIN_PASSWORD_LENGTH, says('error.password.short')),
    IsString(says('error.password.short')),
  );

import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { says } from '../pages/form.rules.js';
import { NewPassword } from './password.rules.js';

export class PasswordForm {
  @MaxLength(200, says('error.password.wrong'))
  @IsNotEmpty(says('error.password.missing'))
  @IsString(says('error.password.missing'))
  current!: string;

  @NewPassword()
  password!: string;
}

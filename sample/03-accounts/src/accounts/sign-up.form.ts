import { IsEmail, IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { Lowercase, OwnPath, says, Trim } from '../pages/form.rules.js';
import { NewPassword } from './password.rules.js';

export class SignUpForm {
  @MaxLength(80, says('error.name'))
  @IsNotEmpty(says('error.name'))
  @IsString(says('error.name'))
  @Trim()
  name!: string;

  @MaxLength(254, says('error.email'))
  @IsEmail({}, says('error.email'))
  @Lowercase()
  email!: string;

  @NewPassword()
  password!: string;

  @IsString()
  @OwnPath()
  next = '/';
}

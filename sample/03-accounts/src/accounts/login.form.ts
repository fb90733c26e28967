import { IsBoolean, IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { Checkbox, OwnPath, says, Trim } from '../pages/form.rules.js';

/** Says nothing about what a good address or password looks like: only whether they are right counts here. */
export class LoginForm {
  @MaxLength(254, says('login.wrong'))
  @IsNotEmpty(says('error.email'))
  @Trim()
  email!: string;

  @MaxLength(200, says('login.wrong'))
  @IsNotEmpty(says('error.password.missing'))
  @IsString(says('error.password.missing'))
  password!: string;

  @IsBoolean()
  @Checkbox()
  remember = false;

  @IsString()
  @OwnPath()
  next = '/';
}

import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { OwnPath, says } from '../pages/form.rules.js';

export class ConfirmForm {
  @MaxLength(200, says('error.password.wrong'))
  @IsNotEmpty(says('error.password.missing'))
  @IsString(says('error.password.missing'))
  password!: string;

  @IsString()
  @OwnPath()
  next = '/';
}

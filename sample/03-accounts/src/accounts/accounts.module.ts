import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PagesModule } from '../pages/pages.module.js';
import { AccountController } from './account.controller.js';
import { Account } from './account.entity.js';
import { AccountsService } from './accounts.service.js';
import { ConfirmController } from './confirm.controller.js';
import { LoginController } from './login.controller.js';
import { PasswordController } from './password.controller.js';
import { PasswordHasher } from './password.hasher.js';
import { PersonalDataController } from './personal-data.controller.js';
import { SignInService } from './sign-in.service.js';
import { SignUpController } from './sign-up.controller.js';

@Module({
  imports: [TypeOrmModule.forFeature([Account]), PagesModule],
  controllers: [
    SignUpController,
    LoginController,
    ConfirmController,
    AccountController,
    PasswordController,
    PersonalDataController,
  ],
  providers: [AccountsService, PasswordHasher, SignInService],
})
export class AccountsModule {}

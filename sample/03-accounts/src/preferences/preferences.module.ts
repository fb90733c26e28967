import { Module } from '@nestjs/common';
import { PagesModule } from '../pages/pages.module.js';
import { PreferencesController } from './preferences.controller.js';

@Module({ imports: [PagesModule], controllers: [PreferencesController] })
export class PreferencesModule {}

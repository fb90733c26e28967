import { Module } from '@nestjs/common';
import { PagesModule } from '../pages/pages.module.js';
import { DevicesController } from './devices.controller.js';
import { DevicesService } from './devices.service.js';

@Module({ imports: [PagesModule], controllers: [DevicesController], providers: [DevicesService] })
export class DevicesModule {}

import { Module } from '@nestjs/common';

export class PlainModule {}
Module({ imports: [] })(PlainModule);
export class OtherModule {}
Module({ imports: [] })(OtherModule);
export const nothing = 1;

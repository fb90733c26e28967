import { Injectable, type PipeTransform } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';

/** One point more or one less. */
@Injectable()
export class StepPipe implements PipeTransform<unknown, number> {
  transform(value: unknown): number {
    if (value !== 1 && value !== -1) {
      throw new WsException('A step is 1 or -1.');
    }
    return value;
  }
}

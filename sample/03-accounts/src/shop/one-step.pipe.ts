import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

/** One more or one fewer. */
@Injectable()
export class OneStepPipe implements PipeTransform<number, number> {
  transform(value: number): number {
    if (Math.abs(value) !== 1) {
      throw new BadRequestException('A step is 1 or -1.');
    }
    return value;
  }
}

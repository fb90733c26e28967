import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

export const MAX_NAME_LENGTH = 80;

@Injectable()
export class NamePipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    const name = typeof value === 'string' ? value.trim() : '';
    if (name.length === 0 || name.length > MAX_NAME_LENGTH) {
      throw new BadRequestException(`A name has 1 to ${MAX_NAME_LENGTH} characters.`);
    }
    return name;
  }
}

import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { MAX_NOTE_LENGTH } from './session-data.js';

@Injectable()
export class NotePipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    const note = typeof value === 'string' ? value.trim() : undefined;
    if (note === undefined || note.length > MAX_NOTE_LENGTH) {
      throw new BadRequestException(`A note has at most ${MAX_NOTE_LENGTH} characters.`);
    }
    return note;
  }
}

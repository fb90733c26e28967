import { Injectable, type PipeTransform } from '@nestjs/common';
import { ownPath } from './own-path.js';

@Injectable()
export class OwnPathPipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    return ownPath(value);
  }
}

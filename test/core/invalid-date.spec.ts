import { expect, it } from '@jest/globals';
import { jsonSerializer, SessionSerializationError } from 'nest-sessions';

it('jsonSerializer refuses an invalid Date, which JSON would turn into null without a word', () => {
  expect(() => jsonSerializer.check!(new Date(NaN), 'at')).toThrow(SessionSerializationError);
});

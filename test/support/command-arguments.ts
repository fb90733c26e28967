import { InvalidArgumentError } from 'commander';

/** Takes a number from the command line. */
export function numberArgument(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

/** Takes one of these names after the other. */
export function nameArgument(names: readonly string[]) {
  return (text: string, others: string[] = []): string[] => {
    if (!names.includes(text)) throw new InvalidArgumentError(`There are ${names.join(', ')}.`);
    return [...others, text];
  };
}

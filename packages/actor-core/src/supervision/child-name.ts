import { InvalidArgumentError } from '../errors.ts';

const maxNameLength = 256;

/** @throws InvalidArgumentError for a name that is empty, too long, generated or a path */
export function requireChildName(name: string): string {
  if (name === '' || name.length > maxNameLength || name.startsWith('$') || name.includes('/')) {
    throw new InvalidArgumentError(
      'name',
      `must be 1 to ${maxNameLength} characters without "/", not beginning with "$" (got ${JSON.stringify(name)})`,
    );
  }
  return name;
}

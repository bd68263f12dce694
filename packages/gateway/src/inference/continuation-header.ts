import { RequestFailure } from '../errors.ts';

/** Request header: whether another host may go on with the text when the serving host is lost. */
const header = 'x-drover-continuation';

/** Trailer of a stream that has a seam: the nodes that went on with it, in order. */
export const continuedByTrailer = 'x-drover-continued-by';

/** @throws RequestFailure 400 for another value than `on`, the default, and `off` */
export function mayContinueOf(read: (name: string) => string | undefined): boolean {
  const value = read(header);
  if (value === undefined || value === 'on' || value === 'off') return value !== 'off';
  throw new RequestFailure(400, 'invalid-header', `${header} must be on or off`);
}

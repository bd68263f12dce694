import { hostname } from 'node:os';
import { requireToken } from '@drover/actor-core/cluster';
import { badConfiguration } from '../errors.ts';

/** The stated id, checked; else an id that is the same at each start on this machine, such as `agent-gpu7`. */
export function nodeIdFor(prefix: string, given: string | undefined, machine: string = hostname()): string {
  if (given === undefined) {
    const plain = machine
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]+/g, '-')
      .slice(0, 48);
    return `${prefix}-${plain}`;
  }
  try {
    return requireToken('--id', given);
  } catch (error) {
    throw badConfiguration('--id', (error as Error).message.replace(/^--id /, ''));
  }
}

import type { NodeStatus } from '../gateway-client/status-report.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';

/** Losses, or new starts, of one node in ten minutes from which on it is unsteady. A restart by a person is one. */
const tooOften = 3;

/** Whether a node is lost, or starts anew, again and again. Pure. */
export function judgeFlapping(nodes: readonly NodeStatus[]): Check {
  const unsteady = nodes.filter(
    ({ changes }) => changes !== undefined && Math.max(changes.lost, changes.restarted) >= tooOften,
  );
  if (unsteady.length === 0) return good('flapping', 'no node was lost or restarted often in ten minutes');
  const texts = unsteady.map(
    ({ id, changes }) => `${id} was lost ${changes?.lost} times and restarted ${changes?.restarted} times`,
  );
  return bad('flapping', printable(`in ten minutes ${texts.join('; ')}`));
}

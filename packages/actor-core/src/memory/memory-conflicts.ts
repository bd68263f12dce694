import { z } from 'zod';
import { createPubSub, topic } from '../pubsub/pub-sub.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { ConflictEvent } from './memory-event.ts';
import type { Policy } from './policy.ts';
import { parseScope, scopeText } from './scope.ts';

/** A conflict as it travels. Fields are only added. */
const conflictSchema = z.object({
  tenant: z.string().max(64),
  scope: z.string().max(400),
  key: z.string().max(2_048),
  policy: z.string().max(128),
  resolution: z.enum(['overwrote', 'superseded', 'merged', 'rejected']),
  revision: z.number(),
  otherRevision: z.number(),
  /** The node of the writer, where another one wrote for it. */
  node: z.string().max(64).optional(),
});

const conflicts = topic('memory.conflict', conflictSchema);

/** Tells the conflicts that each node meets to all other nodes, at most once. */
export interface MemoryConflicts {
  publish(event: ConflictEvent): void;
  close(): void;
}

/** Joins the topic. `onConflict` hears the conflicts of the other nodes. */
export function joinConflicts(
  node: Pick<LocalNode, 'nodeId' | 'transport' | 'subjects' | 'log'>,
  onConflict: (event: ConflictEvent) => void,
): MemoryConflicts {
  const pubSub = createPubSub(node);
  const leave = pubSub.subscribe(conflicts, (message, { from }) => {
    if (from === node.nodeId) return;
    const { scope, policy, node: writer = from, ...rest } = message;
    onConflict({
      ...rest,
      type: 'conflict',
      scope: parseScope(scope),
      policy: policy as Policy,
      node: writer,
    });
  });
  return {
    publish: ({ type: _type, node: writer, scope, ...rest }) =>
      void pubSub.publish(conflicts, {
        ...rest,
        scope: scopeText(scope),
        ...(writer === node.nodeId ? {} : { node: writer }),
      }),
    close: leave,
  };
}

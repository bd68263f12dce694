import { setTimeout as sleep } from 'node:timers/promises';
import { type ActorRef, props, receive } from '@drover/actor-core';
import { actorRefSchema, type Registry } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { askTimeoutMs, expectEqual, type Family, type SoakNode } from '../family.ts';

const members = 8;
const staff = 'soak-staff';
const guests = 'soak-guests';
/** Longer than the 2 s within which the registry repairs a lost change. */
const patienceMs = 5_000;
const lookMs = 5;

const staffMessage = z.object({ seq: z.number().int(), replyTo: actorRefSchema<number>() });
type StaffMessage = z.infer<typeof staffMessage>;
const clerkMessage: z.ZodType<{ name: string; replyTo: ActorRef<boolean> }> = z.object({
  name: z.string(),
  replyTo: actorRefSchema<boolean>(),
});
export type ClerkMessage = z.infer<typeof clerkMessage>;

/** Names and groups that are registered, found by the other process, and removed: by withdrawal or with their actor. */
export function registering({ node, registry, peer }: SoakNode): Family {
  const { system, nodeId } = node;
  const answer = receive<StaffMessage>(({ seq, replyTo }) => replyTo.tell(seq));
  for (let index = 0; index < members; index++)
    registry.join(
      staff,
      system.spawn(
        props(() => answer, { protocol: staffMessage }),
        `staff-${index}`,
      ),
    );
  const clerk = receive<ClerkMessage>(({ name, replyTo }) => replyTo.tell(registry.find(name) !== undefined));
  system.spawn(
    props(() => clerk, { protocol: clerkMessage }),
    'clerk',
  );
  const farClerk = system.refFor<ClerkMessage>(peer, 'clerk');
  const seen = { conflicts: 0 };
  registry.onConflict(() => seen.conflicts++);
  const isKnownThere = (name: string) =>
    system.ask<ClerkMessage, boolean>(farClerk, (replyTo) => ({ name, replyTo }), {
      timeoutMs: askTimeoutMs,
    });
  return {
    operations: [
      {
        name: 'ask of a group member',
        weight: 300,
        run: async (n) => {
          const all = registry.members<StaffMessage>(staff);
          expectEqual('members', all.length, 2 * members);
          const target = all[n % all.length] as ActorRef<StaffMessage>;
          const make = (replyTo: ActorRef<number>) => ({ seq: n, replyTo });
          expectEqual('answer', await system.ask(target, make, { timeoutMs: askTimeoutMs }), n);
        },
      },
      {
        name: 'name and group membership',
        weight: 30,
        run: async (n) => {
          const name = `guest-${nodeId}-${n}`;
          const guest = system.spawn(props<never>(() => receive(() => undefined)));
          registry.register(name, guest);
          registry.join(guests, guest);
          expectEqual('holder here', registry.find(name), guest);
          await until(() => isKnownThere(name), 'the name did not reach the other node');
          if (n % 2 === 0) {
            registry.unregister(name, guest);
            registry.leave(guests, guest);
            expectEqual('holder after its withdrawal', registry.find(name), undefined);
          }
          await system.stop(guest);
          await until(
            async () => !(await isKnownThere(name)),
            'the name was not removed from the other node',
          );
        },
      },
    ],
    audit: async () => {
      await until(async () => registry.members(guests).length === 0, 'group members are left');
      return [{ name: 'conflicts of names', sent: 0, delivered: seen.conflicts }];
    },
  };
}

/** True if the registry knows all permanently registered actors of both processes. */
export function knowsAllStaff(registry: Registry): boolean {
  return registry.members(staff).length === 2 * members;
}

async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(otherwise);
    await sleep(lookMs);
  }
}

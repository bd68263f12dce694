import type { Mutant } from './mutant.ts';
import { actorMutants } from './mutants/actor-mutants.ts';
import { entityMutants } from './mutants/entity-mutants.ts';
import { leadershipMutants } from './mutants/leadership-mutants.ts';
import { journalMutants } from './mutants/journal-mutants.ts';
import { memoryMutants } from './mutants/memory-mutants.ts';
import { membershipMutants } from './mutants/membership-mutants.ts';
import { queueMutants } from './mutants/queue-mutants.ts';
import { storageMutants } from './mutants/storage-mutants.ts';
import { viewMutants } from './mutants/view-mutants.ts';

/** All known bugs; a part of the runtime has its own file in `mutants/`. */
export const mutants: readonly Mutant[] = [
  ...actorMutants,
  ...storageMutants,
  ...leadershipMutants,
  ...entityMutants,
  ...journalMutants,
  ...memoryMutants,
  ...viewMutants,
  ...membershipMutants,
  ...queueMutants,
];

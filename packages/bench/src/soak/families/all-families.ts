import type { Family, SoakNode } from '../family.ts';
import { churning } from './churning.ts';
import { crashing } from './crashing.ts';
import { delivering } from './delivering.ts';
import { linking } from './linking.ts';
import { messaging } from './messaging.ts';
import { overflowing } from './overflowing.ts';
import { publishing } from './publishing.ts';
import { registering } from './registering.ts';
import { streaming } from './streaming.ts';
import { waiting } from './waiting.ts';

/** All operations of the soak, which run at the same time. */
export const families: readonly ((self: SoakNode) => Family)[] = [
  messaging,
  waiting,
  streaming,
  churning,
  crashing,
  linking,
  registering,
  publishing,
  delivering,
  overflowing,
];

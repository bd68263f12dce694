/** What a route does, and so which right its caller needs. */
export type Right =
  /** Health of the process: needs no key. */
  | 'open'
  /** Names of models, and the version of the fleet. */
  | 'list'
  /** Requests to models. */
  | 'infer'
  /** Memory, queues, agents, runs and decisions of the caller's tenant. */
  | 'data'
  /** Events: those of the caller's tenant with the right `data`, those of the cluster with the right `observe`. */
  | 'events'
  /** State of the cluster: status, metrics, members, settings. */
  | 'observe'
  /** Changes of the cluster: drain, leave, voters, leads, settings, proofs, models of the hosts. */
  | 'operate'
  /** Keys. */
  | 'administer';

/** Roles of a key, in the order of the help. */
export const roleNames = ['viewer', 'user', 'operator', 'admin'] as const;

export type KeyRole = (typeof roleNames)[number];

const rightsOf: Readonly<Record<KeyRole, readonly Right[]>> = {
  viewer: ['list', 'events', 'observe'],
  user: ['list', 'infer', 'data', 'events'],
  operator: ['list', 'events', 'observe', 'operate'],
  admin: ['list', 'infer', 'data', 'events', 'observe', 'operate', 'administer'],
};

/** Whether one of the roles has the right. */
export function hasRight(roles: readonly KeyRole[], right: Right): boolean {
  return right === 'open' || roles.some((role) => rightsOf[role].includes(right));
}

/** The roles that have a right, for messages. */
export function rolesWith(right: Right): readonly KeyRole[] {
  return roleNames.filter((role) => rightsOf[role].includes(right));
}

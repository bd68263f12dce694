import { InvalidArgumentError } from '../errors.ts';

/** Facts about a node that its process states when it joins. They reach every node with its announcements. */
export interface MemberMetadata {
  /** Version of the program, such as `0.4.0`. During a rolling upgrade the nodes have different ones. */
  readonly version?: string | undefined;
  /** Name of the failure domain, such as a rack or a site. Placement can spread copies over zones. */
  readonly zone?: string | undefined;
  /** What the node can hold, in units that its users agree on, such as `{ slots: 4 }`. At most 16 numbers. */
  readonly capacity?: Readonly<Record<string, number>> | undefined;
}

const maxTextLength = 64;
const maxCapacities = 16;

/**
 * Checks metadata and returns a frozen copy.
 *
 * @throws InvalidArgumentError naming the field
 */
export function requireMetadata(metadata: MemberMetadata): MemberMetadata {
  for (const field of ['version', 'zone'] as const) {
    const text = metadata[field];
    if (text !== undefined && !isShortText(text))
      throw new InvalidArgumentError(`metadata.${field}`, `must have 1 to ${maxTextLength} characters`);
  }
  const { capacity } = metadata;
  if (capacity !== undefined && !isCapacity(capacity))
    throw new InvalidArgumentError(
      'metadata.capacity',
      `must hold at most ${maxCapacities} finite numbers of at least 0`,
    );
  return copyOf(metadata);
}

/** Reads metadata that came from another node or from a record. Fields that are not valid are left out. */
export function readMetadata(value: unknown): MemberMetadata {
  if (typeof value !== 'object' || value === null) return {};
  const { version, zone, capacity } = value as Record<string, unknown>;
  return copyOf({
    ...(isShortText(version) && { version }),
    ...(isShortText(zone) && { zone }),
    ...(isCapacity(capacity) && { capacity }),
  });
}

/** The known fields in a fixed order, without undefined ones. */
function copyOf({ version, zone, capacity }: MemberMetadata): MemberMetadata {
  return Object.freeze({
    ...(version !== undefined && { version }),
    ...(zone !== undefined && { zone }),
    ...(capacity !== undefined && { capacity: Object.freeze(sorted(capacity)) }),
  });
}

function sorted(capacity: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(capacity).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxTextLength;
}

function isCapacity(value: unknown): value is Readonly<Record<string, number>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= maxCapacities &&
    entries.every(([name, amount]) => isShortText(name) && Number.isFinite(amount) && (amount as number) >= 0)
  );
}

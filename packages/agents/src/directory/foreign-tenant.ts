import { defaultTenant } from '../protocol/limits.ts';

/** Whether a record belongs to another tenant than that of the asker. An asker without a tenant sees all. */
export function isForeign(
  { tenant: owner = defaultTenant }: { readonly tenant?: string | undefined },
  asker: string | undefined,
): boolean {
  return asker !== undefined && asker !== owner;
}

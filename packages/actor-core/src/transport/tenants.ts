/** Classes of tenants. Each has buckets and streams of its own, so that one class cannot fill those of another. */
export type TenantClass = 'standard' | 'dedicated';

/** Every class, for whoever creates or follows what all of them have. */
export const tenantClasses: readonly TenantClass[] = ['standard', 'dedicated'];

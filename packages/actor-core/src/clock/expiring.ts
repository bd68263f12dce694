/** Something that expires unless it is removed first. It holds the links of the list or heap that it waits in. */
export interface Expiring {
  deadline: number;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  /** The list or heap that holds this deadline; undefined after removal or expiry. */
  list: { remove(item: Expiring): void } | undefined;
  expire(): void;
}

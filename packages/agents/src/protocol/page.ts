/** Bytes of JSON that one page of a list has at most: it fits the smallest `max_payload` that Drover runs on. */
const pageBytes = 48 * 1024;

/** Cuts a list into pages of `maxItems` and 48 KiB at most; more only for a single item. An empty list is one empty page. */
export function pagesOf<T>(items: readonly T[], maxItems: number): readonly (readonly T[])[] {
  const pages: T[][] = [[]];
  let bytes = 0;
  for (const item of items) {
    const itemBytes = Buffer.byteLength(JSON.stringify(item));
    const page = pages.at(-1) as T[];
    if (page.length > 0 && (page.length >= maxItems || bytes + itemBytes > pageBytes)) {
      pages.push([item]);
      bytes = itemBytes;
    } else {
      page.push(item);
      bytes += itemBytes;
    }
  }
  return pages;
}

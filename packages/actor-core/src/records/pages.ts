/** Maximum bytes of JSON in one page: a page fits the smallest `max_payload` that Drover supports. */
const pageBytes = 48 * 1024;

/**
 * Cuts a list into pages of at most `maxItems` items and 48 KiB; only a single larger item exceeds that. An empty
 * list gives one empty page.
 */
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

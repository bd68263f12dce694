/** A fenced block of the guide that is played. */
export type GuideBlock =
  | { readonly kind: 'up'; readonly line: number; readonly args: readonly string[] }
  | {
      readonly kind: 'sh';
      readonly line: number;
      readonly script: string;
      /** What it prints; undefined where the page does not say. */
      readonly printed: string | undefined;
    };

/**
 * The blocks of a page in order: `sh` is played, `sh up` starts a fleet, and `text` directly after a block is what that
 * prints. Other blocks are not played.
 */
export function readGuidePage(text: string): readonly GuideBlock[] {
  const blocks: GuideBlock[] = [];
  const fences = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)];
  for (const [index, fence] of fences.entries()) {
    const [whole, info = '', body = ''] = fence;
    const line = text.slice(0, fence.index).split('\n').length;
    if (info === 'sh up') {
      blocks.push({ kind: 'up', line, args: body.trim().split(/\s+/).slice(2) });
    } else if (info === 'sh') {
      const next = fences[index + 1];
      const follows = next?.[1] === 'text' && next.index - (fence.index + whole.length) <= 2;
      blocks.push({ kind: 'sh', line, script: body, printed: follows ? next[2] : undefined });
    }
  }
  return blocks;
}

/** The pages that a list of the guide names, in its order. */
export function pagesOf(readme: string): readonly string[] {
  return [...readme.matchAll(/^\d+\. \[[^\]]+\]\(([^)]+\.md)\)/gm)].map(([, page = '']) => page);
}

/** Whether a program printed what a page says: `…` is any text within a line, and a line of its own any lines. */
export function isPrinted(page: string, printed: string): boolean {
  const parts = page
    .trimEnd()
    .split('\n')
    .map((line) => (line === '…' ? '(?:[^\\n]*\\n)*?' : `${pattern(line)}\\n`));
  return new RegExp(`^${parts.join('')}$`).test(`${printed.replaceAll('\r', '').trimEnd()}\n`);
}

function pattern(line: string): string {
  return line.split('…').map(escaped).join('[^\\n]*');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

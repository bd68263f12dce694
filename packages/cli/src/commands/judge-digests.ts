import { printable } from '../output/figures.ts';
import type { NodeStatus } from '../output/status-report.ts';

const maxNamed = 3;
const shortDigest = 12;

/** The verdict on the copies of models; `fix` is empty where nothing is wrong. */
export interface DigestVerdict {
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string;
}

/**
 * Whether one model name means the same content on every host. Requests go to any host that lists the name, so two
 * digests behind one name answer the same request with different weights. Pure.
 */
export function judgeDigests(nodes: readonly Pick<NodeStatus, 'id' | 'models'>[]): DigestVerdict {
  const holders = new Map<string, Map<string, string[]>>();
  for (const { id, models } of nodes) {
    for (const { name, digests } of models ?? []) {
      const byDigest = holders.get(name) ?? new Map<string, string[]>();
      holders.set(name, byDigest);
      for (const digest of digests ?? []) byDigest.set(digest, [...(byDigest.get(digest) ?? []), id]);
    }
  }
  const split = [...holders].filter(([, byDigest]) => byDigest.size > 1);
  if (split.length === 0)
    return { ok: true, detail: 'each model name has one digest on all ready hosts', fix: '' };
  const described = split.slice(0, maxNamed).map(([name, byDigest]) => {
    const copies = [...byDigest].map(([digest, ids]) => `${shorten(digest)} on ${ids.join(', ')}`);
    return `${name} is ${copies.join(' but ')}`;
  });
  const rest = split.length > maxNamed ? ` and ${split.length - maxNamed} more models` : '';
  const [name = ''] = split[0] ?? [];
  return {
    ok: false,
    detail: printable(`${described.join('; ')}${rest}`),
    fix: printable(`"ollama pull ${name}" on each of these hosts, or name one of the copies differently`),
  };
}

function shorten(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, shortDigest);
}

import { describe, expect, it } from 'vitest';
import { emptyCatalogue, findModel, modelLoads, updateCatalogue } from './catalogue.ts';

const tag = { name: 'Llama3.2:latest', digest: 'd1', size: 2_000 };
const running = { name: 'Llama3.2:latest', size_vram: 1_500, expires_at: '2026' };
const listing = { version: '1', tags: [tag], running: [running] };

describe('catalogue', () => {
  it('finds a model as Ollama does: tag implied, case ignored', () => {
    const catalogue = updateCatalogue(emptyCatalogue, listing, () => 1);
    expect(findModel(catalogue, 'llama3.2')).toBe('Llama3.2:latest');
    expect(findModel(catalogue, 'llama3.2:1b')).toBeUndefined();
  });

  it('gets a new revision when any word of the listing changes, and only then', () => {
    let revision = 0;
    const next = () => {
      revision += 1;
      return revision;
    };
    const first = updateCatalogue(emptyCatalogue, listing, next);
    expect(updateCatalogue(first, structuredClone(listing), next)).toBe(first);
    const later = updateCatalogue(first, { ...listing, running: [{ ...running, expires_at: '2027' }] }, next);
    expect([first.revision, later.revision]).toEqual([1, 2]);
  });

  it('keeps what was running when ps did not answer', () => {
    const first = updateCatalogue(emptyCatalogue, listing, () => 1);
    expect(updateCatalogue(first, { ...listing, running: undefined }, () => 2)).toBe(first);
  });

  it('puts tags, ps and our own counts together', () => {
    const catalogue = updateCatalogue(
      emptyCatalogue,
      { ...listing, tags: [tag, { name: 'b:1', digest: 'd2' }] },
      () => 1,
    );
    expect(modelLoads(catalogue, new Map([['b:1', { busy: 1, queued: 2 }]]))).toEqual([
      {
        name: 'Llama3.2:latest',
        digest: 'd1',
        loaded: true,
        sizeBytes: 2_000,
        vramBytes: 1_500,
        busy: 0,
        queued: 0,
      },
      { name: 'b:1', digest: 'd2', loaded: false, sizeBytes: 0, vramBytes: 0, busy: 1, queued: 2 },
    ]);
  });
});

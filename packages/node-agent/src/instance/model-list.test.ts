import { describe, expect, it } from 'vitest';
import { emptyModelList, findModel, modelLoads, updateModelList } from './model-list.ts';

const tag = { name: 'Llama3.2:latest', digest: 'd1', size: 2_000 };
const running = { name: 'Llama3.2:latest', size_vram: 1_500, expires_at: '2026' };
const listing = { version: '1', tags: [tag], running: [running] };

describe('a model list', () => {
  it('finds a model as Ollama does: tag implied, case ignored', () => {
    const list = updateModelList(emptyModelList, listing, () => 1);
    expect(findModel(list, 'llama3.2')).toBe('Llama3.2:latest');
    expect(findModel(list, 'llama3.2:1b')).toBeUndefined();
  });

  it('gets a new revision if and only if the listing changes', () => {
    let revision = 0;
    const next = () => {
      revision += 1;
      return revision;
    };
    const first = updateModelList(emptyModelList, listing, next);
    expect(updateModelList(first, structuredClone(listing), next)).toBe(first);
    const later = updateModelList(first, { ...listing, running: [{ ...running, expires_at: '2027' }] }, next);
    expect([first.revision, later.revision]).toEqual([1, 2]);
  });

  it('keeps the running models if ps does not answer', () => {
    const first = updateModelList(emptyModelList, listing, () => 1);
    expect(updateModelList(first, { ...listing, running: undefined }, () => 2)).toBe(first);
  });

  it('joins tags, ps and the counts of requests', () => {
    const list = updateModelList(
      emptyModelList,
      { ...listing, tags: [tag, { name: 'b:1', digest: 'd2' }] },
      () => 1,
    );
    expect(modelLoads(list, new Map([['b:1', { busy: 1, queued: 2 }]]))).toEqual([
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

import { describe, expect, it } from 'vitest';
import { KnownListing } from './known-listing.ts';

const tags = [{ name: 'm:latest', digest: 'd' }];
const running = [{ name: 'm:latest' }];

function setup() {
  let revision = 0;
  const known = new KnownListing('one', () => (revision += 1));
  known.probed({ version: '1', tags, running: [] }, 0);
  const isLoaded = () => known.loads(new Map())[0]?.loaded;
  return { known, isLoaded };
}

describe('the known list of an Ollama', () => {
  it('is the answer to the newest query, not the newest answer', () => {
    const { known, isLoaded } = setup();
    known.listed(running, 20);
    known.probed({ version: '2', tags, running: [] }, 10);
    expect([isLoaded(), known.version]).toEqual([true, '2']);
    known.listed([], 15);
    expect(isLoaded()).toBe(true);
    known.probed({ version: '2', tags, running: [] }, 30);
    expect(isLoaded()).toBe(false);
  });

  it('counts a model as loaded from its answer on, until a later query of Ollama', () => {
    const { known, isLoaded } = setup();
    known.answered('M', 20);
    known.probed({ version: '1', tags, running: [] }, 10);
    expect(isLoaded()).toBe(true);
    known.listed([], 20);
    expect(isLoaded()).toBe(false);
    known.listed(running, 30);
    expect(known.listsAsLoaded('M')).toBe(true);
  });

  it('stays if ps does not answer', () => {
    const { known, isLoaded } = setup();
    known.listed(running, 10);
    known.listed(undefined, 20);
    known.probed({ version: '1', tags, running: undefined }, 30);
    expect([isLoaded(), known.revision]).toEqual([true, 2]);
  });
});

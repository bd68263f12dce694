import { expect, it } from 'vitest';
import { storeContract } from '../../testing/store-contract.ts';
import { MemoryStore } from './memory-store.ts';

storeContract('memory', async () => ({ store: new MemoryStore(), dispose: async () => undefined }));

it('refuses an existing stream with other replicas', async () => {
  const store = new MemoryStore();
  await store.ensureStream({ name: 'S', subjects: ['s.>'], replicas: 3 });
  await expect(store.ensureStream({ name: 'S', subjects: ['s.>'], replicas: 1 })).rejects.toMatchObject({
    argument: 'spec.replicas',
  });
});

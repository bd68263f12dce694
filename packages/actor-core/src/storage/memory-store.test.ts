import { storeContract } from '../testing/store-contract.ts';
import { MemoryStore } from './memory-store.ts';

storeContract('memory', async () => ({ store: new MemoryStore(), dispose: async () => undefined }));

export { JetStreamStore, type JetStreamStoreOptions } from './storage/jetstream-store.ts';
export { connectNats, NatsTransport, type NatsTransportOptions } from './transport/nats-transport.ts';
export { wireArray, wireStrings } from './remoting/wire-array.ts';
export { type TableSizes, tableSizes } from './actor/table-sizes.ts';
export { editDistance } from './edit-distance.ts';

// A chat over gRPC. Run: node examples/grpc/chat.ts 127.0.0.1:50051 sim-count
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const [target = '127.0.0.1:50051', model = 'sim-count'] = process.argv.slice(2);
const protos = new URL('../../packages/gateway/proto', import.meta.url).pathname;
const definition = loadSync('drover/v1/inference.proto', { includeDirs: [protos], defaults: true });
const { drover } = loadPackageDefinition(definition) as unknown as {
  drover: { v1: { InferenceService: ServiceClientConstructor } };
};
const client = new drover.v1.InferenceService(target, credentials.createInsecure());
const messages = [{ role: 'user', content: 'Say hello' }];
const stream = client['Chat']({ model, messages, optionsJson: '{"num_predict":16}' });
for await (const { message } of stream as AsyncIterable<{ message: { content: string } }>)
  process.stdout.write(message.content);
process.stdout.write('\n');
client.close();

import { Members } from '../read-fields.ts';
import { type RpcTable, unary } from '../rpc.ts';

/** `drover.v1.ModelService`, by Ollama's own routes. */
export const modelRpcs: RpcTable = {
  ListModels: unary<object>(
    () => ({ method: 'GET', path: '/api/tags' }),
    ({ text }) => ({
      models: new Members(text).elements('models').map((model) => {
        const details = model.within('details');
        return {
          name: model.string('name'),
          digest: model.string('digest'),
          sizeBytes: model.number('size'),
          modifiedAt: model.string('modified_at'),
          family: details.string('family'),
          parameterSize: details.string('parameter_size'),
          quantizationLevel: details.string('quantization_level'),
        };
      }),
    }),
  ),
  ListRunningModels: unary<object>(
    () => ({ method: 'GET', path: '/api/ps' }),
    ({ text }) => ({
      models: new Members(text).elements('models').map((model) => ({
        name: model.string('name'),
        digest: model.string('digest'),
        sizeBytes: model.number('size'),
        vramBytes: model.number('size_vram'),
        expiresAt: model.string('expires_at'),
        contextLength: model.number('context_length'),
      })),
    }),
  ),
  ShowModel: unary<{ readonly model: string }>(
    ({ model }) => ({ method: 'POST', path: '/api/show', body: JSON.stringify({ model }) }),
    ({ text }) => {
      const shown = new Members(text);
      return {
        template: shown.string('template'),
        parameters: shown.string('parameters'),
        capabilities: shown.values('capabilities'),
        detailsJson: text,
      };
    },
  ),
};

import type { SimModel } from './model.ts';

/** The field `details` of ps, show and tags. */
export function detailsOf(model: SimModel): Record<string, unknown> {
  return {
    parent_model: '',
    format: 'gguf',
    family: 'llama',
    families: ['llama'],
    parameter_size: parameterSize(model.parameterCount),
    quantization_level: model.quantization,
  };
}

/** A count in Ollama's notation: `131K`, `202.28M`, `8.0B`. */
function parameterSize(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)}B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)}M`;
  return `${Math.round(count / 1e3)}K`;
}

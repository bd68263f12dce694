/** Which new traces are recorded, as `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` say. */
export interface Sampling {
  /** Whether a request that brings a trace is recorded as that trace says. */
  readonly followsParent: boolean;
  /** Share of the traces that begin here, 0 to 1. */
  readonly ratio: number;
}

const samplers: Readonly<Record<string, { readonly followsParent: boolean; readonly ratio?: number }>> = {
  always_on: { followsParent: false, ratio: 1 },
  always_off: { followsParent: false, ratio: 0 },
  traceidratio: { followsParent: false },
  parentbased_always_on: { followsParent: true, ratio: 1 },
  parentbased_always_off: { followsParent: true, ratio: 0 },
  parentbased_traceidratio: { followsParent: true },
};

/**
 * Reads the two variables. As OpenTelemetry asks, a value that cannot be used is reported and its default used: every
 * trace is recorded, and one from outside as it says.
 */
export function readSampling(
  environment: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
): Sampling {
  const name = environment['OTEL_TRACES_SAMPLER'] ?? 'parentbased_always_on';
  const sampler = samplers[name.toLowerCase()];
  if (sampler === undefined) {
    warn(`OTEL_TRACES_SAMPLER is ${name}; it takes ${Object.keys(samplers).join(', ')}`);
    return { followsParent: true, ratio: 1 };
  }
  const { followsParent, ratio } = sampler;
  return { followsParent, ratio: ratio ?? readRatio(environment['OTEL_TRACES_SAMPLER_ARG'], warn) };
}

function readRatio(text: string | undefined, warn: (message: string) => void): number {
  if (text === undefined) return 1;
  const ratio = Number(text);
  if (text.trim() !== '' && ratio >= 0 && ratio <= 1) return ratio;
  warn(`OTEL_TRACES_SAMPLER_ARG is ${text}; it takes a number from 0 to 1`);
  return 1;
}

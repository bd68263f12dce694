import { RequestFailure } from '../../errors.ts';
import { goQuote } from '../../go-compat/go-text.ts';

/**
 * Maps OpenAI's reasoning effort to Ollama's `think`; values outside Ollama's scale become its lowest or highest one.
 */
export function thinkOf(effort: string | undefined): boolean | string | undefined {
  switch (effort) {
    case undefined:
    case '':
      return undefined;
    case 'none':
      return false;
    case 'minimal':
      return 'low';
    case 'low':
    case 'medium':
    case 'high':
    case 'max':
      return effort;
    case 'xhigh':
    case 'ultra':
      return 'max';
    default:
      throw new RequestFailure(
        400,
        'invalid-input',
        `invalid reasoning value: ${goQuote(effort)} (must be "minimal", "low", "medium", "high", "xhigh", "ultra", "max", or "none")`,
        { field: 'reasoning_effort' },
      );
  }
}

import { type InspectionAnswer, type InspectionQuestion, answerSchema } from './inspection.ts';

/** JSON, so that a person can read it on the bus. */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeQuestion(question: InspectionQuestion): Uint8Array {
  return encoder.encode(JSON.stringify(question));
}

/** Undefined for bytes that are not JSON. */
export function decodeQuestion(payload: Uint8Array): unknown {
  return parse(payload);
}

export function encodeAnswer(answer: InspectionAnswer): Uint8Array {
  return encoder.encode(JSON.stringify(answer));
}

/** Undefined for bytes that are not an answer. */
export function decodeAnswer(payload: Uint8Array): InspectionAnswer | undefined {
  const answer = answerSchema.safeParse(parse(payload));
  return answer.success ? answer.data : undefined;
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload));
  } catch {
    return undefined;
  }
}

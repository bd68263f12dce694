/**
 * Recorded exchanges with a real Ollama, and a harness that replays them against a server and compares the answers.
 */
export { Agreement } from './golden/agreement.ts';
export { type CompareOptions, differences } from './golden/differences.ts';
export { replay } from './golden/replay.ts';
export { bodyShape, type Comparison } from './golden/shape.ts';
export {
  bodyOf,
  isUnanswered,
  readGroup,
  readOne,
  recordedModels,
  type Chunk,
  type Transcript,
  type WireResponse,
} from './golden/transcript.ts';

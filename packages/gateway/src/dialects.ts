// The dialects of the gateway, one line each; `paths` in each decides which of them answers.
export { anthropicDialect } from './dialects/anthropic/anthropic-dialect.ts';
export { droverDialect } from './dialects/drover/drover-dialect.ts';
export { nativeDialect } from './dialects/native/native-dialect.ts';
export { openAiDialect } from './dialects/openai/openai-dialect.ts';

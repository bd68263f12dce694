/** Recorded exchanges in which an answer through Drover may differ, each with its reason. All others agree. */
export const exceptions: Readonly<Record<string, string>> = {
  'service/get-metrics': 'Drover has metrics of its own there; Ollama has none.',
  'v1-chat/token-repeat-stop':
    'Ollama gives up on 30 equal tokens and just ends; through Drover no stream ends without a word, so an error frame says that the answer is not complete',
};

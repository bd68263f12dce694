const rareProgress =
  'Ollama sends a line every 60 ms. Drover merges what the hosts report twice a second, and so leaves out lines of a layer.';

/** Recorded exchanges in which an answer through Drover may differ, each with its reason. All others agree. */
export const exceptions: Readonly<Record<string, string>> = {
  'service/get-metrics': 'Drover serves its own metrics on this path; Ollama has none.',
  'v1-chat/tool-choice-none':
    'Ollama ignores tool_choice. Drover leaves out the tools, so that the model does not call one.',
  'v1-chat/token-repeat-stop':
    'After 30 equal tokens Ollama ends the stream early without an error. Drover adds an error frame: the answer is not complete.',
  'pull/digest-mismatch': rareProgress,
  'pull/resume-after-client-left': rareProgress,
};

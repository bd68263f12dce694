/** Command lines for a model of the fleet that work without a change. */
export interface Examples {
  readonly curl: string;
  readonly openai: string;
}

export function examplesFor(url: string, model: string): Examples {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Say hello' }] });
  const script =
    'import OpenAI from "openai"; ' +
    `const answer = await new OpenAI({ baseURL: "${url}/v1", apiKey: "unused" }).chat.completions.create(` +
    `{ model: ${JSON.stringify(model)}, messages: [{ role: "user", content: "Say hello" }], max_tokens: 32 }); ` +
    'console.log(answer.choices[0].message.content)';
  return {
    curl: `curl -sN ${url}/api/chat -d ${shellQuote(body)}`,
    openai: `node --input-type=module -e ${shellQuote(script)}`,
  };
}

/** The model for the examples: preferably one that answers chats, not one that only embeds. */
export function exampleModel(models: readonly string[]): string | undefined {
  return (
    models.find((name) => name.startsWith('sim-chat')) ??
    models.find((name) => !/embed|bge|minilm/i.test(name)) ??
    models[0]
  );
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

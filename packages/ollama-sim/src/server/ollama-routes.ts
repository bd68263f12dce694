import { embeddingsRoute, embedRoute, openAiEmbeddings } from '../embedding/routes.ts';
import type { Handler, Routes } from '../router.ts';
import { hasBlob, uploadBlob } from '../native/blobs.ts';
import { copy, create, pull, push, remove } from '../native/library.ts';
import { chat, generate } from '../native/chat.ts';
import { me, recommendations, status, webSearch } from '../native/cloud.ts';
import { ps, tags, version } from '../native/listing.ts';
import { show } from '../native/show.ts';
import { chatCompletions, completions } from '../openai/completions.ts';
import { listModels, oneModel } from '../openai/models.ts';

const root: Handler = (exchange) => exchange.send(200, 'text/plain; charset=utf-8', 'Ollama is running');

/** The routes of Ollama. The order of methods is that of the header `Allow`. */
export const routes: Routes = {
  '/': { GET: root, HEAD: root },
  '/api/version': { GET: version, HEAD: version },
  '/api/status': { GET: status },
  '/api/tags': { GET: tags, HEAD: tags },
  '/api/ps': { GET: ps },
  '/api/show': { POST: show },
  '/api/chat': { POST: chat },
  '/api/generate': { POST: generate },
  '/api/embed': { POST: embedRoute },
  '/api/embeddings': { POST: embeddingsRoute },
  '/api/pull': { POST: pull },
  '/api/push': { POST: push },
  '/api/blobs/:name': { HEAD: hasBlob, POST: uploadBlob },
  '/api/create': { POST: create },
  '/api/copy': { POST: copy },
  '/api/delete': { DELETE: remove },
  '/api/me': { POST: me },
  '/api/experimental/web_search': { POST: webSearch },
  '/api/experimental/model-recommendations': { GET: recommendations },
  '/v1/chat/completions': { POST: chatCompletions },
  '/v1/completions': { POST: completions },
  '/v1/embeddings': { POST: openAiEmbeddings },
  '/v1/models': { GET: listModels },
  '/v1/models/:name': { GET: oneModel },
};

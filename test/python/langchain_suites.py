"""LangChain's standard suites for chat models and embeddings, against the server that SUITE_URL names."""

import os

from langchain_ollama import ChatOllama, OllamaEmbeddings
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

URL = os.environ["SUITE_URL"]
CHAT = os.environ.get("SUITE_CHAT", "sim-chat")
VISION = os.environ.get("SUITE_VISION", "sim-vision")
EMBED = os.environ.get("SUITE_EMBED", "sim-embed")


class TestChatOllama(ChatModelIntegrationTests):
    @property
    def chat_model_class(self):
        return ChatOllama

    @property
    def chat_model_params(self):
        return {"base_url": URL, "model": CHAT, "temperature": 0, "num_predict": 256}

    @property
    def supports_json_mode(self):
        return True

    @property
    def has_tool_choice(self):
        return False


class TestVisionOllama(TestChatOllama):
    @property
    def chat_model_params(self):
        return {"base_url": URL, "model": VISION, "temperature": 0, "num_predict": 256}

    @property
    def supports_image_inputs(self):
        return True


class TestChatOpenAI(ChatModelIntegrationTests):
    @property
    def chat_model_class(self):
        return ChatOpenAI

    @property
    def chat_model_params(self):
        return {"base_url": f"{URL}/v1", "api_key": "none", "model": CHAT, "temperature": 0, "max_tokens": 256, "stream_usage": True}

    @property
    def supports_json_mode(self):
        return True

    @property
    def supports_image_inputs(self):
        return False


class TestVisionOpenAI(TestChatOpenAI):
    @property
    def chat_model_params(self):
        return {**super().chat_model_params, "model": VISION}

    @property
    def supports_image_inputs(self):
        return True


class TestResponsesOpenAI(TestChatOpenAI):
    @property
    def chat_model_params(self):
        return {**super().chat_model_params, "use_responses_api": True}


class TestOllamaEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self):
        return OllamaEmbeddings

    @property
    def embedding_model_params(self):
        return {"base_url": URL, "model": EMBED}


class TestOpenAIEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self):
        return OpenAIEmbeddings

    @property
    def embedding_model_params(self):
        # Ollama takes text, not numbers of OpenAI's tokens.
        return {"base_url": f"{URL}/v1", "api_key": "none", "model": EMBED, "check_embedding_ctx_length": False}

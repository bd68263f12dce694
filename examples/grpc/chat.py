"""A chat over gRPC. Needs grpcio and grpcio-tools. Run: python examples/grpc/chat.py 127.0.0.1:50051 sim-count"""

import sys
from pathlib import Path

import grpc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packages/gateway/proto"))
protos, services = grpc.protos_and_services("drover/v1/inference.proto")

target, model = (sys.argv[1:] + ["127.0.0.1:50051", "sim-count"][len(sys.argv) - 1 :])[:2]
with grpc.insecure_channel(target) as channel:
    request = protos.ChatRequest(model=model, options_json='{"num_predict":16}')
    request.messages.add(role="user", content="Say hello")
    for response in services.InferenceServiceStub(channel).Chat(request, timeout=60):
        print(response.message.content, end="", flush=True)
print()

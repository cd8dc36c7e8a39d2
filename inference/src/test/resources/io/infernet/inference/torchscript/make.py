"""Makes embedder.pt, classifier.pt and expected.json with PyTorch (1.13 was used): what torch.jit
writes of a scripted and of a traced module, and what these compute."""
import json
from typing import Dict

import torch
from torch import Tensor, nn

torch.manual_seed(7)
VOCABULARY, WIDTH, LABELS = 2000, 12, 3


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.register_buffer("places", torch.arange(64).unsqueeze(0) / 64)
        self.layers = nn.Sequential(
            nn.Linear(WIDTH, 20), nn.GELU(), nn.Dropout(0.1), nn.Linear(20, WIDTH), nn.LayerNorm(WIDTH)
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Dict[str, Tensor]:
        x = self.words(input_ids) + self.places[:, : input_ids.shape[1]].unsqueeze(-1)
        weights = torch.softmax(x @ x.transpose(1, 2) + (1 - attention_mask)[:, None, :] * -1e9, -1)
        return {"last_hidden_state": self.layers(x + weights @ x)}


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.EmbeddingBag(VOCABULARY, WIDTH, mode="mean")
        self.head = nn.Linear(WIDTH, LABELS)

    def forward(self, input_ids: Tensor):
        hidden = torch.tanh(self.words(input_ids))
        return hidden, self.head(hidden)


ids = torch.tensor([[5, 17, 3, 1999], [1, 2, 2, 0]])
embedder = Embedder().eval()
torch.jit.script(embedder).save("embedder.pt")
classifier = Classifier().eval()
torch.jit.trace(classifier, ids).save("classifier.pt")
with torch.no_grad():
    expected = {
        "ids": ids.tolist(),
        "vectors": torch.nn.functional.normalize(
            embedder(ids, torch.ones_like(ids))["last_hidden_state"].mean(1)
        ).tolist(),
        "logits": classifier(ids)[1].tolist(),
    }
json.dump(expected, open("expected.json", "w"))

"""Beam searches of transformers over the T5 models of this folder: DIR/beams.json beside each config.json.

Run in this folder: python make_beams.py (torch, transformers; the versions are written into the files).
"""
import json
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForSeq2SeqLM

HERE = Path(__file__).parent
SOURCES = [[22, 54, 7, 57, 56, 28, 15, 14, 53, 2, 284, 7, 1], [22, 23, 8, 4, 63, 53, 1], [5, 300, 41, 9, 1]]
SETTINGS = [
    dict(num_beams=4, length_penalty=1.0, early_stopping=False),
    dict(num_beams=4, length_penalty=1.0, early_stopping=True),
    dict(num_beams=3, length_penalty=2.0, early_stopping="never"),
    dict(num_beams=2, length_penalty=-1.0, early_stopping=False),
    dict(num_beams=5, length_penalty=0.0, early_stopping="never"),
]


def frequent_ids(model, count):
    """Ids that greedy answers write, so that searches that end with them end early."""
    out = model.generate(input_ids=torch.tensor([SOURCES[0]]), do_sample=False, num_beams=4, max_new_tokens=12,
                         eos_token_id=None, num_return_sequences=4)
    ids = out[:, 2:].flatten().tolist()
    return sorted(set(ids), key=lambda i: (-ids.count(i), i))[:count]


for name in ["t5", "t5_v1_1"]:
    model = AutoModelForSeq2SeqLM.from_pretrained(HERE / name, dtype=torch.float32).eval()
    cases = []
    ends = frequent_ids(model, 2)
    for eos in [[], ends[:1], ends]:
        for settings in SETTINGS:
            for source in SOURCES:
                with torch.no_grad():
                    out = model.generate(input_ids=torch.tensor([source]), do_sample=False, max_new_tokens=10,
                                         eos_token_id=eos or None, return_dict_in_generate=True, output_scores=True,
                                         **settings)
                ids = out.sequences[0, 1:].tolist()
                stop = next((i for i, token in enumerate(ids) if token in eos), None)
                cases.append({"source": source, "eos": eos, **settings, "ids": ids if stop is None else ids[:stop],
                              "ended": stop is not None, "score": out.sequences_scores[0].item()})
    meta = {"transformers": transformers.__version__, "torch": torch.__version__, "max_new_tokens": 10}
    (HERE / name / "beams.json").write_text(
        json.dumps({"meta": meta, "cases": cases}, indent=None, separators=(", ", ": ")).replace('{"source"', '\n  {"source"') + "\n")

"""Loads an exported adapter with PEFT and an exported merged model with transformers, and compares their logits with
those that the app computed for the same token ids.

    python check-exports.py BASE ADAPTER_FOLDER MERGED_FOLDER logits.json

Needs torch, transformers and peft. `write-exports.ts` beside this file makes the three last arguments. Exits with 1 when
a difference is larger than its tolerance: 1e-4 of the largest logit in float32, 1e-2 in float16, 6e-2 in bfloat16.
"""
import json
import sys

import torch
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

TOLERANCE = {"F32": 1e-4, "F16": 1e-2, "BF16": 6e-2}


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def stored_type(folder):
    with safe_open(f"{folder}/model.safetensors", "pt") as file:
        name = max(file.keys(), key=lambda key: file.get_slice(key).get_shape())
        return file.get_slice(name).get_dtype()


def compare(name, model, stored, tolerance):
    largest = difference = 0.0
    agreed = positions = 0
    for text in stored["texts"]:
        ids = torch.tensor([text["ids"]])
        expected = torch.tensor(text["logits"]).reshape(len(text["ids"]), stored["vocabulary"])
        with torch.no_grad():
            found = model(ids).logits[0].float()
        largest = max(largest, expected.abs().max().item())
        difference = max(difference, (found - expected).abs().max().item())
        agreed += (found.argmax(-1) == expected.argmax(-1)).sum().item()
        positions += len(text["ids"])
    limit = tolerance * max(1.0, largest)
    passed = difference <= limit
    verdict = "passed" if passed else "FAILED"
    print(f"{verdict}  {name}: largest logit difference {difference:.2e} (limit {limit:.1e}), "
          f"{agreed} of {positions} next tokens agree")
    return passed


def main(base, adapter, merged, logits):
    with open(logits) as file:
        stored = json.load(file)
    tuned = PeftModel.from_pretrained(load(base), adapter).eval()
    results = [compare("adapter in PEFT", tuned, stored, TOLERANCE["F32"])]
    results.append(compare("adapter merged by PEFT", tuned.merge_and_unload(), stored, TOLERANCE["F32"]))
    kind = stored_type(merged)
    results.append(compare(f"merged folder in transformers ({kind})", load(merged), stored, TOLERANCE[kind]))
    tokenizer = AutoTokenizer.from_pretrained(merged)
    same = tokenizer("The same text", add_special_tokens=True).input_ids == AutoTokenizer.from_pretrained(base)(
        "The same text", add_special_tokens=True).input_ids
    print(f"{'passed' if same else 'FAILED'}  tokenizer of the merged folder gives the ids of the base's")
    ends = load(merged).generation_config.eos_token_id
    print(f"        generation stops at {ends}")
    return all(results) and same


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(0 if main(*sys.argv[1:]) else 1)

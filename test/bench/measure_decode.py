"""Measures transformers.generate on the same model and prompt as measure-decode.ts; prints one line of JSON.

Arguments: model folder, prompt tokens, new tokens, threads. Needs torch and transformers.
"""
import json
import resource
import sys
import time

folder, prompt_tokens, new_tokens, threads = sys.argv[1:5]

import torch  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402

torch.set_num_threads(int(threads))
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
ids = ((torch.arange(int(prompt_tokens)) * 7919 + 13) % model.config.vocab_size).unsqueeze(0)
new_tokens = int(new_tokens)
result = {"tokensPerSecond": [], "prefillSeconds": [], "ids": [], "peakBytes": 0}


def answer(count):
    began = time.perf_counter()
    with torch.no_grad():
        output = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=count,
            min_new_tokens=count,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )
    return time.perf_counter() - began, output[0, ids.shape[1] :].tolist()


answer(2)
for _ in range(2):
    first, _ids = answer(1)
    whole, result["ids"] = answer(new_tokens)
    result["prefillSeconds"].append(first)
    result["tokensPerSecond"].append((new_tokens - 1) / (whole - first))
result["peakBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps(result))

"""Measures PyTorch + PEFT on the same model, adapter and batch as measure-train.ts; prints one line of JSON.

Arguments: model folder, adapter folder, rows, width, threads, steps. Needs torch, transformers and peft.
"""
import json
import resource
import sys
import time

start = time.perf_counter()
model_folder, adapter_folder, rows, width, threads, steps = sys.argv[1:7]
checkpointing = len(sys.argv) > 7 and sys.argv[7] == "checkpointing"

import torch  # noqa: E402
from peft import PeftModel  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402

torch.set_num_threads(int(threads))
model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
if checkpointing:
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.enable_input_require_grads()
model = PeftModel.from_pretrained(model, adapter_folder, is_trainable=True)
model.train()
rows, width = int(rows), int(width)
places = torch.arange(rows * width)
ids = ((places * 7919 + 13) % model.config.vocab_size).view(rows, width)
parameters = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01)
result = {"seconds": [], "losses": [], "peakBytes": 0, "setupSeconds": 0}
for step in range(int(steps)):
    began = time.perf_counter()
    loss = model(input_ids=ids, labels=ids, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    ended = time.perf_counter()
    result["losses"].append(loss.item())
    if step == 0:
        result["setupSeconds"] = ended - start
    else:
        result["seconds"].append(ended - began)
result["peakBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps(result))

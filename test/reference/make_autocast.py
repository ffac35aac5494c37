"""How far torch.autocast moves losses and gradients of the tiny checkpoints from float32: autocast/reference.json.

Full fine-tuning, batch 0 of each model's reference.json; then six steps of AdamW with rate 1e-3 on its training batches. Run in this folder
with Python 3.11, torch 2.13, transformers 5.18, on one CPU thread: python make_autocast.py"""
from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers

ROOT = Path(__file__).parent
MODELS = {"llama": "LlamaForCausalLM", "gpt2": "GPT2LMHeadModel", "qwen3": "Qwen3ForCausalLM"}
TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
STEPS = 6


def load(name):
    cls = getattr(transformers, MODELS[name])
    return cls.from_pretrained(ROOT / name, dtype=torch.float32, attn_implementation="eager").eval()


def loss_of(model, batch, dtype):
    labels = torch.tensor(batch["labels"])
    inputs = {key: torch.tensor(batch[key]) for key in ("input_ids", "attention_mask", "position_ids")}
    with torch.autocast("cpu", dtype=dtype or torch.bfloat16, enabled=dtype is not None):
        logits = model(**inputs).logits
    flat = logits[:, :-1].float().reshape(-1, logits.shape[-1])
    return torch.nn.functional.cross_entropy(flat, labels[:, 1:].reshape(-1), ignore_index=-100)


def gradients(name, batch, dtype, scale):
    model = load(name)
    loss = loss_of(model, batch, dtype)
    (loss * scale).backward()
    return loss.item(), {key: p.grad.double() / scale for key, p in model.named_parameters()}


def steps(name, batches, dtype):
    model = load(name)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    scaler = torch.amp.GradScaler("cpu", enabled=dtype is torch.float16)
    losses = []
    for step in range(STEPS):
        loss = loss_of(model, batches[step % len(batches)], dtype)
        losses.append(float(f"{loss.item():.10g}"))
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    return losses


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    out = {"torch": torch.__version__, "transformers": transformers.__version__, "models": {}}
    for name in MODELS:
        ref = json.loads((ROOT / name / "reference.json").read_text())
        exact_loss, exact = gradients(name, ref["batches"][0], None, 1.0)
        case = {"fp32": {"loss": exact_loss, "losses": steps(name, ref["train_batches"], None)}}
        for key, dtype in TYPES.items():
            loss, found = gradients(name, ref["batches"][0], dtype, 65536.0 if key == "fp16" else 1.0)
            off = {n: ((found[n] - exact[n]).norm() / exact[n].norm()).item() for n in exact if exact[n].norm() > 0}
            whole = (sum((found[n] - exact[n]).norm() ** 2 for n in exact) / sum(exact[n].norm() ** 2 for n in exact)).sqrt()
            case[key] = {"loss": loss, "losses": steps(name, ref["train_batches"], dtype),
                         "gradients_off": float(f"{whole.item():.4g}"),
                         "gradient_off": {n: float(f"{value:.4g}") for n, value in off.items()}}
        out["models"][name] = case
    path = ROOT / "autocast" / "reference.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(out, indent=1) + "\n")


main()

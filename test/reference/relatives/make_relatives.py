"""Tiny random checkpoints of further families, with what transformers computes for them. Seeds: 1 for weights, 3 for tokens."""
from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

VOCABULARY, WIDTH = 96, 24
BASE = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
GPT2 = dict(vocab_size=VOCABULARY, n_positions=64, n_embd=32, n_layer=2, n_head=4, bos_token_id=1, eos_token_id=2)
FACTORS = dict(short_factor=[1.1, 1.2, 1.3], long_factor=[2.1, 3.2, 4.3])

# name: (model_type, what config.json says)
CASES = {
    "smollm3": ("smollm3", dict(BASE, no_rope_layer_interval=2, use_sliding_window=True, sliding_window=5)),
    "olmo2": ("olmo2", dict(BASE, tie_word_embeddings=False)),
    "granite": ("granite", dict(BASE, embedding_multiplier=3.0, logits_scaling=2.5, residual_multiplier=0.3, attention_multiplier=0.11,
                                tie_word_embeddings=True)),
    "stablelm": ("stablelm", dict(BASE, use_qkv_bias=True, partial_rotary_factor=0.5)),
    "stablelm_parallel": ("stablelm", dict(BASE, qk_layernorm=True, use_parallel_residual=True, partial_rotary_factor=0.25)),
    "gemma2": ("gemma2", dict(BASE, head_dim=12, sliding_window=6, query_pre_attn_scalar=20, final_logit_softcapping=3.0,
                              attn_logit_softcapping=2.0)),
    "gemma3_linear": ("gemma3_text", dict(BASE, head_dim=12, sliding_window=6, sliding_window_pattern=2, query_pre_attn_scalar=20,
                                          final_logit_softcapping=3.0, rope_scaling=dict(rope_type="linear", factor=8.0))),
    "qwen2_window": ("qwen2", dict(BASE, use_sliding_window=True, sliding_window=5, max_window_layers=1)),
    "qwen3_window": ("qwen3", dict(BASE, head_dim=12, use_sliding_window=True, sliding_window=5, max_window_layers=1)),
    "phi3_short": ("phi3", dict(BASE, partial_rotary_factor=0.75, original_max_position_embeddings=32, rope_scaling=dict(type="longrope", **FACTORS))),
    "phi3_long": ("phi3", dict(BASE, partial_rotary_factor=0.75, original_max_position_embeddings=16, sliding_window=7,
                               rope_scaling=dict(type="longrope", **FACTORS))),
    "llama_yarn": ("llama", dict(BASE, rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16))),
    "llama_dynamic": ("llama", dict(BASE, max_position_embeddings=10, rope_scaling=dict(rope_type="dynamic", factor=4.0))),
    "llama_linear": ("llama", dict(BASE, head_dim=12, attention_bias=True, mlp_bias=True, rope_scaling=dict(type="linear", factor=4.0))),
    "gpt2_unprefixed": ("gpt2", dict(GPT2, scale_attn_by_inverse_layer_idx=True, activation_function="gelu")),
    "gpt2_untied": ("gpt2", dict(GPT2, tie_word_embeddings=False, n_inner=40, activation_function="relu")),
}


def rounded(value: float) -> float:
    return float(f"{value:.10g}")


def make(name: str, model_type: str, settings: dict):
    out = Path(__file__).parent / name
    out.mkdir(exist_ok=True)
    config = AutoConfig.for_model(model_type, **settings)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn(p.shape)) if p.ndim == 1 else p.copy_(0.15 * torch.randn(p.shape))
    state = {k: v.clone().contiguous() for k, v in model.state_dict().items() if not (k == "lm_head.weight" and config.tie_word_embeddings)}
    if name.endswith("unprefixed"):  # as the first published checkpoints name their tensors
        state = {k.removeprefix("transformer."): v for k, v in state.items()}
    (out / "config.json").write_text(json.dumps({"model_type": model_type, **settings}, indent=1) + "\n")
    save_file(state, out / "model.safetensors", metadata={"format": "pt"})

    g = torch.Generator().manual_seed(3)
    ids = torch.randint(3, VOCABULARY, (2, WIDTH), generator=g)
    mask = torch.ones_like(ids)
    mask[1, 18:] = 0
    labels = ids.clone()
    labels[:, :3] = -100
    labels[mask == 0] = -100
    positions = torch.arange(WIDTH).repeat(2, 1) * mask
    result = model(input_ids=ids, attention_mask=mask, position_ids=positions, labels=labels)
    result.loss.backward()
    grads = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    logits = torch.where(mask.bool().unsqueeze(-1), result.logits, torch.zeros(()))
    save_file({"batch.0.logits": logits.detach().contiguous(), **{f"full.grad.{n}": v.contiguous() for n, v in grads.items()}},
              out / "reference.safetensors")
    loss = rounded(result.loss.item())
    batch = {"input_ids": ids, "attention_mask": mask, "position_ids": positions, "labels": labels}
    reference = {
        "kind": "causal-lm",
        "batches": [{**{k: v.tolist() for k, v in batch.items()}, "loss": loss}],
        "train_batches": [],
        "full": {"loss_batch_0": loss, "gradients": list(grads),
                 "global_gradient_norm": rounded(math.sqrt(sum(float((v.double() ** 2).sum()) for v in grads.values())))},
    }
    (out / "reference.json").write_text(json.dumps(reference) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for case in sys.argv[1:] or CASES:
        make(case, *CASES[case])

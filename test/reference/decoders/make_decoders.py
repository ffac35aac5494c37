"""Tiny random decoders with unusual settings, with what transformers and PEFT compute for them. README.md tells what each is about.

    python make_decoders.py [CASE ...]      # seeds: 7 for weights, 11 for tokens
"""
from __future__ import annotations

import json
import math
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

if os.environ.get("PYTHONHASHSEED") != "0":  # sets inside PEFT would come out in another order
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import make_fixtures as fixtures
import torch
from transformers import AutoConfig, AutoModelForCausalLM

VOCABULARY, STEPS = 61, 6
BASE = dict(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
LONG = dict(short_factor=[1.1, 1.3, 1.6], long_factor=[2.1, 4.2, 7.3])

# name: (what config.json says, {rows of the batch, of the single row, prompts, new tokens, dtype, shards, adapter})
CASES = {
    "phi3_outgrown": (
        dict(BASE, model_type="phi3", hidden_size=32, partial_rotary_factor=0.75, original_max_position_embeddings=16, sliding_window=9,
             torch_dtype="float32", rope_scaling=dict(type="longrope", **LONG)),
        dict(rows=(20, 12), single=14, prompts=((6,), (9, 7)), new=14)),
    "llama_dynamic_far": (
        dict(BASE, model_type="llama", max_position_embeddings=12, attention_bias=True, mlp_bias=True, hidden_act="quick_gelu",
             torch_dtype="float16", rope_theta=500.0, rope_scaling=dict(type="dynamic", factor=4.0)),
        dict(rows=(21, 15), single=30, prompts=((10,),), new=12, dtype=torch.float16, shards="8KB")),
    "gemma3_bf16": (
        dict(BASE, model_type="gemma3_text", num_hidden_layers=3, num_key_value_heads=1, head_dim=6, hidden_activation="gelu_pytorch_tanh",
             attention_bias=True, query_pre_attn_scalar=10, final_logit_softcapping=3.0, sliding_window=5, dtype="bfloat16",
             layer_types=["full_attention", "sliding_attention", "full_attention"],
             rope_parameters=dict(full_attention=dict(rope_type="linear", factor=2.0, rope_theta=5000.0),
                                  sliding_attention=dict(rope_type="default", rope_theta=100.0))),
        dict(rows=(20, 12), single=26, prompts=((6,), (9, 3, 14)), new=12, dtype=torch.bfloat16, adapter=True)),
    "gemma_first": (
        dict(BASE, model_type="gemma", num_attention_heads=2, num_key_value_heads=1, head_dim=10, hidden_act="gelu", hidden_activation=None,
             rms_norm_eps=1e-5, rope_theta=700.0, torch_dtype="bfloat16"),
        dict(rows=(20, 12), single=26, prompts=((6,), (9, 3, 14)), new=12, dtype=torch.bfloat16, adapter=True)),
    "mistral_short": (
        dict(BASE, model_type="mistral", num_hidden_layers=1, max_position_embeddings=37, head_dim=10, partial_rotary_factor=0.5,
             hidden_act="relu2", sliding_window=5, rope_theta=10000),
        dict(rows=(17, 12), single=30, prompts=((6,), (9, 3, 14)), new=12)),
    "granite_longrope": (
        dict(BASE, model_type="granite", embedding_multiplier=12, attention_multiplier=0.25, residual_multiplier=0.22, logits_scaling=2,
             tie_word_embeddings=True, head_dim=6,
             rope_parameters=dict(rope_type="longrope", rope_theta=500000.0, original_max_position_embeddings=18, attention_factor=1.1, **LONG)),
        dict(rows=(20, 12), single=14, prompts=((4,),), new=12, dtype=torch.bfloat16)),
    "qwen3_yarn": (
        dict(BASE, model_type="qwen3", head_dim=12, attention_bias=True, use_sliding_window=True, sliding_window=6,
             layer_types=["sliding_attention", "full_attention"],
             rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=4, beta_slow=0.5, mscale=1.0,
                               mscale_all_dim=0.7, attention_factor=None, truncate=False)),
        dict(rows=(20, 12), single=26, prompts=((6,), (9, 3, 14)), new=12)),
    "gpt2_settings": (
        dict(model_type="gpt2", vocab_size=VOCABULARY, n_positions=40, n_embd=15, n_layer=2, n_head=3, n_inner=17, bos_token_id=1, eos_token_id=2,
             activation_function="quick_gelu", layer_norm_epsilon=1e-3, scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=True,
             attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0),
        dict(rows=(20, 12), single=26, prompts=((6,), (9, 3, 14)), new=12, dtype=torch.float16)),
}


def draw(model):
    g = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters(), key=lambda x: x[0]):
            noise = torch.randn(p.shape, generator=g)
            p.add_(0.1 * noise) if p.ndim == 1 else p.copy_((0.2 if "emb" in name or "wte" in name or "wpe" in name else 0.25) * noise)


def save(out: Path, config: dict, dtype=torch.float32, shards=None):
    fixtures.fresh_dir(out)
    fixtures.write_json(out / "config.json", config)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(out), attn_implementation="eager")
    draw(model)
    with tempfile.TemporaryDirectory() as tmp:
        model.to(dtype).save_pretrained(tmp, **({"max_shard_size": shards} if shards else {}))
        for f in sorted(Path(tmp).iterdir()):
            if f.suffix == ".safetensors" or f.name.endswith(".index.json"):
                shutil.copy(f, out / f.name)


def greedy(fresh, prompts, new: int, keeps: bool) -> dict:
    """Greedy ids of each prompt alone. `keeps`: by generate(), whose keys stay as they were turned (dynamic scaling turns each
    a little further); else the whole text is read anew for each token (generate() mixes the two rotations of LongRoPE)."""
    gap, answers = float("inf"), []
    for prompt in prompts:
        ids, model = torch.tensor([prompt]), fresh()
        with torch.no_grad():
            if keeps:
                made = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=new, eos_token_id=None,
                                      pad_token_id=0, output_logits=True, return_dict_in_generate=True)
                ids, logits = made.sequences, [step[0] for step in made.logits]
            else:
                logits = []
                for _ in range(new):
                    logits.append(model(input_ids=ids).logits[0, -1])
                    ids = torch.cat([ids, logits[-1].argmax().view(1, 1)], 1)
        for top in (step.topk(2).values for step in logits):
            gap = min(gap, (top[0] - top[1]).item())
        answers.append(ids[0, len(prompt):].tolist())
    assert gap > 2e-4, f"greedy continuation is too close to a tie ({gap})"
    return {"prompts": prompts, "new_tokens": answers, "max_new_tokens": new, "min_top1_top2_gap": gap}


def make(name: str, config: dict, rows, single, prompts, new, adapter=False, **stored):
    out = Path(__file__).parent / name
    save(out, config, **stored)
    rng = random.Random(11)

    def fresh():  # dynamic scaling keeps the longest text that a model has seen
        return AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32, attn_implementation="eager").eval()

    def tokens(count):
        return [rng.randrange(3, VOCABULARY) for _ in range(count)]

    def batch(lengths, prompt=3, side="right", given=None):
        given = given or [tokens(n) for n in lengths]
        return fixtures.pad_batch([(ids, [-100] * prompt + ids[prompt:]) for ids in given], 0, side)

    texts = [tokens(n) for n in rows]
    batches = [("right-padded", batch(rows, given=texts)), ("the same, left-padded", batch(rows, side="left", given=texts)),
               ("one row, labels everywhere", batch((single,), prompt=0))]
    train = [batch([rng.randint(6, 16), rng.randint(6, 16)]) for _ in range(4)]
    tensors, ref = {}, {"model": name, "kind": "causal-lm", "compute_dtype": "float32", "batches": []}
    for i, (what, one) in enumerate(batches):
        t = fixtures.tensors_of(one)
        tensors[f"batch.{i}.logits"] = fixtures.causal_logits(fresh(), t)
        ref["batches"].append({"what": what, **one, "loss": fresh()(**t).loss.item()})
    first, steps = fixtures.tensors_of(batches[0][1]), [fixtures.tensors_of(b) for b in train]
    loss, grads = fixtures.gradients(fresh(), first)
    kept = [n for n in grads if ".0." in n or "layers" not in n and ".h." not in n]
    tensors.update({f"full.grad.{n}": grads[n] for n in kept})
    ref["full"] = {"loss_batch_0": loss, "gradients": kept,
                   "global_gradient_norm": math.sqrt(sum(float((g.double() ** 2).sum()) for g in grads.values()))}
    ref["train_batches"] = train
    ref["full"]["adamw"] = fixtures.train_run(fresh(), steps, steps=STEPS)
    ref["greedy"] = {}
    for lengths in prompts:
        ref["greedy"]["single" if len(lengths) == 1 else "several"] = greedy(
            fresh, [tokens(n) for n in lengths], new, keeps="dynamic" in name)
    segments = [tokens(n) for n in (5, 9, 7)]
    packed = {"input_ids": [sum(segments, [])], "position_ids": [[p for s in segments for p in range(len(s))]],
              "segment_ids": [[i + 1 for i, s in enumerate(segments) for _ in s]], "labels": [[x for s in segments for x in [-100, *s[1:]]]]}
    ids = torch.tensor(packed["segment_ids"])
    seen = (ids.unsqueeze(-1) == ids.unsqueeze(-2)).tril()
    model = fresh()
    window = config.get("sliding_window")
    if window is None:
        mask = torch.where(seen, 0.0, torch.finfo(torch.float32).min).unsqueeze(1)
        result = model(input_ids=torch.tensor(packed["input_ids"]), position_ids=torch.tensor(packed["position_ids"]), attention_mask=mask,
                       labels=torch.tensor(packed["labels"]))
        result.loss.backward()
        names = [n for n, p in model.named_parameters() if p.grad is not None and "norm" in n or n.endswith("bias")]
        tensors.update({f"packed.grad.{n}": p.grad for n, p in model.named_parameters() if n in names})
        ref["packed"] = {**packed, "loss": result.loss.item(), "gradients": names}
    if adapter:
        run = fixtures.train_run
        fixtures.train_run = lambda m, b: run(m, b, steps=STEPS)
        ref["lora"] = {"lora_all": fixtures.lora_reference(fresh(), name, "lora_all", dict(r=2, lora_alpha=4, target_modules="all-linear"), "CAUSAL_LM",
                                                           first, steps, out, tensors, seed=50, logits_of=fixtures.causal_logits, base_name=name)}
        fixtures.train_run = run
    fixtures.write_tensors(out / "reference.safetensors", tensors)
    fixtures.write_json(out / "reference.json", ref)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for case in sys.argv[1:] or CASES:
        config, options = CASES[case]
        make(case, config, **options)

"""Rarer settings of what ../make_fixtures.py makes: encoders, T5 and a reward model of odd sizes, adapters with settings that PEFT combines,
optimizers and schedules with unusual arguments.

    python make_variants.py [CASE ...]        (versions as in ../README.md)
"""
from __future__ import annotations

import copy
import os
import sys
from pathlib import Path

if os.environ.get("PYTHONHASHSEED") != "0":  # sets inside PEFT would come out in another order
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))

import make_fixtures as made
import make_optim
import torch
from make_fixtures import (IGNORE, TOK_BERT, TOK_LLAMA, TOK_ROBERTA, VOCAB, Tiny, adapter_key, encoder_batch, get_peft_model_state_dict, gradients,
                           make_adapter, masked, save_adapter, save_checkpoint, tensors_of, train_run, write_json, write_tensors)
from transformers import Adafactor, MT5ForConditionalGeneration

if not hasattr(MT5ForConditionalGeneration, "_prepare_encoder_decoder_kwargs_for_generation"):  # as made does for T5
    MT5ForConditionalGeneration._prepare_encoder_decoder_kwargs_for_generation = MT5ForConditionalGeneration._prepare_text_encoder_decoder_kwargs_for_generation

made.SENTENCES = [("A red cat.", None, 0), ("A frog?", "By the tree.", 1), ("I can sleep!", None, 2), ("7 ducks.", "Sam saw.", 1),
                  ("A small bird.", None, 0), ("12 blue fishes.", None, 2), ("Ben found.", "A bear.", 1), ("At school, Sam.", None, 0)]
made.PAIRS = [("A red cat.", "One cat."), ("Where is Ben?", "At school."), ("Tom", "Mia saw 7."), ("A frog", "It is old."),
              ("Sue", "12 fishes."), ("7 ducks", "34."), ("A bird", "By the river."), ("Sam", "Sam.")]
made.LONG_TEXT = "Lily saw a green frog."
made.PREFERENCES = [("Where?", " At school.", " No."), ("A cat", " is red.", " is a small dog."), ("Sam", " saw Ben.", "!")]


def labels(count: int) -> dict:
    return {"id2label": {str(i): f"label {i}" for i in range(count)}, "label2id": {f"label {i}": i for i in range(count)}}


BERT = {"attention_probs_dropout_prob": 0.0, "hidden_dropout_prob": 0.0, "hidden_size": 20, "intermediate_size": 27, "max_position_embeddings": 33,
        "model_type": "bert", "num_attention_heads": 5, "num_hidden_layers": 2, "pad_token_id": 0, "type_vocab_size": 3, "vocab_size": VOCAB}
ROBERTA = {**BERT, "model_type": "roberta", "pad_token_id": 1, "type_vocab_size": 1, "hidden_act": "relu", "layer_norm_eps": 1e-5}

ADAPTERS = {  # of the classifier; patterns are sorted, as PEFT writes them
    "expressions": dict(r=3, lora_alpha=7.5, target_modules=r"(?P<stack>.*)\.(query|output\.dense)\Z", rank_pattern={r".*\.1\..*query": 1, "query": 5},
                        alpha_pattern={r"layer\.0\..*dense": 2.5}, exclude_modules=r".*\.1\.attention\.output\.dense"),
    "dora_bias_all": dict(r=2, lora_alpha=3, use_dora=True, bias="all", target_modules=["key", "pooler.dense"], layers_to_transform=1,
                          layers_pattern=["nowhere", "layer"]),
    "saved_with_bias": dict(r=1, lora_alpha=4, use_rslora=True, bias="all", target_modules=["value"], modules_to_save=["pooler"]),
    "embeddings_dora": dict(r=2, lora_alpha=5, use_dora=True, use_rslora=True, bias="lora_only",
                            target_modules=["word_embeddings", "token_type_embeddings", "intermediate.dense"]),
    "orthogonal_all": dict(r=2, lora_alpha=8, init_lora_weights="orthogonal", target_modules="all-linear", modules_to_save=None),
}


def adapter_reference(model, case: str, options: dict, task: str, batch, train, out: Path, tensors: dict, seed: int, logits_of) -> dict:
    """made.lora_reference for adapters whose files hold more than what has a gradient (a copy of the base's bias)."""
    peft = make_adapter(model, options, task, seed, out.name)
    initial = save_adapter(peft, out / "adapters" / case / "initial")
    loss, grads = gradients(peft, batch)
    tensors.update({f"{case}.grad.{adapter_key(n)}": g for n, g in grads.items() if adapter_key(n) in initial})
    drift = copy.deepcopy(peft).double()
    run = train_run(peft, train, steps=5)
    with made.float64_softmax():
        drift_run = train_run(drift, train, steps=5)
    final = save_adapter(peft, out / "adapters" / case / "final")
    exact = {k: v.float() for k, v in get_peft_model_state_dict(drift).items()}
    with torch.no_grad():
        merged = copy.deepcopy(peft).merge_and_unload()
        logits, unmerged = logits_of(merged, batch), logits_of(peft, batch)
        merged_loss = merged(**batch).loss.item()
    tensors[f"{case}.merged_logits"] = logits
    return {"initial_adapter": f"adapters/{case}/initial", "final_adapter": f"adapters/{case}/final", "task_type": task, "options": options,
            "loss_batch_0": loss, "train": run, "merged_loss_batch_0": merged_loss,
            "max_abs_merged_minus_unmerged_logits": (logits - unmerged).abs().max().item(),
            "float64_drift": {"max_abs_loss": max(abs(a - b) for a, b in zip(run["losses"], drift_run["losses"])),
                              "max_abs_final_adapter": max((final[k] - exact[k]).abs().max().item() for k in final)}}


def labelled(spec: Tiny, out: Path, task: str, label_of, adapters: dict):
    """A classifier of texts or of words, whose labels `label_of(rows, batch)` gives."""
    model = save_checkpoint(spec, out)
    build = lambda rows: (lambda b: {**b, "labels": label_of(rows, b)})(encoder_batch(spec, rows))
    batches = [build(made.SENTENCES[:3]), build(made.SENTENCES[3:4])]
    train = [build(made.SENTENCES[i:i + 2]) for i in (0, 2, 4, 6)]
    per_word = isinstance(batches[0]["labels"][0], list) and task == "TOKEN_CLS"

    def logits_of(m, b):
        logits = m(**{k: v for k, v in b.items() if k != "labels"}).logits.float()
        return masked(logits, b["attention_mask"]) if per_word else logits

    tensors, ref = {}, {"model": spec.name, "class": spec.cls, "kind": "classifier", "num_labels": model.config.num_labels, "batches": []}
    if "problem_type" in spec.config:
        ref["problem_type"] = spec.config["problem_type"]
    for i, b in enumerate(batches):
        with torch.no_grad():
            tensors[f"batch.{i}.logits"] = logits_of(model, tensors_of(b))
            ref["batches"].append({**b, "loss": model(**tensors_of(b)).loss.item()})
    loss, grads = gradients(model, tensors_of(batches[0]))
    tensors.update({f"full.grad.{k}": grads[k] for k in spec.grads})
    train_t = list(map(tensors_of, train))
    ref["full"] = {"loss_batch_0": loss, "gradients": list(spec.grads), "adamw": train_run(copy.deepcopy(model), train_t, steps=5)}
    ref["train_batches"] = train
    ref["lora"] = {case: adapter_reference(model, case, options, task, tensors_of(batches[0]), train_t, out, tensors, 70 + k, logits_of)
                   for k, (case, options) in enumerate(adapters.items())}
    write_tensors(out / "reference.safetensors", tensors)
    write_json(out / "reference.json", ref)


def label_sets(count: int):
    return lambda rows, _: [[float(k % 5 == n or k == 2 * n + 1) for k in range(count)] for _, _, n in rows]


def label_words(count: int):
    return lambda _, b: [[(3 * i + j) % count if m and j % 4 else IGNORE for j, (i, m) in enumerate(zip(ids, mask))]
                         for ids, mask in zip(b["input_ids"], b["attention_mask"])]


def encoder_adapters(out: Path):
    labelled(Tiny(out.name, "BertForSequenceClassification", TOK_BERT,
                  {"architectures": ["BertForSequenceClassification"], **BERT, "hidden_act": "quick_gelu", **labels(11),
                   "problem_type": "multi_label_classification"}, seed=41,
                  grads=("bert.embeddings.token_type_embeddings.weight", "bert.encoder.layer.1.intermediate.dense.weight", "classifier.weight")),
             out, "SEQ_CLS", label_sets(11), ADAPTERS)


def encoder_words(out: Path):
    labelled(Tiny(out.name, "XLMRobertaForTokenClassification", TOK_ROBERTA,
                  {"architectures": ["XLMRobertaForTokenClassification"], **ROBERTA, "model_type": "xlm-roberta", **labels(9)}, seed=42, dtype=torch.float16,
                  grads=("roberta.embeddings.position_embeddings.weight", "classifier.bias")),
             out, "TOKEN_CLS", label_words(9), {"dora": dict(r=2, lora_alpha=4, use_dora=True, bias="lora_only", target_modules=["query", "value"])})


def untied_words(out: Path):
    spec = Tiny(out.name, "BertForMaskedLM", TOK_BERT,
                {"architectures": ["BertForMaskedLM"], **BERT, "hidden_act": "gelu_python", "hidden_size": 10, "num_hidden_layers": 1, "type_vocab_size": 2,
                 "tie_word_embeddings": False}, seed=43, grads=("cls.predictions.decoder.bias", "bert.embeddings.word_embeddings.weight"))
    made.mlm_reference(spec, out)


def t5_uneven(out: Path):
    made.seq2seq_reference(
        Tiny(out.name, "T5ForConditionalGeneration", TOK_BERT,
             {"architectures": ["T5ForConditionalGeneration"], "d_ff": 17, "d_kv": 5, "d_model": 12, "decoder_start_token_id": 2, "dropout_rate": 0.0,
              "eos_token_id": 3, "feed_forward_proj": "gated-relu", "is_encoder_decoder": True, "layer_norm_epsilon": 1e-5, "model_type": "t5",
              "num_decoder_layers": 1, "num_heads": 3, "num_layers": 2, "pad_token_id": 0, "relative_attention_num_buckets": 6,
              "relative_attention_max_distance": 9, "scale_decoder_outputs": True, "tie_word_embeddings": False, "vocab_size": VOCAB},
             kind="seq2seq", seed=44, lean=True, std=0.3, emb_std=0.4, std_rules=(("relative_attention_bias", 0.5), ("lm_head", 1.5), (".q.", 0.15)),
             grads=("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", "encoder.block.1.layer.1.DenseReluDense.wi_0.weight")), out)


def mt5_tied(out: Path):
    made.seq2seq_reference(
        Tiny(out.name, "MT5ForConditionalGeneration", TOK_BERT,
             {"architectures": ["MT5ForConditionalGeneration"], "d_ff": 11, "d_kv": 4, "d_model": 8, "decoder_start_token_id": 0, "dropout_rate": 0.0,
              "eos_token_id": 3, "feed_forward_proj": "gated-gelu", "is_encoder_decoder": True, "model_type": "mt5", "num_decoder_layers": 1, "num_heads": 2,
              "num_layers": 1, "pad_token_id": 0, "relative_attention_num_buckets": 8, "relative_attention_max_distance": 12,
              "tie_word_embeddings": True, "vocab_size": VOCAB},
             kind="seq2seq", seed=47, lean=True, std=0.3, emb_std=0.3, std_rules=(("relative_attention_bias", 0.5), (".q.", 0.15)), grads=("shared.weight",)), out)


def phi3_reward(out: Path):
    made.reward_reference(
        Tiny(out.name, "Phi3ForSequenceClassification", TOK_LLAMA,
             {"architectures": ["Phi3ForSequenceClassification"], "attention_dropout": 0.0, "bos_token_id": 1, "embd_pdrop": 0.0, "eos_token_id": 2,
              "hidden_act": "silu", "hidden_size": 16, "intermediate_size": 21, "max_position_embeddings": 64, "model_type": "phi3",
              "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "original_max_position_embeddings": 64, "pad_token_id": 0,
              "resid_pdrop": 0.0, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "sliding_window": None, "tie_word_embeddings": False,
              "id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}, "vocab_size": VOCAB},
             kind="reward", seed=45, grads=("score.weight", "model.layers.0.self_attn.qkv_proj.weight")), out)


def lean_decoder(out: Path):
    """As made.causal_reference stores the least: neither logits of the left-padded batch nor of merged models."""
    made.causal_reference(
        Tiny(out.name, "MistralForCausalLM", TOK_LLAMA,
             {"architectures": ["MistralForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "head_dim": 6, "hidden_act": "gelu",
              "hidden_size": 15, "intermediate_size": 21, "max_position_embeddings": 64, "model_type": "mistral", "num_attention_heads": 3,
              "num_hidden_layers": 1, "num_key_value_heads": 1, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "sliding_window": 5,
              "tie_word_embeddings": True, "vocab_size": VOCAB}, seed=46, lean=True, std=0.3, grads=("model.embed_tokens.weight", "model.norm.weight")), out)


SCHEDULES = {"lr": 1e-3, "steps": 9, "warmup": 9, "cases": [  # the warm-up is as long as the run, unless a case says otherwise
    ("linear", "linear_all_warmup", {}), ("linear", "linear_warmup_beyond_the_end", {"num_warmup_steps": 14}),
    ("linear", "linear_one_step_of_warmup", {"num_warmup_steps": 1}), ("cosine", "cosine_all_warmup", {"num_cycles": 3.3}),
    ("polynomial", "polynomial_warmup_beyond_the_end", {"num_warmup_steps": 14, "power": 0.5, "lr_end": 1e-5}),
    ("polynomial", "polynomial_root_to_zero", {"num_warmup_steps": 2, "power": 0.5, "lr_end": 0.0}),
    ("inverse_sqrt", "inverse_sqrt_without_warmup", {"num_warmup_steps": 0}), ("cosine_with_restarts", "restarts_more_than_steps", {"num_warmup_steps": 1, "num_cycles": 5}),
    ("cosine_warmup_with_min_lr", "min_lr_and_cycles", {"num_warmup_steps": 3, "min_lr": 1e-5, "num_cycles": 1.0}),
    ("warmup_stable_decay", "wsd_root_warmup", {"num_warmup_steps": 3, "num_decay_steps": 4, "warmup_type": "1-sqrt", "decay_type": "cosine", "num_cycles": 1.5}),
    ("warmup_stable_decay", "wsd_stable_given", {"num_warmup_steps": 2, "num_decay_steps": 3, "num_stable_steps": 1, "warmup_type": "cosine", "min_lr_ratio": 0.5})]}
OPTIMIZERS = {  # with the classes' own defaults wherever nothing stands here
    "adamw_defaults": (torch.optim.AdamW, dict(lr=1e-2)), "adamw_without_momentum": (torch.optim.AdamW, dict(lr=1e-2, betas=(0.0, 0.5), eps=1e-3)),
    "adam_l2_amsgrad": (torch.optim.Adam, dict(lr=1e-2, weight_decay=0.1, amsgrad=True)), "adafactor_defaults": (Adafactor, dict()),
    "adafactor_sharp_clip": (Adafactor, dict(lr=1e-2, scale_parameter=True, relative_step=False, clip_threshold=0.5, decay_rate=-0.5, beta1=0.5,
                                             eps=(1e-10, 1e-2), weight_decay=0.01)),
    "sgd_nesterov_half": (torch.optim.SGD, dict(lr=0.1, momentum=0.5, nesterov=True)), "lion_defaults": (make_optim.Lion, dict(lr=1e-2)),
    "rmsprop_centered": (torch.optim.RMSprop, dict(lr=1e-2, centered=True)), "adagrad_decay": (torch.optim.Adagrad, dict(lr=0.1, lr_decay=0.1))}
TRACES = {"seed": 6, "shape": [1, 7], "vector": 1, "steps": 9, "scale": 5.0}


def odd_optim(out: Path):
    make_optim.OPTIMIZERS = OPTIMIZERS
    write_json(out / "schedules.json", make_optim.schedules(SCHEDULES))
    write_json(out / "optimizers.json", make_optim.traces(TRACES))


CASES = [encoder_adapters, encoder_words, untied_words, t5_uneven, mt5_tied, phi3_reward, lean_decoder, odd_optim]

if __name__ == "__main__":
    for case in CASES:
        if len(sys.argv) == 1 or case.__name__ in sys.argv[1:]:
            print(case.__name__, flush=True)
            case(HERE / case.__name__)
            for file in ("tokenizer.json", "tokenizer_config.json"):
                (HERE / case.__name__ / file).unlink(missing_ok=True)

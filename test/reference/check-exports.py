"""Loads an exported adapter with PEFT and an exported merged model with transformers, and compares their logits with
those that the app computed for the same token ids. Decoders, encoders (labels of texts or words, masked words) and T5:
the class is the one that config.json and adapter_config.json of the export name.

    python check-exports.py BASE ADAPTER_FOLDER MERGED_FOLDER logits.json
    python check-exports.py --tokenizer MODEL_FOLDER ids.json

Needs torch, transformers and peft. `write-exports.ts` beside this file makes the three last arguments; for exports made
in the app, `write-logits.ts` makes the last one. A run that trained all weights has no adapter: "-" in its place. Exits with 1 when a difference is larger than its tolerance: 1e-4 of the
largest logit in float32, 1e-2 in float16, 6e-2 in bfloat16.

The second form loads the tokenizer of a model made in the app with transformers and compares its ids with those that
`write-token-ids.ts` stored. It must also split a text that the special tokens occur in, and give each text back.
"""
import json
import sys

import torch
import transformers
from peft import PeftConfig, PeftModel
from safetensors import safe_open
from transformers import AutoConfig, AutoTokenizer

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

TOLERANCE = {"F32": 1e-4, "F16": 1e-2, "BF16": 6e-2}

AUTO_CLASS = {
    "ForCausalLM": transformers.AutoModelForCausalLM,
    "LMHeadModel": transformers.AutoModelForCausalLM,
    "ForSequenceClassification": transformers.AutoModelForSequenceClassification,
    "ForTokenClassification": transformers.AutoModelForTokenClassification,
    "ForMaskedLM": transformers.AutoModelForMaskedLM,
    "ForConditionalGeneration": transformers.AutoModelForSeq2SeqLM,
}


def class_of(merged):
    """The auto class of the architecture that the merged export's config names."""
    [name] = AutoConfig.from_pretrained(merged).architectures
    [found] = [auto for end, auto in AUTO_CLASS.items() if name.endswith(end)]
    return found


def load(auto_class, folder, **settings):
    model = auto_class.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", **settings)
    return model.eval()


def load_base(auto_class, base, merged):
    """The base with an output layer of the size that the run trained; the adapter brings its weights."""
    config = AutoConfig.from_pretrained(merged)
    if auto_class in (AUTO_CLASS["ForSequenceClassification"], AUTO_CLASS["ForTokenClassification"]):
        labels = {"id2label": config.id2label, "label2id": config.label2id, "problem_type": config.problem_type}
        return load(auto_class, base, ignore_mismatched_sizes=True, **labels)
    return load(auto_class, base)


def load_adapter(auto_class, base, adapter, merged):
    model = load_base(auto_class, base, merged)
    config = PeftConfig.from_pretrained(adapter)
    print(f"        {auto_class.__name__}, task_type {config.task_type}")
    if config.task_type == "SEQ_2_SEQ_LM" and not hasattr(model, "_prepare_encoder_decoder_kwargs_for_generation"):
        # PEFT 0.21 asks its class for this task for a method that transformers renamed in 5
        print("        this PEFT knows no encoder-decoders of this transformers: loaded without the task type")
        config.task_type = None
    return PeftModel.from_pretrained(model, adapter, config=config).eval()


def stored_type(folder):
    with safe_open(f"{folder}/model.safetensors", "pt") as file:
        name = max(file.keys(), key=lambda key: file.get_slice(key).get_shape())
        return file.get_slice(name).get_dtype()


def logits_of(model, ids):
    """[places, outputs]; an encoder-decoder writes the ids that it reads."""
    with torch.no_grad():
        answer = model(input_ids=ids, labels=ids) if model.config.is_encoder_decoder else model(input_ids=ids)
    return answer.logits[0].float().reshape(-1, answer.logits.shape[-1])


def compare(name, model, stored, tolerance):
    largest = difference = 0.0
    agreed = places = 0
    for text in stored["texts"]:
        found = logits_of(model, torch.tensor([text["ids"]]))
        expected = torch.tensor(text["logits"]).reshape(-1, found.shape[-1])[: len(found)]  # without padded places
        largest = max(largest, expected.abs().max().item())
        difference = max(difference, (found - expected).abs().max().item())
        agreed += (found.argmax(-1) == expected.argmax(-1)).sum().item()
        places += len(found)
    limit = tolerance * max(1.0, largest)
    passed = difference <= limit
    verdict = "passed" if passed else "FAILED"
    print(f"{verdict}  {name}: largest logit difference {difference:.2e} (limit {limit:.1e}), "
          f"{agreed} of {places} largest outputs agree")
    return passed


def check_exports(base, adapter, merged, logits):
    with open(logits) as file:
        stored = json.load(file)
    auto_class = class_of(merged)
    results = []
    if adapter == "-":
        print(f"        {auto_class.__name__}")
    else:
        tuned = load_adapter(auto_class, base, adapter, merged)
        results.append(compare("adapter in PEFT", tuned, stored, TOLERANCE["F32"]))
        results.append(compare("adapter merged by PEFT", tuned.merge_and_unload(), stored, TOLERANCE["F32"]))
    kind = stored_type(merged)
    model = load(auto_class, merged)
    results.append(compare(f"merged folder in transformers ({kind})", model, stored, TOLERANCE[kind]))
    tokenizer = AutoTokenizer.from_pretrained(merged)
    same = tokenizer("The same text", add_special_tokens=True).input_ids == AutoTokenizer.from_pretrained(base)(
        "The same text", add_special_tokens=True).input_ids
    print(f"{'passed' if same else 'FAILED'}  tokenizer of the merged folder gives the ids of the base's")
    if getattr(model, "generation_config", None) is not None:
        print(f"        generation stops at {model.generation_config.eos_token_id}")
    if hasattr(model, "classifier"):
        print(f"        labels {list(model.config.id2label.values())}")
    return all(results) and same


def check_tokenizer(folder, ids):
    with open(ids) as file:
        stored = json.load(file)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    differing = []
    for text in stored["texts"]:
        found = tokenizer(text["text"], add_special_tokens=True).input_ids
        back = tokenizer.decode(found, skip_special_tokens=True)
        if found != text["ids"] or back != text["decoded"]:
            differing.append((text, found, back))
    specials = {name: getattr(tokenizer, name) for name in stored["special"]}
    same = not differing and specials == stored["special"] and len(tokenizer) == stored["size"]
    print(f"{'passed' if same else 'FAILED'}  {type(tokenizer).__name__} of {len(tokenizer)} tokens: "
          f"{len(stored['texts']) - len(differing)} of {len(stored['texts'])} texts have the same ids and come back the same; "
          f"special tokens {specials}")
    for text, found, back in differing[:3]:
        print(f"        {text['text']!r}: {text['ids']} and {text['decoded']!r} in the app, {found} and {back!r} here")
    return same


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--tokenizer":
        sys.exit(0 if check_tokenizer(*sys.argv[2:]) else 1)
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(0 if check_exports(*sys.argv[1:]) else 1)

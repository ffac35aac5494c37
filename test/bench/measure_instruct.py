"""Measures transformers' Trainer on the records of instruct.ts; prints one line of JSON.

Arguments: model folder, adapter folder, file of records, records per update, threads. Needs torch, transformers, peft.
"""
import json
import resource
import sys
import tempfile
import time

model_folder, adapter_folder, file, per_update, threads = sys.argv[1:6]

import torch  # noqa: E402
from peft import PeftModel  # noqa: E402
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments  # noqa: E402

torch.set_num_threads(int(threads))
with open(file) as handle:
    data = json.load(handle)
records = [data["records"][i] for i in data["order"]]
model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
model = PeftModel.from_pretrained(model, adapter_folder, is_trainable=True)
model.config.use_cache = False


def pad(batch):
    """To the longest record of the batch, as the collators of transformers do."""
    width = max(len(record["ids"]) for record in batch)
    rows = {"input_ids": [], "attention_mask": [], "labels": []}
    for record in batch:
        ids, prompt = record["ids"], record["prompt"]
        empty = width - len(ids)
        rows["input_ids"].append(ids + [0] * empty)
        rows["attention_mask"].append([1] * len(ids) + [0] * empty)
        rows["labels"].append([-100] * prompt + ids[prompt:] + [-100] * empty)
    return {name: torch.tensor(values) for name, values in rows.items()}


class InOrder(Trainer):
    def _get_train_sampler(self, *_args, **_kwargs):
        return torch.utils.data.SequentialSampler(self.train_dataset)


with tempfile.TemporaryDirectory() as folder:
    trainer = InOrder(
        model=model,
        args=TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=int(per_update),
            num_train_epochs=1,
            learning_rate=1e-3,
            lr_scheduler_type="constant",
            weight_decay=0.01,
            max_grad_norm=1.0,
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            remove_unused_columns=False,
            disable_tqdm=True,
            dataloader_num_workers=0,
        ),
        train_dataset=records,
        data_collator=pad,
    )
    began = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - began
    losses = [row["loss"] for row in trainer.state.log_history if "loss" in row]
print(
    json.dumps(
        {
            "seconds": seconds,
            "labels": sum(len(record["ids"]) - record["prompt"] for record in records),
            "losses": [float(loss) for loss in losses],
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    )
)

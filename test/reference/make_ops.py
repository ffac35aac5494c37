"""Values and gradients of single operations from PyTorch, and rotary frequencies from transformers: ops/operators.json, ops/rotary.json.

python make_ops.py        (torch 2.13, transformers 5.18; float32 on one thread; seed 77)
"""
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import PretrainedConfig
from transformers.activations import ACT2FN
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

torch.set_num_threads(1)
torch.manual_seed(77)
out = Path(__file__).parent / "ops"
out.mkdir(exist_ok=True)


def numbers(tensor):
    return [float(f"{v:.10g}") for v in tensor.detach().reshape(-1).tolist()]


def case(inputs, function, **more):
    """Outputs of function, and gradients of sum(weights * output) for every float input."""
    leaves = {k: v.clone().requires_grad_(v.is_floating_point()) for k, v in inputs.items()}
    y = function(**leaves)
    weights = torch.randn(y.shape)
    (y * weights).sum().backward()
    return {
        **more,
        "inputs": {k: {"shape": list(v.shape), "values": numbers(v)} for k, v in inputs.items()},
        "output": {"shape": list(y.shape), "values": numbers(y)},
        "weights": numbers(weights),
        "gradients": {k: numbers(v.grad) for k, v in leaves.items() if v.grad is not None},
    }


x = torch.cat([torch.randn(17) * 2, torch.tensor([-9.0, -3.0, -1e-3, 1e-3, 0.5, 4.0, 11.0])])
ref = {"activations": {}, "cases": {}}
for name, f in {
    "silu": F.silu, "gelu": F.gelu, "gelu_pytorch_tanh": lambda t: F.gelu(t, approximate="tanh"), "relu": F.relu, "tanh": torch.tanh,
}.items():
    ref["activations"][name] = case({"x": x}, lambda x, f=f: f(x))

cases = ref["cases"]
cases["softmax"] = case({"x": torch.randn(3, 7) * 5}, lambda x: F.softmax(x, -1))
cases["rms_norm"] = case({"x": torch.randn(4, 6), "weight": torch.randn(6)}, lambda x, weight: F.rms_norm(x, (6,), weight, 1e-5), epsilon=1e-5)
cases["layer_norm"] = case({"x": torch.randn(4, 6) + 3, "weight": torch.randn(6), "bias": torch.randn(6)},
                           lambda x, weight, bias: F.layer_norm(x, (6,), weight, bias, 1e-5), epsilon=1e-5)
labels = torch.tensor([3, 0, 8, 3, 5])
for smoothing in (0.0, 0.1):
    for with_bias in (False, True):
        inputs = {"hidden": torch.randn(5, 4), "table": torch.randn(9, 4), **({"bias": torch.randn(9)} if with_bias else {})}
        name = f"cross_entropy{'_smoothed' if smoothing else ''}{'_bias' if with_bias else ''}"
        cases[name] = case(inputs, lambda hidden, table, bias=None, s=smoothing: F.cross_entropy(F.linear(hidden, table, bias), labels, reduction="none", label_smoothing=s),
                           labels=labels.tolist(), smoothing=smoothing)


def attention(q, k, v, heads, kv_heads, window=None, softcap=None):
    """q [batch, width, heads * dim], k and v with kv_heads."""
    batch, width, dim = q.shape[0], q.shape[1], q.shape[2] // heads
    split = lambda t, n: t.reshape(batch, width, n, dim).transpose(1, 2)
    repeat = lambda t: split(t, kv_heads).repeat_interleave(heads // kv_heads, 1)
    place = torch.arange(width)
    seen = place[:, None] >= place[None]
    if window is not None:
        seen &= place[:, None] - place[None] < window
    if softcap is None:
        y = F.scaled_dot_product_attention(split(q, heads), repeat(k), repeat(v), attn_mask=seen)
    else:
        scores = split(q, heads) @ repeat(k).transpose(-1, -2) * dim**-0.5
        scores = torch.tanh(scores / softcap) * softcap
        y = F.softmax(scores.masked_fill(~seen, float("-inf")), -1) @ repeat(v)
    return y.transpose(1, 2).reshape(batch, width, -1)


for name, options in {
    "attention": {"heads": 2, "kv_heads": 2}, "attention_grouped": {"heads": 4, "kv_heads": 2},
    "attention_window": {"heads": 2, "kv_heads": 1, "window": 3}, "attention_softcap": {"heads": 2, "kv_heads": 2, "softcap": 0.8},
}.items():
    q = torch.randn(2, 6, options["heads"] * 4)
    k, v = (torch.randn(2, 6, options["kv_heads"] * 4) for _ in range(2))
    cases[name] = case({"q": q, "k": k, "v": v}, lambda q, k, v, o=options: attention(q, k, v, **o), **options)

# drawn last, so that what stands above keeps its numbers
for name in ("quick_gelu", "relu2", "sigmoid", "linear"):
    ref["activations"][name] = case({"x": x}, lambda x, f=ACT2FN[name]: f(x))
(out / "operators.json").write_text(json.dumps(ref) + "\n")

rotary = []
for what, parameters, positions, partial in [
    ("default", {"rope_type": "default"}, 64, 1.0),
    ("a part of each head", {"rope_type": "default"}, 64, 0.5),
    ("linear", {"rope_type": "linear", "factor": 4.0}, 64, 1.0),
    ("dynamic, within the context", {"rope_type": "dynamic", "factor": 2.0}, 64, 1.0),
    ("dynamic, beyond the context", {"rope_type": "dynamic", "factor": 2.0}, 300, 1.0),
    ("llama3", {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}, 64, 1.0),
    ("yarn", {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}, 64, 1.0),
    ("yarn with mscale", {"rope_type": "yarn", "factor": 16.0, "original_max_position_embeddings": 32, "beta_fast": 20, "beta_slow": 2, "mscale": 1.0, "mscale_all_dim": 0.5, "truncate": False}, 64, 1.0),
    ("longrope, short", {"rope_type": "longrope", "short_factor": [1.0 + 0.1 * i for i in range(8)], "long_factor": [2.0 + 0.5 * i for i in range(8)],
                         "original_max_position_embeddings": 32, "factor": 4.0}, 32, 1.0),
    ("longrope, long", {"rope_type": "longrope", "short_factor": [1.0 + 0.1 * i for i in range(8)], "long_factor": [2.0 + 0.5 * i for i in range(8)],
                        "original_max_position_embeddings": 32, "factor": 4.0}, 100, 1.0),
]:
    config = PretrainedConfig(hidden_size=64, num_attention_heads=4, head_dim=16, max_position_embeddings=128)
    config.rope_parameters = {"rope_theta": 10000.0, "partial_rotary_factor": partial, **parameters}
    if parameters["rope_type"] == "default":
        dim = int(16 * partial)
        frequencies, factor = 1.0 / (10000.0 ** (torch.arange(0, dim, 2, dtype=torch.int64).float() / dim)), 1.0
    else:
        frequencies, factor = ROPE_INIT_FUNCTIONS[parameters["rope_type"]](config, "cpu", seq_len=positions)
    angles = torch.arange(positions).float()[:, None] * frequencies[None].float()
    rotary.append({
        "what": what, "theta": 10000.0, "scaling": parameters, "positions": positions, "partial": partial, "head_dim": 16, "max_position_embeddings": 128,
        "inverse_frequencies": numbers(frequencies), "factor": float(factor),
        "cos_last": numbers(angles[-1].cos() * factor), "sin_last": numbers(angles[-1].sin() * factor),
    })
(out / "rotary.json").write_text(json.dumps(rotary) + "\n")

"""Vocabularies that Python trains on a small text: reference for main/tokens/train. Needs tokenizers 0.23.2.
`python make_tokenizer_training.py` rewrites reference.json beside it.

BPE: merges of the library's own trainer on byte-level alphabets, where its ties are well defined.
WordPiece: plain counting by the definition, ties by id (the library's trainer orders ties by a hash that changes from run to run).
Unigram: how many tokens the library's vocabulary of the same size needs for the text."""
from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import tokenizers
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIAL = ["<|begin|>", "<|end|>"]
NAMES = "Mira Tolan Besk Ona Fenwick Qualo Jarrit Zdenka Åsa Miloš".split()
THINGS = "lantern kettle ladder marmot pebble compass orchard violin naïveté façade".split()
VERBS = "carried painted mended forgot counted doesn't-like borrowed".split()
EXTRA = ["It's 12345 o'clock; they'LL come at 7:30.", "def f(x):\n    return x + 1\n\n\n", "猫は木の下で眠る。", "😀 👩‍🚀 ok", "a\tb  c   d\r\n", "Größe: 3,14 €",
         "aaaa aaaaaaa aaaaaaaaaaa", "x" * 40]


def texts(seed=5, n=400):
    r = random.Random(seed)
    lines = [f"{r.choice(NAMES)} {r.choice(VERBS)} the {r.choice(THINGS)} and {r.randint(2, 9999)} {r.choice(THINGS)}s near {r.choice(NAMES)}." for _ in range(n)]
    return lines + EXTRA * 3


def bpe(lines, pre, size, normalizer=None, **options):
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre
    if normalizer:
        tok.normalizer = normalizer
    tok.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False,
                                                       initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **options))
    merges = json.loads(tok.to_str())["model"]["merges"]
    return {"merges": merges, "ids": {t: tok.encode(t).ids for t in SAMPLES}}


SAMPLES = ["Mira carried the lanterns.", "It's 2026, they'll see.", " naïveté\n\n  x", "猫 😀", "unseen wörds 007"]


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def wordpiece(lines, size):
    """Merging by the definition: most frequent pair first, ties by the ids of its parts."""
    norm, pre = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    words = Counter(w for line in lines for w, _ in pre.pre_tokenize_str(norm.normalize_str(line)))
    split_words = [([("##" if i else "") + c for i, c in enumerate(w)], n) for w, n in words.items()]
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocab += sorted({c for w, _ in split_words for c in w}, key=lambda c: c.encode("utf-16-be"))
    ids = {t: i for i, t in enumerate(vocab)}
    while len(vocab) < size:
        pairs = Counter()
        for w, n in split_words:
            for pair in zip(w, w[1:]):
                pairs[pair] += n
        if not pairs:
            break
        a, b = min(pairs, key=lambda p: (-pairs[p], ids[p[0]], ids[p[1]]))
        joined = a + b.removeprefix("##")
        if joined not in ids:
            ids[joined] = len(vocab)
            vocab.append(joined)
        for w, _ in split_words:
            i = 0
            while i < len(w) - 1:
                if (w[i], w[i + 1]) == (a, b):
                    w[i:i + 2] = [joined]
                i += 1
    return vocab


def unigram(lines, size):
    tok = Tokenizer(models.Unigram())
    tok.pre_tokenizer = pre_tokenizers.Metaspace()
    tok.train_from_iterator(lines, trainers.UnigramTrainer(vocab_size=size, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    return sum(len(e.ids) for e in tok.encode_batch(lines))


if __name__ == "__main__":
    lines = texts()
    out = {"tokenizers": tokenizers.__version__, "special": SPECIAL, "texts": lines, "bpe": {
        "gpt4 threes": bpe(lines, split(GPT4 % r"\p{N}{1,3}"), 700),
        "gpt4 single, composed": bpe(lines, split(GPT4 % r"\p{N}"), 600, normalizers.NFC()),
        "gpt4 whole, min frequency 20": bpe(lines, split(GPT4 % r"\p{N}+"), 900, min_frequency=20),
        "gpt2": bpe(lines, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True), 600),
        "gpt2 single": bpe(lines, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                           pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]), 600),
        "gpt2, exhausted": bpe(lines, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True), 9000),
    }, "wordpiece": {"size": 400, "vocab": wordpiece(lines, 400)}, "unigram": {"size": 300, "tokens": unigram(lines, 300)}}
    Path(__file__).with_name("reference.json").write_text(json.dumps(out, ensure_ascii=False) + "\n", encoding="utf-8")
    print({k: len(v["merges"]) for k, v in out["bpe"].items()}, len(out["wordpiece"]["vocab"]), out["unigram"])

"""Cases beside the large families, made with transformers 5.18 and tokenizers 0.23.2:
rare_tokenizers/    kinds of tokenizer.json that few models have, in the layout of tokenizers/
tokenizer_settings/ what AutoTokenizer makes of tokenizer_config.json beside one of tokenizers/
continued_chats/    a last message that is to be continued, in the layout of chat_templates/
`python make_rare_cases.py` rewrites them beside it."""
from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer
from transformers.utils.chat_template_utils import render_jinja_template

from make_tokenizers import long_row, row

ROOT = Path(__file__).parent
LINES = ["the quick brown fox jumps over the lazy dog", "hello world hello", "New York and new york 12 345", "ä ö ü é 小猫 😀"] * 3
TEXTS = ["", " ", "Hello  world", " the fox\t12\n", "小猫 😀👩‍🚀 𠀀", "é e\u0301 É", "x<A><B>y <A>", "NEW New York", "a\u0000b \u200d", "the-fox_jumps 3.14"]
BYTES = [f"<0x{i:02X}>" for i in range(256)]


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def trained(model, trainer, **parts):
    tok = Tokenizer(model)
    for name, part in parts.items():
        if name != "added":
            setattr(tok, name, part)
    tok.train_from_iterator(LINES, trainer)
    for token in parts.get("added", ()):
        (tok.add_special_tokens if token.special else tok.add_tokens)([token])
    return tok


def bpe(special=("<unk>",), **options):
    prefix = {k: v for k, v in options.items() if k in ("continuing_subword_prefix", "end_of_word_suffix")}
    return models.BPE(unk_token="<unk>", **options), trainers.BpeTrainer(vocab_size=360, special_tokens=list(special), show_progress=False, **prefix)


def rare():
    wp = trainers.WordPieceTrainer(vocab_size=120, special_tokens=["<unk>"], show_progress=False)
    wl = trainers.WordLevelTrainer(vocab_size=60, special_tokens=["<unk>", "<pad>"], show_progress=False)
    respelled = [AddedToken("<A><B>", special=True, normalized=True), AddedToken("NEW", special=False, normalized=True)]
    yield "special_respelled", trained(*bpe(), normalizer=normalizers.Lowercase(), pre_tokenizer=pre_tokenizers.Metaspace(), decoder=decoders.Metaspace(), added=respelled)
    yield "bytes_behind_prefix", trained(*bpe(["<unk>", *BYTES], byte_fallback=True, continuing_subword_prefix="##"), pre_tokenizer=pre_tokenizers.Digits(False),
                                         decoder=decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()]))
    yield "fixed_length", trained(*bpe(["<unk>", *BYTES], byte_fallback=True, ignore_merges=True), normalizer=normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents()]),
                                  pre_tokenizer=pre_tokenizers.FixedLength(3), decoder=decoders.Fuse())
    yield "no_decoder", trained(models.WordPiece(unk_token="<unk>", max_input_chars_per_word=5), wp, normalizer=normalizers.Nmt(),
                                pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.UnicodeScripts(), pre_tokenizers.Whitespace()]),
                                added=[AddedToken("  ", special=True, normalized=True)])
    yield "collapsing_decoder", trained(models.WordLevel(unk_token="<unk>"), wl, pre_tokenizer=pre_tokenizers.Split(Regex(r"\s+"), "merged_with_next", invert=True),
                                        decoder=decoders.CTC(pad_token="<pad>", word_delimiter_token="|", cleanup=True))
    framed = trained(*bpe(["<unk>", "<s>", "</s>"], end_of_word_suffix="</w>"), pre_tokenizer=pre_tokenizers.Punctuation("contiguous"), decoder=decoders.BPEDecoder(suffix="</w>"))
    framed.post_processor = processors.TemplateProcessing(single="<s>:2 $A:1 </s>", pair="$B:1 <s>:3 $A:2", special_tokens=[("<s>", 1), ("</s>", 2)])
    framed.enable_truncation(5, stride=1)
    framed.enable_padding(length=12, pad_id=2, pad_token="</s>")
    yield "odd_frame", framed


def write_rare():
    for name, tok in rare():
        folder = ROOT / "rare_tokenizers" / name
        folder.mkdir(parents=True, exist_ok=True)
        tok.save(str(folder / "tokenizer.json"), pretty=False)
        tok.no_truncation()  # the app cuts and pads by itself
        tok.no_padding()
        ids = [tok.encode(text, add_special_tokens=False).ids for text in TEXTS[2:8:2]]
        write(folder / "cases.json", {
            "vocab_size": tok.get_vocab_size(), "cases": [row(tok, text) for text in TEXTS], "pairs": [row(tok, "the fox", "😀 é"), row(tok, "", "x")],
            "repeated": [long_row(tok, "ab ", 40)], "prefix_decoding": [{"ids": i, "decoded_prefixes": [tok.decode(i[:k + 1]) for k in range(len(i))]} for i in ids]})


def flags(content, special, **more):
    return {"content": content, "lstrip": False, "rstrip": False, "single_word": False, "normalized": not special, "special": special, **more}


ROLES = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
SETTINGS = [  # tokenizer, tokenizer_config.json, other files
    ("bpe_qwen", {**ROLES, "additional_special_tokens": ["<one>", "<two>"]}, {}),
    ("bpe_qwen", {**ROLES, "extra_special_tokens": {"image_token": "<image>"}}, {}),
    ("bpe_qwen", {**ROLES, "extra_special_tokens": ["<one>", {"__type": "AddedToken", **flags("<two>", True, rstrip=True)}]}, {}),
    ("bpe_qwen", {**ROLES, "image_token": "<image>", "bos_token": "<bos>"}, {}),
    ("bpe_qwen", {**ROLES, "added_tokens_decoder": {"700": flags("<two>", False, lstrip=True), "650": flags("<one>", True)}}, {"special_tokens_map.json": {"pad_token": "<ignored>"}}),
    ("bpe_qwen", {**ROLES, "added_tokens_decoder": {"644": flags("<think>", True), "641": flags("<|im_end|>", True, rstrip=True)}}, {}),
    ("bpe_qwen", {"eos_token": "</tool_call>", "add_bos_token": True, "add_eos_token": True}, {}),
    ("bpe_qwen", {"pad_token": "<pad>"}, {"special_tokens_map.json": {"eos_token": flags("<|im_end|>", True), "pad_token": "<other>"}, "added_tokens.json": {"<two>": 646, "<one>": 645, "<other>": 647}}),
    ("bpe_llama3", {"bos_token": "<|begin|>", "add_bos_token": False}, {}),
]
SETTING_TEXTS = ["Hi <one> x<two>  y<image>", "<bos>a<|im_end|>  b<think>c</tool_call>d", "<pad><other><|begin|>e"]


def write_settings():
    cases = []
    for name, config, others in SETTINGS:
        with tempfile.TemporaryDirectory() as tmp:
            folder = Path(tmp)
            shutil.copy(ROOT / "tokenizers" / name / "tokenizer.json", folder)
            for file, content in {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **config}, **others}.items():
                write(folder / file, content)
            tok = AutoTokenizer.from_pretrained(tmp)
            cases.append({"tokenizer": name, "files": {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **config}, **others}, "size": len(tok),
                          "bos": tok.bos_token_id, "eos": tok.eos_token_id, "pad": tok.pad_token_id, "special_tokens_map": tok.special_tokens_map,
                          "texts": [{"text": t, "ids": tok(t)["input_ids"], "without_special": tok(t, add_special_tokens=False)["input_ids"],
                                     "decoded_skip_special": tok.decode(tok(t)["input_ids"], skip_special_tokens=True)} for t in SETTING_TEXTS]})
    write(ROOT / "tokenizer_settings" / "cases.json", {"cases": cases})


KEEPING = "{%- for m in messages %}\n{{ '<' + m.role + '>' + (m.content if m.content is string else m.content | map(attribute='text') | join) + '</' + m.role + '>' }}\n{%- endfor %}\n"
TRIMMING = "{%- for m in messages %}\n{%- if m.role != 'note' %}{{ m.role }}: {{ (m.thought + ' / ' if m.thought) ~ m.content | trim }}\n{% endif %}\n{%- endfor %}\n"
CHATS = [
    ("words", [("assistant", "1, 2,")]), ("spaces at the end", [("user", "Count."), ("assistant", " 1, 2, \n ")]), ("nothing", [("assistant", "")]), ("only spaces", [("assistant", "  ")]),
    ("no content", [("assistant", None)]), ("a list of texts", [("assistant", [{"type": "text", "text": "a "}, {"type": "text", "text": "b "}])]),
    ("a list without text", [("assistant", [{"type": "image"}])]), ("an empty list", [("assistant", [])]), ("the same words twice", [("user", "ab"), ("assistant", "ab")]),
    ("a message that is left out", [("user", "x"), ("note", "left out")]), ("the tag itself", [("user", "CONTINUE_FINAL_MESSAGE_TAG "), ("assistant", "y ")]),
    ("letters of two units", [("user", "😀"), ("assistant", "😀 𠀀\u3000")]),
]


def write_chats():
    folder = ROOT / "continued_chats"
    index = {}
    for name, template in (("keeping", KEEPING), ("trimming", TRIMMING)):
        cases = []
        for what, turns in CHATS:
            messages = [{"role": role, "content": content} for role, content in turns]
            case = {"name": what, "messages": messages, "continue_final_message": True}
            try:
                rendered, _ = render_jinja_template([json.loads(json.dumps(messages))], chat_template=template, continue_final_message=True)
                case["rendered"] = rendered[0]
            except Exception as error:  # noqa: BLE001  the error is the expected result
                case["error"] = {"type": type(error).__name__, "message": str(error)}
            cases.append(case)
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.jinja").write_text(template, encoding="utf-8")
        write(folder / f"{name}.json", {"special_tokens": {}, "strftime_now": "2024-05-06T07:08:09", "tokenizer_of_input_ids": "../tokenizers/bpe_qwen", "cases": cases})
        index[name] = {"cases": len(cases)}
    write(folder / "index.json", index)


if __name__ == "__main__":
    write_rare()
    write_settings()
    write_chats()

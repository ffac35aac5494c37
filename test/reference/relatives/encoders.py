"""Lists for ../make_fixtures.py: tiny checkpoints of encoders, classifiers and encoder-decoders that ../ has none of."""
from make_fixtures import LABELS, TOK_BERT, TOK_GPT2, TOK_ROBERTA, VOCAB, Tiny

ONE = {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
BERT = {"attention_probs_dropout_prob": 0.0, "hidden_act": "gelu", "hidden_dropout_prob": 0.0, "hidden_size": 32, "intermediate_size": 48,
        "max_position_embeddings": 66, "model_type": "bert", "num_attention_heads": 4, "num_hidden_layers": 2, "pad_token_id": 0,
        "type_vocab_size": 2, "vocab_size": VOCAB}
ROBERTA = {**BERT, "model_type": "roberta", "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1, "layer_norm_eps": 1e-5}

TINY = [
    Tiny("roberta_classifier", "RobertaForSequenceClassification", TOK_ROBERTA,
         {"architectures": ["RobertaForSequenceClassification"], **ROBERTA, **LABELS, "problem_type": "multi_label_classification"},
         kind="classifier", seed=21, lean=True, all_linear=["query", "key", "value", "intermediate.dense"],
         grads=("roberta.embeddings.position_embeddings.weight", "classifier.out_proj.weight")),
    Tiny("roberta_mlm", "RobertaForMaskedLM", TOK_ROBERTA, {"architectures": ["RobertaForMaskedLM"], **ROBERTA}, kind="mlm", seed=22,
         grads=("roberta.embeddings.word_embeddings.weight", "lm_head.bias")),
    Tiny("distilbert_mlm", "DistilBertForMaskedLM", TOK_BERT,
         {"activation": "gelu", "architectures": ["DistilBertForMaskedLM"], "attention_dropout": 0.0, "dim": 32, "dropout": 0.0, "hidden_dim": 48,
          "max_position_embeddings": 64, "model_type": "distilbert", "n_heads": 4, "n_layers": 2, "pad_token_id": 0, "vocab_size": VOCAB},
         kind="mlm", seed=23, grads=("vocab_transform.weight", "vocab_projector.bias")),
    Tiny("bert_regression", "BertForSequenceClassification", TOK_BERT,
         {"architectures": ["BertForSequenceClassification"], **BERT, **ONE, "problem_type": "regression"}, kind="classifier",
         seed=24, lean=True, grads=("classifier.weight", "bert.pooler.dense.weight")),
    Tiny("gpt2_reward", "GPT2ForSequenceClassification", TOK_GPT2,
         {"architectures": ["GPT2ForSequenceClassification"], "attn_pdrop": 0.0, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "bos_token_id": 1,
          "eos_token_id": 2, "pad_token_id": 0, "model_type": "gpt2", "n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 64,
          "vocab_size": VOCAB, **ONE},
         kind="reward", seed=26, all_linear=["c_attn"], grads=("score.weight", "transformer.h.0.attn.c_attn.weight")),
    Tiny("t5_silu", "T5ForConditionalGeneration", TOK_BERT,
         {"architectures": ["T5ForConditionalGeneration"], "d_ff": 48, "d_kv": 8, "d_model": 32, "decoder_start_token_id": 0,
          "dropout_rate": 0.0, "eos_token_id": 3, "feed_forward_proj": "gated-silu", "is_encoder_decoder": True, "model_type": "t5",
          "num_decoder_layers": 1, "num_heads": 4, "num_layers": 2, "pad_token_id": 0, "relative_attention_num_buckets": 8,
          "relative_attention_max_distance": 20, "tie_word_embeddings": True, "vocab_size": VOCAB},
         kind="seq2seq", seed=27, lean=True, std=0.15, emb_std=0.15, std_rules=(("relative_attention_bias", 0.5), (".q.", 0.08)),
         grads=("shared.weight",)),
]

"""Encoders of random shapes and weights with tokenizers of their own, and what transformers makes of texts.

python encoders.py OUT COUNT TEXT

Writes COUNT folders of every family, as transformers saves them, with the tokenizer learned from TEXT, and beside them
expected.json: texts, their embeddings of length 1 by the mean and by the first token, and the scores of pairs.
A folder NAME-rerank has the same encoder with a head for one score.
"""

import json
import random
import sys
import warnings

import tokenizers
import torch
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def wordpiece(r, text, size):
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    lower = r.random() < 0.5
    t.normalizer = normalizers.BertNormalizer(lowercase=lower)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(text, trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False))
    t.decoder = decoders.WordPiece()
    t.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = ["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"]
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    return t, dict(zip(names, special)) | {"model_input_names": inputs}, 0


def byte_level(r, text, size):
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    t = tokenizers.Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    t.train_from_iterator(
        text,
        trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    names = ["bos_token", "pad_token", "eos_token", "unk_token", "mask_token"]
    return t, dict(zip(names, special)) | {"cls_token": "<s>", "sep_token": "</s>"}, 1


def unigram(r, text, size):
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    t = tokenizers.Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(tokenizers.Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.train_from_iterator(
        text,
        trainers.UnigramTrainer(vocab_size=size, special_tokens=special, unk_token="<unk>", show_progress=False),
    )
    t.decoder = decoders.Metaspace()
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = ["bos_token", "pad_token", "eos_token", "unk_token"]
    return t, dict(zip(names, special)) | {"cls_token": "<s>", "sep_token": "</s>"}, 1


FAMILIES = {"bert": wordpiece, "roberta": byte_level, "xlm-roberta": unigram}


def config(family, r, vocabulary, pad):
    heads = r.choice([2, 3, 6])
    return transformers.AutoConfig.for_model(
        family,
        vocab_size=vocabulary,
        hidden_size=heads * r.choice([8, 16, 32]),
        num_attention_heads=heads,
        num_hidden_layers=r.choice([1, 2, 4]),
        intermediate_size=r.choice([40, 96]),
        hidden_act=r.choice(["gelu", "gelu", "gelu_new", "gelu_pytorch_tanh"]),
        max_position_embeddings=r.choice([130, 200]),
        layer_norm_eps=r.choice([1e-12, 1e-5]),
        type_vocab_size=2 if family == "bert" else 1,
        pad_token_id=pad,
        num_labels=1,
    )


def shake(model):
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.normal_(0, 0.3)
            if "LayerNorm.weight" in name:
                p.add_(1)


def embeddings(model, tokenizer, texts):
    """Those by the mean and by the first token, one text at a time: nothing is padded."""
    mean, first = [], []
    for text in texts:
        asked = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            states = model(**asked).last_hidden_state[0]
        mean.append(torch.nn.functional.normalize(states.mean(0), dim=0).tolist())
        first.append(torch.nn.functional.normalize(states[0], dim=0).tolist())
    return mean, first


def main(out, count, file):
    with open(file, encoding="utf-8") as f:
        text = f.read()
    lines = [line for line in text.split("\n") if line.strip()]
    for family, learn in FAMILIES.items():
        for seed in range(count):
            r = random.Random(f"{family} {seed}")
            torch.manual_seed(seed)
            learned, special, pad = learn(r, lines, r.choice([400, 700]))
            tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=learned, **special)
            c = config(family, r, len(tokenizer), pad)
            texts = [r.choice(lines)[: r.choice([20, 60, 110])].strip() for _ in range(6)] + ["Ärger, naïve Ŕ — 漢字!", "a"]
            pairs = [(r.choice(lines)[:40], r.choice(lines)[:90]) for _ in range(4)]
            folder = f"{out}/{family}-{seed}"
            model = transformers.AutoModel.from_config(c).eval()
            shake(model)
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            mean, first = embeddings(model, tokenizer, texts)
            with open(folder + "/expected.json", "w") as f:
                json.dump({"texts": texts, "mean": mean, "cls": first, "ids": [tokenizer(t)["input_ids"] for t in texts]}, f)
            judge = transformers.AutoModelForSequenceClassification.from_config(c).eval()
            shake(judge)
            judge.save_pretrained(folder + "-rerank")
            tokenizer.save_pretrained(folder + "-rerank")
            with torch.no_grad():
                scores = [judge(**tokenizer(*p, return_tensors="pt")).logits.item() for p in pairs]
            with open(folder + "-rerank/expected.json", "w") as f:
                json.dump({"pairs": pairs, "scores": scores}, f)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])

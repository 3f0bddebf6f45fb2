"""Merges that the Hugging Face trainer learns of a text.

python bpe.py TEXT OUT.json SIZE llama3|gpt2 SPECIAL
"""

import json
import sys

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

# As Llama 3's tokenizer.json and tiktoken's GPT-2 have them.
CUTS = {
    "llama3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
}

text, out, size, cuts, special = sys.argv[1:6]
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [
        pre_tokenizers.Split(Regex(CUTS[cuts]), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
)
trainer = trainers.BpeTrainer(
    vocab_size=int(size),
    special_tokens=[special],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
tokenizer.train([text], trainer)
learned = json.loads(tokenizer.to_str())["model"]["merges"]
with open(out, "w") as f:
    json.dump([m if isinstance(m, str) else " ".join(m) for m in learned], f)

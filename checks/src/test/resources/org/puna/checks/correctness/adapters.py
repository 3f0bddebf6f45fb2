"""Adapters of random ranks and targets, trained by peft, and what peft makes of those that Puna trained.

python adapters.py make FOLDER...
python adapters.py read FOLDER...

FOLDER is a model of models.py, which lies beside this script. "make" writes adapter/ (as peft does), what models.py
writes of training, and for the trained adapter trained.safetensors (input_ids, greedy and logits [2, T, V]). "read"
puts run/adapter on the base, and writes read.safetensors and read.json (names that did not match).
"""

import json
import os
import random
import sys
import warnings

import models
import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def base(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")


def answer(model, folder, file):
    """The logits of the model's own question."""
    asked = load_file(folder + "/expected.safetensors")
    model.eval()
    with torch.no_grad():
        logits = model(input_ids=asked["input_ids"].long(), use_cache=False).logits
    save_file(asked | {"logits": logits.contiguous()}, f"{folder}/{file}")


def make(folder):
    r = random.Random(os.path.basename(folder))
    torch.manual_seed(r.randrange(1 << 30))
    model = base(folder)
    linear = {n.rsplit(".", 1)[-1] for n, m in model.named_modules() if isinstance(m, torch.nn.Linear)}
    targets = [t for t in TARGETS if t in linear]
    config = peft.LoraConfig(
        r=r.choice([1, 3, 4, 16]),
        lora_alpha=r.choice([1, 8, 32]),
        use_rslora=r.random() < 0.3,
        target_modules=r.sample(targets, r.randint(1, len(targets))),
        # Both factors random: with one of them zero the first step would be blind for the other.
        init_lora_weights=False,
        task_type="CAUSAL_LM",
    )
    model = peft.get_peft_model(model, config)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_B" in name:
                p.mul_(0.1)
    model.save_pretrained(folder + "/adapter")
    models.train(model, r, folder)
    answer(model, folder, "trained.safetensors")


def read(folder):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = peft.PeftModel.from_pretrained(base(folder), folder + "/run/adapter")
    with open(folder + "/read.json", "w") as f:
        json.dump([str(w.message) for w in said if "adapter" in str(w.message)], f)
    answer(model, folder, "read.safetensors")


for folder in sys.argv[2:]:
    {"make": make, "read": read}[sys.argv[1]](folder)

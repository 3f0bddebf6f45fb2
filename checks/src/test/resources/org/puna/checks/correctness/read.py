"""What transformers reads of a model that Puna wrote.

python read.py FOLDER OUT TEXT MESSAGES.json [FILE.gguf]

Writes OUT/expected.safetensors (input_ids [1, T], logits [1, T, V], greedy [1, T + 24]) and OUT/read.json: token ids of the
text, the conversation as a prompt, and whatever transformers had to say against the weights.
"""

import importlib.util
import json
import sys
import warnings

import torch
import transformers
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
transformers.utils.logging.disable_progress_bar()
if importlib.util.find_spec("gguf"):
    import gguf

    # Debian's has no metadata, and transformers looks for its version.
    gguf.__version__ = getattr(gguf, "__version__", "0.19.0")

folder, out, text, messages = sys.argv[1:5]
named = {"gguf_file": sys.argv[5]} if len(sys.argv) > 5 else {}
tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **named)
model, said = transformers.AutoModelForCausalLM.from_pretrained(
    folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True, **named
)
ids = tokenizer(text, return_tensors="pt")["input_ids"]
with torch.no_grad():
    logits = model(ids, use_cache=False).logits
    greedy = ids
    for _ in range(24):
        greedy = torch.cat([greedy, model(greedy, use_cache=False).logits[:, -1:].argmax(-1)], 1)
save_file({"input_ids": ids.int(), "logits": logits.contiguous(), "greedy": greedy.int()}, out + "/expected.safetensors")
with open(messages) as f:
    prompt = tokenizer.apply_chat_template(json.load(f), tokenize=False, add_generation_prompt=True)
read = {
    "class": type(model).__name__,
    "ids": ids[0].tolist(),
    "text": tokenizer.decode(ids[0], skip_special_tokens=True),
    "prompt": prompt,
    "ends": model.generation_config.eos_token_id,
    "complaints": {what: sorted(map(str, names)) for what, names in said.items() if names},
}
with open(out + "/read.json", "w") as f:
    json.dump(read, f)

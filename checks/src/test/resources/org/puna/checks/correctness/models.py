"""Models of random shapes and weights, and what transformers and PyTorch make of them.

python models.py OUT COUNT [--train]

Writes COUNT folders of every family: config.json, model.safetensors, expected.safetensors (input_ids [2, T], logits
[2, T, V], greedy [1, 8 + 24]) and, for training, tokens.safetensors (tokens [steps, rows, T + 1]) and torch.json (what the
run was told, and loss and gradient norm of each step).
"""

import json
import random
import sys
import warnings

import torch
import transformers
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def rope(r, kinds):
    """Rotary embeddings: plain, or stretched in one of the ways that config.json knows."""
    rope = {"rope_type": r.choice(kinds), "rope_theta": r.choice([1e4, 5e5, 1e6])}
    if rope["rope_type"] == "linear":
        rope["factor"] = r.choice([2.0, 4.0])
    if rope["rope_type"] == "llama3":
        rope |= {"factor": r.choice([8.0, 32.0]), "low_freq_factor": 1.0, "high_freq_factor": r.choice([2.0, 4.0])}
        rope["original_max_position_embeddings"] = r.choice([16, 32, 64])
    if rope["rope_type"] == "yarn":
        rope |= {"factor": r.choice([2.0, 4.0]), "original_max_position_embeddings": r.choice([32, 64])}
        if r.random() < 0.5:
            rope |= {"beta_fast": 16.0, "beta_slow": 2.0}
        if r.random() < 0.3:
            rope["attention_factor"] = 0.9
    return rope


def divided(c):
    """What transformers asks of some families, though nothing needs it."""
    c["hidden_size"] -= c["hidden_size"] % c["num_attention_heads"]


def llama(r, c):
    divided(c)
    c["attention_bias"] = r.random() < 0.3
    c["mlp_bias"] = r.random() < 0.3
    c["hidden_act"] = r.choice(["silu", "silu", "gelu", "gelu_pytorch_tanh"])
    c["rope_parameters"] = rope(r, ["default", "linear", "llama3", "yarn"])


def mistral(r, c):
    c["sliding_window"] = r.choice([None, 8, 16])
    c["rope_parameters"] = rope(r, ["default", "linear", "yarn"])


def mixtral(r, c):
    c["num_local_experts"] = r.choice([2, 4, 8])
    c["num_experts_per_tok"] = r.choice([1, 2])
    c["sliding_window"] = r.choice([None, 9])
    c["rope_parameters"] = rope(r, ["default"])


def whole_heads(c):
    c["hidden_size"] = c["num_attention_heads"] * c.pop("head_dim")


def windows(r, c):
    c["use_sliding_window"] = r.random() < 0.5
    c["sliding_window"] = r.choice([8, 16])
    c["max_window_layers"] = r.choice([0, 1, 2])
    c["rope_parameters"] = rope(r, ["default", "yarn"])


def qwen2(r, c):
    whole_heads(c)
    windows(r, c)


def qwen3(r, c):
    c["attention_bias"] = r.random() < 0.5
    windows(r, c)


def gemma3_text(r, c):
    divided(c)
    layers = c["num_hidden_layers"] = r.choice([2, 4, 7])
    c["sliding_window"] = r.choice([8, 16])
    c["query_pre_attn_scalar"] = r.choice([c["head_dim"], 100])
    c["attn_logit_softcapping"] = r.choice([None, 20.0])
    c["final_logit_softcapping"] = r.choice([None, 10.0])
    c["layer_types"] = [r.choice(["sliding_attention", "full_attention"]) for _ in range(layers)]
    c["rope_parameters"] = {
        "full_attention": rope(r, ["default", "linear"]),
        "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
    }


def phi3(r, c):
    d = c["head_dim"]
    whole_heads(c)
    part = r.choice([1.0, 0.75, 0.5])
    turned = int(d * part)
    if turned % 2:
        part, turned = 1.0, d
    c["sliding_window"] = r.choice([None, 12])
    original = c["original_max_position_embeddings"] = r.choice([32, 64])
    c["partial_rotary_factor"] = part
    c["rope_parameters"] = {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": part}
    if r.random() < 0.5:
        c["max_position_embeddings"] = original * r.choice([2, 4])
        c["rope_parameters"] |= {
            "rope_type": "longrope",
            "short_factor": [1 + 0.01 * i for i in range(turned // 2)],
            "long_factor": [1.5 + 0.3 * i for i in range(turned // 2)],
            "original_max_position_embeddings": original,
        }


def llama4_text(r, c):
    layers = c["num_hidden_layers"] = r.choice([2, 4, 5])
    c["intermediate_size_mlp"] = r.choice([64, 96])
    c["num_local_experts"] = r.choice([2, 4])
    c["num_experts_per_tok"] = r.choice([1, 2])
    c["interleave_moe_layer_step"] = r.choice([1, 2])
    c["use_qk_norm"] = r.random() < 0.5
    c["attention_chunk_size"] = r.choice([8, 16, 4096])
    c["attn_temperature_tuning"] = r.random() < 0.5
    c["floor_scale"] = r.choice([8, 8192])
    c["attn_scale"] = 0.1
    c["no_rope_layers"] = [r.choice([0, 1, 1]) for _ in range(layers)]
    c["rope_parameters"] = rope(r, ["default", "llama3"])


FAMILIES = [llama, mistral, mixtral, qwen2, qwen3, gemma3_text, phi3, llama4_text]


def config(family, r):
    kv, group, head = r.choice([1, 2, 3]), r.choice([1, 2, 4]), r.choice([8, 16, 24, 32, 64])
    c = {
        "vocab_size": r.choice([257, 320, 501]),
        "hidden_size": r.choice([48, 96, 160]),
        "intermediate_size": r.choice([40, 88, 172]),
        "num_hidden_layers": r.choice([1, 2, 3, 5]),
        "num_attention_heads": kv * group,
        "num_key_value_heads": kv,
        "head_dim": head,
        "max_position_embeddings": r.choice([256, 2048]),
        "rms_norm_eps": r.choice([1e-6, 1e-5, 1e-3]),
        "tie_word_embeddings": r.random() < 0.5,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    family(r, c)
    return transformers.AutoConfig.for_model(family.__name__, **c)


def shake(model, ids):
    """Gives weights and biases of all kinds some size, and the logits a deviation of 1."""
    plus_one = "gemma" in model.config.model_type
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.normal_(0, 0.2)
            if p.dim() >= 2:
                p.mul_(5 if "embed" in name else 6 / p.shape[-1] ** 0.5)
            elif "norm" in name and not plus_one:
                p.add_(1)
        deviation = model(ids, use_cache=False).logits.std()
        last = model.model.norm.weight
        last.copy_((last + 1) / deviation - 1 if plus_one else last / deviation)


def train(model, r, folder):
    """Some steps of AdamW, as PyTorch takes them, for all that asks for gradients."""
    steps, rows, length = 6, r.choice([2, 4]), r.choice([17, 33, 48])
    told = {
        "steps": steps,
        "batch.rows": rows,
        "batch.length": length,
        "batch.micro_rows": r.choice([1, 2]),
        "optimizer.name": "adamw",
        "optimizer.lr": 3e-3,
        "optimizer.beta1": 0.9,
        "optimizer.beta2": r.choice([0.95, 0.999]),
        # Where a gradient is nothing but rounding, a smaller one would make steps of it.
        "optimizer.eps": 1e-4,
        "optimizer.decay": r.choice([0.0, 0.1]),
        "clip": r.choice([0.0, 1.0]),
        "schedule.name": "constant",
        "schedule.warmup": 2,
        "stop_above": 1e9,
        "recompute": r.choice(["nothing", "cheap", "layers"]),
    }
    tokens = torch.randint(3, model.config.vocab_size, (steps, rows, length + 1))
    save_file({"tokens": tokens.to(torch.int32)}, folder + "/tokens.safetensors")
    learned = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in learned if p.dim() >= 2]
    vectors = [p for p in learned if p.dim() < 2]
    adamw = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": told["optimizer.decay"]}, {"params": vectors, "weight_decay": 0.0}],
        betas=(told["optimizer.beta1"], told["optimizer.beta2"]),
        eps=told["optimizer.eps"],
    )
    model.train()
    seen = []
    for s in range(steps):
        for group in adamw.param_groups:
            group["lr"] = told["optimizer.lr"] * min(1, (s + 1) / told["schedule.warmup"])
        logits = model(input_ids=tokens[s, :, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[s, :, 1:].flatten())
        adamw.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(learned, told["clip"] or 1e9)
        adamw.step()
        seen.append({"loss": loss.item(), "grad_norm": norm.item()})
    with open(folder + "/torch.json", "w") as f:
        json.dump({"told": told, "steps": seen}, f)


def main(out, count, training):
    for family in FAMILIES:
        for seed in range(count):
            r = random.Random(f"{family.__name__} {seed}")
            torch.manual_seed(seed)
            c = config(family, r)
            model = transformers.AutoModelForCausalLM.from_config(c, attn_implementation="eager").eval()
            ids = torch.randint(3, c.vocab_size, (2, r.choice([23, 61, 130])))
            shake(model, ids)
            folder = f"{out}/{family.__name__}-{seed}"
            model.save_pretrained(folder)
            with torch.no_grad():
                logits = model(ids, use_cache=False).logits
                greedy = ids[:1, :8]
                for _ in range(24):
                    following = model(greedy, use_cache=False).logits[:, -1:].argmax(-1)
                    greedy = torch.cat([greedy, following], 1)
            answers = {"input_ids": ids.int(), "logits": logits.contiguous(), "greedy": greedy.int()}
            save_file(answers, folder + "/expected.safetensors")
            if training:
                train(model, r, folder)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), "--train" in sys.argv[3:])

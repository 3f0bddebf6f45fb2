"""Trains a Llama shape with PyTorch, eager, in float32: whole steps on random tokens, two for each line read,
of which the second counts.

python -c SCRIPT LAYERS WIDTH HEADS KV_HEADS FFN VOCAB ROWS LENGTH THREADS

Prints {"version"} when it is warm, and {"seconds", "bytes"} after each step; bytes is the most that the process has had in
memory, 0 where the system does not tell.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

LAYERS, WIDTH, HEADS, KV_HEADS, FFN, VOCAB, ROWS, LENGTH, THREADS = map(int, sys.argv[1:])
HEAD = WIDTH // HEADS


def turned(x, cos, sin):
    half = torch.cat((-x[..., HEAD // 2 :], x[..., : HEAD // 2]), -1)
    return x * cos + half * sin


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.before_attention = nn.Parameter(torch.ones(WIDTH))
        self.before_ffn = nn.Parameter(torch.ones(WIDTH))
        self.q = nn.Linear(WIDTH, HEADS * HEAD, bias=False)
        self.k = nn.Linear(WIDTH, KV_HEADS * HEAD, bias=False)
        self.v = nn.Linear(WIDTH, KV_HEADS * HEAD, bias=False)
        self.o = nn.Linear(HEADS * HEAD, WIDTH, bias=False)
        self.gate = nn.Linear(WIDTH, FFN, bias=False)
        self.up = nn.Linear(WIDTH, FFN, bias=False)
        self.down = nn.Linear(FFN, WIDTH, bias=False)

    def forward(self, x, cos, sin):
        h = F.rms_norm(x, (WIDTH,), self.before_attention, 1e-5)
        q = turned(self.q(h).view(ROWS, LENGTH, HEADS, HEAD).transpose(1, 2), cos, sin)
        k = turned(self.k(h).view(ROWS, LENGTH, KV_HEADS, HEAD).transpose(1, 2), cos, sin)
        v = self.v(h).view(ROWS, LENGTH, KV_HEADS, HEAD).transpose(1, 2)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=HEADS != KV_HEADS)
        x = x + self.o(a.transpose(1, 2).reshape(ROWS, LENGTH, WIDTH))
        h = F.rms_norm(x, (WIDTH,), self.before_ffn, 1e-5)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.last = nn.Parameter(torch.ones(WIDTH))
        angles = torch.outer(torch.arange(LENGTH), 1e4 ** (-torch.arange(0, HEAD, 2) / HEAD))
        angles = torch.cat((angles, angles), -1)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def forward(self, tokens):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin)
        return F.rms_norm(x, (WIDTH,), self.last, 1e-5) @ self.embedding.weight.T


def most_bytes():
    try:
        with open("/proc/self/status") as f:
            return next((int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def say(**fields):
    print(json.dumps(fields), flush=True)


def step():
    tokens = torch.randint(VOCAB, (ROWS, LENGTH + 1))
    begun = time.perf_counter()
    logits = model(tokens[:, :-1])
    F.cross_entropy(logits.view(-1, VOCAB), tokens[:, 1:].reshape(-1)).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    adamw.step()
    adamw.zero_grad()
    return time.perf_counter() - begun


torch.set_num_threads(THREADS)
torch.manual_seed(1)
model = Llama()
for p in model.parameters():
    if p.dim() > 1:
        nn.init.normal_(p, 0, 0.02)
adamw = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
for _ in range(3):
    step()
say(version=torch.__version__)
for _ in sys.stdin:
    # Another process had the machine: a step that does not count brings its caches back.
    step()
    say(seconds=step(), bytes=most_bytes())

// Measures llama.cpp through node-llama-cpp: a line of JSON in, a line of JSON out.
//   in:  {"prompt": true, "tokens": 512, "depth": 0, "streams": 1}
//   out: {"tokensPerSecond": 62.1}, or {"error": "…"}
// The first line out says that the model is loaded. Run in a folder where node-llama-cpp is installed.
import {createInterface} from "node:readline";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";

const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const [modelPath, threadsText] = process.argv.slice(2);
const threads = Number(threadsText);
const WARM_TOKENS = 2;

const seconds = (since) => (performance.now() - since) / 1000;
const tokens = (n) => Array.from({length: n}, (_, i) => 40 + (i * 7) % 150);

let context;
let shape = "";

async function sequencesFor(model, {prompt, tokens: n, depth, streams}) {
  const positions = depth + n + WARM_TOKENS + 16;
  const wanted = positions + "×" + streams;
  if (wanted !== shape) {
    await context?.dispose();
    context = await model.createContext({
      contextSize: Math.max(256, positions), batchSize: 512, threads, sequences: streams,
    });
    context.all = Array.from({length: streams}, () => context.getSequence());
    shape = wanted;
  }
  for (const s of context.all) await s.clearHistory();
  return context.all;
}

/** Generates the tokens; resolves with the time from after the first ones to the last. */
async function generate(sequence, n) {
  let count = 0;
  let start = 0;
  for await (const ignored of sequence.evaluate([40], {temperature: 0, yieldEogToken: true})) {
    count++;
    if (count === WARM_TOKENS) start = performance.now();
    if (count === n + WARM_TOKENS) break;
  }
  return seconds(start);
}

async function measure(model, trial) {
  const sequences = await sequencesFor(model, trial);
  if (trial.depth > 0) {
    for (const s of sequences) await s.evaluateWithoutGeneratingNewTokens(tokens(trial.depth));
  }
  if (trial.prompt) {
    const start = performance.now();
    await Promise.all(sequences.map((s) => s.evaluateWithoutGeneratingNewTokens(tokens(trial.tokens))));
    return trial.tokens * sequences.length / seconds(start);
  }
  if (sequences.length === 1) return trial.tokens / await generate(sequences[0], trial.tokens);
  const start = performance.now();
  await Promise.all(sequences.map((s) => generate(s, trial.tokens)));
  return (trial.tokens + WARM_TOKENS) * sequences.length / seconds(start);
}

try {
  const folder = join(process.cwd(), "node_modules", "node-llama-cpp");
  const installed = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // By its path: this script need not lie beside it.
  const {getLlama} = await import(pathToFileURL(join(folder, installed.main ?? "dist/index.js")));
  const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: threads});
  const model = await llama.loadModel({modelPath, gpuLayers: 0});
  say({version: installed.version});
  for await (const line of createInterface({input: process.stdin})) {
    say({tokensPerSecond: await measure(model, JSON.parse(line))});
  }
  process.exit(0);
} catch (e) {
  say({error: String(e?.message ?? e).split("\n")[0]});
  process.exit(1);
}

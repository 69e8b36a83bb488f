"""Checks a ledger that `baton audit export` wrote, with the standard library, one package for the
signature, and nothing of Baton.

Usage: verify_export.py [--seed N] [--proofs N] [--min N] [--proof FILE] [--witness VKEY]...
           [--quorum N] FOLDER VKEY
"""

import argparse
import base64
import hashlib
import random
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256


class Wrong(Exception):
    """The ledger does not hold."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(entry):
    return sha256(b"\0", entry)


def node_hash(left, right):
    return sha256(b"\1", left, right)


# === what is signed (C2SP signed-note, tlog-checkpoint) ===


def read_key(vkey, kind=b"\1"):
    """Name, id and Ed25519 key of a vkey; its type is 1, of a witness 4."""
    name, key_id, typed = vkey.split("+", 2)
    typed = base64.b64decode(typed, validate=True)
    if typed[:1] != kind or len(typed) != 33:
        raise Wrong("not a key of that type")
    if sha256(name.encode(), b"\n", typed)[:4].hex() != key_id:
        raise Wrong("the key id does not belong to this name and key")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(typed[1:])


def split_note(note):
    """The text of a note, and name, key id and rest of each signature."""
    text, _, lines = note.rpartition("\n\n")
    signatures = []
    if not lines.endswith("\n"):
        raise Wrong("the note is cut")
    for line in lines.removesuffix("\n").split("\n"):
        dash, signer, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        if dash != "\u2014":
            raise Wrong("not a signature line")
        signatures.append((signer, blob[:4], blob[4:]))
    return text + "\n", signatures


def open_note(note, keys):
    """The text, if one of the keys signed it; a key that is named and did not is an error."""
    text, signatures = split_note(note)
    signed = False
    for name, key_id, public_key in keys:
        for signer, signer_id, signature in signatures:
            if (signer, signer_id) == (name, key_id):
                public_key.verify(signature, text.encode())
                signed = True
    if not signed:
        raise Wrong("the note is signed by none of the keys")
    return text


def open_checkpoint(note, keys):
    """Size and root, if one of the keys signed them."""
    origin, size, root, end = open_note(note, keys).split("\n")
    if origin != keys[0][0] or end != "" or str(int(size)) != size:
        raise Wrong("not a checkpoint of this key")
    root = base64.b64decode(root, validate=True)
    if len(root) != 32:
        raise Wrong("no root")
    return int(size), root


def handed_over(folder, vkey):
    """The key, and those after it: each hand-over is signed by the key before and by the new one."""
    keys, last = [read_key(vkey)], vkey
    for number in range(1, 65):
        path = folder / "baton/log-key-handovers" / str(number)
        if not path.exists():
            break
        note = path.read_bytes().decode()
        first, old, new, _entry, end = split_note(note)[0].split("\n")
        if old != last:
            continue  # of before the key that is held
        key = read_key(new)
        if first != "baton/log-key/v1" or end != "" or key[0] != keys[0][0]:
            raise Wrong(f"{path.name} is no hand-over of this key")
        open_note(note, keys[-1:])
        open_note(note, [key])
        keys.append(key)
        last = new
    return keys


def cosigned(note, witnesses):
    """How many of these witnesses signed the checkpoint (C2SP tlog-cosignature, Ed25519)."""
    text, signatures = split_note(note)
    found = set()
    for name, key_id, public_key in witnesses:
        for signer, signer_id, blob in signatures:
            if (signer, signer_id) == (name, key_id):
                time = int.from_bytes(blob[:8], "big")
                if len(blob) != 72 or time >= 1 << 63:
                    raise Wrong("not a cosignature")
                message = f"cosignature/v1\ntime {time}\n{text}"
                public_key.verify(blob[8:], message.encode())
                found.add(public_key.public_bytes_raw())
    return len(found)


def check_witnesses(folder, keys, tree, witnesses, quorum):
    """The newest checkpoint that is cosigned, by as many witnesses as are asked for."""
    path = folder / "baton/checkpoint.cosigned"
    note = (path if path.exists() else folder / "checkpoint").read_bytes().decode()
    found = cosigned(note, [read_key(vkey, b"\4") for vkey in witnesses])
    if found < quorum:
        raise Wrong(f"{found} of the witnesses cosigned, and not {quorum}")
    size, root = open_checkpoint(note, keys)
    if size > tree.size or tree.root(0, size) != root:
        raise Wrong("what the witnesses cosigned is another history")
    return f", the first {size} cosigned by {found} witnesses"


# === files (C2SP tlog-tiles) ===


def place(index, width):
    """The end of a path: three digits a folder, and the width of what is not full."""
    digits = f"{index:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return path if width == WIDTH else f"{path}.p/{width}"


def read_bundle(data):
    entries = []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        if len(data) < end:
            raise Wrong("a bundle is cut")
        entries.append(data[2:end])
        data = data[end:]
    return entries


def leaves_of(folder, size):
    """The hash of every entry, from its bytes; where the bundle was pruned, from the tile."""
    leaves = []
    for start in range(0, size, WIDTH):
        end = place(start // WIDTH, min(WIDTH, size - start))
        kept = (folder / "tile/0" / end).read_bytes()
        kept = [kept[at : at + 32] for at in range(0, len(kept), 32)]
        bundle = folder / "tile/entries" / end
        if not bundle.exists() and (folder / "baton/pruned" / end).exists():
            hashed = kept
        else:
            hashed = [leaf_hash(entry) for entry in read_bundle(bundle.read_bytes())]
        if hashed != kept or len(hashed) != min(WIDTH, size - start):
            raise Wrong(f"tile/entries/{end} and tile/0/{end} do not belong together")
        leaves += hashed
    return leaves


class Tree:
    """RFC 6962 over the hashes of all entries."""

    def __init__(self, leaves):
        self.size = len(leaves)
        # Roots over 1, 2, 4 … neighbouring entries.
        self.levels = [leaves]
        while len(row := self.levels[-1]) > 1:
            pairs = zip(row[0::2], row[1::2], strict=False)
            self.levels.append([node_hash(*pair) for pair in pairs])

    def root(self, start, end):
        """MTH(D[start:end])."""
        length = end - start
        if length == 0:
            return hashlib.sha256().digest()
        level = length.bit_length() - 1
        if length == 1 << level and start % length == 0:
            return self.levels[level][start // length]
        middle = start + split(length)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def inclusion(self, index, start, end):
        """PATH(index, D[start:end]), RFC 6962 section 2.1.1."""
        if end - start == 1:
            return []
        middle = start + split(end - start)
        if index < middle:
            return self.inclusion(index, start, middle) + [self.root(middle, end)]
        return self.inclusion(index, middle, end) + [self.root(start, middle)]

    def consistency(self, old, start, end, known=True):
        """SUBPROOF(old, D[start:end], known), RFC 6962 section 2.1.2."""
        if old == end:
            return [] if known else [self.root(start, end)]
        middle = start + split(end - start)
        if old <= middle:
            return self.consistency(old, start, middle, known) + [self.root(middle, end)]
        return self.consistency(old, middle, end, False) + [self.root(start, middle)]


def split(length):
    """The largest power of two below."""
    return 1 << (length - 1).bit_length() - 1


def check_tiles(folder, tree):
    for level in range(8):
        span = WIDTH**level
        nodes = tree.size // span
        for start in range(0, nodes, WIDTH):
            hashes = [
                tree.root(at * span, (at + 1) * span)
                for at in range(start, min(start + WIDTH, nodes))
            ]
            path = f"tile/{level}/{place(start // WIDTH, len(hashes))}"
            if (folder / path).read_bytes() != b"".join(hashes):
                raise Wrong(f"{path} is not what the entries hash to")


# === proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2) ===


def included(leaf, index, size, proof, root):
    if index >= size:
        return False
    node, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            leaf = node_hash(sibling, leaf)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and leaf == root


def consistent(old, old_root, new, new_root, proof):
    if old == new:
        return not proof and old_root == new_root
    if old & (old - 1) == 0:
        proof = [old_root, *proof]
    if not proof:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    left = right = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            left, right = node_hash(sibling, left), node_hash(sibling, right)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            right = node_hash(right, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and left == old_root and right == new_root


def check_proofs(tree, count, choice):
    root = tree.root(0, tree.size)
    for _ in range(count):
        size = choice.randint(1, tree.size)
        index = choice.randrange(size)
        then = tree.root(0, size)
        proof = tree.inclusion(index, 0, size)
        leaf = tree.levels[0][index]
        if not included(leaf, index, size, proof, then):
            raise Wrong(f"entry {index} is not proved to be among {size}")
        if included(leaf_hash(leaf), index, size, proof, then):
            raise Wrong(f"another entry is proved to be {index} among {size}")
        proof = tree.consistency(size, 0, tree.size)
        if not consistent(size, then, tree.size, root, proof):
            raise Wrong(f"{size} entries are not proved to be the beginning")


def check_portable(path, keys, tree):
    """A C2SP tlog-proof, for the entry of this ledger that it names."""
    head, _, note = path.read_bytes().decode().partition("\n\n")
    first, *lines = head.split("\n")
    if first != "c2sp.org/tlog-proof@v1":
        raise Wrong("not a tlog-proof")
    if lines[0].startswith("extra "):
        base64.b64decode(lines.pop(0).removeprefix("extra "), validate=True)
    index = int(lines.pop(0).removeprefix("index "))
    proof = [base64.b64decode(line, validate=True) for line in lines]
    size, root = open_checkpoint(note, keys)
    if not included(tree.levels[0][index], index, size, proof, root):
        raise Wrong(f"{path.name} does not prove entry {index}")


def verify(folder, vkey, seed, proofs, least, portable, witnesses, quorum):
    keys = handed_over(folder, vkey)
    size, root = open_checkpoint((folder / "checkpoint").read_bytes().decode(), keys)
    if size < least:
        raise Wrong(f"{size} entries, fewer than {least}")
    tree = Tree(leaves_of(folder, size))
    if tree.root(0, size) != root:
        raise Wrong("the root over the entries is not the signed one")
    check_tiles(folder, tree)
    check_proofs(tree, proofs, random.Random(seed))
    if portable:
        check_portable(portable, keys, tree)
    said = ""
    if witnesses:
        quorum = len(witnesses) if quorum is None else quorum
        said = check_witnesses(folder, keys, tree, witnesses, quorum)
    name = keys[0][0]
    print(f"holds: {name}, {size} entries, {proofs} inclusion and {proofs} consistency proofs{said}")


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    asked.add_argument("folder", type=Path)
    asked.add_argument("vkey")
    asked.add_argument("--seed", type=int, default=1, help="of the choice of proofs")
    asked.add_argument("--proofs", type=int, default=1000, help="of each of the two kinds")
    asked.add_argument("--min", type=int, default=0, help="fail if there are fewer entries")
    asked.add_argument("--proof", type=Path, help="a .tlog-proof of this ledger, checked too")
    asked.add_argument("--witness", action="append", default=[], help="vkey of a witness")
    asked.add_argument("--quorum", type=int, help="how many of the witnesses; without it all")
    asked = asked.parse_args()
    witnesses = (asked.witness, asked.quorum)
    try:
        verify(
            asked.folder, asked.vkey, asked.seed, asked.proofs, asked.min, asked.proof, *witnesses
        )
    except InvalidSignature:
        sys.exit("does not hold: the signature is wrong")
    except (Wrong, OSError, ValueError, IndexError) as error:
        sys.exit(f"does not hold: {error}")


if __name__ == "__main__":
    main()

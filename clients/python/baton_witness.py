"""A subscriber as a witness of the ledger: keeps what the ledger last said of itself, has every
later word proved to go on from it, and raises an alarm with evidence when it does not.

Needs the package `cryptography` for Ed25519. docs/witness.md says the same in words, for programs
in other languages.
"""

import base64
import hashlib
import json
import logging
import os
from pathlib import Path

import grpc
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EVIDENCE_MAX = 64  # contradictions a folder keeps
MISSED_MAX = 8  # looks in a row without an answer until that is an alarm itself
HANDOVERS_MAX = 64  # keys of one term after the first
log = logging.getLogger("baton.witness")


class NotSigned(Exception):
    """None of the keys signed, or one of them is named and did not."""


# === what is signed (C2SP signed-note, tlog-checkpoint) ===


class Key:
    """A public key of a ledger, read from its vkey `<name>+<id>+<base64 of 0x01 and the key>`."""

    def __init__(self, vkey):
        self.vkey = vkey
        self.name, key_id, typed = vkey.split("+", 2)
        typed = base64.b64decode(typed, validate=True)
        hashed = hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:4]
        if typed[:1] != b"\1" or len(typed) != 33 or hashed.hex() != key_id:
            raise ValueError("no vkey of a ledger")
        self.id = hashed
        self.public = Ed25519PublicKey.from_public_bytes(typed[1:])


def open_note(note, key):
    """The text of a note, if this key signed it. Lines of other keys are passed over."""
    text, blank, lines = note.rpartition("\n\n")
    text += "\n"
    signed = False
    if not blank or not lines.endswith("\n"):
        raise NotSigned("no note")
    for line in lines.removesuffix("\n").split("\n"):
        dash, name, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        if dash == "\u2014" and name == key.name and blob[:4] == key.id:
            try:
                key.public.verify(blob[4:], text.encode())
            except InvalidSignature:
                raise NotSigned("the signature of the ledger does not hold") from None
            signed = True
    if not signed:
        raise NotSigned("not signed by this key")
    return text


def open_checkpoint(note, key):
    """Size and root, if this key signed them and the first line is its name."""
    origin, size, root, end = open_note(note, key).split("\n")
    root = base64.b64decode(root, validate=True)
    if origin != key.name or end or str(int(size)) != size or len(root) != 32:
        raise ValueError("no checkpoint")
    return int(size), root


def read_handover(note, held):
    """The key after the one that is held: both have to have signed."""
    first, old, new, entry, end = open_note(note, held).split("\n")
    new = Key(new)
    if first != "baton/log-key/v1" or old != held.vkey or new.name != held.name or end:
        raise ValueError("no hand-over of this key")
    if not entry.startswith("entry ") or new.vkey == old:
        raise ValueError("no hand-over of this key")
    open_note(note, new)
    return new


def is_beginning(old, old_root, new, new_root, proof):
    """RFC 9162 section 2.1.4.2: whether the tree of the old size is the beginning of the new one."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new:
        return False
    if old & (old - 1) == 0:  # a power of two is a subtree of the new tree, and is not sent
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
            left = hashlib.sha256(b"\1" + sibling + left).digest()
            right = hashlib.sha256(b"\1" + sibling + right).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            right = hashlib.sha256(b"\1" + right + sibling).digest()
        node, last = node >> 1, last >> 1
    return last == 0 and left == old_root and right == new_root


# === the witness ===


class Witness:
    """The memory of one ledger, in a folder. Look whenever a connection is new, and now and then.

    `alarm` is called with the kind of a contradiction and the paths of its evidence, once until the
    ledger is consistent again. It must not end the receiving: whoever runs the program decides.
    """

    def __init__(self, caller, folder, alarm=None):
        self.caller = caller
        self.folder = Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file = self.folder / "witness.json"
        self.alarm = alarm or (lambda kind, evidence: None)
        self.told = None  # the alarm that stands
        self.missed = 0
        self.key = self.held = None
        if self.file.exists():
            # A file that cannot be read is an error: to begin anew would be to trust whoever comes.
            said = json.loads(self.file.read_text(encoding="utf-8"))
            self.key, self.held = Key(said["key"]), said["checkpoint"]
            open_checkpoint(self.held, self.key)

    def look(self, signed=""):
        """What a checkpoint is, of a turn, a receipt or the newest one.

        `first_seen`, `consistent`, `nothing_new`, `new_key`, `new_term`, `no_answer`, or the kind of
        an alarm: `fork`, `unproved`, `withheld`, `forged`, `key-changed`, `older-term`,
        `other-ledger`, `unreadable`.
        """
        try:
            found, seen = self.judge(signed)
            self.missed = 0
        except grpc.RpcError:
            self.missed += 1
            if self.missed < MISSED_MAX or self.key is None:
                log.warning("a look at the ledger had no answer")
                return "no_answer"
            found, seen = "withheld", signed
        if found in ("first_seen", "consistent", "nothing_new", "new_key", "new_term"):
            self.told = None
            return found
        if self.told != found:
            self.told = found
            evidence = self.save_evidence(found, seen)
            log.error("the ledger contradicts itself: %s", found)  # no names, no content
            self.alarm(found, evidence)
        return found

    def judge(self, signed):
        told = None
        if not signed:
            told = self.caller.checkpoint()
            signed = told.checkpoint
        if self.key is not None:
            try:
                return self.goes_on(signed, self.key)
            except NotSigned:
                pass
            except ValueError:
                return "unreadable", signed
        told = told or self.caller.checkpoint()
        try:
            named = Key(told.verifier_key)
            ledger, term = read_origin(named.name)
        except ValueError:
            return "unreadable", signed
        if self.key is None:
            return self.begin(named, told, "first_seen")
        own_ledger, own_term = read_origin(self.key.name)
        if ledger != own_ledger:
            return "other-ledger", signed
        if term != own_term:
            later = term > own_term
            return self.begin(named, told, "new_term") if later else ("older-term", signed)
        if named.vkey == self.key.vkey:
            return "forged", signed
        return self.handed_over(named, told)

    def begin(self, key, told, as_what):
        """Trust on first use: compare the key with the one the council publishes."""
        try:
            open_checkpoint(told.checkpoint, key)
        except (NotSigned, ValueError):
            return "unreadable", told.checkpoint
        self.keep(key, told.checkpoint)
        return as_what, told.checkpoint

    def handed_over(self, named, told):
        """The same term under another key: only what the key held hands over to counts."""
        key = self.key
        for note in told.handovers[:HANDOVERS_MAX]:
            try:
                key = read_handover(note, key)
            except (NotSigned, ValueError):
                continue  # one of before the key that is held
        if key.vkey != named.vkey:
            return "key-changed", told.checkpoint
        try:
            found, seen = self.goes_on(told.checkpoint, key)
        except (NotSigned, ValueError):
            return "unreadable", told.checkpoint
        if found not in ("consistent", "nothing_new"):
            return found, seen
        self.keep(key, told.checkpoint)
        return "new_key", seen

    def goes_on(self, signed, key):
        """Whether one checkpoint is the beginning of the other; the newer is held from now on."""
        seen, held = open_checkpoint(signed, key), open_checkpoint(self.held, self.key)
        if seen == held:
            return "nothing_new", signed
        if seen[0] == held[0]:
            return "fork", signed
        old, new = sorted((seen, held))
        if old[0] > 0:  # the empty ledger is the beginning of every one
            try:
                proof = self.caller.consistency_proof(old[0], new[0]).hashes
            except grpc.RpcError as error:
                again = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED,
                         grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAUTHENTICATED)
                if error.code() in again:
                    raise
                return "unproved", signed  # it has no such size any more, or does not want to say
            if not is_beginning(*old, *new, list(proof)):
                return "fork", signed
        if new is held:
            return "nothing_new", signed
        self.keep(key, signed)
        return "consistent", signed

    # === files ===

    def keep(self, key, checkpoint):
        text = json.dumps({"key": key.vkey, "checkpoint": checkpoint})
        replace(self.file, text.encode())
        self.key, self.held = key, checkpoint

    def save_evidence(self, kind, seen):
        """Both checkpoints and the key they are signed with; the same contradiction once."""
        both = hashlib.sha256((self.held or "").encode() + b"\0" + seen.encode()).hexdigest()[:16]
        paths = [
            self.folder / f"baton-{kind}-{both}.{what}"
            for what in ("held.checkpoint", "seen.checkpoint", "vkey")
        ]
        kept = len(list(self.folder.glob("baton-*.vkey")))
        if kept >= EVIDENCE_MAX and not paths[0].exists():
            log.error("the evidence folder is full")
            return []
        vkey = self.key.vkey if self.key else ""
        for path, text in zip(paths, (self.held or "", seen, vkey), strict=True):
            replace(path, text.encode())
        return paths


def read_origin(origin):
    """Ledger and term of `baton.ledger/<ledger>/<term>`."""
    fixed, ledger, term = origin.split("/")
    if fixed != "baton.ledger" or str(int(term)) != term:
        raise ValueError("no origin of a ledger")
    return ledger, int(term)


def replace(path, data):
    """Writes a file whole or not at all, for its owner only, durable when this returns."""
    beside = path.with_name(path.name + ".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

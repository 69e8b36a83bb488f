"""The witness against the running service, and against a ledger made here that lies in every way."""

import base64
import hashlib
import os
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from baton_client import Baton
from baton_witness import MISSED_MAX, Witness, is_beginning

CONNECTIONS = Path(os.environ["BATON_CONNECTIONS"])


class NoAnswer(grpc.RpcError):
    """As a connection that broke, or a service that refuses."""

    def __init__(self, code):
        self.said = code

    def code(self):
        return self.said


class Signer:
    def __init__(self, name, seed):
        self.name = name
        self.key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        typed = b"\1" + public
        self.id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(typed).decode()}"

    def line(self, text):
        blob = base64.b64encode(self.id + self.key.sign(text.encode())).decode()
        return f"\u2014 {self.name} {blob}\n"


def sign(text, *signers):
    return text + "\n" + "".join(signer.line(text) for signer in signers)


def handover(old, new, *signers):
    return sign(f"baton/log-key/v1\n{old.vkey}\n{new.vkey}\nentry 7\n", *(signers or (old, new)))


class Made:
    """A ledger of a list of words, as a caller sees it."""

    def __init__(self, *words, origin="baton.ledger/ldg_made/1", seed=1):
        self.words = list(words)
        self.signers = [Signer(origin, seed)]
        self.named = self.signers[0]
        self.handovers = []
        self.fails = None

    def root(self, words):
        if len(words) == 1:
            return hashlib.sha256(b"\0" + words[0].encode()).digest()
        split = 1 << (len(words) - 1).bit_length() - 1
        pair = self.root(words[:split]) + self.root(words[split:])
        return hashlib.sha256(b"\1" + pair).digest()

    def signed(self, size=None):
        words = self.words[:size]
        root = base64.b64encode(self.root(words)).decode()
        return sign(f"{self.named.name}\n{len(words)}\n{root}\n", *self.signers)

    def checkpoint(self):
        if self.fails:
            raise NoAnswer(self.fails)
        return SimpleNamespace(
            checkpoint=self.signed(), verifier_key=self.named.vkey, handovers=self.handovers
        )

    def proof(self, old, words, known=True):
        if old == len(words):
            return [] if known else [self.root(words)]
        split = 1 << (len(words) - 1).bit_length() - 1
        if old <= split:
            return [*self.proof(old, words[:split], known), self.root(words[split:])]
        return [*self.proof(old - split, words[split:], False), self.root(words[:split])]

    def consistency_proof(self, old, new):
        if self.fails:
            raise NoAnswer(self.fails)
        if new > len(self.words):
            raise NoAnswer(grpc.StatusCode.PERMISSION_DENIED)
        return SimpleNamespace(hashes=self.proof(old, self.words[:new]))


class WitnessCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "witness"
        self.alarms = []

    def witness(self, caller):
        """As after a restart: what it knows lies in the folder."""
        return Witness(caller, self.folder, lambda *alarm: self.alarms.append(alarm))


class Service(WitnessCase):
    """The real one."""

    def test_the_ledger_goes_on_and_is_held_over_a_restart(self):
        caller = Baton(CONNECTIONS / "auditor" / "connection.toml")
        self.addCleanup(caller.close)
        self.assertEqual(self.witness(caller).look(), "first_seen")
        caller.entry(0)  # asking for an entry is an entry
        self.assertEqual(self.witness(caller).look(), "consistent")
        witness = self.witness(caller)
        self.assertEqual(witness.look(witness.held), "nothing_new")
        self.assertEqual(self.alarms, [])

    def test_a_word_of_another_ledger_under_its_name_is_forged(self):
        caller = Baton(CONNECTIONS / "auditor" / "connection.toml")
        self.addCleanup(caller.close)
        witness = self.witness(caller)
        witness.look()
        changed = witness.held.replace("\n", "\n9", 1)
        self.assertEqual(witness.look(changed), "forged")
        self.assertEqual([kind for kind, _ in self.alarms], ["forged"])
        self.assertEqual(witness.look(), "nothing_new")


class Contradictions(WitnessCase):
    """A ledger that lies."""

    def seen(self, caller, *kinds):
        for kind in kinds:
            self.assertEqual(self.witness(caller).look(), kind)

    def test_every_pair_of_sizes_is_proved_and_no_other(self):
        ledger = Made(*map(str, range(20)))
        for new in range(1, 21):
            for old in range(1, new + 1):
                roots = ledger.root(ledger.words[:old]), ledger.root(ledger.words[:new])
                proof = ledger.proof(old, ledger.words[:new])
                self.assertTrue(is_beginning(old, roots[0], new, roots[1], proof))
                self.assertFalse(is_beginning(old, bytes(32), new, roots[1], proof))
                self.assertFalse(is_beginning(old, roots[0], new, bytes(32), proof))
                self.assertFalse(is_beginning(old, roots[0], new, roots[1], [*proof, bytes(32)]))
                if proof:
                    self.assertFalse(is_beginning(old, roots[0], new, roots[1], proof[:-1]))

    def test_a_fork_is_an_alarm_with_evidence_and_what_was_held_stays(self):
        self.seen(Made("a", "b", "c"), "first_seen")
        forked = Made("a", "x", "c", "d")
        witness = self.witness(forked)
        self.assertEqual([witness.look(), witness.look()], ["fork", "fork"])
        ((kind, evidence),) = self.alarms  # once, until it is consistent again
        self.assertEqual(kind, "fork")
        held, seen, vkey = (path.read_text() for path in evidence)
        self.assertEqual((held, seen), (Made("a", "b", "c").signed(), forked.signed()))
        self.assertEqual(vkey, forked.named.vkey)
        self.seen(Made("a", "b", "c", "d"), "consistent")
        self.seen(Made("a", "b", "c", "x"), "fork")  # of the same size, without a question

    def test_a_ledger_that_was_set_back_cannot_prove_it(self):
        self.seen(Made("a", "b", "c"), "first_seen")
        self.seen(Made("a", "b"), "unproved")

    def test_no_answer_is_made_up_for_and_an_alarm_in_the_end(self):
        ledger = Made("a")
        self.seen(ledger, "first_seen")
        ledger.fails = grpc.StatusCode.UNAVAILABLE
        witness = self.witness(ledger)
        said = [witness.look() for _ in range(MISSED_MAX)]
        self.assertEqual(said, ["no_answer"] * (MISSED_MAX - 1) + ["withheld"])
        ledger.fails = None
        ledger.words.append("b")
        self.assertEqual(witness.look(), "consistent")

    def test_terms_go_up_and_ledgers_stay_the_same(self):
        self.seen(Made("a", origin="baton.ledger/ldg_made/2"), "first_seen")
        self.seen(Made("a", origin="baton.ledger/ldg_made/1"), "older-term")
        self.seen(Made("a", origin="baton.ledger/ldg_other/2"), "other-ledger")
        self.seen(Made("a", origin="example.com/log"), "unreadable")
        self.seen(Made("b", origin="baton.ledger/ldg_made/3"), "new_term", "nothing_new")

    def test_a_new_key_counts_if_the_old_one_hands_over_to_it(self):
        ledger = Made("a", "b")
        first = ledger.named
        second, third = Signer(first.name, 2), Signer(first.name, 3)
        self.seen(ledger, "first_seen")
        ledger.words.append("c")
        ledger.signers, ledger.named = [second, first], second
        self.seen(ledger, "consistent")  # while both sign nothing is to be learned
        ledger.signers, ledger.named = [third], third
        for notes in (
            [],
            [handover(first, second)],
            [handover(second, third)],
            [handover(first, third, third)],  # the old key did not sign
            [handover(first, third, first)],  # the new key did not
            [handover(first, third).replace("entry 7", "entry 8")],
        ):
            ledger.handovers = notes
            self.seen(ledger, "key-changed")
        ledger.handovers = [handover(first, second), handover(second, third)]
        self.seen(ledger, "new_key", "nothing_new")
        ledger.words[0] = "x"
        ledger.words.append("d")
        self.seen(ledger, "fork")

    def test_a_damaged_memory_is_an_error_and_no_new_beginning(self):
        self.seen(Made("a"), "first_seen")
        file = self.folder / "witness.json"
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        file.write_text(file.read_text().replace("\\n1\\n", "\\n2\\n"))
        with self.assertRaises(Exception):
            self.witness(Made("a"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

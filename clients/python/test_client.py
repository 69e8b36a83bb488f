"""A foreign client against a running `baton demo`; test.sh starts both."""

import contextlib
import io
import itertools
import os
import re
import subprocess
import tempfile
import tomllib
import unittest
from pathlib import Path

import grpc
from baton.v1 import options_pb2 as options
from baton.v1 import profile_service_pb2 as profile
from baton.v1 import section_relationships_pb2 as relationships
from baton.v1 import section_send_pb2 as send
from baton.v1 import section_support_strategies_pb2 as support
from baton.v1 import sections_pb2 as sections
from baton.v1 import setting_pb2 as setting
from baton.v1 import setting_service_pb2 as settings
from baton.v1 import setting_service_pb2_grpc as settings_grpc
from baton.v1 import subscription_service_pb2 as subscription
from baton.v1 import transition_pb2 as transition
from baton.v1 import transition_service_pb2 as transitions
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2 as reflection

import baton_client
from baton_client import Baton, code, new_request_id, refusal, upn

CONNECTIONS = Path(os.environ["BATON_CONNECTIONS"])
FROM, TO = code("gias", "199901"), code("gias", "199903")  # primary-1, secondary-1 of the demo
YEAR = 2025  # the learners leave in 2025/26; the demo stands at 13 July 2026
PATIENCE = 20  # seconds a stream may take
serials = itertools.count()


officer, auditor, sender, receiver, stranger = (
    Baton(CONNECTIONS / name / "connection.toml")
    for name in ("officer", "auditor", "primary-1-sender", "secondary-1", "stranger")
)
for caller in (officer, auditor, sender, receiver, stranger):
    unittest.addModuleCleanup(caller.close)


def new_learner():
    """A pupil number nobody has: authority 999 issues none but for tests."""
    return transition.LearnerIdentifier(scheme="upn", value=upn(999, 1234, 15, next(serials)))


def planned(learner):
    """The move of the learner, loaded by the council, offered and accepted."""
    move = transitions.PlannedTransition(
        **{"from": FROM},  # a word of Python's own
        to=TO,
        learner=[learner],
        point=options.POINT_PRIMARY_TO_SECONDARY,
        academic_year=YEAR,
        offer_date="2026-03-02",
        acceptance=transition.ACCEPTANCE_STATE_ACCEPTED,
    )
    (outcome,) = officer.plan(move)
    return outcome


def submission(learner):
    """What the sender publishes: text, dates, codes, numbers, lists, answers that are no values."""
    content = sections.Sections()
    content.identity.legal_surname = "Example"
    content.identity.legal_forename = "Zoë"
    content.identity.date_of_birth = "2015-02-28"
    content.identity.sex = "F"
    content.identity.nc_year = "6"
    content.identity.upn = learner.value
    content.attendance.persistently_absent = False
    content.attendance.years.add(year="2025", sessions_possible=378, sessions_attended=361)
    content.send.sen_provision = "K"
    content.send.sen_provision_from = "2023-09-04"
    content.send.needs.add(rank=1, kind="SLCN", assessed=True)
    content.send.needs.add(rank=2, kind="ASD")
    content.send.provision.add(
        support="Small group for language",
        minutes_per_week=90,
        group_size=4,
        effect=send.SUPPORT_EFFECT_HELPED,
    )
    content.support_strategies.what_works = "Instructions one at a time.\nA word before changes."
    content.support_strategies.strategies.add(strategy="A seat near the door", must_have=True)
    content.support_strategies.communication_methods.extend(
        [support.COMMUNICATION_METHOD_SPEECH, support.COMMUNICATION_METHOD_SIGNING]
    )
    content.support_strategies.support_level = options.LEVEL_ENHANCED
    content.relationships.peers.add(
        name="Sam S.",
        relation=relationships.PEER_RELATION_FRIEND,
        wish=relationships.PEER_WISH_WITH,
        wished_by=relationships.PEER_WISH_SOURCE_LEARNER,
    )
    content.relationships.not_answered.add(
        field="bullying", reason="NOT_ANSWERED_REASON_NOT_APPLICABLE", by="class teacher"
    )
    return profile.ProfileSubmission(
        learner=[learner],
        point=options.POINT_PRIMARY_TO_SECONDARY,
        academic_year=YEAR,
        level=options.LEVEL_TARGETED,
        content=content,
        signatory="Head teacher",
    )


def published():
    """A new learner's profile, published; what was said and what was answered."""
    learner = new_learner()
    planned(learner)
    said = submission(learner)
    return said, sender.publish(said)


def without_certificate(name, api_key=None):
    """A caller of that setting who has an API key, or nothing."""
    told = tomllib.loads((CONNECTIONS / name / "connection.toml").read_text())
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        lines = [f'{key} = "{told[key]}"' for key in ("url", "setting")]
        lines.append(f'service_certificate = "{CONNECTIONS / name / told["service_certificate"]}"')
        if api_key:
            (folder / "api-key").write_text(api_key + "\n")
            lines.append('api_key = "api-key"')
        (folder / "connection.toml").write_text("\n".join(lines))
        return Baton(folder / "connection.toml")


class TestCase(unittest.TestCase):
    def refused(self, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        return refusal(caught.exception)


class Crossing(TestCase):
    """From the sender over the ledger to the receiver."""

    def test_a_planned_move_crosses_and_is_taken_over(self):
        feed = receiver.subscribe("mis")
        before = receiver.watch(feed, timeout=PATIENCE)
        # First what there is already; a turn without items says that this was all.
        token = next(turn for turn in before if not turn.items).token
        before.cancel()

        said = submission(new_learner())
        outcome = planned(said.learner[0])
        self.assertTrue(outcome.changed, outcome)
        self.assertEqual(outcome.transition.state, transition.TRANSITION_STATE_PLANNED)
        self.assertEqual(outcome.transition.window, transition.WINDOW_STATE_OPEN)

        turns = receiver.watch(feed, token, timeout=PATIENCE)  # open before anything is published
        done = sender.publish(said)
        self.assertEqual((done.version, done.changed), (1, True))
        turn = next(turn for turn in turns if turn.items)
        (item,) = turn.items
        self.assertEqual(item.kind, subscription.ITEM_KIND_PROFILE)
        self.assertEqual(item.point, options.POINT_PRIMARY_TO_SECONDARY)
        self.assertEqual(item.profile.name, receiver.own(done.name))
        self.assertEqual(item.profile.version, 1)
        self.assertFalse(item.profile.HasField("content"))  # named only: it was not asked for

        # A friend whom nothing names is shown to nobody outside, and the sender is told so.
        (notice,) = done.notices
        told = (notice.field, notice.rule)
        self.assertEqual(told, ("profile.content.relationships.peers[0]", "peer.unnamed"))
        expected = type(said.content)()
        expected.CopyFrom(said.content)
        del expected.relationships.peers[:]
        got = receiver.get(item.profile.name)
        self.assertEqual(got.content, expected)
        self.assertEqual(got.signatory, "Head teacher")
        some = receiver.get(item.profile.name, [options.SECTION_KIND_SUPPORT_STRATEGIES])
        kinds = [field.name for field, _ in some.content.ListFields()]
        self.assertEqual(kinds, ["support_strategies"])

        receipt = receiver.acknowledge(item.profile.name, item.profile.version)
        self.assertGreater(receipt.position, done.receipt.position)
        move = sender.move(outcome.transition.name)
        self.assertEqual(move.state, transition.TRANSITION_STATE_ACCEPTED)
        self.assertEqual(officer.move(move.name).state, transition.TRANSITION_STATE_ACCEPTED)

        # A second version comes on the same stream; a resumed one begins after the first.
        said.content.support_strategies.interests = "Trains"
        self.assertEqual(sender.publish(said).version, 2)
        # The later watch ends the earlier one: a subscription is for one consumer.
        def versions(stream):
            turn_2 = next(turn for turn in stream if turn.items)
            return [item.profile.version for item in turn_2.items]

        self.assertEqual(versions(turns), [2])
        later = receiver.watch(feed, turn.token, timeout=PATIENCE)
        self.assertEqual(versions(later), [2])
        receiver.acknowledge(item.profile.name, 2)  # what the ledger grows by wakes the earlier one
        taken = self.refused(lambda: list(turns))
        self.assertEqual(taken.reason, "SUBSCRIPTION_TAKEN_OVER")
        later.cancel()

    def test_a_repeated_request_is_done_once(self):
        learner = new_learner()
        planned(learner)
        said, request_id = submission(learner), new_request_id()
        first = sender.publish(said, request_id)
        again = sender.publish(said, request_id)
        self.assertFalse(first.receipt.replayed)
        self.assertTrue(again.receipt.replayed)
        self.assertEqual(again.receipt.position, first.receipt.position)
        self.assertEqual((again.name, again.version), (first.name, first.version))

        unchanged = sender.publish(said)  # a new act, the same content
        self.assertEqual((unchanged.version, unchanged.changed), (1, False))
        self.assertGreater(unchanged.receipt.position, first.receipt.position)

        said.signatory = "Deputy head"
        refused = self.refused(lambda: sender.publish(said, request_id))
        self.assertEqual(refused.code, grpc.StatusCode.ALREADY_EXISTS)
        self.assertEqual(refused.reason, "REQUEST_ID_CONFLICT")


class Refusals(TestCase):
    """What a client can do with a refusal: by reason, and by field."""

    def test_all_that_is_wrong_is_told_at_once(self):
        learner = new_learner()
        planned(learner)
        said = submission(learner)
        said.content.identity.upn = "I" + learner.value[1:]
        said.content.identity.date_of_birth = "2015-02-29"
        said.content.send.sen_provision = "Q"
        said.content.attendance.years[0].sessions_possible = 401
        refused = self.refused(lambda: sender.publish(said))
        self.assertEqual(refused.code, grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(refused.reason, "INVALID_REQUEST")
        told = {violation.field: violation for violation in refused.violations}
        self.assertEqual(
            set(told),
            {
                "profile.content.identity.upn",
                "profile.content.identity.date_of_birth",
                "profile.content.send.sen_provision",
                "profile.content.attendance.years[0].sessions_possible",
            },
        )
        for violation in told.values():
            self.assertRegex(violation.reason, r"^[A-Z0-9_]+$")
            self.assertTrue(violation.description)
            self.assertNotIn(said.content.identity.upn, violation.description)

        checked = sender.check(said)  # the same beforehand, without an entry
        self.assertEqual({violation.field for violation in checked.violations}, set(told))
        self.assertIn("profile.content.learner_voice.about_the_move", checked.missing_core)

    def test_a_list_too_long_for_a_trailer_says_that_there_is_more(self):
        learner = new_learner()
        planned(learner)
        said = submission(learner)
        del said.content.relationships.peers[:]
        for _ in range(30):
            said.content.relationships.peers.add(name="long " * 20, upn="?", reason="long " * 200)
        refused = self.refused(lambda: sender.publish(said))
        self.assertEqual(refused.reason, "INVALID_REQUEST")
        self.assertEqual(refused.violations[-1].reason, "MORE")
        self.assertEqual(len(sender.check(said).violations), 90)

    def test_a_learner_without_a_planned_move(self):
        refused = self.refused(lambda: sender.publish(submission(new_learner())))
        self.assertEqual(refused.code, grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(refused.reason, "NO_PLANNED_TRANSITION")

    def test_a_stranger_learns_nothing(self):
        _, done = published()
        for name in (done.name, done.name[:-4] + "zzzz"):  # there, and not there: the same answer
            refused = self.refused(lambda: stranger.get(name))
            self.assertEqual(refused.code, grpc.StatusCode.PERMISSION_DENIED)
            self.assertEqual(refused.reason, "PERMISSION_DENIED")
            self.assertEqual(refused.violations, [])

    def test_nobody_acts_for_another_setting(self):
        request = profile.GetProfileRequest(parent=receiver.setting, name=published()[1].name)
        refused = self.refused(lambda: stranger.profiles.GetProfile(request))
        self.assertEqual(refused.reason, "PERMISSION_DENIED")

    def test_who_shows_no_credential_is_not_known(self):
        nobody = without_certificate("stranger")
        self.addCleanup(nobody.close)
        refused = self.refused(nobody.checkpoint)
        self.assertEqual(refused.code, grpc.StatusCode.UNAUTHENTICATED)
        self.assertEqual(refused.reason, "UNAUTHENTICATED")


class Credentials(unittest.TestCase):
    """The other way to prove oneself."""

    def test_an_api_key_connects(self):
        issued = settings_grpc.SettingServiceStub(officer.channel).IssueCredential(
            settings.IssueCredentialRequest(
                parent=officer.setting,
                setting=receiver.setting,
                label="MIS",
                roles=[setting.ROLE_RECEIVER_LEAD],
                request_id=new_request_id(),
            )
        )
        mis = without_certificate("secondary-1", issued.api_key)
        self.addCleanup(mis.close)
        _, done = published()
        self.assertEqual(mis.get(done.name).content.identity.legal_forename, "Zoë")


class Ledger(unittest.TestCase):
    """That what a receipt says can be checked without believing the service."""

    def test_a_receipt_is_proved_by_its_own_checkpoint_and_by_the_newest(self):
        receipt = published()[1].receipt
        newest = auditor.checkpoint()
        self.assertEqual(newest.ledger_id, receipt.ledger_id)
        for note in (receipt.checkpoint, newest.checkpoint):
            size, root = baton_client.read_checkpoint(note)
            self.assertGreater(size, receipt.position)
            path = auditor.inclusion_proof(receipt.position, size).hashes
            leaf, at = receipt.leaf_hash, receipt.position
            self.assertTrue(baton_client.is_included(leaf, at, size, path, root))
            self.assertFalse(baton_client.is_included(leaf, at - 1, size, path, root))
            self.assertFalse(baton_client.is_included(bytes(32), at, size, path, root))
            self.assertFalse(baton_client.is_included(leaf, at, size, path[:-1], root))

    def test_the_hash_of_a_receipt_is_that_of_the_entry(self):
        said, done = published()
        body = auditor.entry(done.receipt.position).body
        self.assertEqual(baton_client.leaf_hash(body), done.receipt.leaf_hash)
        for personal in ("Example", "Zoë", said.learner[0].value):
            self.assertNotIn(personal.encode(), body)


class WholeLedger(unittest.TestCase):
    """All of it, checked here with hashlib and json."""

    def test_every_entry_and_every_access_row_is_what_was_signed(self):
        published()
        entries, rows = auditor.verify_ledger()
        self.assertGreater(entries, 100)
        self.assertGreater(rows, 50)

    def test_a_changed_entry_does_not_pass(self):
        size, root = baton_client.read_checkpoint(auditor.checkpoint().checkpoint)
        entries = list(auditor.entries(0, size))

        def fold(change):
            ledger = baton_client.Fold()
            for entry in entries:
                copy = type(entry).FromString(entry.SerializeToString())
                if entry.position == 7:
                    change(copy)
                ledger.add(copy)
            return ledger.root()

        def both(entry):
            entry.body = entry.body.replace(b'"kind":"', b'"kind":"un')
            entry.leaf_hash = baton_client.leaf_hash(entry.body)

        def body(entry):
            entry.body = entry.body + b" "

        def place(entry):
            entry.position += 1

        self.assertEqual(fold(lambda entry: None), root)
        self.assertNotEqual(fold(both), root)
        for change in (body, place):
            with self.assertRaises(baton_client.Tampered):
                fold(change)

    def test_a_changed_row_does_not_pass(self):
        ledger = baton_client.Fold()
        (page,) = itertools.islice(auditor.access_rows(), 1)
        for entry in auditor.entries(0, page.tree_size):
            ledger.add(entry)
        ledger.compare(page, ("", ""))
        first = page.rows[0]
        for change in (
            lambda: setattr(first, "commitment", bytes(32)),
            lambda: setattr(first, "key", first.key + "0"),
            lambda: page.rows.pop(0),
        ):
            change()
            with self.assertRaises(baton_client.Tampered):
                ledger.compare(page, ("", ""))


class PupilNumbers(unittest.TestCase):
    """The check letter, on numbers others published."""

    def test_check_letters(self):
        for known in ("E351394824001", "G330394623123", "Z839394725003"):
            parts = re.fullmatch(r".(...)(....)(..)(...)", known).groups()
            self.assertEqual(upn(*map(int, parts)), known)


class Reflection(unittest.TestCase):
    """The running service tells its contract, also to who shows no credential."""

    def ask(self, **question):
        # The package grpcio-reflection asks for v1alpha; the messages of v1 are the same.
        call = stranger.channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            reflection.ServerReflectionRequest.SerializeToString,
            reflection.ServerReflectionResponse.FromString,
        )
        return next(call(iter([reflection.ServerReflectionRequest(**question)]), timeout=PATIENCE))

    def test_it_speaks_what_this_client_was_generated_from(self):
        services = self.ask(list_services="").list_services_response.service
        names = ("Setting", "Transition", "Profile", "Subscription", "Audit")
        told = {service.name for service in services}
        self.assertLessEqual({f"baton.v1.{name}Service" for name in names}, told)
        (told,) = self.ask(
            file_by_filename="baton/v1/section_send.proto"
        ).file_descriptor_response.file_descriptor_proto
        # With label, sensitivity and code set of each field: a form can be made from it.
        told = descriptor_pb2.FileDescriptorProto.FromString(told)
        told.ClearField("source_code_info")
        for field in (field for message in told.message_type for field in message.field):
            field.ClearField("json_name")
        same = told == descriptor_pb2.FileDescriptorProto.FromString(send.DESCRIPTOR.serialized_pb)
        self.assertTrue(same, "the service has another contract than proto/")


class Readme(unittest.TestCase):
    """The commands and the program of README.md run as they stand there."""

    def test_the_commands_that_generate_the_client(self):
        here = Path(__file__).parent
        first, second = re.findall(
            r"^```sh\n(.*?)^```", (here / "README.md").read_text(), re.DOTALL | re.MULTILINE
        )
        commands = [
            command
            for command in first.replace("\\\n", " ").splitlines()
            if command.startswith(("mkdir ", "python -m grpc_tools"))
        ]
        self.assertEqual(len(commands), 2)
        modules = re.search(r"PYTHONPATH=([^:]+):", second).group(1)
        with tempfile.TemporaryDirectory() as root:
            (Path(root) / "proto").symlink_to(here.parent.parent / "proto")
            subprocess.run(["sh", "-e", "-c", "\n".join(commands)], cwd=root, check=True)
            self.assertTrue((Path(root) / modules / "baton/v1/profile_service_pb2.py").exists())

    def test_the_program(self):
        text = (Path(__file__).parent / "README.md").read_text()
        (program,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(compile(program, "README.md", "exec"), {})
        self.assertIn("TRANSITION_STATE_ACCEPTED", said.getvalue())
        self.assertIn("profile.signatory", said.getvalue())


if __name__ == "__main__":
    unittest.main(verbosity=2)

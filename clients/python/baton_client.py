"""A Baton client in a page, for systems that are written in Python.

Every method below is one call of the contract in proto/baton/v1. It fills in what every call
wants (the acting setting, a request id, a deadline) and hands back the answer as it came.
The modules `baton.v1.*_pb2` are generated from the contract; README.md has the command.
"""

import base64
import hashlib
import json
import tomllib
import uuid
from dataclasses import dataclass
from pathlib import Path

import grpc
from baton.v1 import audit_service_pb2 as audit
from baton.v1 import audit_service_pb2_grpc as audit_grpc
from baton.v1 import profile_service_pb2 as profile
from baton.v1 import profile_service_pb2_grpc as profile_grpc
from baton.v1 import setting_pb2
from baton.v1 import subscription_service_pb2 as subscription
from baton.v1 import subscription_service_pb2_grpc as subscription_grpc
from baton.v1 import transition_service_pb2 as transition
from baton.v1 import transition_service_pb2_grpc as transition_grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

PAGE = 500  # entries asked for at once
DEADLINE = 30  # seconds a call may take; by default the service ends it after as many


class Baton:
    """One caller, acting for one setting."""

    def __init__(self, connection_file):
        """Connects with a connection.toml, as `credentials redeem` and `demo --keep` write it."""
        path = Path(connection_file)
        told = tomllib.loads(path.read_text(encoding="utf-8"))

        def read(key):
            return (path.parent / told[key]).read_bytes() if key in told else None

        self.setting = told["setting"]
        tls = grpc.ssl_channel_credentials(
            root_certificates=read("service_certificate"),
            private_key=read("key"),
            certificate_chain=read("certificate"),
        )
        if "api_key" in told:  # a credential without certificate
            key = grpc.access_token_call_credentials(read("api_key").decode().strip())
            tls = grpc.composite_channel_credentials(tls, key)
        # A connection that died in silence would let a watch wait for ever; pings find it out.
        options = [("grpc.keepalive_time_ms", 30_000), ("grpc.keepalive_timeout_ms", 10_000)]
        self.channel = grpc.secure_channel(told["url"].removeprefix("https://"), tls, options)
        grpc.channel_ready_future(self.channel).result(timeout=DEADLINE)
        self.transitions = transition_grpc.TransitionServiceStub(self.channel)
        self.profiles = profile_grpc.ProfileServiceStub(self.channel)
        self.subscriptions = subscription_grpc.SubscriptionServiceStub(self.channel)
        self.audit = audit_grpc.AuditServiceStub(self.channel)

    def close(self):
        self.channel.close()

    def own(self, name):
        """A resource name as this caller has to say it.

        Names begin with the setting of whoever says them; what is behind the prefix is the same
        for everybody: `settings/A/transitions/T` of the council is `settings/B/transitions/T` here.
        """
        collection, identifier = name.split("/")[2:]
        return f"{self.setting}/{collection}/{identifier}"

    def plan(self, *moves, request_id=None):
        """Loads planned moves; one outcome a move."""
        request = transition.PlanTransitionsRequest(
            parent=self.setting, transitions=moves, request_id=request_id or new_request_id()
        )
        return self.transitions.PlanTransitions(request, timeout=DEADLINE).transitions

    def move(self, name):
        """How far a move has come."""
        request = transition.GetTransitionRequest(parent=self.setting, name=self.own(name))
        return self.transitions.GetTransition(request, timeout=DEADLINE)

    def publish(self, submission, request_id=None):
        """Publishes. After a broken connection repeat with the same request id: it is done once."""
        request = profile.PublishProfileRequest(
            parent=self.setting, profile=submission, request_id=request_id or new_request_id()
        )
        return self.profiles.PublishProfile(request, timeout=DEADLINE)

    def check(self, submission):
        """What would be wrong with a publish, and which core questions stand open."""
        request = profile.CheckProfileRequest(parent=self.setting, profile=submission)
        return self.profiles.CheckProfile(request, timeout=DEADLINE)

    def get(self, name, kinds=()):
        """The profile that stands, as far as this caller may see it."""
        request = profile.GetProfileRequest(parent=self.setting, name=self.own(name), kinds=kinds)
        return self.profiles.GetProfile(request, timeout=DEADLINE)

    def subscribe(self, subscription_id):
        """Makes a subscription, or finds it again; its resource name."""
        request = subscription.CreateSubscriptionRequest(
            parent=self.setting,
            subscription=subscription.Subscription(subscription_id=subscription_id),
            request_id=new_request_id(),
        )
        return self.subscriptions.CreateSubscription(request, timeout=DEADLINE).name

    def watch(self, name, token="", timeout=None):
        """The stream of turns after `token`. Keep the token of a turn once its items are kept."""
        request = subscription.WatchRequest(parent=self.setting, subscription=name, token=token)
        return self.subscriptions.Watch(request, timeout=timeout)

    def pull(self, name, token="", wait_ms=0):
        """One turn: for jobs that run now and then."""
        request = subscription.PullRequest(
            parent=self.setting, subscription=name, token=token, wait_ms=wait_ms
        )
        return self.subscriptions.Pull(request, timeout=DEADLINE)

    def acknowledge(self, name, version, request_id=None):
        """Says that a version was taken over."""
        request = subscription.AcknowledgeRequest(
            parent=self.setting,
            profile=self.own(name),
            version=version,
            request_id=request_id or new_request_id(),
        )
        return self.subscriptions.Acknowledge(request, timeout=DEADLINE).receipt

    def checkpoint(self):
        """What the ledger says of itself now, signed."""
        request = audit.GetCheckpointRequest(parent=self.setting)
        return self.audit.GetCheckpoint(request, timeout=DEADLINE)

    def inclusion_proof(self, position, size):
        """Why an entry is in the tree of that size."""
        request = audit.GetInclusionProofRequest(
            parent=self.setting, position=position, tree_size=size
        )
        return self.audit.GetInclusionProof(request, timeout=DEADLINE)

    def consistency_proof(self, old, new):
        """Why the tree of the old size is the beginning of the new one."""
        request = audit.GetConsistencyProofRequest(
            parent=self.setting, old_size=old, new_size=new
        )
        return self.audit.GetConsistencyProof(request, timeout=DEADLINE)

    def entry(self, position):
        """The bytes of one entry. Role: auditor."""
        request = audit.ListEntriesRequest(parent=self.setting, start=position, page_size=1)
        return self.audit.ListEntries(request, timeout=DEADLINE).entries[0]

    def entries(self, start, end):
        """Every entry of that range, a page at a time. Role: auditor; each page is an entry."""
        while start < end:
            size = min(end - start, PAGE)
            request = audit.ListEntriesRequest(parent=self.setting, start=start, page_size=size)
            page = self.audit.ListEntries(request, timeout=DEADLINE).entries
            if not page:
                raise Tampered(f"entry {start} is missing")
            yield from page
            start = page[-1].position + 1

    def access_rows(self):
        """Pages of the access rows by commitment, in order. Role: auditor; each is an entry."""
        token = None
        while token != "":
            request = audit.ListAccessRowsRequest(parent=self.setting, page_token=token or "")
            page = self.audit.ListAccessRows(request, timeout=DEADLINE)
            token = page.next_page_token
            yield page

    def verify_ledger(self):
        """Hashes every entry again and folds the access rows; how many there were of either.

        Raises Tampered with the first thing that is not what the checkpoint says. Role: auditor.
        """
        size, root = read_checkpoint(self.checkpoint().checkpoint)
        ledger = Fold()
        for entry in self.entries(0, size):
            ledger.add(entry)
        if ledger.root() != root:
            raise Tampered(f"the root over {size} entries is not the one that was signed")
        rows, after = 0, ("", "")
        for page in self.access_rows():
            # Rows are as they stood when the page was read: by then there were more entries.
            for entry in self.entries(ledger.size, page.tree_size):
                ledger.add(entry)
            after = ledger.compare(page, after)
            rows += len(page.rows)
        # What came meanwhile was signed, too.
        newest, root = read_checkpoint(self.checkpoint().checkpoint)
        for entry in self.entries(ledger.size, newest):
            ledger.add(entry)
        if ledger.root() != root:
            raise Tampered(f"the root over {newest} entries is not the one that was signed")
        return size, rows


def new_request_id():
    """Make one per act and keep it until the answer is there."""
    return str(uuid.uuid4())


def code(scheme, value):
    """A setting by its code in a register, e.g. `code("gias", "100000")`."""
    return setting_pb2.SettingIdentifier(scheme=scheme, value=value)


# === refusals ===


@dataclass
class Refusal:
    """Why a call failed. Decide by `reason`: it never changes its meaning; `code` is coarser."""

    code: grpc.StatusCode
    reason: str
    violations: list  # google.rpc.BadRequest.FieldViolation: field, reason, description


def refusal(error):
    """What a grpc.RpcError says. `reason` is empty when Baton did not make it (network, proxy)."""
    said = Refusal(error.code(), "", [])
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info) and info.domain == "baton":
            said.reason = info.reason
        elif detail.Unpack(bad):
            said.violations = list(bad.field_violations)
    return said


# === pupil numbers ===

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # without I, O and S, which look like digits


def upn(authority, establishment, year, serial):
    """A Unique Pupil Number with its check letter: weights 2 to 13, modulo 23."""
    digits = f"{authority:03}{establishment:04}{year:02}{serial:03}"
    total = sum(weight * int(digit) for weight, digit in enumerate(digits, start=2))
    return UPN_LETTERS[total % 23] + digits


# === the ledger, seen from outside ===


def read_checkpoint(note):
    """Size and root of a checkpoint.

    Its signature (Ed25519, C2SP signed-note) is not looked at here, since that would take another
    package: baton_witness.py does, and who audits in earnest takes the verifier key from elsewhere.
    """
    _origin, size, root = note.split("\n\n")[0].split("\n")
    return int(size), base64.b64decode(root)


def leaf_hash(body):
    """RFC 6962 hash of the bytes of an entry."""
    return hashlib.sha256(b"\0" + body).digest()


def is_included(leaf, position, size, path, root):
    """RFC 9162 section 2.1.3.2: whether the entry stands at that position of that tree."""
    if position >= size:
        return False
    last = size - 1
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            leaf = hashlib.sha256(b"\1" + sibling + leaf).digest()
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            leaf = hashlib.sha256(b"\1" + leaf + sibling).digest()
        position, last = position >> 1, last >> 1
    return last == 0 and leaf == root


class Tampered(Exception):
    """The ledger is not what it says it is."""


class Fold:
    """Entries in order: the tree over them, and the access rows they make."""

    PREFIX = b"baton/entry/v1\n"

    def __init__(self):
        self.size = 0
        self.rows = {}  # commitment by table and key
        self.peaks = []  # (entries, hash) of whole subtrees, the largest first

    def add(self, entry):
        """The next entry, by its bytes; only where those were dropped by its leaf hash."""
        if entry.position != self.size:
            raise Tampered(f"entry {entry.position} comes where {self.size} is due")
        leaf = leaf_hash(entry.body) if entry.body else entry.leaf_hash
        if leaf != entry.leaf_hash:
            raise Tampered(f"entry {self.size} does not hash to its leaf hash")
        if entry.body:
            if not entry.body.startswith(self.PREFIX):
                raise Tampered(f"entry {self.size} is no entry of this version")
            said = json.loads(entry.body[len(self.PREFIX) :])
            if said["position"] != self.size:
                raise Tampered(f"entry {self.size} says another position")
            for row in said.get("rows", ()):
                self.rows[row["table"], row["key"]] = bytes.fromhex(row["commitment"])
        peak = (1, leaf)
        while self.peaks and self.peaks[-1][0] == peak[0]:
            left = self.peaks.pop()
            peak = (2 * peak[0], hashlib.sha256(b"\1" + left[1] + peak[1]).digest())
        self.peaks.append(peak)
        self.size += 1

    def root(self):
        """RFC 6962 root over all entries so far."""
        if not self.peaks:
            return hashlib.sha256().digest()
        root = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            root = hashlib.sha256(b"\1" + left + root).digest()
        return root

    def compare(self, page, after):
        """A page of rows with the fold of the entries; the place the next page begins after."""
        told = {(row.table, row.key): row.commitment for row in page.rows}
        last = max(told, default=after) if page.next_page_token else None
        made = {
            key: row
            for key, row in self.rows.items()
            if key > after and (last is None or key <= last)
        }
        if told != made:
            unlike = sorted(dict(told.items() ^ made.items()))
            raise Tampered(f"row {unlike[0]} is not what the entries made of it")
        return last

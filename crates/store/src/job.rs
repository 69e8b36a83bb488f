//! An act in the queue: decided with its batch, answered after the commit.

use baton_domain::act::Caller;
use baton_domain::entry::{EntryCaller, EntryKind, Verdict};
use baton_domain::log::{Hash, leaf_hash};
use tokio::sync::oneshot;

use crate::acts::{Idempotent, Step};
use crate::keys::Keys;
use crate::learner::hex;
use crate::ledger::{Done, Receipt};
use crate::refusal::Refusal;
use crate::rows::{ContentRow, RequestRow};
use crate::scene::{Draft, Scene};
use crate::world::{Needs, Put as _};

/// A job without its type.
pub(crate) trait Queued: Send {
    fn needs(&self, needs: &mut Needs);
    fn content(&self) -> Vec<ContentRow>;
    fn weight(&self) -> usize;
    fn takes_away(&self) -> bool;
    fn caller(&self) -> Option<&Caller>;
    /// Decides; the outcome waits for the commit.
    fn run(&mut self, scene: &mut Scene<'_>) -> Ran;
    /// The bytes of the entry this job made; its receipt is about them.
    fn entered(&mut self, bytes: &[u8]);
    /// Answers the caller.
    fn settle(self: Box<Self>, end: &Settled);
}

/// What the entry of a job says, or that there is none.
pub(crate) struct Ran {
    pub(crate) kind: EntryKind,
    pub(crate) verdict: Verdict,
    pub(crate) request: Option<[u8; 16]>,
    pub(crate) caller: Option<EntryCaller>,
    pub(crate) draft: Draft,
}

/// How a batch ended.
#[derive(Debug, Clone)]
pub(crate) enum Settled {
    /// Durable, under this checkpoint.
    Committed { checkpoint: String },
    /// Nothing of it is there, or nobody knows.
    Failed(Refusal),
}

/// Where the outcome stands, before the checkpoint is known.
#[derive(Debug, Clone)]
struct Place {
    position: u64,
    time_us: i64,
    leaf: Hash,
    replayed: bool,
}

/// A request id as it is stored: under a key, with the acting setting and the method in it.
struct RequestKey {
    key: String,
    /// What of it stands in the entry.
    short: [u8; 16],
    /// Of everything that makes it the same request.
    digest: [u8; 32],
}

/// A step with its caller and the way to answer.
pub(crate) struct Job<S: Step> {
    step: S,
    caller: Option<Caller>,
    request: Option<RequestKey>,
    outcome: Option<Result<S::Outcome, Refusal>>,
    place: Option<Place>,
    reply: oneshot::Sender<Result<Done<S::Outcome>, Refusal>>,
}

impl RequestKey {
    fn of<S: Step>(step: &S, caller: Option<&Caller>, keys: &Keys) -> Option<Self> {
        let Idempotent {
            id,
            method,
            content,
        } = step.request()?;
        let acting = caller?.acting.as_str();
        let parts = [acting.as_bytes(), method.as_bytes(), id.as_str().as_bytes()];
        let key = keys.blind("request", &parts);
        let mut short = [0; 16];
        short.copy_from_slice(&key[..16]);
        Some(Self {
            key: hex(&key[..20]),
            short,
            digest: keys.blind("request-content", &[&content]),
        })
    }
}

impl<S: Step> Job<S> {
    /// Done by whoever asks, before the queue: what is digested here is digested beside the batch
    /// and not inside it.
    pub(crate) fn new(
        step: S,
        caller: Option<Caller>,
        keys: &Keys,
        reply: oneshot::Sender<Result<Done<S::Outcome>, Refusal>>,
    ) -> Self {
        Self {
            request: RequestKey::of(&step, caller.as_ref(), keys),
            step,
            caller,
            outcome: None,
            place: None,
            reply,
        }
    }

    /// Answered before? Then from what was remembered, and nothing is entered.
    fn replay(&mut self, scene: &mut Scene<'_>) -> bool {
        let Some(request) = &self.request else {
            return false;
        };
        let Some(row) = scene.world.requests.get(&request.key) else {
            return false;
        };
        let same = row.digest == request.digest;
        if !scene.has_rights_of(row) {
            // The answer is for whoever has the rights it was given to, not for all of the setting.
            self.outcome = Some(Err(Refusal::Denied));
            return true;
        }
        scene.draft.silent = same;
        self.outcome = Some(if same {
            self.place = u64::try_from(row.position).ok().map(|position| Place {
                position,
                time_us: row.time_us,
                leaf: Hash::new([0; 32]),
                replayed: true,
            });
            match row.answer.as_str() {
                RequestRow::ERASED => Err(Refusal::Failed("ERASED")),
                answer => S::recall(answer).ok_or(Refusal::Internal),
            }
        } else {
            Err(Refusal::Conflict)
        });
        true
    }
}

/// What the entry says where something would have led back to a former identity: what it says of any
/// slip with numbers. Nobody learns from the ledger whose identity was put away.
const fn unremarkable(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Planned => "NO_IDENTIFIER",
        EntryKind::DocumentStaged => "DOCUMENT_UNFIT",
        _ => "ANOTHER_LEARNER",
    }
}

impl<S: Step> Queued for Job<S> {
    fn needs(&self, needs: &mut Needs) {
        if let Some(caller) = &self.caller {
            needs.ask_as(caller);
            self.step.needs_of(caller, needs);
        }
        if let Some(request) = &self.request {
            needs.requests.insert(request.key.clone());
        }
        self.step.needs(needs);
    }

    fn content(&self) -> Vec<ContentRow> {
        self.step.content()
    }

    fn weight(&self) -> usize {
        self.step.weight()
    }

    fn takes_away(&self) -> bool {
        S::TAKES_AWAY
    }

    fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    fn run(&mut self, scene: &mut Scene<'_>) -> Ran {
        let mark = scene.world.changes();
        self.place = None;
        let admitted = self.step.admit(scene);
        let known = admitted.is_ok() && self.replay(scene);
        if !known {
            self.outcome = Some(admitted.and_then(|()| self.step.decide(scene)));
        }
        let verdict = match &self.outcome {
            Some(Ok(_)) => Verdict::Done,
            Some(Err(Refusal::Failed(reason))) => Verdict::Failed(reason),
            Some(Err(Refusal::Unfit(_))) => Verdict::Failed("DOCUMENT_UNFIT"),
            Some(Err(Refusal::RecipientUnfit(_))) => Verdict::Failed("RECIPIENT_UNFIT"),
            Some(Err(Refusal::DecisionUnfit(_))) => Verdict::Failed("DECISION_UNFIT"),
            Some(Err(Refusal::FamilyUnfit(_))) => Verdict::Failed("FAMILY_ACCESS_UNFIT"),
            Some(Err(Refusal::PolicySet(_))) => Verdict::Failed("POLICY_SET_REFUSED"),
            Some(Err(Refusal::OwnFriend(_) | Refusal::PastLast(_))) => {
                Verdict::Failed("INVALID_REQUEST")
            }
            Some(Err(Refusal::FormerIdentity(_))) => {
                Verdict::Failed(unremarkable(self.step.kind()))
            }
            Some(Err(Refusal::Conflict)) => Verdict::Failed("REQUEST_ID_CONFLICT"),
            _ => Verdict::Denied,
        };
        if verdict != Verdict::Done {
            debug_assert_eq!(
                mark,
                scene.world.changes(),
                "a refused step changed something"
            );
        }
        if known || verdict != Verdict::Done {
            // What was sealed for it stands already, or must not stand at all.
            scene.draft.unwanted.extend(self.step.content_id().cloned());
        }
        if let (Verdict::Done, Some(request), Some(Ok(outcome)), false) =
            (verdict, &self.request, &self.outcome, scene.draft.silent)
        {
            scene.world.put(RequestRow {
                key: request.key.clone(),
                digest: request.digest.to_vec(),
                position: scene.position,
                time_us: scene.time_us,
                roles: i64::from(scene.roles.bits()),
                kinds: i64::from(scene.assigned.bits()),
                learner_groups: scene.groups.to_text(),
                vendor_id: scene.vendor().cloned(),
                mandate: scene.mandate_bits(),
                assurance: scene.assurance_number(),
                answer: S::remember(outcome),
            });
        }
        if !scene.draft.silent {
            self.place = u64::try_from(scene.position).ok().map(|position| Place {
                position,
                time_us: scene.time_us,
                leaf: Hash::new([0; 32]),
                replayed: false,
            });
        }
        let vendor = scene.vendor().cloned();
        let draft = std::mem::take(&mut scene.draft);
        Ran {
            kind: draft.kind.unwrap_or_else(|| self.step.kind()),
            verdict,
            request: self.request.as_ref().map(|request| request.short),
            caller: self.caller.as_ref().map(|caller| EntryCaller {
                credential: caller.credential.clone(),
                setting: caller.acting.clone(),
                vendor,
            }),
            draft,
        }
    }

    fn entered(&mut self, bytes: &[u8]) {
        if let Some(place) = &mut self.place {
            place.leaf = leaf_hash(bytes);
        }
    }

    fn settle(self: Box<Self>, end: &Settled) {
        let answer = match end {
            Settled::Failed(refusal) => Err(refusal.clone()),
            Settled::Committed { checkpoint } => {
                let receipt = self.place.map(|place| Receipt {
                    position: place.position,
                    time_us: place.time_us,
                    leaf: place.leaf,
                    replayed: place.replayed,
                    checkpoint: checkpoint.clone(),
                });
                let outcome = self.outcome.unwrap_or(Err(Refusal::Internal));
                outcome.map(|value| Done { value, receipt })
            }
        };
        // A caller that went away has asked all the same.
        let _ = self.reply.send(answer);
    }
}

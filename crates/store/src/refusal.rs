//! Why an act was not done, as its caller may know it.

use baton_domain::access::PolicyError;
use baton_domain::guarded::Fault as FormerIdentityFault;
use baton_domain::sharing::Fault as DecisionFault;

use crate::acts::{DocumentFault, RecipientFault};

/// What is wrong with a policy set, as it is told. It speaks of policies, never of learners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFault {
    /// What sort of fault: a rule of violations, `policy.law`.
    pub rule: &'static str,
    /// What is wrong.
    pub what: String,
}

impl PolicyFault {
    pub(crate) fn of(error: &PolicyError) -> Self {
        Self {
            rule: error.rule(),
            what: error.to_string(),
        }
    }
}

/// A refusal. Which of them leave an entry: `Denied`, `Failed`, `Unfit`, `RecipientUnfit`,
/// `DecisionUnfit`, `FamilyUnfit`, `FormerIdentity`, `OwnFriend`, `PolicySet`, `PastLast` and `Conflict` do;
/// the others say that the act was never decided or that nobody knows how it ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Forbidden, or there is no such thing: outside the two look the same.
    #[error("not allowed, or there is no such thing")]
    Denied,
    /// Allowed, but the state of things forbids it. The reason is a code of the contract.
    #[error("{0}")]
    Failed(&'static str),
    /// What was staged makes no document; everything that is wrong with it.
    #[error("what was staged is not the document that was announced")]
    Unfit(Vec<DocumentFault>),
    /// The setting cannot be a recipient of the move, or is none; everything that is wrong.
    #[error("the setting cannot be a recipient of this move")]
    RecipientUnfit(Vec<RecipientFault>),
    /// It cannot be recorded as it was said; everything that is wrong.
    #[error("the decision cannot be recorded")]
    DecisionUnfit(Vec<DecisionFault>),
    /// Who is to see the record cannot be given it in this way; everything that is wrong.
    #[error("the access cannot be given")]
    FamilyUnfit(Vec<DecisionFault>),
    /// It would lead back to an identity that was put away; everything that would. The entry does not
    /// say so.
    #[error("it would lead back to a former identity")]
    FormerIdentity(Vec<FormerIdentityFault>),
    /// The profile names its own learner as another child, at these places.
    #[error("a profile names its own learner as another child")]
    OwnFriend(Vec<usize>),
    /// The policy set cannot be put into force; everything that is wrong with it.
    #[error("the policy set cannot be put into force")]
    PolicySet(Vec<PolicyFault>),
    /// A document was asked for from a chunk on that it does not have; its last one.
    #[error("the document has no such chunk")]
    PastLast(u64),
    /// The request id was used with other content.
    #[error("the request id was used with other content")]
    Conflict,
    /// Another consumer took the subscription over: this one ends.
    #[error("another consumer took the subscription over")]
    TakenOver,
    /// The queue is full; try again.
    #[error("too many acts are waiting")]
    QueueFull,
    /// The disk has no room left; only what takes rights away still passes.
    #[error("the ledger has no room left")]
    LedgerFull,
    /// The commit's outcome is unknown. The same request id tells.
    #[error("it is not known whether the act was done")]
    OutcomeUnknown,
    /// Nothing was done: the database could not be used, or the service is stopping.
    #[error("the ledger cannot be used now")]
    Unavailable,
    /// Nothing was done: the clocks of this node and its database are too far apart to date an
    /// entry.
    #[error("the clock of this node is wrong")]
    ClockSkew,
    /// A fault of ours; the log has more under the incident id.
    #[error("internal fault")]
    Internal,
}

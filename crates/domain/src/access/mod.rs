//! Who may do what: the question, the vocabulary, the answer, the laws.
//!
//! The store finds the facts of an act, [`Tuple::new`] turns them into one cell
//! of a finite space, and the `Decider` (feature `cedar`) answers it by the
//! policies of `policies/*.cedar`. Nothing else decides. Because the space is
//! finite it is walked: by the tests against a second model, and whenever a
//! policy set is loaded against the [`INVARIANTS`] no council may give up.
//!
//! What is *not* here: how a fact comes about. Which relation a setting has,
//! whether a window is open, whose age is what, is found by the store under the
//! head lock and by `route` and `opening`.

mod action;
#[cfg(feature = "cedar")]
mod decider;
#[cfg(feature = "cedar")]
mod difference;
#[cfg(feature = "cedar")]
mod examine;
mod grant;
mod invariants;
#[cfg(feature = "cedar")]
mod lint;
#[cfg(feature = "cedar")]
mod policy_set;
#[cfg(feature = "cedar")]
mod policy_text;
mod record;
#[cfg(feature = "cedar")]
mod request;
mod role;
mod space;
mod tuple;
mod verdict;
mod vocabulary;
#[cfg(feature = "cedar")]
mod walk;

pub use action::{Action, Dimensions};
#[cfg(feature = "cedar")]
pub use decider::Decider;
#[cfg(feature = "cedar")]
pub use difference::Difference;
#[cfg(feature = "cedar")]
pub use examine::Examined;
pub use grant::{Grant, GrantError};
pub use invariants::{INVARIANTS, Invariant, Law};
#[cfg(feature = "cedar")]
pub use lint::Lint;
#[cfg(feature = "cedar")]
pub use policy_set::{PolicyError, PolicySet};
#[cfg(feature = "cedar")]
pub use policy_text::PolicyText;
pub use record::NotATuple;
pub use role::{Role, RoleSet};
pub use space::Space;
pub use tuple::{Facts, Tuple};
pub use verdict::Verdict;
pub use vocabulary::{AgeStage, Assurance, Delegation, Relation, RouteGroup, SharingDecision};

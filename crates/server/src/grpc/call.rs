//! A call as the handlers see it: who asks, for which setting, and every problem of its fields.

use std::ops::Deref;
use std::sync::Arc;

use baton_domain::act::{Caller, RequestId};
use baton_domain::calendar::AcademicYear;
use baton_domain::ids::{LearnerIdentifier, SettingId, SettingIdentifier};
use baton_domain::route::Point;
use baton_store::Known;
use baton_wire::name::{self, SettingName};
use baton_wire::status::{Problem, Reason};
use baton_wire::violation::Violation;
use baton_wire::{field, submission, twin};
use tokio_util::sync::CancellationToken;
use tonic::Request;

use crate::bodies::Taken;
use crate::connection::Peer;

/// Who calls, and what the call has taken in.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) known: Known,
    taken: Arc<Taken>,
    /// Its connection has reached its age: a stream is to end.
    pub(super) aged: CancellationToken,
}

/// Who asks for an act. The bytes of the call count for as long as this lives: an act that is not
/// decided has what it was made of.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    pub(super) caller: Caller,
    /// Whose the credential is.
    of: SettingId,
    _taken: Option<Arc<Taken>>,
}

impl Deref for Call {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.known
    }
}

impl Deref for Asking {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Call {
    pub(super) fn asking_for(&self, acting: SettingId) -> Asking {
        let credential = self.known.credential.clone();
        Asking {
            caller: Caller { credential, acting },
            of: self.known.setting.clone(),
            _taken: Some(Arc::clone(&self.taken)),
        }
    }
}

impl Asking {
    /// Whose the credential is, where that is not the acting setting: a vendor, or a stranger.
    pub(super) fn vendor(&self) -> Option<&SettingId> {
        (self.of != self.caller.acting).then_some(&self.of)
    }

    /// The same for what goes on after the request was read and let go.
    pub(super) fn without_body(self) -> Self {
        Self {
            _taken: None,
            ..self
        }
    }
}

/// The call as the layer before found it. Fails closed: without the layer there is none.
pub(super) fn known<T>(request: &Request<T>) -> Result<Call, Problem> {
    let known = request.extensions().get::<Known>().cloned();
    let taken = request.extensions().get::<Arc<Taken>>().cloned();
    let aged = request.extensions().get::<Peer>();
    let aged = aged.map(|peer| peer.standing.aged.clone());
    let all = known.zip(taken).zip(aged);
    let ((known, taken), aged) = all.ok_or(Reason::Unauthenticated)?;
    Ok(Call { known, taken, aged })
}

/// The caller and the acting setting its request names.
pub(super) fn caller(call: &Call, parent: &str) -> Result<Asking, Problem> {
    let acting = name::read::<SettingName>("parent", parent)?.setting;
    Ok(call.asking_for(acting))
}

/// The caller of a resource named under a setting. A name under another setting than the caller's
/// is asked for under that one, where the caller's credential is not valid: so it is denied inside
/// the ledger like everything that is not there, and the attempt is entered.
pub(super) fn under(mut asking: Asking, known: &Known, named: SettingId) -> Asking {
    if asking.caller.acting == known.setting {
        asking.caller.acting = named;
    }
    asking
}

/// Reads every item, also after one that is wrong: the problems of all are told at once.
pub(super) fn each<I, T, C: FromIterator<T>>(
    items: &[I],
    mut read: impl FnMut(usize, &I) -> Option<T>,
) -> Option<C> {
    let read = items.iter().enumerate().map(|(index, it)| read(index, it));
    let read: Vec<Option<T>> = read.collect();
    read.into_iter().collect()
}

/// Collects problems field by field, so that a caller learns all of them at once.
#[derive(Debug, Default)]
pub(super) struct Fields {
    violations: Vec<Violation>,
}

impl Fields {
    /// The value, or none with its problem kept.
    pub(super) fn take<T>(&mut self, read: Result<T, Violation>) -> Option<T> {
        read.map_err(|violation| self.violations.push(violation))
            .ok()
    }

    pub(super) fn wrong(&mut self, field: &str, rule: &str, description: &str) {
        self.violations
            .push(Violation::new(field, rule, description));
    }

    pub(super) fn extend(&mut self, violations: Vec<Violation>) {
        self.violations.extend(violations);
    }

    /// The problems themselves.
    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// All problems, or that there are none.
    pub(super) fn done(self) -> Result<(), Problem> {
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(self.violations.into())
        }
    }

    /// All the values, if none had a problem.
    pub(super) fn all<T>(self, values: Option<T>) -> Result<T, Problem> {
        self.done()?;
        values.ok_or_else(|| super::status::internal("a field was lost without a violation"))
    }

    pub(super) fn request_id(&mut self, text: &str) -> Option<RequestId> {
        self.take(field::request_id("request_id", text))
    }

    pub(super) fn code(
        &mut self,
        at: &str,
        code: &twin::SettingIdentifier,
    ) -> Option<SettingIdentifier> {
        self.take(field::setting(at, &code.scheme, &code.value))
    }

    /// A code that may be left out.
    pub(super) fn some_code(
        &mut self,
        at: &str,
        code: Option<&twin::SettingIdentifier>,
    ) -> Option<Option<SettingIdentifier>> {
        match code {
            None => Some(None),
            Some(code) => self.code(at, code).map(Some),
        }
    }

    pub(super) fn learner(
        &mut self,
        at: &str,
        ids: &[twin::LearnerIdentifier],
    ) -> Option<Vec<LearnerIdentifier>> {
        submission::identifiers(at, ids, &mut self.violations)
    }

    /// A filter: 0 means any year.
    pub(super) fn some_year(&mut self, at: &str, year: i32) -> Option<Option<AcademicYear>> {
        match year {
            0 => Some(None),
            year => self.take(field::academic_year(at, year)).map(Some),
        }
    }

    pub(super) fn point(&mut self, at: &str, number: i32) -> Option<Option<Point>> {
        self.take(baton_wire::convert::optional::<twin::Point, Point>(
            at, number,
        ))
    }

    pub(super) fn setting(&mut self, field: &str, text: &str) -> Option<SettingId> {
        self.take(name::read::<SettingName>(field, text))
            .map(|name| name.setting)
    }
}

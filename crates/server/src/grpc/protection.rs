//! Pupils whose identity was changed to protect them: `TransitionService`'s calls about them.

use baton_domain::act::{GuardIdentity, ReadmitIdentifiers};
use baton_domain::guarded::{CHARS_MAX, Fault, LETTERS_MIN, PHRASES_MAX, Phrase, PhraseFault};
use baton_domain::ids::LearnerScheme;
use baton_wire::contract;
use baton_wire::name::{self, TransitionName};
use baton_wire::status::Problem;
use baton_wire::twin;
use baton_wire::violation::Violation;
use tonic::{Request, Response};

use super::call::{Fields, caller, each, known, under};
use super::{Services, encode};

fn phrases(fields: &mut Fields, given: &[String]) -> Option<Vec<Phrase>> {
    if given.len() > PHRASES_MAX {
        let say = format!("Give at most {PHRASES_MAX} phrases.");
        fields.wrong("phrases", "items.count", &say);
        return None;
    }
    each(given, |index, text| {
        let wrong =
            |rule, expected: String| Violation::new(format!("phrases[{index}]"), rule, expected);
        fields.take(Phrase::parse(text).map_err(|fault| match fault {
            PhraseFault::TooShort => wrong(
                "phrase.short",
                format!(
                    "Give at least {LETTERS_MIN} letters or digits: less stands in every text."
                ),
            ),
            PhraseFault::TooLong => wrong(
                "phrase.long",
                format!("Give at most {CHARS_MAX} characters: a name, not a sentence."),
            ),
        }))
    })
}

impl Services {
    pub(super) async fn guard(
        &self,
        request: Request<twin::GuardIdentityRequest>,
    ) -> Result<Response<twin::GuardIdentityResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let phrases = phrases(&mut fields, &request.phrases);
        let id = fields.request_id(&request.request_id);
        let (name, (phrases, id)) = fields.all(name.zip(phrases.zip(id)))?;
        let asking = under(asking, &call, name.setting);
        let act = GuardIdentity {
            transition: name.transition,
            phrases,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::GuardIdentityResponse {
            phrases: i32::try_from(done.value.phrases).unwrap_or(i32::MAX),
            published_before: done.value.published_before,
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn readmit(
        &self,
        request: Request<twin::ReadmitIdentifiersRequest>,
    ) -> Result<Response<twin::ReadmitIdentifiersResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let identifiers = fields.learner("identifiers", &request.identifiers);
        let id = fields.request_id(&request.request_id);
        let (identifiers, id) = fields.all(identifiers.zip(id))?;
        let act = ReadmitIdentifiers {
            identifiers,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::ReadmitIdentifiersResponse {
            readmitted: i32::try_from(done.value).unwrap_or(i32::MAX),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }
}

/// What would lead back, and what to do. Repeats no word of it.
pub(super) fn violation(fault: &Fault) -> Violation {
    let retired = "It is a number of an identity that was put away: use those of today.";
    let phrase = "It has words that were guarded for this learner: write it without them.";
    match fault {
        Fault::Retired(scheme) => {
            let expected =
                format!("The {scheme} is of an identity that was put away: use those of today.");
            Violation::new("learner", "former.number", expected)
        }
        Fault::Stated(scheme) => {
            let field = match scheme {
                LearnerScheme::Upn => "upn",
                LearnerScheme::TemporaryUpn => "temporary_upn",
                LearnerScheme::Uln => "uln",
                _ => "nhs_number",
            };
            Violation::new(
                format!("content.identity.{field}"),
                "former.number",
                retired,
            )
        }
        Fault::FormerUpn => Violation::new(
            "content.identity.former_upns",
            "former.upn",
            "Leave it out: it would lead back to an identity that was put away.",
        ),
        Fault::FormerNames => Violation::new(
            "content.characteristics.former_names",
            "former.name",
            "Leave it out: it would lead back to an identity that was put away.",
        ),
        Fault::Phrase(kind, path) => {
            let field = format!("content.{}", contract::path(*kind, path));
            Violation::new(field, "former.phrase", phrase)
        }
        Fault::Signatory => Violation::new("signatory", "former.phrase", phrase),
        Fault::Title => Violation::new("title", "former.phrase", phrase),
    }
}

//! That an account of who saw was given out, to whom and with what left out by which law. The text
//! itself is not kept: a salted hash of it holds whoever gave it to what was given.

use std::fmt::Write as _;

use baton_domain::access::Action;
use baton_domain::act::{Caller, RecordDisclosure};
use baton_domain::disclosure::Exemption;
use baton_domain::entry::{EntryKind, hex};
use baton_domain::log::canonical::Json;

use super::whose::Asked;
use super::{Idempotent, Prepare, Step, Turn};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::scene::Scene;
use crate::world::Needs;

/// A disclosure whose learner was found.
#[derive(Debug)]
pub(crate) struct DisclosureStep {
    asked: Asked,
    disclosure: RecordDisclosure,
}

impl Prepare for RecordDisclosure {
    type Step = DisclosureStep;

    async fn prepare(
        self,
        ledger: &Inner,
        _caller: &Caller,
    ) -> Result<Turn<DisclosureStep>, Refusal> {
        let asked = Asked::find(ledger, self.whose.clone()).await?;
        Ok(Turn::Decide(DisclosureStep {
            asked,
            disclosure: self,
        }))
    }
}

impl Step for DisclosureStep {
    type Outcome = ();
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::DisclosureRecorded
    }

    fn needs(&self, needs: &mut Needs) {
        self.asked.needs(needs);
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let disclosure = &self.disclosure;
        let mut content = format!(
            "{} {} {:?} {}",
            self.asked.spelled(),
            disclosure.audience.name(),
            disclosure.commitment,
            disclosure.lines
        );
        for (exemption, lines) in &disclosure.withheld {
            let _ = write!(content, " {} {lines}", exemption.code);
        }
        Some(Idempotent {
            id: &disclosure.request,
            method: "disclose",
            content: content.into_bytes(),
        })
    }

    fn recall(_remembered: &str) -> Option<()> {
        Some(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        self.asked.require(scene, Action::Disclose)?;
        let disclosure = &self.disclosure;
        scene.detail("audience", disclosure.audience.name());
        scene.detail("commitment", hex(&disclosure.commitment));
        scene.detail("lines", disclosure.lines);
        let line = |(exemption, lines): &(&'static Exemption, u32)| {
            (exemption.code.to_owned(), Json::from(*lines))
        };
        scene.detail(
            "withheld",
            Json::object(disclosure.withheld.iter().map(line)),
        );
        Ok(())
    }
}

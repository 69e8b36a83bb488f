//! Taking a document back.

use baton_domain::access::Action;
use baton_domain::act::RemoveDocument;
use baton_domain::entry::EntryKind;
use baton_domain::ids::DocumentId;
use baton_domain::section::KindSet;
use serde::{Deserialize, Serialize};

use super::super::cut::Changed;
use super::super::{Idempotent, Step, direct};
use super::stage::own_staged;
use crate::erasure::Gone;
use crate::refusal::Refusal;
use crate::rows::{DocumentRow, document_state, fact};
use crate::scene::Scene;
use crate::world::{Needs, Put as _};

/// A document that was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedDocument {
    /// A legal hold keeps it; nobody sees it. Told to those who may set one.
    pub kept: bool,
}

impl Step for RemoveDocument {
    type Outcome = RemovedDocument;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::DocumentRemoved
    }

    fn needs(&self, needs: &mut Needs) {
        needs.documents.insert(self.document.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        Some(Idempotent {
            id: &self.request,
            method: "remove-document",
            content: self.document.as_str().as_bytes().to_vec(),
        })
    }

    fn remember(outcome: &RemovedDocument) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<RemovedDocument> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<RemovedDocument, Refusal> {
        scene.detail("document", self.document.as_str());
        let Some(row) = scene.world.documents.get(self.document.as_str()).cloned() else {
            return abandon(&self.document, scene);
        };
        remove(scene, &row)
    }
}
direct!(RemoveDocument);

/// What is staged is in nobody's hands: it goes whatever holds the rest.
fn abandon(id: &DocumentId, scene: &mut Scene<'_>) -> Result<RemovedDocument, Refusal> {
    let (staged, kind) = own_staged(scene, id)?;
    scene.detail("profile", staged.profile_id.as_str());
    let (profile, row, question) = scene.contribution(&staged.profile_id)?;
    scene.tell_of(&row, &profile);
    scene.require_kind(Action::Publish, question, kind)?;
    scene.forget_staged(id);
    scene.note_gone(&Gone::Document(id.clone()));
    Ok(RemovedDocument { kept: false })
}

fn remove(scene: &mut Scene<'_>, document: &DocumentRow) -> Result<RemovedDocument, Refusal> {
    scene.detail("profile", document.profile_id.as_str());
    let (profile, row, question) = scene.contribution(&document.profile_id)?;
    scene.tell_of(&row, &profile);
    // Of one that is gone the kind is not known any more; whoever may withdraw may be told. One that
    // a hold keeps is answered alike: nobody learns of a hold by removing twice.
    let stands = document.state == document_state::STANDING;
    let taken = document.state == document_state::TAKEN_BACK;
    let gone = taken || question.legal_hold && !stands;
    let Some(kind) = document.kind().filter(|_| !gone) else {
        scene.require(Action::Withdraw, question)?;
        return Err(Refusal::Failed(match document.state {
            document_state::ERASED => "ERASED",
            _ => "WITHDRAWN_ALREADY",
        }));
    };
    scene.require_kind(Action::Publish, question, kind)?;
    if scene.is_marked(&row.learner_id, fact::RESTRICTED) {
        return Err(Refusal::Failed("PROCESSING_RESTRICTED"));
    }
    scene.detail("kinds", KindSet::of(&[kind]).bits());
    let kept = question.legal_hold;
    // Of a hold only they are told who may set one.
    let told = kept && scene.ask(Action::Hold, question, None);
    scene.detail("kept", kept);
    if kept {
        scene.world.put(DocumentRow {
            state: document_state::TAKEN_BACK,
            ..document.clone()
        });
    } else {
        scene.forget_document(document, document_state::REMOVED);
        scene.note_gone(&Gone::Document(document.id.clone()));
    }
    if stands {
        scene.tell_again(&row, &profile, Changed::by_documents(kind));
    }
    Ok(RemovedDocument { kept: told })
}

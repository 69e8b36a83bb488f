//! One witness asked for its cosignature of one checkpoint.

use std::sync::Arc;

use baton_domain::log::note::{cosignatures, with_lines};
use baton_domain::log::{Checkpoint, Submission};
use baton_store::Ledger;
use rustls::ClientConfig;

use super::Asked;
use super::http::{Answer, post};

/// A witness may say once what it holds, and once more when another node was faster.
const TRIES: usize = 3;
/// Content type of a size.
const SIZE_TYPE: &str = "text/x.tlog.size";

/// What came of it.
pub(super) enum Answered {
    /// Signature lines that were verified.
    Cosigned(String),
    /// Why not, in a word.
    Not(&'static str),
}

/// A question to one witness.
pub(super) struct Ask<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) witness: &'a Asked,
    pub(super) tls: Option<&'a Arc<ClientConfig>>,
    /// The checkpoint and the note around it.
    pub(super) checkpoint: (&'a Checkpoint, &'a str),
    /// What the witness is believed to have cosigned last.
    pub(super) old: u64,
}

impl Ask<'_> {
    pub(super) async fn ask(mut self) -> Answered {
        let mut why = "conflict";
        for _ in 0..TRIES {
            let answer = match self.post().await {
                Ok(answer) => answer,
                Err(why) => return Answered::Not(why),
            };
            why = match (answer.status, answer.size()) {
                (200, _) => return self.lines(&answer),
                (409, Some(size)) if size == self.old && size == self.checkpoint.0.size => "fork",
                (409, Some(size)) if size > self.checkpoint.0.size => "ahead",
                (409, Some(size)) if size != self.old => {
                    self.old = size;
                    continue;
                }
                (400, _) => "refused_400",
                (403, _) => "refused_403",
                (404, _) => "refused_404",
                (409, _) => "conflict",
                // Not consistent with what it holds: the witness has seen another history.
                (422, _) => "fork",
                (500..=599, _) => "failed",
                _ => "unexpected",
            };
            break;
        }
        Answered::Not(why)
    }

    async fn post(&self) -> Result<Answer, &'static str> {
        let (checkpoint, note) = self.checkpoint;
        let proof = match self.old {
            // The empty ledger is the beginning of every one, and is not proved.
            0 => Vec::new(),
            old => {
                let proof = self.ledger.consistency(old, Some(checkpoint.size)).await;
                proof.ok().flatten().ok_or("no_proof")?.hashes
            }
        };
        let asked = Submission {
            old: self.old,
            proof,
            checkpoint: note.to_owned(),
        };
        post(&self.witness.endpoint, self.tls, asked.to_string()).await
    }

    /// The cosignatures of this witness among the lines; others are not taken from it.
    fn lines(&self, answer: &Answer) -> Answered {
        let known = std::slice::from_ref(&self.witness.key);
        let text = format!("{}\n", self.checkpoint.0.text());
        let verified = str::from_utf8(&answer.body)
            .ok()
            .and_then(|lines| with_lines(self.checkpoint.1, lines).ok())
            .and_then(|note| cosignatures(note.as_bytes(), known).ok());
        debug_assert!(self.checkpoint.1.starts_with(&text), "the same checkpoint");
        match verified.as_deref() {
            Some([.., newest]) => Answered::Cosigned(format!("{}\n", newest.line)),
            _ => Answered::Not("bad_signature"),
        }
    }
}

impl Answer {
    /// The size a witness says it has.
    fn size(&self) -> Option<u64> {
        if self.content_type.as_deref() != Some(SIZE_TYPE) {
            return None;
        }
        let text = str::from_utf8(&self.body).ok()?.strip_suffix('\n')?;
        let size: u64 = text.parse().ok()?;
        (size.to_string() == text).then_some(size)
    }
}

//! Files that go with a contribution. Cutting one up and sending it is no act: what is staged can be
//! read by nobody. Making it a document is one, and so is every reading of it.

use bytes::Bytes;

use super::RequestId;
use crate::document::MediaType;
use crate::ids::{DocumentId, ProfileId};
use crate::section::SectionKind;

/// Begins to stage a document, or goes on where it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateDocument {
    /// The contribution it goes with.
    pub profile: ProfileId,
    /// The section kind by which it is decided who may see it.
    pub kind: SectionKind,
    /// What it is called. Personal data.
    pub title: String,
    /// What sort of file.
    pub media: MediaType,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: [u8; 32],
}

/// Stages one chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadChunk {
    /// The document.
    pub document: DocumentId,
    /// Which chunk, from 0.
    pub index: u32,
    /// Its bytes.
    pub data: Bytes,
}

/// Makes a document of what was staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinaliseDocument {
    /// The document.
    pub document: DocumentId,
    /// Idempotency key.
    pub request: RequestId,
}

/// Shows what documents a contribution has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDocuments {
    /// The contribution.
    pub profile: ProfileId,
}

/// Reads a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadDocument {
    /// The document.
    pub document: DocumentId,
    /// The first chunk that is wanted.
    pub from: u32,
}

/// Takes a document back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveDocument {
    /// The document.
    pub document: DocumentId,
    /// Idempotency key.
    pub request: RequestId,
}
